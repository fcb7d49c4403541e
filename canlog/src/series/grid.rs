//! Buckets: time cut into equal parts of which at most so many meet the stretches that hold samples.

use std::ops::Range;

use crate::frame::Micros;
use crate::overview::cell_of;
use crate::series::SeriesError;

/// Buckets of equal width, on multiples of it (one for all: on the first cell). Those between the stretches
/// are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    /// Width of a bucket.
    pub bucket: Micros,
    start: Micros,
    stretches: Vec<Stretch>,
}

/// A part of time without a gap, and the buckets that it meets.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stretch {
    window: Range<Micros>,
    /// Its buckets, counted from the beginning of the grid, gaps included.
    first: i64,
    last: i64,
    /// The place of the first one among all buckets that are met.
    slot: usize,
}

impl Grid {
    /// Narrow buckets, a whole number of `cell`s each, that are at most `most` entries: those that meet the stretches
    /// (ascending, apart from each other, at least one) and one for each gap between two of them.
    ///
    /// They lie on multiples of their width, so that a window that moves keeps its buckets; a single bucket starts with
    /// the first cell of the window instead. Where stretches are many, several share a bucket and have no gap between
    /// them. Two entries have no room for a gap: they cut the whole time in two.
    pub(crate) fn new(stretches: &[Range<Micros>], cell: Micros, most: usize) -> Self {
        let hull = hull(stretches);
        if most <= 1 {
            let start = cell_of(hull.start, cell);
            return Self::at(start, whole(hull.end.saturating_sub(start), 1, cell), &[hull]);
        }
        let (covered, gaps) = (covered(stretches), stretches.len() - 1);
        let room = i64::try_from(most.saturating_sub(gaps)).unwrap_or(Micros::MAX);
        let parts = i64::try_from(2 * stretches.len()).unwrap_or(room);
        let tries = [room, room - 1, room - parts].into_iter().filter(|&parts| parts > 0);
        let mut grids = tries.map(|parts| Self::aligned(stretches, whole(covered, parts, cell)));
        if let Some(grid) = grids.find(|grid| grid.entries() <= most) {
            return grid;
        }
        // Wider by a quarter each time, until they fit: two that hold everything and the gap between them do.
        let mut bucket = whole(covered, room.max(1), cell);
        while most > 2 && bucket < Micros::MAX {
            let grid = Self::aligned(stretches, bucket);
            if grid.entries() <= most {
                return grid;
            }
            bucket = whole(bucket.saturating_add(bucket / 4).saturating_add(1), 1, cell);
        }
        Self::aligned(std::slice::from_ref(&hull), whole(width(&hull), 1, cell))
    }

    /// Buckets of this width.
    ///
    /// # Errors
    /// When more than `most` meet the stretches.
    pub(crate) fn every(
        stretches: &[Range<Micros>],
        bucket: Micros,
        most: usize,
    ) -> Result<Self, SeriesError> {
        let grid = Self::aligned(stretches, bucket);
        if grid.len() > most {
            return Err(SeriesError::TooManyBuckets { buckets: grid.len() as u64, max_points: most });
        }
        Ok(grid)
    }

    fn aligned(stretches: &[Range<Micros>], bucket: Micros) -> Self {
        Self::at(cell_of(hull(stretches).start, bucket), bucket, stretches)
    }

    fn at(start: Micros, bucket: Micros, stretches: &[Range<Micros>]) -> Self {
        let mut grid = Self { bucket, start, stretches: Vec::with_capacity(stretches.len()) };
        let (mut next, mut slot) = (0, 0);
        for window in stretches {
            let (first, last) = (grid.ordinal(window.start), grid.ordinal(window.end - 1));
            // Two stretches may meet one bucket.
            slot -= usize::from(first < next);
            grid.stretches.push(Stretch { window: window.clone(), first, last, slot });
            slot += (last - first + 1) as usize;
            next = last + 1;
        }
        grid
    }

    /// How many buckets are met.
    pub(crate) fn len(&self) -> usize {
        self.stretches.last().map_or(0, |last| last.slot + (last.last - last.first + 1) as usize)
    }

    /// How many entries they are, with one for each gap between two.
    fn entries(&self) -> usize {
        let gaps = self.stretches.windows(2).filter(|pair| is_gap(pair)).count();
        self.len() + gaps
    }

    /// The bucket of a time within a stretch.
    pub(crate) fn index(&self, time: Micros) -> usize {
        let at = self.stretches.partition_point(|stretch| stretch.window.end <= time);
        let stretch = self.stretches.get(at);
        stretch.map_or(usize::MAX, |stretch| stretch.slot + (self.ordinal(time) - stretch.first) as usize)
    }

    /// What of the stretches lies in a bucket, without what lies between them.
    pub(crate) fn span(&self, index: usize) -> Range<Micros> {
        let owner = &self.stretches[self.owner(index)];
        let ordinal = owner.first + (index - owner.slot) as i64;
        let start = self.start.saturating_add(self.bucket.saturating_mul(ordinal));
        let end = self.stretches.last().map_or(start, |last| last.window.end);
        start.max(owner.window.start)..start.saturating_add(self.bucket).min(end)
    }

    /// The end of the stretch before the gap that lies between two buckets (ascending), if one does.
    pub(crate) fn gap(&self, one: usize, other: usize) -> Option<Micros> {
        let between = self.stretches.get(self.owner(one)..=self.owner(other)).unwrap_or_default();
        let gap = between.windows(2).find(|pair| is_gap(pair));
        gap.map(|pair| pair[0].window.end)
    }

    /// The first stretch that meets a bucket.
    fn owner(&self, index: usize) -> usize {
        let ends = |stretch: &Stretch| stretch.slot + (stretch.last - stretch.first + 1) as usize;
        self.stretches.partition_point(|stretch| ends(stretch) <= index).min(self.stretches.len() - 1)
    }

    fn ordinal(&self, time: Micros) -> i64 {
        time.saturating_sub(self.start) / self.bucket
    }
}

/// Whether no bucket is of both of two stretches that follow each other.
fn is_gap(pair: &[Stretch]) -> bool {
    matches!(pair, [one, other] if other.first > one.last)
}

/// How much time the stretches are.
pub(crate) fn covered(stretches: &[Range<Micros>]) -> Micros {
    stretches.iter().map(width).fold(0, Micros::saturating_add)
}

/// The stretches (ascending, apart from each other), those that one of the runs reaches from the one into the other
/// made one.
pub(crate) fn bridged(stretches: Vec<Range<Micros>>, runs: &[Range<Micros>]) -> Vec<Range<Micros>> {
    let mut bridged: Vec<Range<Micros>> = Vec::new();
    for next in stretches {
        let reaches =
            |run: &Range<Micros>, last: &Range<Micros>| run.start < last.end && run.end > next.start;
        match bridged.last_mut() {
            Some(last) if runs.iter().any(|run| reaches(run, last)) => last.end = next.end,
            _ => bridged.push(next),
        }
    }
    bridged
}

fn hull(stretches: &[Range<Micros>]) -> Range<Micros> {
    stretches.first().map_or(0, |first| first.start)..stretches.last().map_or(1, |last| last.end)
}

fn width(window: &Range<Micros>) -> Micros {
    window.end.saturating_sub(window.start)
}

/// The least multiple of `cell` of which `parts` cover `width`.
fn whole(width: Micros, parts: i64, cell: Micros) -> Micros {
    let cells = (width / parts + i64::from(width % parts > 0)).max(1);
    (cells / cell + i64::from(cells % cell > 0)).saturating_mul(cell)
}
