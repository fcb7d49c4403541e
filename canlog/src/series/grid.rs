//! Buckets: time cut into equal parts of which at most so many meet a window.

use std::ops::Range;

use crate::frame::Micros;
use crate::overview::cell_of;

/// Buckets of equal width, on multiples of it (one for all: on the window).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    /// Width of a bucket.
    pub bucket: Micros,
    window: Range<Micros>,
    start: Micros,
}

impl Grid {
    /// The narrowest buckets, a whole number of `cell`s each, of which at most `most` meet the window.
    ///
    /// They lie on multiples of their width, so that a window that moves keeps its buckets; a single bucket
    /// starts with the first cell of the window instead.
    pub(super) fn new(window: Range<Micros>, cell: Micros, most: usize) -> Self {
        let most = i64::try_from(most).unwrap_or(Micros::MAX);
        if most <= 1 {
            let start = cell_of(window.start, cell);
            return Self { bucket: whole(&(start..window.end), 1, cell), start, window };
        }
        let narrow = Self::aligned(window.clone(), whole(&window, most, cell));
        if narrow.len() as i64 <= most {
            narrow
        } else {
            Self::aligned(window.clone(), whole(&window, most - 1, cell))
        }
    }

    fn aligned(window: Range<Micros>, bucket: Micros) -> Self {
        Self { bucket, start: cell_of(window.start, bucket), window }
    }

    /// How many buckets meet the window.
    pub(super) fn len(&self) -> usize {
        self.index(self.window.end - 1) + 1
    }

    /// The bucket of a time within the window.
    pub(super) fn index(&self, time: Micros) -> usize {
        (time.saturating_sub(self.start) / self.bucket) as usize
    }

    /// What of the window lies in a bucket.
    pub(super) fn span(&self, index: usize) -> Range<Micros> {
        let start = self.start.saturating_add(self.bucket.saturating_mul(index as i64));
        start.max(self.window.start)..start.saturating_add(self.bucket).min(self.window.end)
    }
}

/// The least multiple of `cell` of which `parts` cover the window.
fn whole(window: &Range<Micros>, parts: i64, cell: Micros) -> Micros {
    let width = window.end.saturating_sub(window.start);
    let cells = (width / parts + i64::from(width % parts > 0)).max(1);
    (cells / cell + i64::from(cells % cell > 0)).saturating_mul(cell)
}
