//! Which reader a log needs, decided by its first bytes, never by its name.

mod unsupported;

use crate::failure::{Failure, FailureCode};
use crate::frame::Batch;
use crate::read::{ReadOptions, Reader};
use crate::report::TimeSource;

/// Bytes of a log's beginning that [`sniff`] looks at.
pub const HEAD_BYTES: usize = 64 * 1024;

/// The formats of logs that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// The racing team's `year,month,day,hour,min,sec,ms,id,data`.
    TeamCsv,
    /// `time,id,data`, milliseconds since power-on.
    ElapsedCsv,
    /// `12345,0CFFF048,0000000012C00A00` without a header, the line end sometimes missing.
    RunOnCsv,
    /// Already decoded values, `timestamp,sender,msg_name,sig_name,sig_val,units`.
    DecodedCsv,
    /// `candump -L`: `(1436509052.249713) can0 123#11223344`.
    Candump,
    /// `candump -ta`, `-tA` or `-tz`: ` (1436509052.249713)  can0  123   [4]  11 22 33 44`.
    CandumpText,
    /// `candump -td`: the same, each stamp counting from the line before.
    CandumpTextDelta,
}

impl Format {
    /// All formats; of two that fit equally well the earlier one is taken.
    pub const ALL: [Self; 7] = [
        Self::TeamCsv,
        Self::ElapsedCsv,
        Self::RunOnCsv,
        Self::DecodedCsv,
        Self::Candump,
        Self::CandumpText,
        Self::CandumpTextDelta,
    ];

    /// The name in manifests, reports and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TeamCsv => "team-csv",
            Self::ElapsedCsv => "elapsed-csv",
            Self::RunOnCsv => "run-on-csv",
            Self::DecodedCsv => "decoded-csv",
            Self::Candump => "candump",
            Self::CandumpText => "candump-text",
            Self::CandumpTextDelta => "candump-text-delta",
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
    back_steps: u64,
    bad_lines: u64,
    time_source: TimeSource,
}

/// Finds the format by trying every reader on `head`, the first (at most) [`HEAD_BYTES`] bytes of a log.
///
/// # Errors
///
/// `EMPTY_FILE` without bytes, `CORRUPT_HEADER` when a header lacks columns, `UNSUPPORTED_FORMAT` when no
/// reader understands any of it.
pub fn sniff(head: &[u8]) -> Result<Sniffed, Failure> {
    if head.is_empty() {
        return Err(Failure {
            code: FailureCode::EmptyFile,
            message: "The file is empty.".to_owned(),
            hint: Some("Copy it from the logger again.".to_owned()),
            line: None,
        });
    }
    if let Some(failure) = unsupported::binary(head) {
        return Err(failure);
    }
    let trials = Format::ALL.map(|format| attempt(format, head));
    let best = trials.iter().reduce(|best, other| if better(other, best) { other } else { best });
    let best = best.filter(|best| best.understood > 0).ok_or_else(|| unsupported::text(head))?;
    let others = trials.iter().filter(|other| other.format != best.format);
    let also = others.filter(|other| (1..=best.bad_lines).contains(&other.understood));
    let also = also.map(|other| other.format).filter(|other| *other != Format::CandumpTextDelta);
    Ok(Sniffed { format: with_steps(best), also: also.collect() })
}

fn better(one: &Trial, other: &Trial) -> bool {
    one.understood > other.understood
}

/// Stamps without a date that step back again and again are the times between lines.
fn with_steps(best: &Trial) -> Format {
    let stepping = best.time_source == TimeSource::Relative && best.back_steps * 10 >= best.understood;
    match best.format {
        Format::CandumpText if stepping && best.back_steps > 0 => Format::CandumpTextDelta,
        format => format,
    }
}

fn attempt(format: Format, head: &[u8]) -> Trial {
    let mut reader = Reader::new(format, &[], &ReadOptions::default());
    let mut batch = Batch::default();
    let used = reader.read(head, false, &mut batch);
    if reader.understood() == 0 {
        reader.read(&head[used..], true, &mut batch);
    }
    let understood = reader.understood();
    let report = reader.finish();
    Trial {
        format,
        understood,
        back_steps: report.back_steps,
        bad_lines: report.bad_lines,
        time_source: report.time_source,
    }
}
