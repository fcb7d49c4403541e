//! candump's log form (`candump -L`): `(1436509052.249713) can0 123#11223344`, `123##1…` for CAN FD, `123#R`
//! for a remote request, an id with the error flag for an error frame.

use crate::frame::{Batch, FrameKind, IdKind};

use super::clock::LocalClock;
use super::digits::{hex_bytes, hex_id};
use super::ledger::{Head, Ledger, Row};
use super::problems::BadLine;
use super::stamp::{self, Seconds};

/// Reads candump's log form.
pub(super) struct Candump {
    seconds: Seconds,
    clock: LocalClock,
    room: [u8; 64],
}

impl Candump {
    /// At the beginning of a log.
    pub(super) fn new(clock: LocalClock) -> Self {
        Self { seconds: Seconds::default(), clock, room: [0; 64] }
    }

    /// Reads one line.
    #[inline]
    pub(super) fn line(
        &mut self,
        text: &[u8],
        ledger: &mut Ledger,
        batch: &mut Batch,
    ) -> Result<(), BadLine> {
        let (stamp, rest) = stamp_and_rest(text)?;
        let (bus, rest) = split(rest, b' ').ok_or(EXPECTED)?;
        let (id, body) = split(rest.trim_ascii_start(), b'#').ok_or(EXPECTED)?;
        let time = stamp::read(stamp, &mut self.seconds, &mut self.clock, ledger)?;
        let (head, payload) = frame(id, body, &mut self.room)?;
        ledger.check_whole(head, payload.len())?;
        let bus = Some(ledger.buses.find(bus, &mut ledger.names)?);
        ledger.frame(text, &Row { time, bus, head, payload }, batch);
        Ok(())
    }
}

const EXPECTED: BadLine = BadLine::new("expected (time) interface id#payload");

/// What stands between the brackets, and what follows after spaces.
#[inline]
pub(super) fn stamp_and_rest(text: &[u8]) -> Result<(&[u8], &[u8]), BadLine> {
    let text = text.trim_ascii_start();
    let Some((b'(', inner)) = text.split_first() else {
        return Err(BadLine::new("expected a time stamp in brackets"));
    };
    let (stamp, rest) = split(inner, b')').ok_or(BadLine::new("expected a time stamp in brackets"))?;
    Ok((stamp.trim_ascii(), rest.trim_ascii_start()))
}

#[inline]
fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|byte| *byte == at)?;
    Some((&text[..place], &text[place + 1..]))
}

/// Standard ids have three digits, extended ones eight.
#[inline]
pub(super) fn head(id: &[u8]) -> Result<Head, BadLine> {
    let raw = hex_id(id)?;
    if id.len() > 3 {
        return Ok(Head::new(raw, IdKind::Extended));
    }
    if raw > 0x7FF {
        return Err(BadLine::new("a standard frame id above 7FF"));
    }
    Ok(Head::new(raw, IdKind::Standard))
}

#[inline]
fn frame<'a>(id: &[u8], body: &[u8], room: &'a mut [u8; 64]) -> Result<(Head, &'a [u8]), BadLine> {
    let mut head = head(id)?;
    let body = before_space(body);
    match body.first() {
        Some(b'#') => Ok((head, fd_payload(&body[1..], room)?)),
        Some(b'R' | b'r') => {
            head.kind = if head.kind == FrameKind::Error { FrameKind::Error } else { FrameKind::Remote };
            remote_length(&body[1..]).map(|()| (head, &[][..]))
        }
        _ => Ok((head, hex_bytes(without_raw_length(body), room)?)),
    }
}

/// Newer candumps add the direction (` R`, ` T`) after the frame.
#[inline]
fn before_space(body: &[u8]) -> &[u8] {
    match body.last() {
        Some(last) if last.is_ascii_hexdigit() && body.len() <= 16 && !body.contains(&b' ') => body,
        _ => body.iter().position(|byte| byte.is_ascii_whitespace()).map_or(body, |end| &body[..end]),
    }
}

/// One digit of flags, then the payload.
fn fd_payload<'a>(body: &[u8], room: &'a mut [u8; 64]) -> Result<&'a [u8], BadLine> {
    match body.split_first() {
        Some((flags, digits)) if flags.is_ascii_hexdigit() => hex_bytes(digits, room),
        _ => Err(BadLine::new("expected the flags of a CAN FD frame after ##")),
    }
}

/// `R`, `R8`, `R8_F`: a remote request may say how much it asks for.
fn remote_length(text: &[u8]) -> Result<(), BadLine> {
    if without_raw_length(text).iter().all(u8::is_ascii_hexdigit) && text.len() <= 3 {
        return Ok(());
    }
    Err(BadLine::new("expected at most a length after R"))
}

/// `_9` to `_F` at the end: a raw length code above 8.
#[inline]
fn without_raw_length(body: &[u8]) -> &[u8] {
    match body {
        [payload @ .., b'_', code] if code.is_ascii_hexdigit() => payload,
        _ => body,
    }
}
