//! Decoded columns, and parts of them.

use std::ops::Range;
use std::sync::Arc;

use polars_arrow::bitmap::Bitmap;

/// Numbers of a column; NaN where there is none.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// One a row.
    pub values: Vec<f64>,
    /// Which rows have a value; `None` when all have.
    pub filled: Option<Bitmap>,
}

/// Some rows of a decoded column.
#[derive(Debug)]
pub(crate) struct View<T> {
    chunk: Arc<T>,
    rows: Range<usize>,
}

impl Numbers {
    /// As many numbers as bits; what stands where a bit is not set means nothing.
    pub(super) fn new(mut values: Vec<f64>, filled: Bitmap) -> Self {
        if filled.unset_bits() == 0 {
            return Self { values, filled: None };
        }
        for (value, filled) in values.iter_mut().zip(&filled) {
            if !filled {
                *value = f64::NAN;
            }
        }
        Self { values, filled: Some(filled) }
    }
}

impl<T> View<T> {
    /// These rows of `chunk`.
    pub(super) fn of(chunk: Arc<T>, rows: Range<usize>) -> Self {
        Self { chunk, rows }
    }
}

impl<T> View<Vec<T>> {
    /// All rows.
    pub(super) fn all(rows: Vec<T>) -> Self {
        Self { rows: 0..rows.len(), chunk: Arc::new(rows) }
    }
}

impl View<Numbers> {
    /// One number a row.
    pub(crate) fn values(&self) -> &[f64] {
        self.chunk.values.get(self.rows.clone()).unwrap_or_default()
    }

    /// Whether every row has a value.
    pub(crate) fn is_full(&self) -> bool {
        self.chunk.filled.is_none()
    }

    /// A number in every row.
    pub(super) fn full(values: Vec<f64>) -> Self {
        Self { rows: 0..values.len(), chunk: Arc::new(Numbers { values, filled: None }) }
    }

    /// Whether a row has a value.
    pub(crate) fn is_filled(&self, row: usize) -> bool {
        self.chunk.filled.as_ref().is_none_or(|bits| bits.get_bit(self.rows.start + row))
    }
}

impl View<Vec<i64>> {
    /// One integer a row.
    pub(crate) fn integers(&self) -> &[i64] {
        self.chunk.get(self.rows.clone()).unwrap_or_default()
    }

    /// Some of these rows.
    pub(crate) fn part(&self, rows: Range<usize>) -> Self {
        let start = self.rows.start;
        Self { chunk: Arc::clone(&self.chunk), rows: start + rows.start..start + rows.end }
    }
}
