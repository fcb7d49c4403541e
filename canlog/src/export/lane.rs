//! Signals that have all their times in common, over their runs.

use std::io::{Read, Seek};

use crate::export::stream::Stream;
use crate::frame::Micros;
use crate::series::SeriesError;

/// One signal over its runs, or several that are read together.
pub(super) struct Lane<'a, R> {
    runs: Vec<Stream<'a, R>>,
    /// Which signals, in the order of the columns.
    pub(super) signals: Vec<usize>,
    /// The run whose samples are next, and how many of them come before those of any other.
    run: usize,
    ready: usize,
}

/// A lane a signal, fewer where signals go together.
pub(super) fn lanes<'a, R: Read + Seek>(signals: Vec<(usize, Vec<Stream<'a, R>>)>) -> Vec<Lane<'a, R>> {
    let mut lanes: Vec<Lane<'a, R>> = Vec::new();
    for (signal, runs) in signals {
        let together = |lane: &&mut Lane<'a, R>| {
            lane.runs.len() == runs.len()
                && !runs.is_empty()
                && lane.runs.iter().zip(&runs).all(|(one, other)| one.goes_with(other))
        };
        match lanes.iter_mut().find(together) {
            Some(lane) => {
                lane.signals.push(signal);
                lane.runs.iter_mut().zip(runs).for_each(|(one, other)| one.join(other));
            }
            None => lanes.push(Lane { runs, signals: vec![signal], run: 0, ready: 0 }),
        }
    }
    lanes
}

impl<R: Read + Seek> Lane<'_, R> {
    /// Makes the next samples ready; false when there are no more.
    pub(super) fn advance(&mut self) -> Result<bool, SeriesError> {
        while self.ready == 0 {
            let bounds = || self.runs.iter().enumerate().filter_map(|(at, run)| Some((run.bound()?, at)));
            let Some((_, next)) = bounds().min() else { return Ok(false) };
            let limit = bounds().filter(|&(_, at)| at != next).min();
            let run = &mut self.runs[next];
            if run.times().is_empty() {
                // Its first sample may lie behind that of another.
                run.advance()?;
                continue;
            }
            self.run = next;
            self.ready = match limit {
                Some(limit) => run.times().partition_point(|&time| (time, next) < limit),
                None => run.times().len(),
            };
        }
        Ok(true)
    }

    /// Times of samples that are ready, ascending.
    pub(super) fn times(&self) -> &[Micros] {
        self.runs.get(self.run).and_then(|run| run.times().get(..self.ready)).unwrap_or_default()
    }

    /// What a column has there.
    pub(super) fn column(&self, column: usize) -> &[f64] {
        self.runs.get(self.run).and_then(|run| run.column(column).get(..self.ready)).unwrap_or_default()
    }

    /// Leaves samples behind.
    pub(super) fn skip(&mut self, samples: usize) {
        self.ready -= samples;
        self.runs[self.run].skip(samples);
    }
}
