//! What is looked at before anything is parsed: size, tokens and nesting, in one pass over the bytes.
//!
//! The parser behind us recurses once a bracket: without this pass a document of 4 KB of `[[[[` overflows its
//! stack and takes the process with it. The pass itself neither recurses nor allocates.

use platform::config::limits::DocumentLimits;

/// What a request may be before it is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Bytes of a document.
    pub document_bytes: usize,
    /// Lexical tokens of a document.
    pub tokens: usize,
    /// Open brackets at any point, in a document as in its variables.
    pub nesting: usize,
}

impl From<&DocumentLimits> for Guard {
    fn from(limits: &DocumentLimits) -> Self {
        Self { document_bytes: limits.bytes, tokens: limits.tokens, nesting: limits.nesting }
    }
}

/// Why a request is refused before it is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// More bytes than allowed.
    #[error("the document has {bytes} bytes; at most {limit} are read")]
    TooLarge {
        /// Bytes of the document.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// More tokens than allowed.
    #[error("the document has more than {limit} tokens")]
    TooManyTokens {
        /// Tokens allowed.
        limit: usize,
    },
    /// More open brackets than allowed.
    #[error("brackets are nested deeper than {limit}")]
    TooDeep {
        /// Open brackets allowed.
        limit: usize,
    },
    /// A string that never ends. What follows its quote would be read differently here and by the parser, so
    /// it goes no further.
    #[error("a string that begins at byte {at} does not end")]
    UnterminatedString {
        /// Offset of its first quote.
        at: usize,
    },
}

impl Guard {
    /// Looks at a GraphQL document.
    ///
    /// # Errors
    ///
    /// The first limit that it exceeds.
    pub fn document(&self, text: &str) -> Result<(), Violation> {
        if text.len() > self.document_bytes {
            return Err(Violation::TooLarge { bytes: text.len(), limit: self.document_bytes });
        }
        let bytes = text.as_bytes();
        let (mut at, mut tokens, mut open) = (0, 0, 0_usize);
        while let Some(&byte) = bytes.get(at) {
            let next = token_end(bytes, at)?;
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b',' | b'#' => {}
                _ => tokens += 1,
            }
            open = self.nest(open, byte)?;
            if tokens > self.tokens {
                return Err(Violation::TooManyTokens { limit: self.tokens });
            }
            at = next;
        }
        Ok(())
    }

    /// Looks at the nesting of JSON text that wraps its variables in `envelope` objects.
    ///
    /// # Errors
    ///
    /// [`Violation::TooDeep`].
    pub fn json(&self, bytes: &[u8], envelope: usize) -> Result<(), Violation> {
        let within = Self { nesting: self.nesting.saturating_add(envelope), ..*self };
        let (mut at, mut open) = (0, 0_usize);
        while let Some(&byte) = bytes.get(at) {
            open = match byte {
                b'"' => {
                    at = quoted_end(bytes, at).unwrap_or(bytes.len());
                    continue;
                }
                b'(' | b')' => open,
                _ => within.nest(open, byte).map_err(|_| Violation::TooDeep { limit: self.nesting })?,
            };
            at += 1;
        }
        Ok(())
    }

    fn nest(&self, open: usize, byte: u8) -> Result<usize, Violation> {
        match byte {
            b'{' | b'[' | b'(' if open >= self.nesting => Err(Violation::TooDeep { limit: self.nesting }),
            b'{' | b'[' | b'(' => Ok(open + 1),
            b'}' | b']' | b')' => Ok(open.saturating_sub(1)),
            _ => Ok(open),
        }
    }
}

/// Where the token, comment or blank that begins at `at` ends.
fn token_end(bytes: &[u8], at: usize) -> Result<usize, Violation> {
    let run = |wanted: fn(u8) -> bool| {
        bytes[at + 1..].iter().position(|&byte| !wanted(byte)).map_or(bytes.len(), |n| at + 1 + n)
    };
    let end = match bytes[at] {
        b'#' => run(|byte| byte != b'\n' && byte != b'\r'),
        b'"' if bytes[at..].starts_with(b"\"\"\"") => {
            block_end(bytes, at).ok_or(Violation::UnterminatedString { at })?
        }
        b'"' => string_end(bytes, at).ok_or(Violation::UnterminatedString { at })?,
        b'.' => run(|byte| byte == b'.'),
        b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
            run(|byte| byte == b'_' || byte == b'.' || byte.is_ascii_alphanumeric())
        }
        _ => at + 1,
    };
    Ok(end)
}

/// The end of a string of one line; none when the line ends first.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let end = quoted_end(bytes, at)?;
    (!bytes[at..end].iter().any(|byte| matches!(byte, b'\n' | b'\r'))).then_some(end)
}

/// The end of `"…"` with backslash escapes.
fn quoted_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut here = at + 1;
    loop {
        match bytes.get(here)? {
            b'"' => return Some(here + 1),
            b'\\' => here += 2,
            _ => here += 1,
        }
    }
}

/// The end of `"""…"""`, in which `\"""` is text.
fn block_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut here = at + 3;
    loop {
        let rest = bytes.get(here..)?;
        match rest {
            [] => return None,
            [b'\\', b'"', b'"', b'"', ..] => here += 4,
            [b'"', b'"', b'"', ..] => return Some(here + 3),
            _ => here += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUARD: Guard = Guard { document_bytes: 200, tokens: 20, nesting: 3 };

    #[test]
    fn every_limit_is_a_limit() {
        let long = format!("{{ a }} # {}", "x".repeat(200));
        assert!(matches!(GUARD.document(&long), Err(Violation::TooLarge { limit: 200, .. })));
        assert_eq!(GUARD.document(&"a ".repeat(21)), Err(Violation::TooManyTokens { limit: 20 }));
        assert_eq!(GUARD.document(&"a ".repeat(20)), Ok(()));
        assert_eq!(GUARD.document("{a{b(c:[1])}}"), Err(Violation::TooDeep { limit: 3 }));
        assert_eq!(GUARD.document("{a{b(c:1)}}"), Ok(()));
    }

    #[test]
    fn brackets_count_only_outside_strings_and_comments() {
        for text in [
            "{a(b:\"[[[[[\")}",
            "{a(b:\"\"\"[[[\"[[\\\"\"\"[[\"\"\")}",
            "{a # [[[[[\n}",
            "{a(b:\"\\\"[[[[\")}",
        ] {
            assert_eq!(GUARD.document(text), Ok(()), "{text}");
        }
        for text in ["# [\r[[[[", "\"\"[[[[", "\"\"\"\"\"\"[[[[", "\"\\\\\"[[[["] {
            assert_eq!(GUARD.document(text), Err(Violation::TooDeep { limit: 3 }), "{text}");
        }
    }

    #[test]
    fn a_string_without_end_goes_no_further() {
        for text in ["\"[[[[", "\"a\n\"", "\"\"\" \"[[[[", "\"a\\", "\"\"\"a\\\"\"\""] {
            assert_eq!(GUARD.document(text), Err(Violation::UnterminatedString { at: 0 }), "{text}");
        }
    }

    #[test]
    fn variables_are_counted_from_their_own_object() {
        assert_eq!(GUARD.json(br#"{"query":"[[[[(","variables":{"a":[[1]]}}"#, 1), Ok(()));
        assert_eq!(GUARD.json(br#"{"variables":{"a":[[[1]]]}}"#, 1), Err(Violation::TooDeep { limit: 3 }));
        assert_eq!(GUARD.json(&[b'['; 1 << 20], 1), Err(Violation::TooDeep { limit: 3 }));
    }
}
