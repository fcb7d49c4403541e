//! Bytes into lines: LF, CRLF and CR end one, a line over the cap is passed over to its end.

use memchr::memchr2;

use super::SAMPLE_BYTES;

/// One line without its end.
pub(super) struct Line<'a> {
    /// The line; of a line over the cap only its first bytes.
    pub(super) text: &'a [u8],
    /// Number from 1.
    pub(super) number: u64,
    /// What is special about it.
    pub(super) kind: LineKind,
}

/// What is special about a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LineKind {
    /// Nothing.
    Whole,
    /// The log ends in it, without a line end.
    Unterminated,
    /// Longer than the cap.
    TooLong,
}

/// Where the splitter stands between two chunks.
pub(super) struct Lines {
    max_bytes: usize,
    number: u64,
    skip_line_feed: bool,
    skip_line: bool,
}

impl Lines {
    /// At the beginning of a log.
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, number: 0, skip_line_feed: false, skip_line: false }
    }

    /// Lines met so far.
    pub(super) fn count(&self) -> u64 {
        self.number
    }

    /// The next line of `bytes` from `at` on, which moves behind it; `None` when more bytes are needed.
    #[inline]
    pub(super) fn next<'a>(&mut self, bytes: &'a [u8], at: &mut usize, last: bool) -> Option<Line<'a>> {
        if self.skip_line_feed || self.skip_line {
            self.skip(bytes, at);
        }
        let rest = bytes.get(*at..).unwrap_or_default();
        let Some(end) = memchr2(b'\n', b'\r', rest) else { return self.tail(rest, at, last) };
        *at += end + 1;
        if rest[end] == b'\r' {
            match rest.get(end + 1) {
                Some(b'\n') => *at += 1,
                Some(_) => {}
                None => self.skip_line_feed = true,
            }
        }
        let kind = if end > self.max_bytes { LineKind::TooLong } else { LineKind::Whole };
        Some(self.line(&rest[..end], kind))
    }

    #[inline]
    fn line<'a>(&mut self, text: &'a [u8], kind: LineKind) -> Line<'a> {
        self.number += 1;
        let text = match kind {
            LineKind::TooLong => &text[..text.len().min(SAMPLE_BYTES).min(self.max_bytes)],
            _ => text,
        };
        Line { text, number: self.number, kind }
    }

    /// No line end in sight.
    #[cold]
    fn tail<'a>(&mut self, rest: &'a [u8], at: &mut usize, last: bool) -> Option<Line<'a>> {
        if rest.len() > self.max_bytes {
            self.skip_line = !last;
            *at += rest.len();
            return Some(self.line(rest, LineKind::TooLong));
        }
        if !last || rest.is_empty() {
            return None;
        }
        *at += rest.len();
        Some(self.line(rest, LineKind::Unterminated))
    }

    /// Passes over what belongs to a line already handed on.
    #[cold]
    fn skip(&mut self, bytes: &[u8], at: &mut usize) {
        if self.skip_line {
            let Some(end) = memchr2(b'\n', b'\r', bytes.get(*at..).unwrap_or_default()) else {
                *at = bytes.len();
                return;
            };
            self.skip_line = false;
            self.skip_line_feed = bytes[*at + end] == b'\r';
            *at += end + 1;
        }
        if let Some(&next) = bytes.get(*at) {
            *at += usize::from(self.skip_line_feed && next == b'\n');
            self.skip_line_feed = false;
        }
    }
}
