//! Figures of all samples of a window; reduced points never enter them.
//!
//! * The standard deviation has ddof 1; quantiles are interpolated linearly between the two nearest samples.
//! * NaN is a sample: it counts, makes mean and deviation NaN, is above every number for the quantiles, and
//!   minimum and maximum pass over it. A figure that is no finite number is `None`, but for minimum, maximum,
//!   first and last.
//! * First and last are by time, of equal times in file order.
//! * Where a derived signal is NaN it has no sample.
//!
//! Quantiles are exact. Most columns have few distinct values, which are counted; where there are more than
//! [`StatisticsRequest::kept_values`] allows, the samples are read (or computed) up to four times more, mostly twice, and
//! memory stays the same.

mod digits;
mod ends;
mod gather;
mod moments;
mod pool;
mod source;

use std::io::{Read, Seek};
use std::ops::Range;

use crate::frame::Micros;
use crate::manifest::SignalSummary;
use crate::series::{SeriesError, Trace};

pub(crate) use crate::statistics::moments::Moments;

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatisticsRequest {
    /// The times wanted, end excluded; may reach beyond the run.
    pub window: Range<Micros>,
    /// Whether quantiles are wanted: without them less is kept in memory.
    pub quantiles: bool,
    /// Values (16 bytes each) held to find quantiles: half as many distinct ones are found in one reading.
    pub kept_values: usize,
}

impl Default for StatisticsRequest {
    fn default() -> Self {
        Self { window: Micros::MIN..Micros::MAX, quantiles: true, kept_values: 1 << 22 }
    }
}

/// A value and its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When.
    pub time: Micros,
    /// Physical value.
    pub value: f64,
}

/// Figures of a window of a signal. All but `count` are `None` without samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Samples.
    pub count: u64,
    /// The smallest; `None` when all are NaN.
    pub min: Option<f64>,
    /// The greatest; `None` when all are NaN.
    pub max: Option<f64>,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Sample standard deviation (ddof 1); `None` below two samples.
    pub standard_deviation: Option<f64>,
    /// The earliest sample.
    pub first: Option<Sample>,
    /// The latest sample.
    pub last: Option<Sample>,
    /// 5 % of the samples lie below; `None` when no quantiles were asked for.
    pub p05: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// 95 % of the samples lie below.
    pub p95: Option<f64>,
}

impl Statistics {
    /// The figures of a whole run that its conversion stored: all but the quantiles. `None` where the rows'
    /// times step back (then first and last in file order are not those by time) and in a manifest that has
    /// no mean of its samples: those are to be read.
    #[must_use]
    pub fn stored(summary: &SignalSummary, sorted: bool) -> Option<Self> {
        if !sorted || summary.count > 0 && summary.mean.is_none() {
            return None;
        }
        let sample = |(time, value): (Micros, crate::manifest::Number)| Sample { time, value: value.float() };
        Some(Self {
            count: summary.count,
            min: summary.min.map(crate::manifest::Number::float),
            max: summary.max.map(crate::manifest::Number::float),
            mean: summary.mean,
            standard_deviation: summary.standard_deviation,
            first: summary.first_time.zip(summary.first).map(sample),
            last: summary.last_time.zip(summary.last).map(sample),
            ..Self::default()
        })
    }
}

/// The figures of one signal, recorded or derived, over one run or several. Overviews are not touched.
///
/// # Errors
/// When a file does not have the signal, when a derived signal is a constant or needs more than its limits allow,
/// or when a file cannot be read.
pub fn read_statistics<R: Read + Seek, O>(
    runs: Vec<Trace<'_, R, O>>,
    request: &StatisticsRequest,
) -> Result<Statistics, SeriesError> {
    gather::Gathering::open(runs, &request.window)?.statistics(request)
}
