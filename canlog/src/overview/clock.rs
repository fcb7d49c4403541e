//! Which cells the rows of a flush open and close: found once, then followed by every signal.

use std::ops::Range;

use crate::frame::Micros;
use crate::overview::ladder::cell_of;

/// One thing every signal has to do, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Add these rows to the open cell of the base level.
    Fold {
        /// Rows of the flush, all in one cell.
        rows: Range<usize>,
        /// Whether their times never step back.
        ordered: bool,
    },
    /// Finish the open cell of a level, and add it to the open one of the next level.
    Close(usize),
}

/// One level: its cell width, the start of the open cell, the starts of those finished but not written.
#[derive(Clone, Debug)]
pub(super) struct Level {
    pub width: Micros,
    pub open: Option<Micros>,
    pub starts: Vec<Micros>,
    /// Cells finished so far, written or not.
    pub cells: u64,
    /// Ordinals of its row groups.
    pub row_groups: Vec<usize>,
}

/// All levels, narrowest cells first.
#[derive(Debug)]
pub(super) struct Clock {
    pub levels: Vec<Level>,
}

impl Clock {
    pub(super) fn new(widths: &[Micros]) -> Self {
        let level = |&width: &Micros| Level {
            width,
            open: None,
            starts: Vec::new(),
            cells: 0,
            row_groups: Vec::new(),
        };
        Self { levels: widths.iter().map(level).collect() }
    }

    /// Takes the times of a flush in file order.
    pub(super) fn advance(&mut self, times: &[Micros]) -> Vec<Step> {
        let mut steps = Vec::new();
        let width = self.levels[0].width;
        let mut row = 0;
        while row < times.len() {
            let start = cell_of(times[row], width);
            let inside = |time: Micros| time >= start && time - start < width;
            let (mut end, mut ordered) = (row + 1, true);
            while end < times.len() && inside(times[end]) {
                ordered &= times[end - 1] <= times[end];
                end += 1;
            }
            self.open(0, start, &mut steps);
            steps.push(Step::Fold { rows: row..end, ordered });
            row = end;
        }
        steps
    }

    /// The end of the log: closes whatever is open.
    pub(super) fn finish(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for level in 0..self.levels.len() {
            self.close(level, &mut steps);
        }
        steps
    }

    /// Whether a row group was written.
    pub(super) fn has_written(&self) -> bool {
        self.levels.iter().any(|level| !level.row_groups.is_empty())
    }

    fn open(&mut self, level: usize, start: Micros, steps: &mut Vec<Step>) {
        if self.levels[level].open != Some(start) {
            self.close(level, steps);
            self.levels[level].open = Some(start);
        }
    }

    fn close(&mut self, level: usize, steps: &mut Vec<Step>) {
        let Some(start) = self.levels[level].open.take() else { return };
        self.levels[level].starts.push(start);
        self.levels[level].cells += 1;
        if let Some(next) = self.levels.get(level + 1) {
            self.open(level + 1, cell_of(start, next.width), steps);
        }
        steps.push(Step::Close(level));
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, Step};

    #[test]
    fn a_level_is_fed_by_the_cells_that_close_below_it() {
        let mut clock = Clock::new(&[1_000, 5_000]);
        let steps = clock.advance(&[0, 999, 998, 1_000, 5_000]);
        let fold = |rows, ordered| Step::Fold { rows, ordered };
        let expected =
            [fold(0..3, false), Step::Close(0), fold(3..4, true), Step::Close(0), fold(4..5, true)];
        assert_eq!(steps, expected);
        assert_eq!(clock.finish(), [Step::Close(1), Step::Close(0), Step::Close(1)]);
        assert_eq!(
            (&clock.levels[0].starts, &clock.levels[1].starts),
            (&vec![0, 1_000, 5_000], &vec![0, 5_000])
        );
    }
}
