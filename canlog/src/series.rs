//! A window of one signal, reduced to at most so many points.
//!
//! Few samples are given as they are. Many are reduced to buckets of equal width: from the coarsest level of
//! the overview whose cells are no wider than a bucket, or, where the overview is too coarse, from the rows.
//! Cells that the window cuts are replaced by their rows, so every figure is that of exactly the samples that
//! lie in the bucket and in the window.

pub(crate) mod file;
mod grid;
mod reduce;
mod rows;
mod source;

use std::io::{self, Read, Seek};
use std::ops::Range;

use polars_error::PolarsError;

use crate::frame::Micros;

/// How the samples of a bucket become one entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// The smallest and the greatest: no peak is lost.
    #[default]
    MinMax,
    /// The arithmetic mean; NaN when one of the samples is.
    Mean,
    /// The earliest sample.
    First,
    /// The latest sample.
    Last,
    /// None: the samples themselves.
    Raw,
}

/// What is wanted of a signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesRequest {
    /// The times wanted, end excluded; may reach beyond the run.
    pub window: Range<Micros>,
    /// Most entries of the answer; 0 counts as 1, and more than 1,048,576 as that.
    pub max_points: usize,
    /// How to reduce when there are more samples than that.
    pub method: Reduction,
}

/// The answer: parallel columns, times ascending.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// How entries came about; [`Reduction::Raw`] when the samples were few.
    pub method: Reduction,
    /// Width of a bucket; `None` when the entries are samples.
    pub bucket: Option<Micros>,
    /// Samples in the window.
    pub source_samples: u64,
    /// Whether the entries are all the samples of the window.
    pub exact: bool,
    /// What `time` counts from: the start of the window, or of the message when that is later.
    pub t0: Micros,
    /// Seconds since `t0`: of a sample, or of the start of a bucket (of the window, where that cuts it).
    pub time: Vec<f64>,
    /// Sample, mean, first or last; empty for [`Reduction::MinMax`].
    pub values: Vec<f64>,
    /// The smallest value of each bucket, NaN when all of its samples are; only for [`Reduction::MinMax`].
    pub min: Vec<f64>,
    /// The greatest value of each bucket.
    pub max: Vec<f64>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// The message has no such signal.
    #[error("the message has no signal {0:?}")]
    UnknownSignal(String),
    /// Samples themselves were wanted, and there are more than asked for.
    #[error("{samples} or more samples where at most {max_points} are wanted")]
    TooManySamples {
        /// At least so many samples lie in the window.
        samples: u64,
        /// What was asked for.
        max_points: usize,
    },
    /// A file is not what a conversion writes.
    #[error("the file cannot be understood: {0}")]
    Malformed(#[source] PolarsError),
    /// A file could not be read.
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
}

impl SeriesError {
    pub(crate) fn malformed(what: String) -> Self {
        Self::Malformed(PolarsError::ComputeError(what.into()))
    }
}

impl From<PolarsError> for SeriesError {
    fn from(error: PolarsError) -> Self {
        Self::Malformed(error)
    }
}

/// How many rows a message file or an overview holds, by its footer.
///
/// # Errors
/// When the footer cannot be read.
pub fn row_count(file: impl Read + Seek) -> Result<u64, SeriesError> {
    Ok(file::ColumnFile::open(file)?.rows())
}

/// Answers a request from a message file and its overview. `rows` is not touched when the overview suffices.
///
/// # Errors
/// When the signal is unknown, when [`Reduction::Raw`] is asked of too many samples, or when a file cannot be
/// read.
pub fn read_series<R: Read + Seek, O: Read + Seek>(
    rows: R,
    overview: O,
    signal: &str,
    request: &SeriesRequest,
) -> Result<Series, SeriesError> {
    source::Source::open(rows, overview, signal)?.series(request)
}
