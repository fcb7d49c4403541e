//! How the holder of a job lets it go. A holder that was overtaken changes nothing.

use sea_orm::{ActiveValue::Set, DatabaseTransaction, DbErr};
use serde::{Deserialize, Serialize};

use super::{
    ActiveModel, JobState, Model,
    backoff::{BUDGET, MOST_CRASHES, after_crash, after_trouble},
    change::{closed, enter, freed, held, queued_again},
};
use crate::{clock, id::JobId};

/// Why a job failed, or waits: what the user reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobFailure {
    /// One of the closed set of failure codes, e.g. `NO_KNOWN_IDS`.
    pub code: String,
    /// What was wrong, in one sentence.
    pub message: String,
    /// What the user can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The line of the log it was found in, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

impl Model {
    /// Why it failed, or why it waits.
    #[must_use]
    pub fn failure(&self) -> Option<JobFailure> {
        self.error_detail.as_deref().and_then(|detail| serde_json::from_str(detail).ok())
    }
}

/// The result is published. Returns whether the job was still the holder's and nobody wanted it cancelled.
/// Part of [`crate::conversion::publish`], which commits the result with it.
///
/// # Errors
/// When the database refuses.
pub async fn succeed(tx: &DatabaseTransaction, id: JobId, token: i64) -> Result<bool, DbErr> {
    let Some(job) = held(tx, id, token).await?.filter(|job| !job.cancel_requested) else { return Ok(false) };
    let now = clock::now(tx).await?;
    enter(tx, &job, closed(JobState::Succeeded, now), None, now).await
}

/// Nothing can be made of the log; another attempt would end the same. Returns whether the job was still the
/// holder's.
///
/// # Errors
/// When the database refuses.
pub async fn fail(
    tx: &DatabaseTransaction,
    id: JobId,
    token: i64,
    failure: &JobFailure,
) -> Result<bool, DbErr> {
    let Some(job) = held(tx, id, token).await? else { return Ok(false) };
    let now = clock::now(tx).await?;
    enter(tx, &job, failed(failure, now)?, None, now).await
}

/// A passing trouble (`cause`): the job waits and is tried again, for 24 hours in all. Returns the state it
/// entered; `None` when it was not the holder's any more.
///
/// # Errors
/// When the database refuses.
pub async fn retry_later(
    tx: &DatabaseTransaction,
    id: JobId,
    token: i64,
    cause: &JobFailure,
) -> Result<Option<JobState>, DbErr> {
    let Some(job) = held(tx, id, token).await? else { return Ok(None) };
    let now = clock::now(tx).await?;
    let since = job.retry_since.unwrap_or(now);
    let values = if job.cancel_requested {
        closed(JobState::Cancelled, now)
    } else if now - since >= BUDGET {
        failed(&budget_spent(cause), now)?
    } else {
        ActiveModel {
            next_at: Set(now + after_trouble(job.retry_count + 1)),
            retry_count: Set(job.retry_count + 1),
            retry_since: Set(Some(since)),
            error_code: Set(Some(cause.code.clone())),
            error_detail: Set(Some(detail(cause)?)),
            ..freed(JobState::RetryWait)
        }
    };
    entered(tx, &job, values, &cause.code, now).await
}

/// The child died: one of three strikes. Returns the state the job entered; `None` when it was not the holder's
/// any more.
///
/// # Errors
/// When the database refuses.
pub async fn crashed(tx: &DatabaseTransaction, id: JobId, token: i64) -> Result<Option<JobState>, DbErr> {
    let Some(job) = held(tx, id, token).await? else { return Ok(None) };
    let now = clock::now(tx).await?;
    let count = job.crash_count + 1;
    let values = if job.cancel_requested {
        closed(JobState::Cancelled, now)
    } else if count >= MOST_CRASHES {
        failed(&poison(&format!("the converter died {count} times on this file")), now)?
    } else {
        queued_again(&job, now, after_crash(count))
    };
    entered(tx, &job, ActiveModel { crash_count: Set(count), ..values }, "crashed", now).await
}

/// The worker stops and gives the job back, at no cost to it. Returns whether it was still the holder's.
///
/// # Errors
/// When the database refuses.
pub async fn release(tx: &DatabaseTransaction, id: JobId, token: i64) -> Result<bool, DbErr> {
    let Some(job) = held(tx, id, token).await? else { return Ok(false) };
    give_back(tx, &job).await
}

/// As [`release`], for a row that is already locked.
pub(super) async fn give_back(tx: &DatabaseTransaction, job: &Model) -> Result<bool, DbErr> {
    let now = clock::now(tx).await?;
    let values =
        if job.cancel_requested { closed(JobState::Cancelled, now) } else { queued_again(job, now, 0) };
    enter(tx, job, values, Some("released"), now).await
}

/// Enters the state of `values` and returns it.
pub(super) async fn entered(
    tx: &DatabaseTransaction,
    job: &Model,
    values: ActiveModel,
    reason: &str,
    now: i64,
) -> Result<Option<JobState>, DbErr> {
    let state = *values.state.try_as_ref().unwrap_or(&job.state);
    Ok(enter(tx, job, values, Some(reason), now).await?.then_some(state))
}

/// Values of a job that failed.
pub(super) fn failed(failure: &JobFailure, now: i64) -> Result<ActiveModel, DbErr> {
    Ok(ActiveModel {
        error_code: Set(Some(failure.code.clone())),
        error_detail: Set(Some(detail(failure)?)),
        ..closed(JobState::Failed, now)
    })
}

/// Why a job is given up whose attempts never ended by themselves.
pub(super) fn poison(message: &str) -> JobFailure {
    JobFailure {
        code: "WORKER_CRASHED".to_owned(),
        message: message.to_owned(),
        hint: Some("The log is kept; report it, and retry the job with a newer version.".to_owned()),
        line: None,
    }
}

fn budget_spent(cause: &JobFailure) -> JobFailure {
    JobFailure {
        code: "BUDGET_SPENT".to_owned(),
        message: format!("tried again for 24 hours; the last trouble was: {}", cause.message),
        hint: Some("The log is kept; retry the job when the trouble is over.".to_owned()),
        line: None,
    }
}

fn detail(failure: &JobFailure) -> Result<String, DbErr> {
    serde_json::to_string(failure).map_err(|error| DbErr::Json(error.to_string()))
}
