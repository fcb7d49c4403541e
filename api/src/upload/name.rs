//! File names as uploaders have them: text to show, never a path of ours.

/// Characters kept.
const LONGEST: usize = 255;
/// What a file is called whose name says nothing.
const NAMELESS: &str = "unnamed";

/// The name without folders, control characters and marks that turn the direction of text around.
pub(super) fn shown(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or_default();
    let kept: String = last.chars().filter(|&c| !c.is_control() && !is_bidi(c)).take(LONGEST).collect();
    match kept.trim() {
        "" => NAMELESS.to_owned(),
        name => name.to_owned(),
    }
}

fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text() {
        let long = "ä".repeat(300);
        for (given, expected) in [
            ("LOG00011.CSV", "LOG00011.CSV"),
            ("../../etc/passwd", "passwd"),
            ("C:\\logs\\run 7.log", "run 7.log"),
            ("a\u{202e}gol.exe\u{2069}\0\n", "agol.exe"),
            ("Straße #1.csv", "Straße #1.csv"),
            ("/", "unnamed"),
            ("", "unnamed"),
            (long.as_str(), &long[..2 * 255]),
        ] {
            assert_eq!(shown(given), expected);
        }
    }
}
