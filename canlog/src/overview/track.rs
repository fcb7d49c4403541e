//! The cells of one signal: an open one a level, and those finished but not yet written.

use std::ops::Range;

use crate::frame::Micros;
use crate::overview::cell::{Cell, Samples, Value};
use crate::overview::clock::Step;
use crate::table::{Cells, ColumnValues, Values};

/// The cells of one signal, in the type of its values.
pub(super) enum Track {
    /// The usual case.
    Float64(Levels<f64>),
    /// Signed integers wider than 53 bits.
    Int64(Levels<i64>),
    /// Unsigned integers wider than 53 bits.
    UInt64(Levels<u64>),
}

impl Track {
    /// A track for values like those of `column`.
    pub(super) fn like(column: &ColumnValues, levels: usize) -> Self {
        match dictionary(&column.cells).1 {
            Values::Float64(_) => Self::Float64(Levels::new(levels)),
            Values::Int64(_) => Self::Int64(Levels::new(levels)),
            Values::UInt64(_) => Self::UInt64(Levels::new(levels)),
        }
    }

    /// Follows the steps of a flush; false when the column has another type than before.
    pub(super) fn follow(&mut self, steps: &[Step], column: &ColumnValues, times: &[Micros]) -> bool {
        let rows = column.rows.as_deref();
        let (codes, values) = dictionary(&column.cells);
        match (self, values) {
            (Self::Float64(levels), Values::Float64(values)) => {
                levels.follow(steps, &Samples::new(rows, codes, values, times));
            }
            (Self::Int64(levels), Values::Int64(values)) => {
                levels.follow(steps, &Samples::new(rows, codes, values, times));
            }
            (Self::UInt64(levels), Values::UInt64(values)) => {
                levels.follow(steps, &Samples::new(rows, codes, values, times));
            }
            _ => return false,
        }
        true
    }

    /// Follows the steps at the end of the log.
    pub(super) fn finish(&mut self, steps: &[Step]) {
        match self {
            Self::Float64(levels) => levels.follow(steps, &Samples::new(None, None, &[], &[])),
            Self::Int64(levels) => levels.follow(steps, &Samples::new(None, None, &[], &[])),
            Self::UInt64(levels) => levels.follow(steps, &Samples::new(None, None, &[], &[])),
        }
    }
}

fn dictionary(cells: &Cells) -> (Option<&[u16]>, &Values) {
    match cells {
        Cells::Coded { codes, dictionary } => (Some(codes), dictionary),
        Cells::Plain(values) => (None, values),
    }
}

/// The cells of one signal on all levels.
pub(super) struct Levels<T> {
    open: Vec<Cell<T>>,
    closed: Vec<Closed<T>>,
}

/// Finished cells of one level, column by column.
#[derive(Clone, Debug, Default)]
pub(super) struct Closed<T> {
    pub count: Vec<i64>,
    pub min: Vec<T>,
    pub max: Vec<T>,
    pub first: Vec<T>,
    pub last: Vec<T>,
    pub sum: Vec<f64>,
}

impl<T: Value> Levels<T> {
    fn new(levels: usize) -> Self {
        Self { open: vec![Cell::default(); levels], closed: vec![Closed::default(); levels] }
    }

    /// Takes the finished cells of a level.
    pub(super) fn take(&mut self, level: usize) -> Closed<T> {
        std::mem::take(&mut self.closed[level])
    }

    fn follow(&mut self, steps: &[Step], samples: &Samples<'_, T>) {
        let mut next = 0;
        for step in steps {
            match step {
                Step::Fold { rows, ordered } => {
                    next = self.fold(rows, *ordered, samples, next);
                }
                Step::Close(level) => self.close(*level),
            }
        }
    }

    fn fold(&mut self, rows: &Range<usize>, ordered: bool, samples: &Samples<'_, T>, from: usize) -> usize {
        let end = samples.before(rows.end, from);
        self.open[0].merge(&samples.fold(from..end, ordered));
        end
    }

    fn close(&mut self, level: usize) {
        let cell = std::mem::take(&mut self.open[level]);
        self.closed[level].push(&cell);
        if let Some(next) = self.open.get_mut(level + 1) {
            next.merge(&cell);
        }
    }
}

impl<T: Value> Closed<T> {
    fn push(&mut self, cell: &Cell<T>) {
        self.count.push(cell.count);
        self.min.push(cell.min);
        self.max.push(cell.max);
        self.first.push(cell.first);
        self.last.push(cell.last);
        self.sum.push(cell.sum);
    }
}
