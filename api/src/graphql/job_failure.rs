//! `JobFailure`: why a job failed, or why it waits.

use async_graphql::{Enum, SimpleObject};
use canlog::failure::{Failure, FailureCode as Code};
use entity::job;
use serde::Deserialize;

use super::scalar::Int64;

/// Why a job failed, or why it waits.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct JobFailure {
    /// What it is.
    code: FailureCode,
    /// What was wrong, in one sentence.
    message: String,
    /// What can be done about it.
    hint: Option<String>,
    /// The line of the log or DBC it was found in, from 1.
    line: Option<Int64>,
}

impl JobFailure {
    pub(crate) fn of(row: &job::Model) -> Option<Self> {
        let code = row.error_code.as_deref()?;
        let detail = row.error_detail.as_deref().and_then(|text| serde_json::from_str::<Failure>(text).ok());
        let failure = detail.unwrap_or_else(|| {
            let word: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
                serde::de::IntoDeserializer::into_deserializer(code);
            let code = Code::deserialize(word).unwrap_or(Code::StorageUnavailable);
            Failure { code, message: explain(code).to_owned(), hint: None, line: None }
        });
        Some(Self {
            code: failure.code.into(),
            message: failure.message,
            hint: failure.hint,
            line: failure.line.map(Int64::from),
        })
    }
}

/// A sentence for a code that stands alone.
fn explain(code: Code) -> &'static str {
    match code {
        Code::StorageUnavailable => "The storage does not answer; the job is tried again.",
        Code::WorkerCrashed => "The converter died on this log.",
        Code::BudgetSpent => "Passing troubles went on for longer than the job is tried again.",
        Code::Timeout => "The conversion took longer than allowed.",
        _ => "Nothing could be made of this log.",
    }
}

/// Why a job failed, or why it waits: the closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Code")]
pub(crate) enum FailureCode {
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
    /// Moved by the shift that was set, some times would lie before 1970 or after 2262.
    TimeRange,
    /// The converter died on this log again and again.
    WorkerCrashed,
    /// Passing troubles went on for longer than the job is tried again.
    BudgetSpent,
    /// The conversion took longer than allowed.
    Timeout,
    /// The storage could not be read or written.
    StorageUnavailable,
}
