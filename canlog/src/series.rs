//! Windows of signals, reduced to at most so many points.
//!
//! Few samples are given as they are. Many are reduced to buckets of equal width: from the coarsest level of
//! the overview whose cells are no wider than a bucket, or, where the overview is too coarse, from the rows.
//! Cells that the window cuts are replaced by their rows, so every figure is that of exactly the samples that
//! lie in the bucket and in the window.
//!
//! * An entry stands where samples are. On a shared axis, and where places are to be filled, every bucket has
//!   one, NaN without samples.
//! * Runs one after the other are one axis: buckets between them are left out, an entry of NaN ends each run
//!   but the last, and nothing is filled across it. It counts as a point.
//! * A derived signal has no overview: its expression is computed, and its samples take the same road.
//! * Decoded columns may be kept from request to request: [`ColumnCache`].

mod answer;
mod cache;
mod coded;
pub(crate) mod derived;
mod entries;
pub(crate) mod file;
pub(crate) mod grid;
mod input;
mod mixed;
pub(crate) mod ordered;
mod raw;
pub(crate) mod recorded;
pub(crate) mod reduce;
pub(crate) mod rows;
pub(crate) mod source;
mod trace;
pub(crate) mod view;

use std::io::{self, Read, Seek};
use std::ops::Range;

use polars_error::PolarsError;

use crate::frame::Micros;

pub use cache::{CacheCounts, ColumnCache};
pub use input::Input;
pub use trace::{BaseFile, Derivation, Recording, Trace};

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

/// What stands where there is no sample. Nothing is filled before the first sample of the window, from beyond
/// the window, or from run to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fill {
    /// NaN.
    #[default]
    None,
    /// What stands in the entry before.
    Previous,
    /// The straight line between the entries before and behind; NaN behind the last.
    Linear,
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
    /// Buckets of this width (at least 1), on multiples of it since 1970, however many samples there are;
    /// without meaning for [`Reduction::Raw`].
    pub every: Option<Micros>,
    /// What stands in buckets, or on a shared axis, where there is no sample.
    pub fill: Fill,
    /// From the first sample of any of the signals to the last one, of each run, where there are several: no gap lies
    /// between two messages of one run, even if the one ends before the other begins.
    pub runs: Vec<Range<Micros>>,
}

impl Default for SeriesRequest {
    fn default() -> Self {
        Self {
            window: Micros::MIN..Micros::MAX,
            max_points: 2_000,
            method: Reduction::MinMax,
            every: None,
            fill: Fill::None,
            runs: Vec::new(),
        }
    }
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
    /// Whether the entries are all the samples of the window, and none is made up.
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
    /// Buckets of the width asked for would be more than wanted.
    #[error("{buckets} buckets where at most {max_points} are wanted")]
    TooManyBuckets {
        /// Buckets that meet the runs in the window.
        buckets: u64,
        /// What was asked for, less one for each gap between runs.
        max_points: usize,
    },
    /// The expression names no signal: it always has this value, and no times.
    #[error("the expression names no signal: it always is {0} and has no times")]
    Constant(f64),
    /// A moving window spans more samples than allowed.
    #[error("a moving window holds more than {most} samples")]
    WindowTooLarge {
        /// As in [`crate::expression::Limits::window_samples`].
        most: usize,
    },
    /// A derived signal needs more rows than allowed.
    #[error("the expression is computed from more than {most} rows")]
    TooManyRows {
        /// As in [`crate::expression::Limits::rows`], over all messages it names.
        most: u64,
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
    Ok(file::ColumnFile::open(Input::new(file))?.rows())
}

/// Answers a request from a message file and its overview. `rows` is not touched when the overview suffices.
///
/// # Errors
/// When the signal is unknown, when [`Reduction::Raw`] is asked of too many samples, when there would be too
/// many buckets, or when a file cannot be read.
pub fn read_series<R: Read + Seek, O: Read + Seek>(
    rows: R,
    overview: O,
    signal: &str,
    request: &SeriesRequest,
) -> Result<Series, SeriesError> {
    let (rows, overview) = (Input::new(rows), Input::new(overview));
    read_range(vec![Recording { rows, overview, signal }.into()], request)
}

/// Answers for one signal, recorded or derived, over several runs as one axis: in the order of time, and apart
/// from each other.
///
/// # Errors
/// As [`read_series`], and when a derived signal is a constant or needs more than its limits allow.
pub fn read_range<R: Read + Seek, O: Read + Seek>(
    runs: Vec<Trace<'_, R, O>>,
    request: &SeriesRequest,
) -> Result<Series, SeriesError> {
    let series = answer::Answer::new(vec![runs], request, false)?.series()?;
    Ok(series.into_iter().next().unwrap_or_default())
}

/// Answers for several signals, each over its runs, with the same times for all: those of every sample of any
/// of them, or the same buckets.
///
/// # Errors
/// As [`read_range`].
pub fn read_shared<R: Read + Seek, O: Read + Seek>(
    signals: Vec<Vec<Trace<'_, R, O>>>,
    request: &SeriesRequest,
) -> Result<Vec<Series>, SeriesError> {
    answer::Answer::new(signals, request, true)?.series()
}
