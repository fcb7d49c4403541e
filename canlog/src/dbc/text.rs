//! The text of a DBC file: UTF-8, or Windows-1252 as older tools write it.

use std::borrow::Cow;

/// A DBC's text and how it was encoded.
pub(crate) struct Text<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) cp1252: bool,
}

/// The text of `bytes`, without byte order mark; none when it is UTF-16 or binary.
pub(crate) fn decode(bytes: &[u8]) -> Option<Text<'_>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if memchr::memchr(0, bytes).is_some() {
        return None;
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(Text { text: Cow::Borrowed(text), cp1252: false });
    }
    can_dbc::decode_cp1252(bytes).map(|text| Text { text, cp1252: true })
}

/// Line and column, both from 1, the column in characters, of a byte offset.
pub(crate) fn position(text: &str, offset: usize) -> (u64, u64) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    (lines_in(before) + 1, before[line_start..].chars().count() as u64 + 1)
}

/// Line ends in `text`: `\n`, `\r\n` or a lone `\r`.
pub(crate) fn lines_in(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let lone = |at: &usize| bytes[*at] == b'\n' || bytes.get(at + 1) != Some(&b'\n');
    memchr::memchr2_iter(b'\n', b'\r', bytes).filter(lone).count() as u64
}

/// The text of a string literal.
pub(crate) fn unescape(literal: &str) -> String {
    literal.replace("\\\"", "\"")
}
