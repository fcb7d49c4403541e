//! The layout of a message file.
//!
//! * A column `timestamp` (microseconds UTC, never null), then one column a signal (`DOUBLE`, or 64-bit
//!   integers where a float would lose digits; null where a frame does not hold the signal).
//! * Row groups of at most 65,536 rows, one page a column, with null count, minimum and maximum.
//! * Times are delta-coded; values are coded by dictionary where they repeat, else split into streams of
//!   bytes. All of it zstd-compressed.
//! * The footer's key-value metadata say what the columns mean: the keys are listed in `parquet/key.rs`.

mod compress;
mod file;
mod key;
mod name;
mod output;
mod pack;
mod page;

pub use key::SignalEntry;
pub use key::{BUS, DBCS, EXTENDED, FRAME_ID, MESSAGE, SIGNALS, SORTED};

pub(crate) use file::{GroupWriter, schema};
pub(crate) use key::{Description, columns_metadata};
pub(crate) use name::FileNames;
pub(crate) use output::{Output, Sinks};
pub(crate) use page::{Encoder, RowGroup};

/// The column of times.
pub const TIMESTAMP: &str = "timestamp";
