//! The overview beside a message file: what a plot of a long run needs, without its rows.
//!
//! Time is cut into cells of a fixed width that lie on multiples of that width since 1970. Of each signal
//! a cell keeps count, minimum, maximum, first, last and sum. Cells of several widths (levels) lie in one
//! file, each width a whole multiple of the one below. A level's row groups are listed in the footer, under
//! the key `dataviewer.overview`; SQL users select a level by the column `width`.
//!
//! * A cell without a sample of any signal is absent; one without a sample of this signal has count 0, nulls.
//! * First and last are by time, of equal times in file order.
//! * NaN is a sample: it counts, minimum and maximum pass over it (NaN when there is nothing else), and it
//!   makes the sum NaN, as in a mean over the rows by other tools.
//! * Where the log steps back into a cell that was finished, the cell has another row; counts and sums add
//!   up, and only first and last of such a cell must be looked up in the rows.
//! * A message of few rows has no levels: reading its rows costs less than the cells would.

mod cell;
mod clock;
mod ladder;
pub(crate) mod layout;
mod read;
mod track;
mod write;

use std::io::{self, Write};

use crate::frame::Micros;
use crate::overview::clock::{Clock, Step};
use crate::overview::ladder::base_rung;
use crate::overview::layout::{Footer, LevelFooter, VERSION};
use crate::overview::track::Track;
use crate::overview::write::Sink;
use crate::table::ColumnValues;

pub(crate) use crate::overview::cell::{Cell, Samples};
pub(crate) use crate::overview::ladder::{WIDTHS, cell_of};
pub(crate) use crate::overview::read::Overview;

/// How fine an overview is and how it is cut. By default it takes about a tenth of what the message file does; at 100
/// Hz and at 1 kHz a cell of the finest level holds 100 rows, so that 2,000 points of more rows than some 200,000 are
/// drawn from cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverviewOptions {
    /// A cell of the finest level holds at least so many rows on average (over the first flush).
    pub samples_per_cell: usize,
    /// A level of at most so many cells has no coarser one above it.
    pub cells_of_last_level: u64,
    /// Cells of one level that are kept before they are written as a row group.
    pub cells_per_row_group: usize,
    /// Bytes of cells of one level that are kept at most; counts where signals are many.
    pub bytes_per_row_group: usize,
    /// A message of at most so many rows has no levels.
    pub rows_without_levels: u64,
}

impl Default for OverviewOptions {
    fn default() -> Self {
        Self {
            samples_per_cell: 96,
            cells_of_last_level: 500,
            cells_per_row_group: 16_384,
            bytes_per_row_group: 4 << 20,
            rows_without_levels: 65_536,
        }
    }
}

/// Bytes of one cell of one signal while it waits to be written.
const CELL_BYTES: usize = 48;

/// Builds the overview of one message while its rows are written.
///
/// Memory is bounded by [`OverviewOptions`]: finished cells are written on the way.
pub struct OverviewBuilder<W: Write> {
    options: OverviewOptions,
    names: Vec<String>,
    out: Option<W>,
    body: Option<Body<W>>,
    rows: u64,
    start: Micros,
    end: Micros,
}

/// What there is from the first flush on: only then the widths and the types of the columns are known.
struct Body<W: Write> {
    clock: Clock,
    tracks: Vec<Track>,
    sink: Sink<W>,
}

impl<W: Write> OverviewBuilder<W> {
    /// An overview of a message with signals of these names, in the order of its columns.
    #[must_use]
    pub fn new(out: W, names: Vec<String>) -> Self {
        Self::with_options(out, names, OverviewOptions::default())
    }

    /// As [`Self::new`], cut otherwise.
    #[must_use]
    pub fn with_options(out: W, names: Vec<String>, options: OverviewOptions) -> Self {
        Self { options, names, out: Some(out), body: None, rows: 0, start: Micros::MAX, end: Micros::MIN }
    }

    /// Takes the rows of one flush in file order: their times, and one column a signal.
    ///
    /// # Errors
    /// When the output cannot be written, or the columns are not those of the flushes before.
    pub fn push(&mut self, times: &[Micros], columns: &[ColumnValues]) -> io::Result<()> {
        if columns.len() != self.names.len() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "one column a signal is expected"));
        }
        let (Some(&start), Some(&end)) = (times.iter().min(), times.iter().max()) else { return Ok(()) };
        self.rows += times.len() as u64;
        (self.start, self.end) = (self.start.min(start), self.end.max(end));
        let mut body = match self.body.take() {
            Some(body) => body,
            None => self.begin(times, columns)?,
        };
        body.fold(times, columns)?;
        body.write_full(&self.options)?;
        self.body = Some(body);
        Ok(())
    }

    /// Writes what is left and the footer; gives the output back.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        let mut body = match self.body.take() {
            Some(body) => body,
            None => self.begin(&[], &[])?,
        };
        let with_levels = self.rows > self.options.rows_without_levels || body.clock.has_written();
        let levels = if with_levels { body.write_rest(&self.options)? } else { Vec::new() };
        let (start, end) = if self.rows == 0 { (0, 0) } else { (self.start, self.end) };
        body.sink.finish(&Footer { version: VERSION, rows: self.rows, start, end, levels })
    }

    fn begin(&mut self, times: &[Micros], columns: &[ColumnValues]) -> io::Result<Body<W>> {
        let widths = &WIDTHS[base_rung(times, self.options.samples_per_cell)..];
        let tracks: Vec<_> = columns.iter().map(|column| Track::like(column, widths.len())).collect();
        let out = self.out.take().ok_or_else(|| io::Error::other("the overview failed before"))?;
        Ok(Body { clock: Clock::new(widths), sink: Sink::new(out, &self.names, &tracks)?, tracks })
    }
}

impl<W: Write> Body<W> {
    fn fold(&mut self, times: &[Micros], columns: &[ColumnValues]) -> io::Result<()> {
        let steps = self.clock.advance(times);
        for (track, column) in self.tracks.iter_mut().zip(columns) {
            if !track.follow(&steps, column, times) {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "a column changed its type"));
            }
        }
        Ok(())
    }

    fn write_full(&mut self, options: &OverviewOptions) -> io::Result<()> {
        let cell_bytes = CELL_BYTES * self.tracks.len().max(1);
        let most = options.cells_per_row_group.min(options.bytes_per_row_group / cell_bytes).max(1);
        for level in 0..self.clock.levels.len() {
            if self.clock.levels[level].starts.len() >= most {
                self.write(level)?;
            }
        }
        Ok(())
    }

    fn write_rest(&mut self, options: &OverviewOptions) -> io::Result<Vec<LevelFooter>> {
        let steps: Vec<Step> = self.clock.finish();
        self.tracks.iter_mut().for_each(|track| track.finish(&steps));
        let mut footers = Vec::new();
        for level in 0..self.clock.levels.len() {
            if !self.clock.levels[level].starts.is_empty() {
                self.write(level)?;
            }
            let level = &self.clock.levels[level];
            footers.push(LevelFooter {
                width: level.width,
                cells: level.cells,
                row_groups: level.row_groups.clone(),
            });
            if level.cells <= options.cells_of_last_level {
                break;
            }
        }
        Ok(footers)
    }

    fn write(&mut self, level: usize) -> io::Result<()> {
        let at = &mut self.clock.levels[level];
        let starts = std::mem::take(&mut at.starts);
        at.row_groups.push(self.sink.write(at.width, &starts, &mut self.tracks, level)?);
        Ok(())
    }
}
