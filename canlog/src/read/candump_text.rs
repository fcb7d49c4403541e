//! candump's form for people: ` (1436509052.249713)  can0  123   [8]  11 22 33 44 55 66 77 88`, stamped by
//! `-ta` (epoch), `-tA` (local date and time), `-tz` (from zero) or `-td` (since the line before).

use crate::frame::{Batch, FrameKind, Micros};

use super::candump::{head, stamp_and_rest};
use super::clock::LocalClock;
use super::digits::{decimal, hex_bytes};
use super::ledger::{Head, Ledger, Row};
use super::problems::BadLine;
use super::stamp::{self, Seconds};
use super::timeline::MAX_TIME;

const EXPECTED: BadLine = BadLine::new("expected (time) interface id [length] payload");
const TOO_SHORT: BadLine = BadLine::new("fewer bytes of payload than the length in brackets says");

/// Reads candump's form for people.
pub(super) struct CandumpText {
    seconds: Seconds,
    clock: LocalClock,
    sum: Option<Micros>,
    room: [u8; 64],
}

impl CandumpText {
    /// At the beginning of a log; `delta`: each stamp counts from the line before.
    pub(super) fn new(clock: LocalClock, delta: bool) -> Self {
        Self { seconds: Seconds::default(), clock, sum: delta.then_some(0), room: [0; 64] }
    }

    /// Reads one line.
    #[inline]
    pub(super) fn line(
        &mut self,
        text: &[u8],
        ledger: &mut Ledger,
        batch: &mut Batch,
    ) -> Result<(), BadLine> {
        let (stamp, rest) =
            stamp_and_rest(text).map_err(|bad| match rest_of_line(text.trim_ascii_start()) {
                Some(_) => BadLine::new("no time stamp: candump writes one with -L or -ta"),
                None => bad,
            })?;
        let (bus, id, rest) = rest_of_line(rest).ok_or(EXPECTED)?;
        let (head, payload) = frame(id, rest, &mut self.room)?;
        let stamp = stamp::read(stamp, &mut self.seconds, &mut self.clock, ledger)?;
        let bus = Some(ledger.buses.find(bus, &mut ledger.names)?);
        let time = added(&mut self.sum, stamp)?;
        ledger.frame(text, &Row { time, bus, head, payload }, batch);
        Ok(())
    }
}

/// The stamp itself, or what it makes with all before it.
fn added(sum: &mut Option<Micros>, stamp: Micros) -> Result<Micros, BadLine> {
    let Some(sum) = sum else { return Ok(stamp) };
    let time = sum.saturating_add(stamp);
    if time > MAX_TIME {
        return Err(BadLine::time("the steps add up to more than 292 years"));
    }
    *sum = time;
    Ok(time)
}

/// Whether a line has this form but for its stamp.
pub(crate) fn is_unstamped(text: &[u8]) -> bool {
    let parts = rest_of_line(text.trim_ascii_start());
    parts.is_some_and(|(_, id, rest)| frame(id, rest, &mut [0; 64]).is_ok())
}

/// Interface, id, and what stands behind `[`; between the first two may be the direction (`RX - -`).
fn rest_of_line(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let bracket = text.iter().position(|byte| *byte == b'[')?;
    let (before, after) = (text[..bracket].trim_ascii_end(), &text[bracket + 1..]);
    let bus_end = before.iter().position(u8::is_ascii_whitespace)?;
    let id_start = before.iter().rposition(u8::is_ascii_whitespace)? + 1;
    Some((&before[..bus_end], &before[id_start..], after))
}

/// `8]  11 22 …`, then nothing, the bytes as characters, or what sort of frame it is.
fn frame<'a>(id: &[u8], rest: &[u8], room: &'a mut [u8; 64]) -> Result<(Head, &'a [u8]), BadLine> {
    let mut head = head(id)?;
    let bracket = rest.iter().position(|byte| *byte == b']').ok_or(EXPECTED)?;
    let length =
        decimal(rest[..bracket].trim_ascii()).filter(|length| *length <= 64).ok_or(EXPECTED)? as usize;
    let rest = rest[bracket + 1..].trim_ascii();
    if rest.starts_with(b"remote request") {
        head.kind = FrameKind::Remote;
        return Ok((head, &[]));
    }
    let mut digits = [0; 128];
    let mut end = 0;
    let mut words = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    for pair in digits.chunks_exact_mut(2).take(length) {
        let word = words.next().ok_or(TOO_SHORT)?;
        pair.copy_from_slice(word.get(..2).filter(|_| word.len() == 2).ok_or(TOO_SHORT)?);
        end += 2;
    }
    match words.next() {
        None | Some([b'\'', ..] | b"ERRORFRAME") => Ok((head, hex_bytes(&digits[..end], room)?)),
        Some(_) => Err(BadLine::new("more bytes of payload than the length in brackets says")),
    }
}
