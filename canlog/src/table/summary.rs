//! The figures of a signal over a whole log, gathered group by group.

use super::{Cells, ColumnValues, Values};
use crate::frame::Micros;
use crate::manifest::Number;

/// Figures of one column over one group of rows. Nothing in it when the column is empty there.
pub(crate) type GroupSummary = Option<Summary>;

/// Figures of a column's samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    /// Samples.
    pub(crate) count: u64,
    /// Smallest and largest value; none when all are NaN.
    pub(crate) range: Option<(Number, Number)>,
    /// First value in file order, and its time.
    pub(crate) first: (Micros, Number),
    /// Last value in file order, and its time.
    pub(crate) last: (Micros, Number),
    /// Arithmetic mean.
    pub(crate) mean: f64,
    /// Sum of the squared distances from the mean.
    squares: f64,
}

impl Summary {
    /// The figures of `column`, whose rows have these times.
    pub(crate) fn of(column: &ColumnValues, times: &[Micros]) -> GroupSummary {
        let time = |at: usize| match &column.rows {
            None => times.get(at).copied(),
            Some(rows) => rows.get(at).and_then(|row| times.get(*row as usize).copied()),
        };
        let last = column.cells.len().checked_sub(1)?;
        let (mean, squares) = moments(&column.cells);
        Some(Self {
            count: column.cells.len() as u64,
            range: range(&column.cells),
            first: (time(0)?, column.cells.value(0)?),
            last: (time(last)?, column.cells.value(last)?),
            mean,
            squares,
        })
    }

    /// These figures and those of the samples behind them.
    pub(crate) fn then(self, next: Self) -> Self {
        let (a, b) = (self.count as f64, next.count as f64);
        let (count, apart) = (a + b, next.mean - self.mean);
        Self {
            count: self.count + next.count,
            range: match (self.range, next.range) {
                (Some(a), Some(b)) => Some((smaller(a.0, b.0), larger(a.1, b.1))),
                (one, other) => one.or(other),
            },
            first: self.first,
            last: next.last,
            mean: self.mean + apart * (b / count),
            squares: self.squares + next.squares + apart * apart * (a * b / count),
        }
    }

    /// Sample standard deviation (ddof 1); none below two samples.
    pub(crate) fn standard_deviation(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).sqrt())
    }
}

impl Cells {
    /// The value of a sample.
    #[must_use]
    pub fn value(&self, sample: usize) -> Option<Number> {
        match self {
            Self::Plain(values) => values.number(sample),
            Self::Coded { codes, dictionary } => dictionary.number(usize::from(*codes.get(sample)?)),
        }
    }
}

impl Values {
    /// One of the values.
    #[must_use]
    pub fn number(&self, at: usize) -> Option<Number> {
        match self {
            Self::Float64(values) => values.get(at).copied().map(Number::Float),
            Self::Int64(values) => values.get(at).copied().map(Number::Int),
            Self::UInt64(values) => values.get(at).copied().map(Number::UInt),
        }
    }

    /// Each value as a float, the nearest one where it has more digits.
    fn floats(&self) -> Box<dyn Iterator<Item = f64> + '_> {
        match self {
            Self::Float64(values) => Box::new(values.iter().copied()),
            Self::Int64(values) => Box::new(values.iter().map(|value| *value as f64)),
            Self::UInt64(values) => Box::new(values.iter().map(|value| *value as f64)),
        }
    }
}

/// Mean and sum of squared distances. Around the first value: large offsets cost no digits.
fn moments(cells: &Cells) -> (f64, f64) {
    let (values, counts) = match cells {
        Cells::Plain(values) => (values, None),
        Cells::Coded { codes, dictionary } => (dictionary, Some(frequencies(codes, dictionary.len()))),
    };
    let weight = |at: usize| counts.as_ref().map_or(1.0, |counts| f64::from(counts[at]));
    let samples = cells.len() as f64;
    // Around an infinity nothing could be summed.
    let base = values.floats().next().filter(|base| base.is_finite()).unwrap_or_default();
    let sum = values.floats().enumerate().fold(0.0, |sum, (at, value)| sum + weight(at) * (value - base));
    let mean = base + sum / samples;
    let squares = values.floats().enumerate().fold(0.0, |sum, (at, value)| {
        let apart = value - mean;
        sum + weight(at) * (apart * apart)
    });
    (mean, squares)
}

/// How often each code occurs. Two tables by turns: equal neighbours need not wait for each other.
fn frequencies(codes: &[u16], distinct: usize) -> Vec<u32> {
    let (mut even, mut odd) = (vec![0_u32; distinct], vec![0_u32; distinct]);
    let (pairs, rest) = codes.as_chunks::<2>();
    for [a, b] in pairs {
        even[usize::from(*a)] += 1;
        odd[usize::from(*b)] += 1;
    }
    rest.iter().for_each(|code| odd[usize::from(*code)] += 1);
    even.iter_mut().zip(odd).for_each(|(even, odd)| *even += odd);
    even
}

/// Smallest and largest value that is no NaN.
pub(crate) fn range(cells: &Cells) -> Option<(Number, Number)> {
    match cells {
        Cells::Coded { dictionary, .. } => {
            let ordered = match dictionary {
                Values::Float64(values) => values.partition_point(|value| !value.is_nan()),
                other => other.len(),
            };
            Some((dictionary.number(0)?, dictionary.number(ordered.checked_sub(1)?)?))
        }
        Cells::Plain(Values::Float64(values)) => {
            let ordered = values.iter().copied().filter(|value| !value.is_nan());
            let range = ordered.fold(None, |range: Option<(f64, f64)>, value| match range {
                None => Some((value, value)),
                Some((low, high)) => Some((low.min(value), high.max(value))),
            });
            range.map(|(low, high)| (Number::Float(low), Number::Float(high)))
        }
        Cells::Plain(Values::Int64(values)) => {
            Some((Number::Int(*values.iter().min()?), Number::Int(*values.iter().max()?)))
        }
        Cells::Plain(Values::UInt64(values)) => {
            Some((Number::UInt(*values.iter().min()?), Number::UInt(*values.iter().max()?)))
        }
    }
}

fn smaller(a: Number, b: Number) -> Number {
    if exceeds(a, b) { b } else { a }
}

fn larger(a: Number, b: Number) -> Number {
    if exceeds(b, a) { b } else { a }
}

/// Whether `a` is larger than `b`; both are of one kind.
fn exceeds(a: Number, b: Number) -> bool {
    match (a, b) {
        (Number::Float(a), Number::Float(b)) => a > b,
        (Number::Int(a), Number::Int(b)) => a > b,
        (Number::UInt(a), Number::UInt(b)) => a > b,
        _ => false,
    }
}
