//! What is kept of the samples of one signal in one cell.

use std::ops::Range;

use polars_arrow::types::NativeType;

use crate::frame::Micros;

/// A type that physical values come in.
pub(crate) trait Value: NativeType + PartialOrd {
    /// The smaller one; a NaN only of two NaN.
    fn smaller(self, other: Self) -> Self;
    /// The greater one; a NaN only of two NaN.
    fn greater(self, other: Self) -> Self;
    /// As a float, rounded.
    fn float(self) -> f64;
    /// Whether it is a NaN.
    fn is_nan(self) -> bool;
}

impl Value for f64 {
    fn smaller(self, other: Self) -> Self {
        self.min(other)
    }
    fn greater(self, other: Self) -> Self {
        self.max(other)
    }
    fn float(self) -> f64 {
        self
    }
    fn is_nan(self) -> bool {
        self.is_nan()
    }
}

macro_rules! integer_value {
    ($($integer:ty)*) => {$(
        impl Value for $integer {
            fn smaller(self, other: Self) -> Self {
                self.min(other)
            }
            fn greater(self, other: Self) -> Self {
                self.max(other)
            }
            fn float(self) -> f64 {
                self as f64
            }
            fn is_nan(self) -> bool {
                false
            }
        }
    )*};
}
integer_value!(i64 u64);

/// The samples of one signal in one cell. All but `count` mean nothing while that is 0.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cell<T> {
    pub count: i64,
    pub min: T,
    pub max: T,
    pub first: T,
    pub last: T,
    pub sum: f64,
    pub first_time: Micros,
    pub last_time: Micros,
}

impl<T: Value> Cell<T> {
    /// Adds a later part of the log. First and last are by time, equal times in file order.
    pub(crate) fn merge(&mut self, later: &Self) {
        if later.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *later;
            return;
        }
        self.count += later.count;
        self.min = self.min.smaller(later.min);
        self.max = self.max.greater(later.max);
        self.sum += later.sum;
        if later.first_time < self.first_time {
            (self.first, self.first_time) = (later.first, later.first_time);
        }
        if later.last_time >= self.last_time {
            (self.last, self.last_time) = (later.last, later.last_time);
        }
    }
}

/// The samples of one signal over a flush.
#[derive(Clone, Copy)]
pub(crate) struct Samples<'a, T> {
    /// The row of each sample; `None` when every row has one.
    pub rows: Option<&'a [u32]>,
    /// Index into `values` of each sample; `None` when `values` are the samples.
    pub codes: Option<&'a [u16]>,
    /// The dictionary, ascending with NaN last, or the samples themselves.
    pub values: &'a [T],
    /// How many of a dictionary's values are numbers.
    pub numbers: usize,
    /// The time of each row.
    pub times: &'a [Micros],
}

impl<'a, T: Value> Samples<'a, T> {
    /// Samples as `values[codes]`, or `values` themselves.
    pub(crate) fn new(
        rows: Option<&'a [u32]>,
        codes: Option<&'a [u16]>,
        values: &'a [T],
        times: &'a [Micros],
    ) -> Self {
        let numbers = if codes.is_some() { values.partition_point(|value| !value.is_nan()) } else { 0 };
        Self { rows, codes, values, numbers, times }
    }

    /// The end of the samples that lie in rows below `row`, looking from sample `from` on.
    pub(crate) fn before(&self, row: usize, from: usize) -> usize {
        let Some(rows) = self.rows else { return row };
        from + rows[from..].partition_point(|&at| (at as usize) < row)
    }

    fn value(&self, sample: usize) -> T {
        match self.codes {
            Some(codes) => self.values[usize::from(codes[sample])],
            None => self.values[sample],
        }
    }

    fn time(&self, sample: usize) -> Micros {
        self.times[self.rows.map_or(sample, |rows| rows[sample] as usize)]
    }

    /// Reduces some samples of one cell; `ordered` says that their times never step back.
    pub(crate) fn fold(&self, samples: Range<usize>, ordered: bool) -> Cell<T> {
        if samples.is_empty() {
            return Cell::default();
        }
        let (first, last) =
            if ordered { (samples.start, samples.end - 1) } else { self.ends(samples.clone()) };
        let (min, max, sum) = match self.codes {
            Some(codes) => self.reduce_coded(&codes[samples.clone()]),
            None => reduce(&self.values[samples.clone()]),
        };
        Cell {
            count: samples.len() as i64,
            min,
            max,
            first: self.value(first),
            last: self.value(last),
            sum,
            first_time: self.time(first),
            last_time: self.time(last),
        }
    }

    /// The earliest and the latest sample; of equal times the first and the last one.
    fn ends(&self, samples: Range<usize>) -> (usize, usize) {
        let (mut first, mut last) = (samples.start, samples.start);
        for sample in samples {
            let time = self.time(sample);
            if time < self.time(first) {
                first = sample;
            }
            if time >= self.time(last) {
                last = sample;
            }
        }
        (first, last)
    }

    /// Minimum, maximum and sum. The dictionary ascends, so the extremes are those of the codes.
    fn reduce_coded(&self, codes: &[u16]) -> (T, T, f64) {
        let sum = sum(codes.iter().map(|&code| self.values[usize::from(code)].float()));
        let least = codes.iter().copied().min().unwrap_or_default();
        let mut most = codes.iter().copied().max().unwrap_or_default();
        if usize::from(most) >= self.numbers && usize::from(least) < self.numbers {
            let numbers = codes.iter().copied().filter(|&code| usize::from(code) < self.numbers);
            most = numbers.max().unwrap_or(least);
        }
        (self.values[usize::from(least)], self.values[usize::from(most)], sum)
    }
}

fn reduce<T: Value>(values: &[T]) -> (T, T, f64) {
    let (mut min, mut max) = (values[0], values[0]);
    for &value in values {
        min = min.smaller(value);
        max = max.greater(value);
    }
    (min, max, sum(values.iter().map(|value| value.float())))
}

/// The sum in four interleaved parts: one chain of additions would wait for itself.
fn sum(mut values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let mut parts = [0.0; 4];
    for _ in 0..values.len() / 4 {
        for part in &mut parts {
            *part += values.next().unwrap_or_default();
        }
    }
    (parts[0] + parts[1]) + (parts[2] + parts[3]) + values.sum::<f64>()
}
