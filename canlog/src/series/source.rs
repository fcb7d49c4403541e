//! Where the entries of a series come from: cells, rows, or both.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::frame::Micros;
use crate::overview::layout::{Figure, LevelFooter};
use crate::overview::{Cell, Overview, WIDTHS};
use crate::series::file::ColumnFile;
use crate::series::grid::Grid;
use crate::series::reduce::{Buckets, Raw};
use crate::series::rows::scan;
use crate::series::{Reduction, Series, SeriesError, SeriesRequest};

/// Buckets of one answer, whatever was asked for.
const MOST_BUCKETS: usize = 1 << 20;
/// A window is looked at in at least so many cells, so that the two it cuts are few rows.
const LEAST_CELLS: usize = 250;

/// One signal's rows and cells.
pub(super) struct Source<'a, R, O> {
    rows: R,
    overview: Overview<O>,
    signal: &'a str,
}

/// The cells of a window, sorted by what the window does to them.
struct Cells {
    /// Those that lie in the window with all their samples.
    whole: Vec<(Micros, Cell<f64>)>,
    /// What the window leaves of the others.
    cut: Vec<Range<Micros>>,
}

impl<'a, R: Read + Seek, O: Read + Seek> Source<'a, R, O> {
    pub(super) fn open(rows: R, overview: O, signal: &'a str) -> Result<Self, SeriesError> {
        let overview = Overview::open(overview)?;
        if !overview.has_signal(signal) {
            return Err(SeriesError::UnknownSignal(signal.to_owned()));
        }
        Ok(Self { rows, overview, signal })
    }

    pub(super) fn series(mut self, request: &SeriesRequest) -> Result<Series, SeriesError> {
        let request =
            SeriesRequest { max_points: request.max_points.clamp(1, MOST_BUCKETS), ..request.clone() };
        let extent = self.overview.extent();
        let window = request.window.start.max(extent.start)..request.window.end.min(extent.end);
        if window.is_empty() {
            return Ok(Raw::new(0).series(request.window.start));
        }
        let parts = request.max_points.max(LEAST_CELLS);
        let widest = window.end.saturating_sub(window.start) / i64::try_from(parts).unwrap_or(Micros::MAX);
        let Some(level) = self.overview.level(widest).cloned() else {
            return self.by_rows(&request, window.clone(), &[window]);
        };
        let cells = self.cells(&level, &window, request.method)?;
        let surely: u64 = cells.whole.iter().map(|(_, cell)| cell.count.unsigned_abs()).sum();
        if surely <= request.max_points as u64 {
            return self.by_rows(&request, window, &cells.spans(level.width));
        }
        if request.method == Reduction::Raw {
            return Err(SeriesError::TooManySamples { samples: surely, max_points: request.max_points });
        }
        self.by_cells(&request, window, level.width, cells)
    }

    fn cells(
        &mut self,
        level: &LevelFooter,
        window: &Range<Micros>,
        method: Reduction,
    ) -> Result<Cells, SeriesError> {
        let extent = self.overview.extent();
        let figures: &[Figure] = match method {
            Reduction::MinMax => &[Figure::Min, Figure::Max],
            Reduction::Mean => &[Figure::Sum],
            Reduction::First => &[Figure::First],
            Reduction::Last => &[Figure::Last],
            Reduction::Raw => &[],
        };
        let mut cells = Cells { whole: Vec::new(), cut: Vec::new() };
        for (start, cell) in self.overview.cells(level, self.signal, window, figures)? {
            let end = start.saturating_add(level.width);
            if start.max(extent.start) >= window.start && end.min(extent.end) <= window.end {
                cells.whole.push((start, Cell { first_time: start, last_time: start, ..cell }));
            } else {
                cells.cut.push(start.max(window.start)..end.min(window.end));
            }
        }
        if matches!(method, Reduction::First | Reduction::Last) {
            cells.cut_reopened(level.width);
        }
        cells.cut.sort_by_key(|span| span.start);
        cells.cut.dedup();
        Ok(cells)
    }

    fn by_rows(
        self,
        request: &SeriesRequest,
        window: Range<Micros>,
        spans: &[Range<Micros>],
    ) -> Result<Series, SeriesError> {
        let widest = (window.end - window.start) / i64::try_from(request.max_points).unwrap_or(Micros::MAX);
        let cell = WIDTHS.iter().rev().copied().find(|&width| width <= widest).unwrap_or(1);
        let mut raw = Raw::new(request.max_points);
        let mut buckets = Buckets::new(Grid::new(window.clone(), cell, request.max_points));
        scan(&mut ColumnFile::open(self.rows)?, self.signal, spans, &mut |times, values| {
            raw.add_samples(times, values);
            buckets.add_samples(times, values);
        })?;
        match request.method {
            _ if raw.fits() => Ok(raw.series(window.start)),
            Reduction::Raw => {
                Err(SeriesError::TooManySamples { samples: raw.met(), max_points: request.max_points })
            }
            method => Ok(buckets.series(method, window.start)),
        }
    }

    fn by_cells(
        self,
        request: &SeriesRequest,
        window: Range<Micros>,
        width: Micros,
        cells: Cells,
    ) -> Result<Series, SeriesError> {
        let mut buckets = Buckets::new(Grid::new(window.clone(), width, request.max_points));
        for (start, cell) in &cells.whole {
            buckets.add((*start).max(window.start), cell);
        }
        if !cells.cut.is_empty() {
            let mut file = ColumnFile::open(self.rows)?;
            scan(&mut file, self.signal, &cells.cut, &mut |times, values| {
                buckets.add_samples(times, values)
            })?;
        }
        Ok(buckets.series(request.method, window.start))
    }
}

impl Cells {
    /// The times that hold samples, joined where they touch.
    fn spans(&self, width: Micros) -> Vec<Range<Micros>> {
        let whole = self.whole.iter().map(|&(start, _)| start..start.saturating_add(width));
        let mut all: Vec<_> = whole.chain(self.cut.iter().cloned()).collect();
        all.sort_by_key(|span| span.start);
        let mut spans: Vec<Range<Micros>> = Vec::new();
        for span in all {
            match spans.last_mut() {
                Some(last) if last.end >= span.start => last.end = last.end.max(span.end),
                _ => spans.push(span),
            }
        }
        spans
    }

    /// First and last of a cell that was opened again are in the rows only.
    fn cut_reopened(&mut self, width: Micros) {
        self.whole.sort_by_key(|&(start, _)| start);
        let mut whole = Vec::with_capacity(self.whole.len());
        for cells in self.whole.chunk_by(|one, other| one.0 == other.0) {
            match cells {
                [cell] => whole.push(*cell),
                _ => self.cut.push(cells[0].0..cells[0].0.saturating_add(width)),
            }
        }
        self.whole = whole;
    }
}
