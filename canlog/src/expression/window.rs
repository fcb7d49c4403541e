//! A window that slides along time, with the sum or the extreme of what is in it.
//!
//! Two stacks: the older one holds, at each sample, the figure of it and all that are younger there; the younger one
//! holds samples and one figure of all. Nothing is ever subtracted, so sums do not drift. The younger becomes the older
//! at multiples of the width in time: a figure is the same to the last bit, wherever the samples before began.

use std::cmp::Ordering;

use crate::frame::Micros;

#[derive(Clone, Copy, Debug)]
pub(super) enum Figure {
    Sum,
    Min,
    Max,
}

impl Figure {
    fn of(self, one: f64, other: f64) -> f64 {
        match (self, one.partial_cmp(&other)) {
            (Self::Sum, _) => one + other,
            (Self::Min, Some(Ordering::Greater)) | (Self::Max, Some(Ordering::Less)) => other,
            _ => one,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Window {
    figure: Figure,
    width: Micros,
    /// Which multiple of the width began last.
    epoch: Micros,
    /// Of the epoch before, the oldest sample last.
    older: Vec<(Micros, f64)>,
    younger: Vec<(Micros, f64)>,
    of_younger: f64,
}

impl Window {
    pub(super) fn new(figure: Figure, width: Micros) -> Self {
        let (older, younger) = (Vec::new(), Vec::new());
        Self { figure, width, epoch: Micros::MIN, older, younger, of_younger: f64::NAN }
    }

    /// Takes a sample, and drops those that are now out of (time - width, time].
    pub(super) fn push(&mut self, time: Micros, value: f64) {
        let epoch = time.div_euclid(self.width);
        if epoch != self.epoch {
            self.epoch = epoch;
            self.turn();
        }
        let first = self.younger.is_empty();
        self.of_younger = if first { value } else { self.figure.of(self.of_younger, value) };
        self.younger.push((time, value));
        let end = time.saturating_sub(self.width);
        while self.older.pop_if(|&mut (oldest, _)| oldest <= end).is_some() {}
    }

    /// What was older is as old as two epochs, and out.
    fn turn(&mut self) {
        self.older.clear();
        let mut figure = None;
        for (time, value) in self.younger.drain(..).rev() {
            let next = figure.map_or(value, |figure| self.figure.of(value, figure));
            self.older.push((time, next));
            figure = Some(next);
        }
    }

    pub(super) fn samples(&self) -> usize {
        self.older.len() + self.younger.len()
    }

    /// The figure of all; NaN of none.
    pub(super) fn figure(&self) -> f64 {
        match (self.older.last(), self.younger.is_empty()) {
            (Some(&(_, older)), true) => older,
            (Some(&(_, older)), false) => self.figure.of(older, self.of_younger),
            (None, true) => f64::NAN,
            (None, false) => self.of_younger,
        }
    }
}
