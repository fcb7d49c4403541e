//! From a request to the answer: the axis first, then the samples or the buckets of each signal on it.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::frame::Micros;
use crate::overview::WIDTHS;
use crate::series::grid::{Grid, bridged, covered};
use crate::series::raw::{Raw, shared_axis};
use crate::series::recorded::joined;
use crate::series::reduce::Buckets;
use crate::series::source::{Source, look};
use crate::series::{Fill, Reduction, Series, SeriesError, SeriesRequest, Trace};

/// Buckets of one answer, whatever was asked for.
const MOST_BUCKETS: usize = 1 << 20;
/// A window is looked at in at least so many cells, so that the two it cuts are few rows.
const LEAST_CELLS: usize = 250;

/// Signals on one axis, each over its runs.
pub(super) struct Answer<'a, 'r, R, O> {
    signals: Vec<Vec<Source<'a, R, O>>>,
    request: &'r SeriesRequest,
    most: usize,
    /// Whether every signal has every entry.
    shared: bool,
    /// What of the window lies in a run.
    stretches: Vec<Range<Micros>>,
}

impl<'a, 'r, R: Read + Seek, O: Read + Seek> Answer<'a, 'r, R, O> {
    pub(super) fn new(
        signals: Vec<Vec<Trace<'a, R, O>>>,
        request: &'r SeriesRequest,
        shared: bool,
    ) -> Result<Self, SeriesError> {
        let open = |runs: Vec<Trace<'a, R, O>>| {
            runs.into_iter().map(|run| Source::open(run, &request.window)).collect::<Result<Vec<_>, _>>()
        };
        let signals = signals.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let stretches = joined(signals.iter().flatten().map(Source::window).collect());
        let stretches = bridged(stretches, &request.runs);
        Ok(Self { signals, request, most: request.max_points.clamp(1, MOST_BUCKETS), shared, stretches })
    }

    pub(super) fn series(mut self) -> Result<Vec<Series>, SeriesError> {
        let Some(t0) = self.stretches.first().map(|first| first.start) else {
            let none = || Raw::new(0).series(Raw::new(0).entries(None, &[]), self.request.window.start);
            return Ok(self.signals.iter().map(|_| none()).collect());
        };
        let parts = i64::try_from(self.most.max(LEAST_CELLS)).unwrap_or(Micros::MAX);
        let every = self.every();
        let widest = every.unwrap_or(covered(&self.stretches) / parts);
        for runs in &mut self.signals {
            look(runs, widest, every, self.request.method)?;
        }
        if every.is_some() {
            return self.by_buckets(t0);
        }
        let surely = self.signals.iter().map(|runs| runs.iter().map(Source::surely).sum());
        let surely: u64 = surely.max().unwrap_or_default();
        if surely <= self.room() as u64 {
            self.by_rows(t0)
        } else if self.request.method == Reduction::Raw {
            Err(self.too_many(surely))
        } else {
            self.by_buckets(t0)
        }
    }

    /// The samples themselves, or buckets of them when they are more than was known.
    fn by_rows(mut self, t0: Micros) -> Result<Vec<Series>, SeriesError> {
        let grid = Grid::new(&self.stretches, self.nice_width(), self.most);
        let room = self.room();
        let (mut raws, mut buckets) = (Vec::new(), Vec::new());
        for runs in &mut self.signals {
            let (mut raw, mut filling) = (Raw::new(room), Buckets::new(&grid));
            for source in runs {
                source.scan(&mut |times, values| {
                    raw.add_samples(times, values);
                    filling.add_samples(times, values);
                })?;
            }
            raw.sort();
            raws.push(raw);
            buckets.push(filling);
        }
        let axis = self.shared.then(|| shared_axis(&raws));
        let ticks = axis.as_ref().map_or(0, Vec::len);
        if ticks <= room && raws.iter().all(Raw::fits) {
            let filled = self.shared && self.request.fill != Fill::None;
            let each = raws.iter().map(|raw| {
                let mut entries = raw.entries(axis.as_deref(), &self.stretches);
                entries.fill(self.request.fill);
                Series { exact: !filled, ..raw.series(entries, t0) }
            });
            return Ok(each.collect());
        }
        if self.request.method == Reduction::Raw {
            let met = raws.iter().map(Raw::met).max().unwrap_or_default();
            return Err(self.too_many(met.max(ticks as u64)));
        }
        Ok(buckets.iter().map(|filled| self.reduced(filled, t0)).collect())
    }

    fn by_buckets(mut self, t0: Micros) -> Result<Vec<Series>, SeriesError> {
        let cell = self.signals.iter().flatten().filter_map(Source::cell_width).max();
        let grid = match self.every() {
            Some(every) => Grid::every(&self.stretches, every, self.room())?,
            None => Grid::new(&self.stretches, cell.unwrap_or_else(|| self.nice_width()), self.most),
        };
        let mut buckets = Vec::new();
        for runs in &mut self.signals {
            let mut filling = Buckets::new(&grid);
            runs.iter_mut().try_for_each(|source| source.gather(&mut filling))?;
            buckets.push(filling);
        }
        Ok(buckets.iter().map(|filled| self.reduced(filled, t0)).collect())
    }

    fn reduced(&self, buckets: &Buckets, t0: Micros) -> Series {
        let (method, fill) = (self.request.method, self.request.fill);
        let mut entries = buckets.entries(method, self.shared || fill != Fill::None);
        entries.fill(fill);
        buckets.series(method, entries, t0)
    }

    fn every(&self) -> Option<Micros> {
        self.request.every.filter(|_| self.request.method != Reduction::Raw).map(|every| every.max(1))
    }

    /// Entries that are left when each gap between runs has one.
    fn room(&self) -> usize {
        self.most.saturating_sub(self.stretches.len() - 1)
    }

    /// A width that people would choose, of at most the narrowest buckets.
    fn nice_width(&self) -> Micros {
        let widest = covered(&self.stretches) / i64::try_from(self.most).unwrap_or(Micros::MAX);
        WIDTHS.iter().rev().copied().find(|&width| width <= widest).unwrap_or(1)
    }

    fn too_many(&self, samples: u64) -> SeriesError {
        SeriesError::TooManySamples { samples, max_points: self.most }
    }
}
