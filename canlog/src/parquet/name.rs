//! Names of output files: flat, safe in any file system and URL, unique also where case does not count.

use std::collections::HashSet;

use super::Description;

/// Longest name without its ending, in bytes.
const LONGEST: usize = 120;

/// Gives names.
#[derive(Debug, Default)]
pub(crate) struct FileNames {
    given: HashSet<String>,
}

impl FileNames {
    /// A name without ending: `can0-1F0A008x-DataLoggerBoard3`. The id is hexadecimal, `x` marks the
    /// 29-bit kind; parts that the log does not give are left out.
    pub(crate) fn give(&mut self, message: &Description) -> String {
        let id = message.frame.map(|id| format!("{:X}{}", id.frame_id, if id.extended { "x" } else { "" }));
        let parts = [message.bus.as_deref(), id.as_deref(), Some(&message.message)];
        let mut stem = parts.into_iter().flatten().map(safe).collect::<Vec<_>>().join("-");
        stem.truncate(LONGEST);
        let mut name = stem.clone();
        let mut repeated = 1;
        while !self.given.insert(name.to_ascii_lowercase()) {
            repeated += 1;
            name = format!("{stem}-{repeated}");
        }
        name
    }
}

fn safe(part: &str) -> String {
    let safe = |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '_' };
    part.chars().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FrameId;

    fn message(bus: Option<&str>, id: Option<(u32, bool)>, name: &str) -> Description {
        Description {
            bus: bus.map(str::to_owned),
            frame: id.map(|(frame_id, extended)| FrameId { frame_id, extended }),
            message: name.to_owned(),
            signals: Vec::new(),
        }
    }

    #[test]
    fn names_say_bus_id_and_message() {
        let mut names = FileNames::default();
        assert_eq!(
            names.give(&message(Some("can0"), Some((0x1F0_A008, true)), "Board3")),
            "can0-1F0A008x-Board3"
        );
        assert_eq!(names.give(&message(None, Some((0x123, false)), "Board3")), "123-Board3");
        assert_eq!(names.give(&message(None, None, "Board3")), "Board3");
    }

    #[test]
    fn names_are_safe_and_unique() {
        let mut names = FileNames::default();
        assert_eq!(names.give(&message(Some("../a b"), None, "M/\u{e9}:")), "___a_b-M___");
        assert_eq!(names.give(&message(None, None, "speed")), "speed");
        assert_eq!(names.give(&message(None, None, "Speed")), "Speed-2");
        assert!(names.give(&message(None, None, &"n".repeat(1_000))).len() <= LONGEST);
    }
}
