//! The whole pipeline: log → frames → signals → Parquet and overview, in one streaming pass.
//!
//! One thread reads and sorts frames by message; whoever is free decodes a message's rows a column at a
//! time, encodes them and, in the order of the log, writes them. When the others are busy the reading
//! thread lends a hand, so memory is bounded by a few row groups and [`ConvertLimits::buffered_bytes`].

mod chunk;
mod frames;
mod pool;
mod route;
mod settle;
mod tally;
mod target;
mod values;

use std::io::{self, Read, Write};

use crate::dbc::BoundDbc;
use crate::failure::Failure;
use crate::format::Format;
use crate::frame::Micros;
use crate::manifest::Manifest;
use crate::parquet::Sinks;
use crate::progress::Progress;
use crate::report::Report;

/// Where a log's bytes come from.
pub struct Source<'a> {
    /// Opens the log at its beginning. Called twice for a log that was decoded elsewhere: the first pass
    /// collects its columns.
    pub open: &'a (dyn Fn() -> io::Result<Box<dyn Read + Send>> + Sync),
    /// The log's size in bytes.
    pub bytes: u64,
}

/// Opens a file to write by its flat, safe name.
pub type OpenOutput<'a> = &'a (dyn Fn(&str) -> io::Result<Box<dyn Write + Send>> + Sync);

/// How to convert.
#[derive(Clone, Debug)]
pub struct ConvertOptions {
    /// The DBCs; the first that knows a frame decodes it.
    pub dbcs: Vec<BoundDbc>,
    /// The zone of a logger with a local clock.
    pub time_zone: jiff::tz::TimeZone,
    /// Microseconds added to every time of the log; 0 leaves them as they are.
    pub shift: Micros,
    /// Threads to use, the calling one among them.
    pub threads: usize,
    /// Bounds.
    pub limits: ConvertLimits,
}

/// Bounds of one conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvertLimits {
    /// Most signals (columns of all message files together).
    pub signals: usize,
    /// Most rows over all message files.
    pub rows: u64,
    /// Most unknown ids that are told apart; frames of further ones are counted only.
    pub unknown_ids: usize,
    /// Most bytes of rows that wait for a full row group.
    pub buffered_bytes: usize,
}

impl Default for ConvertLimits {
    fn default() -> Self {
        Self { signals: 100_000, rows: 20_000_000_000, unknown_ids: 65_536, buffered_bytes: 96 << 20 }
    }
}

/// What a conversion made. Both are written as `manifest.json` and `report.json`, too.
#[derive(Clone, Debug, PartialEq)]
pub struct Converted {
    /// The files, and what is in them.
    pub manifest: Manifest,
    /// What was read, what was skipped, and why.
    pub report: Report,
}

/// Why a conversion ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// Nothing can be made of this log; trying again would end the same.
    #[error("{0}")]
    Failure(Failure),
    /// The log could not be read.
    #[error("the log cannot be read: {0}")]
    Read(#[source] io::Error),
    /// An output could not be written.
    #[error("{name} cannot be written: {source}")]
    Write {
        /// The output's name.
        name: String,
        /// What happened.
        source: io::Error,
    },
}

impl From<Failure> for ConvertError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Converts a log. Files are named by the manifest; `manifest.json` is written last.
///
/// # Errors
/// When nothing can be made of the log, or it cannot be read, or an output cannot be written. What was
/// written by then is of no use.
pub fn convert(
    source: &Source,
    options: &ConvertOptions,
    open: OpenOutput,
    progress: &mut dyn FnMut(Progress),
) -> Result<Converted, ConvertError> {
    let sinks = Sinks::new(open);
    convert_into(&sinks, source, options, progress).map_err(|error| {
        sinks.take_trouble().map_or(error, |(name, source)| ConvertError::Write { name, source })
    })
}

fn convert_into(
    sinks: &Sinks,
    source: &Source,
    options: &ConvertOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<Converted, ConvertError> {
    let log = chunk::Log::open(source, options)?;
    let converted = match log.sniffed.format {
        Format::DecodedCsv => values::convert(log, sinks, progress)?,
        _ => frames::convert(log, sinks, progress)?,
    };
    for (name, written) in [
        ("report.json", sinks.write_json("report.json", &converted.report)),
        ("manifest.json", sinks.write_json("manifest.json", &converted.manifest)),
    ] {
        written.map_err(|source| ConvertError::Write { name: name.to_owned(), source })?;
    }
    Ok(converted)
}
