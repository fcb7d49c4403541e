//! Why nothing could be made of a log: the closed set of failure codes, and what the user is told.

use serde::{Deserialize, Serialize};

/// Nothing could be made of a log. What the user reads: no path, no internal detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What it is.
    pub code: FailureCode,
    /// What was wrong, in one sentence.
    pub message: String,
    /// What the user can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The line it was found in, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// The closed set of failure codes of a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailureCode {
    /// Not one byte.
    EmptyFile,
    /// No reader knows these bytes.
    UnsupportedFormat,
    /// The format is known, its header is not usable.
    CorruptHeader,
    /// Not one frame in the whole log.
    NoFrames,
    /// Frames, but no DBC knows any of their ids.
    NoKnownIds,
    /// A DBC cannot be used.
    DbcInvalid,
    /// A compressed log unpacks to more than allowed.
    DecompressionLimit,
    /// More signals than allowed.
    LimitSignals,
    /// More rows than allowed.
    LimitRows,
    /// Moved by the shift that a person set, some times would lie before 1970 or after 2262.
    TimeRange,
    /// The converter died on this log three times, or its worker was lost twenty times.
    WorkerCrashed,
    /// Passing troubles went on for longer than the retry budget.
    BudgetSpent,
    /// The conversion took longer than allowed.
    Timeout,
    /// The storage could not be read or written.
    StorageUnavailable,
}
