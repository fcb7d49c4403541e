//! Columns of one message over one flush: what the Parquet writer and the overview both look at.
//!
//! CAN signals take few distinct values, so a column is a dictionary of its distinct physical values and
//! one code a sample. The dictionary ascends: comparing codes compares values, and a minimum over a
//! million samples is one over small integers.

mod code;
mod rows;
mod summary;

pub(crate) use code::{Coder, Scale};
pub(crate) use rows::{EXAMPLES, FrameRows, Table, ValueRows};
pub(crate) use summary::{GroupSummary, Summary, range};

use crate::dbc::ValueKind;

/// Most rows of one flush, and so of one row group: every code fits 16 bits.
pub const MAX_ROWS: usize = 1 << 16;

/// The samples of one signal over the rows of one flush (at most [`MAX_ROWS`]), in file order.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnValues {
    /// The row of each sample, strictly ascending; `None` when every row has one.
    pub rows: Option<Vec<u32>>,
    /// The samples themselves, as many as `rows` (or as the flush has rows): no place for the nulls.
    pub cells: Cells,
}

/// Samples, by dictionary where values repeat.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Values that repeat.
    Coded {
        /// Index into `dictionary` of each sample.
        codes: Vec<u16>,
        /// The values that occur, ascending; NaN (of either sign) comes last, -0 before 0. One value may
        /// stand here twice where two raw values mean the same.
        dictionary: Values,
    },
    /// Values nearly all distinct, one a sample.
    Plain(Values),
}

/// Physical values of a column. A signal's variant is the same in every flush.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// The usual case.
    Float64(Vec<f64>),
    /// Signed integers wider than 53 bits.
    Int64(Vec<i64>),
    /// Unsigned integers wider than 53 bits.
    UInt64(Vec<u64>),
}

impl Values {
    /// None yet, of this kind.
    #[must_use]
    pub fn empty(kind: ValueKind) -> Self {
        match kind {
            ValueKind::Float64 => Self::Float64(Vec::new()),
            ValueKind::Int64 => Self::Int64(Vec::new()),
            ValueKind::UInt64 => Self::UInt64(Vec::new()),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Float64(values) => values.len(),
            Self::Int64(values) => values.len(),
            Self::UInt64(values) => values.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Cells {
    /// How many samples there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Coded { codes, .. } => codes.len(),
            Self::Plain(values) => values.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
