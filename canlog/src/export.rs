//! Signals to take away: rows in the order of time, block by block, however many there are.
//!
//! * A row stands at every time at which a signal has a sample; samples of one time pair up in their order. In
//!   buckets, a row stands at the start of every bucket in which a signal has a sample (of every bucket that meets a
//!   run, when places are filled). Both are the entries of [`crate::series::read_shared`], but for the gaps between
//!   runs, which are no rows.
//! * Memory is that of some blocks a signal and run at one time, whatever the length. Decoded columns are not kept:
//!   they would push out what is asked for often.
//! * Signals of one message file, without nulls and kept under one name ([`crate::series::Input::kept`]), are read
//!   together.

mod buckets;
mod filled;
mod lane;
mod samples;
mod stream;
mod table;

use std::io::{Read, Seek};
use std::ops::Range;

pub use table::{Table, TableColumn, TableFormat};

use crate::frame::Micros;
use crate::series::grid::{Grid, bridged};
use crate::series::recorded::joined;
use crate::series::source::Source;
use crate::series::{Fill, Reduction, SeriesError, Trace};

/// Rows of one block at most.
const MOST_ROWS: usize = 8_192;

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRequest {
    /// The times wanted, end excluded; may reach beyond the run.
    pub window: Range<Micros>,
    /// Buckets of this width (at least 1), on multiples of it since 1970; `None`: the samples themselves.
    pub every: Option<Micros>,
    /// How the samples of a bucket become one row; [`Reduction::Raw`] gives the samples in spite of `every`.
    pub method: Reduction,
    /// What stands where a signal has no sample; nothing is filled from run to run.
    pub fill: Fill,
    /// As in [`crate::series::SeriesRequest::runs`].
    pub runs: Vec<Range<Micros>>,
}

impl Default for ExportRequest {
    fn default() -> Self {
        let (window, method, fill) = (Micros::MIN..Micros::MAX, Reduction::MinMax, Fill::None);
        Self { window, every: None, method, fill, runs: Vec::new() }
    }
}

/// Some thousand rows at most, and at least one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Ascending: of samples, or of the starts of buckets (of a run's window, where that cuts it).
    pub times: Vec<Micros>,
    /// As long as `times`; NaN where there is nothing. One a signal in the order asked for, two (smallest and
    /// greatest) in buckets of [`Reduction::MinMax`].
    pub columns: Vec<Vec<f64>>,
}

/// An export on its way.
pub struct Export<'a, R> {
    rows: Rows,
    maker: Maker<'a, R>,
}

enum Maker<'a, R> {
    Samples(samples::Samples<'a, R>),
    Buckets(buckets::Buckets<'a, R>),
}

impl<'a, R: Read + Seek> Export<'a, R> {
    /// Opens all files: one list a signal, of its runs.
    ///
    /// # Errors
    /// When a signal is unknown, when a derived signal is a constant, or when a file cannot be read.
    pub fn open<O: Read + Seek>(
        signals: Vec<Vec<Trace<'a, R, O>>>,
        request: &ExportRequest,
    ) -> Result<Self, SeriesError> {
        let open = |runs: Vec<Trace<'a, R, O>>| {
            runs.into_iter().map(|run| Source::open(run, &request.window)).collect::<Result<Vec<_>, _>>()
        };
        let signals = signals.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let stretches = joined(signals.iter().flatten().map(Source::window).collect());
        let stretches = bridged(stretches, &request.runs);
        let every = request.every.filter(|_| request.method != Reduction::Raw);
        let maker = match every.filter(|_| !stretches.is_empty()) {
            Some(every) => {
                let grid = Grid::every(&stretches, every.max(1), usize::MAX)?;
                Maker::Buckets(buckets::Buckets::new(signals, grid, request)?)
            }
            None => Maker::Samples(samples::Samples::new(signals, stretches, request.fill)?),
        };
        Ok(Self { rows: Rows::default(), maker })
    }

    /// The next rows; none at the end.
    ///
    /// # Errors
    /// When a file cannot be read, or a derived signal needs more than its limits allow. The export is of no use
    /// afterwards.
    #[expect(clippy::should_implement_trait, reason = "rows are lent, an iterator would have to copy them")]
    pub fn next(&mut self) -> Result<Option<&Rows>, SeriesError> {
        self.rows.times.clear();
        self.rows.columns.iter_mut().for_each(Vec::clear);
        match &mut self.maker {
            Maker::Samples(samples) => samples.fill(&mut self.rows)?,
            Maker::Buckets(buckets) => buckets.fill(&mut self.rows)?,
        }
        Ok((!self.rows.times.is_empty()).then_some(&self.rows))
    }
}
