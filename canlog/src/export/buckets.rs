//! Rows at the starts of buckets.

use std::io::{Read, Seek};

use crate::export::filled::Filled;
use crate::export::lane::lanes;
use crate::export::samples::line;
use crate::export::stream::Stream;
use crate::export::{ExportRequest, MOST_ROWS, Rows};
use crate::overview::Cell;
use crate::series::grid::Grid;
use crate::series::reduce::{self, columns, numbers};
use crate::series::source::{Source, look};
use crate::series::{Fill, Reduction, SeriesError};

/// Buckets of all signals that may be put together at once, from their overviews.
const MOST_WHOLE: usize = 1 << 18;

/// Signals on the same buckets.
pub(super) struct Buckets<'a, R> {
    tracks: Vec<Track<'a, R>>,
    grid: Grid,
    method: Reduction,
    fill: Fill,
    /// The next bucket.
    next: usize,
    signals: usize,
}

/// Buckets with samples and where they are.
struct Track<'a, R> {
    filled: Filled<'a, R>,
    /// The next bucket with samples, and what it holds.
    ahead: Option<usize>,
    cells: Vec<Cell<f64>>,
    /// The one before it, and its numbers.
    behind: Option<usize>,
    held: Vec<[f64; 2]>,
}

impl<'a, R: Read + Seek> Buckets<'a, R> {
    pub(super) fn new<O: Read + Seek>(
        signals: Vec<Vec<Source<'a, R, O>>>,
        grid: Grid,
        request: &ExportRequest,
    ) -> Result<Self, SeriesError> {
        let count = signals.len();
        let few = grid.len().saturating_mul(count) <= MOST_WHOLE;
        let (mut filled, mut streams) = (Vec::new(), Vec::new());
        for (signal, runs) in signals.into_iter().enumerate() {
            if few && runs.iter().any(|run| run.has_cells(grid.bucket)) {
                filled.push(Filled::Whole { signal, cells: whole(runs, &grid, request.method)?, next: 0 });
            } else {
                let runs = runs.into_iter().map(Stream::open).collect::<Result<Vec<_>, _>>()?;
                streams.push((signal, runs));
            }
        }
        filled.extend(lanes(streams).into_iter().map(Filled::Read));
        let track = |filled| Track::new(filled, &grid);
        let tracks = filled.into_iter().map(track).collect::<Result<Vec<_>, _>>()?;
        let (method, fill) = (request.method, request.fill);
        Ok(Self { tracks, grid, method, fill, next: 0, signals: count })
    }

    /// Adds rows until there are enough, or no more.
    pub(super) fn fill(&mut self, rows: &mut Rows) -> Result<(), SeriesError> {
        rows.columns.resize_with(self.signals * columns(self.method), Vec::new);
        while rows.times.len() < MOST_ROWS {
            if self.fill == Fill::None {
                let Some(next) = self.tracks.iter().filter_map(|track| track.ahead).min() else { break };
                self.next = next;
            } else if self.next >= self.grid.len() {
                break;
            }
            rows.times.push(self.grid.span(self.next).start);
            for track in &mut self.tracks {
                track.add(self.next, (&self.grid, self.method, self.fill), rows)?;
            }
            self.next += 1;
        }
        Ok(())
    }
}

fn whole<R: Read + Seek, O: Read + Seek>(
    mut runs: Vec<Source<'_, R, O>>,
    grid: &Grid,
    method: Reduction,
) -> Result<Vec<Cell<f64>>, SeriesError> {
    let mut buckets = reduce::Buckets::new(grid);
    look(&mut runs, grid.bucket, Some(grid.bucket), method)?;
    runs.iter_mut().try_for_each(|run| run.gather(&mut buckets))?;
    Ok(buckets.into_cells())
}

impl<'a, R: Read + Seek> Track<'a, R> {
    fn new(filled: Filled<'a, R>, grid: &Grid) -> Result<Self, SeriesError> {
        let signals = filled.signals().len();
        let (cells, held) = (vec![Cell::default(); signals], vec![[f64::NAN; 2]; signals]);
        let mut track = Self { filled, ahead: None, cells, behind: None, held };
        track.ahead = track.filled.next(grid, &mut track.cells)?;
        Ok(track)
    }

    /// Adds what it has in a bucket.
    fn add(
        &mut self,
        bucket: usize,
        (grid, method, fill): (&Grid, Reduction, Fill),
        rows: &mut Rows,
    ) -> Result<(), SeriesError> {
        let here = self.ahead == Some(bucket);
        if here {
            for (held, cell) in self.held.iter_mut().zip(&self.cells) {
                *held = numbers(method, cell);
            }
            self.behind = Some(bucket);
            self.ahead = self.filled.next(grid, &mut self.cells)?;
        }
        let places = columns(method);
        for (column, &signal) in self.filled.signals().iter().enumerate() {
            let value =
                if here { self.held[column] } else { self.between(column, bucket, (grid, method, fill)) };
            for (place, value) in value.into_iter().take(places).enumerate() {
                rows.columns[signal * places + place].push(value);
            }
        }
        Ok(())
    }

    /// What stands in a bucket without samples.
    fn between(
        &self,
        column: usize,
        bucket: usize,
        (grid, method, fill): (&Grid, Reduction, Fill),
    ) -> [f64; 2] {
        let behind = self.behind.filter(|&behind| grid.gap(behind, bucket).is_none());
        match (fill, behind) {
            (Fill::Previous, Some(_)) => self.held[column],
            (Fill::Linear, Some(left)) => {
                let right = self.ahead.filter(|&ahead| grid.gap(bucket, ahead).is_none());
                let Some(right) = right else { return [f64::NAN; 2] };
                let start = |bucket: usize| grid.span(bucket).start;
                let to = numbers(method, &self.cells[column]);
                let at = |place: usize| {
                    let (from, to) = (self.held[column][place], to[place]);
                    line((start(left), from), (start(right), to), start(bucket))
                };
                [at(0), at(1)]
            }
            _ => [f64::NAN; 2],
        }
    }
}
