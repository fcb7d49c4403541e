//! Writes an execution's outcome down, fenced by its token: an execution that was overtaken changes nothing.

use std::time::Duration;

use canlog::failure::Failure;
use entity::id::JobId;
use entity::job::{self, JobFailure};
use sea_orm::{DatabaseTransaction, DbErr};

use crate::execution::Execution;
use crate::outcome::{self, Outcome, Setback};
use crate::stop::StopReason;
use crate::tally;
use crate::trouble::TroubleKind;

/// Writes the outcome down and tells watchers to look. A result was written down when it was published.
pub(crate) async fn settle(execution: &Execution, outcome: Outcome<()>, took: Duration) {
    let (runtime, id, token) = (&execution.worker.runtime, execution.job.id, execution.job.token);
    tell(execution, &outcome, took);
    tally::ended(&outcome, took);
    if let Err(setback) = outcome {
        if matches!(&setback, Setback::Retry(trouble) if trouble.kind == TroubleKind::Full) {
            execution.worker.space.was_full();
        }
        let written = execution.insist(|| {
            let setback = setback.clone();
            runtime.database.transaction(move |tx| Box::pin(write(tx, id, token, setback.clone())))
        });
        match written.await {
            Ok(true) => {}
            Ok(false) => tracing::info!("fenced: the job was no longer this execution's"),
            // The lease runs out, and the reconciler gives the job to another.
            Err(error) => tracing::error!(%error, "the outcome cannot be written"),
        }
    }
    runtime.broker.notify_changed(id).await;
    runtime.broker.ring(id).await;
    platform::crashpoint!("W9");
}

/// The compare-and-set that belongs to the setback; whether the job was still ours.
async fn write(tx: &DatabaseTransaction, id: JobId, token: i64, setback: Setback) -> Result<bool, DbErr> {
    match setback {
        Setback::Reject(failure) => job::fail(tx, id, token, &told(&failure)?).await,
        Setback::Retry(trouble) => {
            Ok(job::retry_later(tx, id, token, &told(&trouble.told())?).await?.is_some())
        }
        Setback::Crashed(_) => Ok(job::crashed(tx, id, token).await?.is_some()),
        Setback::Stopped(StopReason::Timeout) => job::fail(tx, id, token, &told(&outcome::too_long())?).await,
        Setback::Stopped(StopReason::Cancelled) => job::cancelled(tx, id, token).await,
        Setback::Stopped(StopReason::Shutdown) => job::release(tx, id, token).await,
        Setback::Stopped(StopReason::Lost) => Ok(false),
    }
}

/// The same in the job's own terms: the two have one JSON form.
fn told(failure: &Failure) -> Result<JobFailure, DbErr> {
    let json = serde_json::to_value(failure).and_then(serde_json::from_value);
    json.map_err(|error| DbErr::Json(error.to_string()))
}

/// One line an execution; what a setback says is for us, the user's text is in the failure.
fn tell(execution: &Execution, outcome: &Outcome<()>, took: Duration) {
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let size_bytes = execution.tracker.now().total;
    match outcome {
        Ok(()) => tracing::info!(duration_ms, size_bytes, "converted"),
        Err(Setback::Reject(failure)) => {
            tracing::info!(duration_ms, size_bytes, code = ?failure.code, "rejected: {failure}");
        }
        Err(Setback::Retry(trouble)) => tracing::error!(duration_ms, size_bytes, "put off: {trouble}"),
        Err(Setback::Crashed(how)) => tracing::error!(duration_ms, size_bytes, "the converter died: {how}"),
        Err(Setback::Stopped(reason)) => tracing::info!(duration_ms, size_bytes, ?reason, "stopped"),
    }
}
