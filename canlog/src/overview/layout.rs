//! How an overview lies in its file: names of columns, and what the footer says about the levels.

use serde::{Deserialize, Serialize};

use crate::frame::Micros;

/// Column with the start of each cell.
pub(crate) const TIMESTAMP: &str = "timestamp";
/// Column with the width of the cells in microseconds; constant within a row group.
pub(super) const WIDTH: &str = "width";
/// Key of the footer's entry that holds a [`Footer`] as JSON.
pub(super) const FOOTER: &str = "dataviewer.overview";
/// The version of this layout.
pub(super) const VERSION: u32 = 1;

/// One of the figures kept of a signal's samples in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figure {
    /// How many samples.
    Count,
    /// The smallest; NaN when there is no other.
    Min,
    /// The greatest; NaN when there is no other.
    Max,
    /// The earliest.
    First,
    /// The latest.
    Last,
    /// Their sum.
    Sum,
}

impl Figure {
    /// All of them, in the order of their columns.
    pub(super) const ALL: [Self; 6] = [Self::Count, Self::Min, Self::Max, Self::First, Self::Last, Self::Sum];

    /// The column that holds this figure of `signal`.
    pub(crate) fn column(self, signal: &str) -> String {
        let suffix = match self {
            Self::Count => "count",
            Self::Min => "min",
            Self::Max => "max",
            Self::First => "first",
            Self::Last => "last",
            Self::Sum => "sum",
        };
        format!("{signal}.{suffix}")
    }
}

/// What the footer says about the whole overview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Footer {
    /// The version of the layout.
    pub version: u32,
    /// Rows of the message.
    pub rows: u64,
    /// Earliest time of a row.
    pub start: Micros,
    /// Latest time of a row.
    pub end: Micros,
    /// Levels, narrowest cells first; none when the rows are few enough to be read instead.
    pub levels: Vec<LevelFooter>,
}

/// What the footer says about one level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LevelFooter {
    /// Width of its cells.
    pub width: Micros,
    /// Cells in all, a cell that was opened again counted again.
    pub cells: u64,
    /// The row groups that hold it, in the order they were written.
    pub row_groups: Vec<usize>,
}
