//! The commit of a received log: its run and its job, in one transaction.

use entity::{
    job,
    run::NewRun,
    upload::{self, Commit, CommitOutcome, Committed},
};
use platform::{crashpoint, metrics::name, runtime::Runtime, storage::ObjectKey};
use sea_orm::{DatabaseConnection, DbErr};
use tracing::Instrument;

use super::{ReceivedLog, remove};

/// What a received log is to become.
#[derive(Clone, Debug)]
pub struct NewRunOfLog {
    /// The run, its DBCs and its zone.
    pub run: NewRun,
    /// Makes another run even when the bytes are known.
    pub as_new_run: bool,
    /// The caller's key for a safe repeat.
    pub idempotency_key: Option<String>,
}

/// Why a received log became nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The upload was given up meanwhile; the log has to be sent again.
    #[error("the upload was given up; send the log again")]
    GivenUp,
    /// The caller's key belongs to other bytes.
    #[error("the idempotency key was used for another log")]
    KeyReused,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Makes run and job of the log, or finds the run that its bytes are already, and wakes the workers.
///
/// # Errors
///
/// See [`CommitError`]. When it is the database's, the log has become nothing.
pub async fn commit(
    runtime: &Runtime,
    log: &ReceivedLog,
    new: NewRunOfLog,
) -> Result<Committed, CommitError> {
    let commit = Commit {
        upload_id: log.upload_id,
        bytes: i64::try_from(log.bytes).unwrap_or(i64::MAX),
        sha256: log.sha256.clone(),
        run: new.run,
        as_new_run: new.as_new_run,
        idempotency_key: new.idempotency_key,
    };
    let span = tracing::info_span!("commit", upload.id = %log.upload_id);
    let trace = span.in_scope(platform::trace::current);
    let committed = decide(runtime, commit, trace).instrument(span).await?;
    crashpoint!("A4");
    announce(runtime, &committed).await;
    crashpoint!("A5");
    Ok(committed)
}

async fn decide(runtime: &Runtime, commit: Commit, trace: Option<String>) -> Result<Committed, CommitError> {
    let outcome = attempt(runtime, commit, trace).await?;
    match outcome {
        CommitOutcome::NotReceiving => Err(CommitError::GivenUp),
        CommitOutcome::KeyReused => Err(CommitError::KeyReused),
        CommitOutcome::Committed(committed) => Ok(committed),
    }
}

async fn attempt(runtime: &Runtime, commit: Commit, trace: Option<String>) -> Result<CommitOutcome, DbErr> {
    let made = runtime.database.transaction_checked(
        move |tx| {
            let (commit, trace) = (commit.clone(), trace.clone());
            Box::pin(async move {
                let outcome = upload::commit(tx, commit).await?;
                if let (CommitOutcome::Committed(committed), Some(trace)) = (&outcome, trace)
                    && !committed.duplicate
                {
                    job::note_trace(tx, committed.job_id, &trace).await?;
                }
                crashpoint!("A4tx");
                Ok(outcome)
            })
        },
        // A connection lost while the commit was answered leaves its outcome unknown: nobody is told of an
        // error before the database was asked.
        |conn, outcome| Box::pin(is_done(conn, outcome)),
    );
    made.await
}

async fn is_done(conn: &DatabaseConnection, outcome: &CommitOutcome) -> Result<bool, DbErr> {
    match outcome {
        CommitOutcome::Committed(committed) => upload::is_committed(conn, committed.upload_id).await,
        CommitOutcome::NotReceiving | CommitOutcome::KeyReused => Ok(true),
    }
}

async fn announce(runtime: &Runtime, committed: &Committed) {
    let Committed { upload_id, run_id, job_id, duplicate, surplus } = committed;
    tracing::info!(upload.id = %upload_id, run.id = %run_id, job.id = %job_id, duplicate, "log committed");
    let outcome = if *duplicate { "duplicate" } else { "committed" };
    metrics::counter!(name::UPLOADS, "outcome" => outcome).increment(1);
    if !duplicate {
        runtime.broker.ring(*job_id).await;
        runtime.broker.notify_changed(*job_id).await;
    }
    if let Some(key) = surplus.as_ref().and_then(|key| key.parse::<ObjectKey>().ok()) {
        remove(runtime, &key).await;
    }
}
