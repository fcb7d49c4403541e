//! Samples and cells gathered into buckets.

use crate::frame::Micros;
use crate::overview::{Cell, Samples};
use crate::series::entries::{Entries, Place};
use crate::series::grid::Grid;
use crate::series::{Reduction, Series};

/// The buckets of one signal while they fill.
pub(crate) struct Buckets<'a> {
    grid: &'a Grid,
    cells: Vec<Cell<f64>>,
}

impl<'a> Buckets<'a> {
    /// Empty buckets.
    pub(crate) fn new(grid: &'a Grid) -> Self {
        Self { cells: vec![Cell::default(); grid.len()], grid }
    }

    /// Adds a cell that lies within one bucket; `time` is any time of it within the window.
    pub(crate) fn add(&mut self, time: Micros, cell: &Cell<f64>) {
        if let Some(bucket) = self.cells.get_mut(self.grid.index(time)) {
            bucket.merge(cell);
        }
    }

    /// Adds samples of the window, in file order.
    pub(crate) fn add_samples(&mut self, times: &[Micros], values: &[f64]) {
        let samples = Samples::new(None, None, values, times);
        let mut row = 0;
        while row < times.len() {
            let span = self.grid.span(self.grid.index(times[row]));
            let (mut end, mut ordered) = (row + 1, true);
            while end < times.len() && span.contains(&times[end]) {
                ordered &= times[end - 1] <= times[end];
                end += 1;
            }
            self.add(times[row], &samples.fold(row..end, ordered));
            row = end;
        }
    }

    /// What they hold.
    pub(crate) fn into_cells(self) -> Vec<Cell<f64>> {
        self.cells
    }

    /// How many samples there are.
    pub(crate) fn samples(&self) -> u64 {
        self.cells.iter().map(|cell| cell.count.unsigned_abs()).sum()
    }

    /// One entry a bucket with samples, or a bucket; one more where the buckets leave a gap.
    pub(super) fn entries(&self, method: Reduction, all: bool) -> Entries {
        let mut entries = Entries::default();
        let mut before = None;
        for (index, cell) in self.cells.iter().enumerate().filter(|(_, cell)| all || cell.count > 0) {
            if let Some(gap) = before.and_then(|before| self.grid.gap(before, index)) {
                push(&mut entries, (gap, Place::Gap), method, None);
            }
            let filled = (cell.count > 0).then_some(cell);
            let place = if filled.is_some() { Place::Filled } else { Place::Missing };
            push(&mut entries, (self.grid.span(index).start, place), method, filled);
            before = Some(index);
        }
        entries
    }

    /// The answer that these entries are.
    pub(super) fn series(&self, method: Reduction, entries: Entries, t0: Micros) -> Series {
        let mut series = Series {
            method,
            bucket: Some(self.grid.bucket),
            source_samples: self.samples(),
            t0,
            ..Series::default()
        };
        series.time = entries.times.iter().map(|&time| seconds(time, t0)).collect();
        let [one, other] = entries.columns;
        match method {
            Reduction::MinMax => (series.min, series.max) = (one, other),
            _ => series.values = one,
        }
        series
    }
}

fn push(entries: &mut Entries, (time, place): (Micros, Place), method: Reduction, cell: Option<&Cell<f64>>) {
    let numbers = cell.map_or([f64::NAN; 2], |cell| numbers(method, cell));
    entries.push(time, place, &numbers[..columns(method)]);
}

/// How many numbers a bucket is.
pub(crate) fn columns(method: Reduction) -> usize {
    if matches!(method, Reduction::MinMax | Reduction::Raw) { 2 } else { 1 }
}

/// What a bucket with samples is; of two numbers the second one means nothing where [`columns`] are one.
pub(crate) fn numbers(method: Reduction, cell: &Cell<f64>) -> [f64; 2] {
    match method {
        Reduction::Mean => [cell.sum / cell.count as f64, f64::NAN],
        Reduction::First => [cell.first, f64::NAN],
        Reduction::Last => [cell.last, f64::NAN],
        Reduction::MinMax | Reduction::Raw => [cell.min, cell.max],
    }
}

pub(crate) fn seconds(time: Micros, t0: Micros) -> f64 {
    time.saturating_sub(t0) as f64 / 1e6
}
