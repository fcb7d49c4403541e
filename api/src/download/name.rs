//! Names that files are saved under.

use std::fmt::Write;

/// An attachment under this name: in ASCII for old clients, in UTF-8 for all others.
pub(crate) fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", escaped(name))
}

/// The text as a part of an address: all but letters, digits and `.-_` escaped.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'.' | b'-' | b'_' => escaped.push(char::from(byte)),
            _ => {
                let _ = write!(escaped, "%{byte:02X}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_header() {
        assert_eq!(
            attachment("Ä\"b\\c.csv"),
            "attachment; filename=\"__b_c.csv\"; filename*=UTF-8''%C3%84%22b%5Cc.csv"
        );
    }
}
