//! New jobs: the first for a run, or another after one that ended.

use sea_orm::{DatabaseTransaction, DbErr, QueryOrder, entity::prelude::*};

use super::{
    CONVERT_UPLOAD, Column, ConvertPayload, Entity, JobState, Model,
    change::{closed, enter, locked, record},
};
use crate::{
    clock,
    id::{JobId, RunId},
    job_event, run,
};

/// A job to be made.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// The run.
    pub run_id: RunId,
    /// What to do.
    pub payload: ConvertPayload,
}

/// A job that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enqueued {
    /// It, waiting.
    pub job: Model,
    /// The run's job until now, which it cancelled.
    pub superseded: Option<JobId>,
}

/// What became of the wish to do a job again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retried {
    /// A new job was made.
    Enqueued(Box<Enqueued>),
    /// It is still at work, or succeeded, or its run is deleted.
    NotRetryable,
    /// No such job.
    NotFound,
}

/// Makes a job that may be claimed at once. A run has one active job: its present one is cancelled first, and
/// whoever works on that learns it by its next heartbeat.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue(tx: &DatabaseTransaction, new: NewJob) -> Result<Enqueued, DbErr> {
    let text = serde_json::to_string(&new.payload).map_err(|error| DbErr::Json(error.to_string()))?;
    insert(tx, new.run_id, new.payload.schema_version, text).await
}

/// Makes a new job like the one that failed or was cancelled; that one stays as it ended.
///
/// # Errors
/// When the database refuses.
pub async fn retry(tx: &DatabaseTransaction, id: JobId) -> Result<Retried, DbErr> {
    let Some(job) = locked(tx, id).await? else { return Ok(Retried::NotFound) };
    let run = run::Entity::find_by_id(job.run_id).one(tx).await?;
    let is_deleted = run.is_none_or(|run| run.deleted_at.is_some());
    if is_deleted || !matches!(job.state, JobState::Failed | JobState::Cancelled) {
        return Ok(Retried::NotRetryable);
    }
    let enqueued = insert(tx, job.run_id, job.schema_version, job.payload).await?;
    Ok(Retried::Enqueued(Box::new(enqueued)))
}

/// The run's job that may still change.
///
/// # Errors
/// When the database refuses.
pub async fn active<C: ConnectionTrait>(conn: &C, run: RunId) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::ActiveKey.eq(run.to_string())).one(conn).await
}

/// The run's newest job.
///
/// # Errors
/// When the database refuses.
pub async fn newest<C: ConnectionTrait>(conn: &C, run: RunId) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::RunId.eq(run))
        .order_by_desc(Column::QueuedAt)
        .order_by_desc(Column::Id)
        .one(conn)
        .await
}

async fn insert(
    tx: &DatabaseTransaction,
    run_id: RunId,
    schema_version: i32,
    payload: String,
) -> Result<Enqueued, DbErr> {
    let now = clock::now(tx).await?;
    let superseded = supersede(tx, run_id, now).await?;
    let job = Model { schema_version, payload, ..blank(run_id, now) };
    Entity::insert(super::ActiveModel::from(job.clone()).reset_all()).exec_without_returning(tx).await?;
    let event =
        job_event::Model { job_id: job.id, seq: 0, state: job.state, token: 0, reason: None, at: now };
    record(tx, event).await?;
    Ok(Enqueued { job, superseded })
}

async fn supersede(tx: &DatabaseTransaction, run: RunId, now: i64) -> Result<Option<JobId>, DbErr> {
    let Some(job) = active(tx, run).await? else { return Ok(None) };
    let ended = enter(tx, &job, closed(JobState::Cancelled, now), Some("superseded"), now).await?;
    Ok(ended.then_some(job.id))
}

fn blank(run_id: RunId, now: i64) -> Model {
    Model {
        id: JobId::new(),
        run_id,
        kind: CONVERT_UPLOAD.to_owned(),
        schema_version: 0,
        payload: String::new(),
        state: JobState::Queued,
        stage: None,
        token: 0,
        worker_id: None,
        lease_until: None,
        heartbeat_at: None,
        attempts: 0,
        crash_count: 0,
        lost_count: 0,
        retry_count: 0,
        next_at: now,
        retry_since: None,
        cancel_requested: false,
        error_code: None,
        error_detail: None,
        progress_bytes: 0,
        progress_total: 0,
        progress_frames: 0,
        progress_warnings: 0,
        progress_seq: 0,
        notified_at: None,
        active_key: Some(run_id.to_string()),
        queued_at: now,
        started_at: None,
        finished_at: None,
        trace: None,
    }
}
