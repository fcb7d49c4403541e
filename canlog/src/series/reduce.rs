//! Samples and cells gathered into buckets.

use crate::frame::Micros;
use crate::overview::{Cell, Samples};
use crate::series::grid::Grid;
use crate::series::{Reduction, Series};

/// A window's buckets while they fill.
pub(super) struct Buckets {
    grid: Grid,
    cells: Vec<Cell<f64>>,
}

impl Buckets {
    /// Empty buckets.
    pub(super) fn new(grid: Grid) -> Self {
        Self { cells: vec![Cell::default(); grid.len()], grid }
    }

    /// Adds a cell that lies within one bucket; `time` is any time of it within the window.
    pub(super) fn add(&mut self, time: Micros, cell: &Cell<f64>) {
        if let Some(bucket) = self.cells.get_mut(self.grid.index(time)) {
            bucket.merge(cell);
        }
    }

    /// Adds samples of the window, in file order.
    pub(super) fn add_samples(&mut self, times: &[Micros], values: &[f64]) {
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

    /// One entry a bucket with samples.
    pub(super) fn series(&self, method: Reduction, t0: Micros) -> Series {
        let mut series = Series { method, bucket: Some(self.grid.bucket), t0, ..Series::default() };
        for (index, cell) in self.cells.iter().enumerate().filter(|(_, cell)| cell.count > 0) {
            series.source_samples += cell.count.unsigned_abs();
            series.time.push(seconds(self.grid.span(index).start, t0));
            match method {
                Reduction::Mean => series.values.push(cell.sum / cell.count as f64),
                Reduction::First => series.values.push(cell.first),
                Reduction::Last => series.values.push(cell.last),
                Reduction::MinMax | Reduction::Raw => {
                    series.min.push(cell.min);
                    series.max.push(cell.max);
                }
            }
        }
        series
    }
}

/// The samples themselves, as long as they are few.
pub(super) struct Raw {
    most: usize,
    samples: Vec<(Micros, f64)>,
    met: u64,
}

impl Raw {
    /// Keeps at most `most` samples.
    pub(super) fn new(most: usize) -> Self {
        Self { most, samples: Vec::new(), met: 0 }
    }

    /// Adds samples of the window, in file order.
    pub(super) fn add_samples(&mut self, times: &[Micros], values: &[f64]) {
        self.met += times.len() as u64;
        if self.fits() {
            self.samples.extend(times.iter().copied().zip(values.iter().copied()));
        } else {
            self.samples = Vec::new();
        }
    }

    /// Whether all samples were kept.
    pub(super) fn fits(&self) -> bool {
        self.met <= self.most as u64
    }

    /// How many samples were met.
    pub(super) fn met(&self) -> u64 {
        self.met
    }

    /// One entry a sample, in stable time order.
    pub(super) fn series(mut self, t0: Micros) -> Series {
        self.samples.sort_by_key(|&(time, _)| time);
        Series {
            method: Reduction::Raw,
            source_samples: self.met,
            exact: true,
            t0,
            time: self.samples.iter().map(|&(time, _)| seconds(time, t0)).collect(),
            values: self.samples.iter().map(|&(_, value)| value).collect(),
            ..Series::default()
        }
    }
}

fn seconds(time: Micros, t0: Micros) -> f64 {
    time.saturating_sub(t0) as f64 / 1e6
}
