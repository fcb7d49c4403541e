//! Which reader a log needs, decided by its first bytes, never by its name.

use crate::failure::{Failure, FailureCode};
use crate::frame::Batch;
use crate::read::{ReadOptions, Reader};

/// Bytes of a log's beginning that [`sniff`] looks at.
pub const HEAD_BYTES: usize = 64 * 1024;

/// The formats of logs that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `candump -L`: `(1436509052.249713) can0 123#11223344`.
    Candump,
}

impl Format {
    /// All formats; of two that fit equally well the earlier one is taken.
    pub const ALL: [Self; 1] = [Self::Candump];

    /// The name in manifests, reports and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Candump => "candump",
        }
    }
}

/// What [`sniff`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sniffed {
    /// The format that fits best.
    pub format: Format,
    /// Formats that fit lines which that one does not: the log is several logs, one behind the other.
    pub also: Vec<Format>,
}

/// What one format's reader made of the beginning.
struct Trial {
    format: Format,
    understood: u64,
    bad_lines: u64,
}

/// Finds the format by trying every reader on `head`, the first (at most) [`HEAD_BYTES`] bytes of a log.
///
/// # Errors
///
/// `EMPTY_FILE` without bytes, `UNSUPPORTED_FORMAT` when no reader understands any of it.
pub fn sniff(head: &[u8]) -> Result<Sniffed, Failure> {
    if head.is_empty() {
        return Err(failure(FailureCode::EmptyFile, "The file is empty.", None));
    }
    let trials = Format::ALL.map(|format| attempt(format, head));
    let best = trials.iter().reduce(|best, other| if better(other, best) { other } else { best });
    let Some(best) = best.filter(|best| best.understood > 0) else {
        return Err(failure(FailureCode::UnsupportedFormat, "This is no log in a known format.", None));
    };
    let also = trials.iter().filter(|other| other.format != best.format);
    let also = also.filter(|other| (1..=best.bad_lines).contains(&other.understood));
    Ok(Sniffed { format: best.format, also: also.map(|other| other.format).collect() })
}

fn better(one: &Trial, other: &Trial) -> bool {
    one.understood > other.understood
}

fn attempt(format: Format, head: &[u8]) -> Trial {
    let mut reader = Reader::new(format, &[], &ReadOptions::default());
    let mut batch = Batch::default();
    let used = reader.read(head, false, &mut batch);
    if reader.understood() == 0 {
        reader.read(&head[used..], true, &mut batch);
    }
    let understood = reader.understood();
    Trial { format, understood, bad_lines: reader.finish().bad_lines }
}

fn failure(code: FailureCode, message: &str, hint: Option<&str>) -> Failure {
    Failure { code, message: message.to_owned(), hint: hint.map(str::to_owned), line: None }
}
