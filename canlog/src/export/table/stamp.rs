//! Times as text.

use std::io;

use jiff::Timestamp;

use crate::frame::Micros;

const TEXT: [u8; 27] = *b"0000-00-00T00:00:00.000000Z";
/// Where the whole seconds end, and where the fraction stands.
const WHOLE: usize = 19;
const FRACTION: std::ops::Range<usize> = 20..26;

/// Writes times as RFC 3339 has them. The second is kept: in most rows it is the one of the row before.
pub(super) struct Stamp {
    second: Option<i64>,
    text: [u8; 27],
}

impl Stamp {
    pub(super) fn new() -> Self {
        Self { second: None, text: TEXT }
    }

    /// `2019-10-06T15:42:54.000000Z`.
    #[inline]
    pub(super) fn at(&mut self, time: Micros) -> io::Result<&[u8]> {
        let (second, mut micros) = (time.div_euclid(1_000_000), time.rem_euclid(1_000_000) as u32);
        if self.second != Some(second) {
            self.turn(second)?;
        }
        for digit in self.text[FRACTION].iter_mut().rev() {
            *digit = b'0' + (micros % 10) as u8;
            micros /= 10;
        }
        Ok(&self.text)
    }

    #[cold]
    fn turn(&mut self, second: i64) -> io::Result<()> {
        let text = Timestamp::from_second(second).map(|whole| whole.to_string()).unwrap_or_default();
        match text.as_bytes() {
            [whole @ .., b'Z'] if whole.len() == WHOLE => self.text[..WHOLE].copy_from_slice(whole),
            _ => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "a time outside of the years 0 to 9999",
                ));
            }
        }
        self.second = Some(second);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_to_the_microsecond() {
        let mut stamp = Stamp::new();
        let mut at = |time| String::from_utf8(stamp.at(time).unwrap().to_vec()).unwrap();
        assert_eq!(at(1_570_376_574_000_000), "2019-10-06T15:42:54.000000Z");
        assert_eq!(at(1_570_376_574_000_123), "2019-10-06T15:42:54.000123Z");
        assert_eq!(at(1_570_376_575_120_000), "2019-10-06T15:42:55.120000Z");
        assert_eq!(at(-1), "1969-12-31T23:59:59.999999Z");
        assert_eq!(at(253_402_207_199_999_999), "9999-12-30T21:59:59.999999Z");
    }

    #[test]
    fn times_of_no_year_of_four_digits_are_refused() {
        let year = 31_556_952_000_000;
        for time in [i64::MIN, -1_971 * year, 8_031 * year, i64::MAX] {
            assert_eq!(Stamp::new().at(time).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{time}");
        }
    }
}
