//! Samples held to find their quantiles: counted where values repeat, bounded in number.

use std::cmp::Ordering;

/// Values in ascending order with their counts, and samples that are in no order yet: of either at most half of what
/// may be held, so that sorting samples in costs no more than they are worth however many values there are.
pub(super) struct Pool {
    most: usize,
    counted: Vec<(f64, u64)>,
    loose: Vec<f64>,
    overflowed: bool,
}

impl Pool {
    /// Holds at most `most` values.
    pub(super) fn new(most: usize) -> Self {
        Self { most, counted: Vec::new(), loose: Vec::new(), overflowed: false }
    }

    /// Whether there were more than could be held.
    pub(super) fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    /// Adds values by how often they occur.
    pub(super) fn add_counted(&mut self, mut more: Vec<(f64, u64)>) {
        if self.overflowed {
            return;
        }
        if !more.is_sorted_by(|one, other| order(one.0, other.0) != Ordering::Greater) {
            more.sort_by(|one, other| order(one.0, other.0));
        }
        self.counted = merged(&self.counted, &more);
        self.check();
    }

    /// Adds samples.
    pub(super) fn add(&mut self, samples: &[f64]) {
        if self.overflowed {
            return;
        }
        self.loose.extend_from_slice(samples);
        if self.loose.len() > self.most / 2 {
            // They may be many of few values.
            self.tidy();
            self.check();
        }
    }

    /// The samples at these ranks, from 0 (none for a rank beyond the last).
    pub(super) fn select(&mut self, ranks: &[u64]) -> Vec<f64> {
        self.tidy();
        let mut ends = Vec::with_capacity(self.counted.len());
        let mut end = 0;
        for &(_, count) in &self.counted {
            end += count;
            ends.push(end);
        }
        let value = |rank: &u64| Some(self.counted.get(ends.partition_point(|end| end <= rank))?.0);
        ranks.iter().filter_map(value).collect()
    }

    fn tidy(&mut self) {
        let mut loose = std::mem::take(&mut self.loose);
        loose.sort_unstable_by(|one, other| order(*one, *other));
        let counted = loose.chunk_by(|one, other| order(*one, *other) == Ordering::Equal);
        let counted: Vec<_> = counted.map(|equal| (equal[0], equal.len() as u64)).collect();
        self.counted = merged(&self.counted, &counted);
    }

    fn check(&mut self) {
        if self.counted.len() > self.most / 2 {
            *self = Self { overflowed: true, ..Self::new(self.most) };
        }
    }
}

/// Ascending, NaN of either sign last.
fn order(one: f64, other: f64) -> Ordering {
    one.is_nan()
        .cmp(&other.is_nan())
        .then_with(|| if one.is_nan() { Ordering::Equal } else { one.total_cmp(&other) })
}

fn merged(one: &[(f64, u64)], other: &[(f64, u64)]) -> Vec<(f64, u64)> {
    if one.is_empty() {
        return other.to_vec();
    }
    let mut merged = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one, other);
    while let ([a, rest_of_one @ ..], [b, rest_of_other @ ..]) = (one, other) {
        let first = order(a.0, b.0);
        merged.push(match first {
            Ordering::Less => *a,
            Ordering::Greater => *b,
            Ordering::Equal => (a.0, a.1 + b.1),
        });
        if first != Ordering::Greater {
            one = rest_of_one;
        }
        if first != Ordering::Less {
            other = rest_of_other;
        }
    }
    merged.extend_from_slice(one);
    merged.extend_from_slice(other);
    merged
}
