//! `dataviewer convert`: one log and its DBCs to a folder of Parquet files, offline.
//!
//! The worker runs every conversion as this very command in a child process, so what a person can try by
//! hand is what happens to an upload. Exit codes: 0 done, 1 nothing can be made of this log, 2 wrong usage,
//! 3 a file could not be read or written, 4 the disk is full (another try may succeed); anything else is a crash.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use canlog::convert::{ConvertError, ConvertLimits, ConvertOptions, Converted, Source};
use canlog::failure::Failure;
use clap::Args;
use jiff::tz::TimeZone;
use worker::exit;

use super::binding::DbcArg;
use super::confine::Confinement;
use super::output::{Outputs, is_full};
use super::report::{ProgressStyle, Reporter};

/// Convert one log to Parquet files, offline
#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// The log; its format is recognised by its content
    log: PathBuf,
    /// A DBC, for one bus of the log or for all; may be repeated
    #[arg(long = "dbc", value_name = "FILE[@BUS]")]
    dbcs: Vec<DbcArg>,
    /// The zone of the logger's clock, where the log has local times
    #[arg(long, value_name = "IANA", default_value = "UTC", value_parser = parse_zone)]
    time_zone: TimeZone,
    /// Microseconds to add to every time of the log
    #[arg(long, value_name = "MICROS", default_value_t, allow_negative_numbers = true)]
    shift: i64,
    /// Threads to use [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// The folder to write to; made if missing, refused if not empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// `json`: one object a line on standard output; `bar`: for people, on standard error
    #[arg(long, value_enum, default_value_t)]
    progress: ProgressStyle,
    #[command(flatten)]
    confinement: Confinement,
    /// Most signals that the result may hold
    #[arg(long, hide = true, value_name = "N")]
    limit_signals: Option<usize>,
    /// Most rows that the result may hold
    #[arg(long, hide = true, value_name = "N")]
    limit_rows: Option<u64>,
}

/// Why there is no result.
enum Refusal {
    /// The command was not given what it needs.
    Usage(String),
    /// Nothing can be made of this log.
    Log(Failure),
    /// A file could not be read or written.
    Io(String),
    /// No room was left for the output.
    Full(String),
}

/// What is written under this name, and renamed when all else is complete: a folder with a manifest is whole.
const MANIFEST: &str = "manifest.json";
const UNFINISHED_MANIFEST: &str = "manifest.json.unfinished";

impl ConvertArgs {
    /// Converts; the exit code says how it went.
    pub(crate) fn run(self) -> ExitCode {
        let mut reporter = Reporter::new(self.progress);
        match self.convert(&mut reporter) {
            Ok(converted) => {
                reporter.done(&converted, &self.out);
                ExitCode::SUCCESS
            }
            Err(Refusal::Log(failure)) => {
                reporter.failed(&failure);
                ExitCode::from(exit::FAILED)
            }
            Err(Refusal::Usage(text)) => {
                reporter.refused(&text);
                ExitCode::from(exit::USAGE)
            }
            Err(Refusal::Io(text)) => {
                reporter.refused(&text);
                ExitCode::from(exit::IO)
            }
            Err(Refusal::Full(text)) => {
                reporter.refused(&text);
                ExitCode::from(exit::FULL)
            }
        }
    }

    fn convert(&self, reporter: &mut Reporter) -> Result<Converted, Refusal> {
        self.confinement.apply().map_err(|error| Refusal::Io(format!("cannot limit itself: {error}")))?;
        let bytes = log_size(&self.log)?;
        prepare(&self.out)?;
        let options = ConvertOptions {
            dbcs: self.dbcs.iter().map(DbcArg::load).collect::<Result<_, _>>()?,
            time_zone: self.time_zone.clone(),
            shift: self.shift,
            threads: self.threads.map_or_else(all_cores, usize::from),
            limits: self.limits(),
        };
        let open_log = || File::open(&self.log).map(|file| Box::new(file) as Box<dyn Read + Send>);
        let outputs = Outputs::default();
        let create = |name: &str| outputs.create(&self.out.join(staged(name)));
        let source = Source { open: &open_log, bytes };
        let converted = canlog::convert::convert(&source, &options, &create, &mut |at| reporter.progress(at));
        let converted = converted.map_err(|error| refusal(error, &outputs))?;
        fs::rename(self.out.join(UNFINISHED_MANIFEST), self.out.join(MANIFEST))
            .map_err(|error| Refusal::Io(format!("cannot finish {MANIFEST}: {error}")))?;
        Ok(converted)
    }

    fn limits(&self) -> ConvertLimits {
        let usual = ConvertLimits::default();
        ConvertLimits {
            signals: self.limit_signals.unwrap_or(usual.signals),
            rows: self.limit_rows.unwrap_or(usual.rows),
            ..usual
        }
    }
}

fn refusal(error: ConvertError, outputs: &Outputs) -> Refusal {
    match error {
        ConvertError::Failure(failure) => Refusal::Log(failure),
        other if outputs.met_full_disk() => Refusal::Full(other.to_string()),
        other => Refusal::Io(other.to_string()),
    }
}

impl From<super::binding::LoadError> for Refusal {
    fn from(error: super::binding::LoadError) -> Self {
        match error {
            super::binding::LoadError::Unreadable(text) => Self::Usage(text),
            super::binding::LoadError::Invalid(failure) => Self::Log(failure),
        }
    }
}

fn parse_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "not an IANA time zone, such as Europe/Berlin".to_owned())
}

fn all_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn log_size(log: &Path) -> Result<u64, Refusal> {
    match fs::metadata(log) {
        Ok(found) if found.is_file() => Ok(found.len()),
        Ok(_) => Err(Refusal::Usage(format!("{} is not a file", log.display()))),
        Err(error) => Err(Refusal::Usage(format!("{}: {error}", log.display()))),
    }
}

/// Makes the folder, and refuses one that holds something: nothing of an earlier conversion may mix with
/// this one.
fn prepare(out: &Path) -> Result<(), Refusal> {
    let unusable = |error: io::Error| {
        let text = format!("--out {}: {error}", out.display());
        if is_full(&error) { Refusal::Full(text) } else { Refusal::Usage(text) }
    };
    fs::create_dir_all(out).map_err(unusable)?;
    match fs::read_dir(out).map_err(unusable)?.next() {
        None => Ok(()),
        Some(_) => Err(Refusal::Usage(format!("--out {} is not empty", out.display()))),
    }
}

/// The name under which a file is written.
fn staged(name: &str) -> &str {
    if name == MANIFEST { UNFINISHED_MANIFEST } else { name }
}
