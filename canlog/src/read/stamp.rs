//! The stamps of candump: `1436509052.249713` since the epoch, or `2015-07-10 08:17:32.249713` of a local clock.

use crate::frame::Micros;

use super::clock::LocalClock;
use super::digits::{decimal, fraction};
use super::ledger::Ledger;
use super::problems::BadLine;
use super::timeline::MAX_TIME;

/// The whole seconds of a stamp, kept as text from one line to the next: most lines repeat them.
#[derive(Default)]
pub(super) struct Seconds {
    text: Vec<u8>,
    micros: Micros,
}

impl Seconds {
    /// Microseconds of `text`, seconds with a decimal fraction.
    #[inline]
    pub(super) fn read(&mut self, text: &[u8]) -> Result<Micros, BadLine> {
        let known = self.text.len();
        if known > 0 && text.len() > known && text[..known] == *self.text && text[known] == b'.' {
            return Ok(self.micros + part(&text[known + 1..])?);
        }
        self.read_whole(text)
    }

    fn read_whole(&mut self, text: &[u8]) -> Result<Micros, BadLine> {
        let (whole, rest) = split_at_point(text);
        if whole.first() == Some(&b'-') && decimal(&whole[1..]).is_some() {
            return Err(BadLine::time("a stamp before 1970"));
        }
        let seconds = decimal(whole).ok_or(BadLine::new("expected a time stamp in seconds"))?;
        if seconds > MAX_TIME as u64 / 1_000_000 - 1 {
            return Err(BadLine::time("a stamp after the year 2262"));
        }
        self.micros = seconds as Micros * 1_000_000;
        self.text.clear();
        self.text.extend_from_slice(whole);
        Ok(self.micros + rest.map_or(Ok(0), part)?)
    }
}

/// Microseconds of the stamp `text`, whichever of the two it is.
#[inline]
pub(super) fn read(
    text: &[u8],
    seconds: &mut Seconds,
    clock: &mut LocalClock,
    ledger: &mut Ledger,
) -> Result<Micros, BadLine> {
    if text.get(4) == Some(&b'-') { date_time(text, clock, ledger) } else { seconds.read(text) }
}

/// Microseconds of `2015-07-10 08:17:32.249713` (or with a `T`, or without a fraction).
pub(super) fn date_time(text: &[u8], clock: &mut LocalClock, ledger: &mut Ledger) -> Result<Micros, BadLine> {
    let expected = BadLine::new("expected a time stamp like 2015-07-10 08:17:32.249713");
    let (whole, rest) = split_at_point(text);
    let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    let separated = separators.iter().all(|(at, byte)| whole.get(*at) == Some(byte));
    if whole.len() != 19 || !separated || !matches!(whole[10], b' ' | b'T' | b't') {
        return Err(expected);
    }
    let number = |from: usize, to: usize| decimal(&whole[from..to]).map(|value| value as u32).ok_or(expected);
    let minute = [number(0, 4)?, number(5, 7)?, number(8, 10)?, number(11, 13)?, number(14, 16)?];
    let second = number(17, 19)?;
    if second > 60 {
        return Err(BadLine::time("no minute has this second"));
    }
    let start = clock.minute(minute, ledger, text)?;
    Ok(start + Micros::from(second) * 1_000_000 + rest.map_or(Ok(0), part)?)
}

fn split_at_point(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == b'.') {
        Some(point) => (&text[..point], Some(&text[point + 1..])),
        None => (text, None),
    }
}

#[inline]
fn part(digits: &[u8]) -> Result<Micros, BadLine> {
    fraction(digits, 6)
        .map(|value| value as Micros)
        .ok_or(BadLine::new("expected a fraction of a second in decimal digits"))
}
