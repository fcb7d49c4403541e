//! The whole pipeline: log → frames → signals → Parquet and overview, in one streaming pass.

use std::io;
use std::io::{Read, Write};

use crate::failure::Failure;

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

/// Bounds of one conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvertLimits {
    /// Most signals (columns of all message files together).
    pub signals: usize,
    /// Most rows over all message files.
    pub rows: u64,
    /// Most bytes of rows that wait for a full row group.
    pub buffered_bytes: usize,
}

impl Default for ConvertLimits {
    fn default() -> Self {
        Self { signals: 100_000, rows: 20_000_000_000, buffered_bytes: 96 << 20 }
    }
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
