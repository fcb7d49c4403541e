//! Numbers as logs write them, from bytes, without a check for UTF-8 and without allocation.

use crate::frame::Micros;

use super::problems::BadLine;
use super::timeline::MAX_TIME;

/// The value of a hex digit, 0xFF for all other bytes.
static HEX: [u8; 256] = hex_table();

const fn hex_table() -> [u8; 256] {
    let mut table = [0xFF; 256];
    let mut digit = 0;
    while digit < 16 {
        table[b"0123456789abcdef"[digit] as usize] = digit as u8;
        table[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    table
}

/// An unsigned decimal number of at most 18 digits.
#[inline]
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    let mut value = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    Some(value)
}

/// Parts of a whole as a decimal fraction writes them, in units of `10^-places`; further digits are cut off.
#[inline]
pub(super) fn fraction(text: &[u8], places: usize) -> Option<u64> {
    let kept = decimal(&text[..text.len().min(places)])?;
    if text.len() >= places {
        let cut = &text[places..];
        return cut.iter().all(u8::is_ascii_digit).then_some(kept);
    }
    Some((text.len()..places).fold(kept, |value, _| value * 10))
}

/// An id of 1 to 8 hex digits.
#[inline]
pub(super) fn hex_id(text: &[u8]) -> Result<u32, BadLine> {
    let mut value = 0_u32;
    let mut check = 0;
    for byte in text {
        let digit = HEX[usize::from(*byte)];
        check |= digit;
        value = value << 4 | u32::from(digit);
    }
    if check > 0xF || text.is_empty() || text.len() > 8 {
        return Err(BadLine::new("expected a frame id of 1 to 8 hex digits"));
    }
    Ok(value)
}

/// A payload of at most 64 bytes in hex.
#[inline]
pub(super) fn hex_bytes<'a>(text: &[u8], room: &'a mut [u8; 64]) -> Result<&'a [u8], BadLine> {
    let len = text.len() / 2;
    let Some(bytes) = room.get_mut(..len) else {
        return Err(BadLine::new("more than 64 bytes of payload"));
    };
    let mut check = 0;
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let (high, low) = (HEX[usize::from(pair[0])], HEX[usize::from(pair[1])]);
        check |= high | low;
        *byte = high << 4 | low;
    }
    if check > 0xF {
        return Err(BadLine::new("expected the payload in hex digits"));
    }
    if text.len() % 2 == 1 {
        return Err(BadLine::new("an odd number of hex digits in the payload"));
    }
    Ok(bytes)
}

/// Milliseconds in decimal digits, with or without a fraction.
#[inline]
pub(super) fn milliseconds(text: &[u8]) -> Result<Micros, BadLine> {
    let expected = BadLine::new("expected a time in milliseconds, in decimal digits");
    let point = text.iter().position(|byte| *byte == b'.');
    let (whole, rest) = point.map_or((text, None), |at| (&text[..at], Some(&text[at + 1..])));
    if text.len() > 1 && text[0] == b'-' && decimal(&whole[1..]).is_some() {
        return Err(BadLine::time("a time before zero"));
    }
    let whole = decimal(whole).ok_or(expected)?;
    if whole >= MAX_TIME as u64 / 1_000 {
        return Err(BadLine::time("a time outside 1970 to 2262"));
    }
    let part = rest.map_or(Some(0), |digits| fraction(digits, 3)).ok_or(expected)?;
    Ok((whole * 1_000 + part) as Micros)
}
