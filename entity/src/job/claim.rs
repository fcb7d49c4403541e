//! Taking a job and keeping it.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set,
    DatabaseTransaction, DbErr, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{LockBehavior, LockType},
};

use super::{
    ActiveModel, CONVERT_UPLOAD, Column, Entity, JobStage, JobState, Model, SCHEMA_VERSION,
    change::{enter, held, unchanged},
};
use crate::{clock, id::JobId};

/// How far the holder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobProgress {
    /// What it is at.
    pub stage: JobStage,
    /// Bytes done.
    pub bytes: i64,
    /// Bytes to do.
    pub total: i64,
    /// Frames read.
    pub frames: i64,
    /// Problems met.
    pub warnings: i64,
    /// Grows within the attempt.
    pub seq: i64,
}

/// What the holder learns by its heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// The job is still its own.
    Alive,
    /// The job is still its own; somebody wants it cancelled.
    CancelRequested,
    /// The job is not its own any more: stop, and touch nothing but one's own output.
    Lost,
}

/// Takes the job that may be claimed for longest: `RUNNING`, its token one higher, held for
/// `lease`. A payload that this version does not know stays for a newer worker.
///
/// # Errors
/// When the database refuses.
pub async fn claim(
    tx: &DatabaseTransaction,
    worker_id: &str,
    lease: Duration,
) -> Result<Option<Model>, DbErr> {
    let now = clock::now(tx).await?;
    let candidate = Entity::find()
        .filter(Column::State.eq(JobState::Queued))
        .filter(Column::NextAt.lte(now))
        .filter(Column::Kind.eq(CONVERT_UPLOAD))
        .filter(Column::SchemaVersion.lte(SCHEMA_VERSION))
        .order_by_asc(Column::NextAt)
        .order_by_asc(Column::Id)
        .limit(1)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(tx)
        .await?;
    let Some(job) = candidate else { return Ok(None) };
    let values = claimed(&job, worker_id, now, until(now, lease));
    if enter(tx, &job, values, None, now).await? {
        Entity::find_by_id(job.id).one(tx).await
    } else {
        Ok(None)
    }
}

/// The jobs that this worker holds: more than it knows of when the answer to a claim's commit was lost.
///
/// # Errors
/// When the database refuses.
pub async fn held_by<C: ConnectionTrait>(conn: &C, worker_id: &str) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::State.eq(JobState::Running))
        .filter(Column::WorkerId.eq(worker_id))
        .all(conn)
        .await
}

/// Renews the lease and stores the progress. Call it every few seconds, and never from the thread that works.
///
/// # Errors
/// When the database refuses; the lease still runs then.
pub async fn heartbeat(
    tx: &DatabaseTransaction,
    id: JobId,
    token: i64,
    lease: Duration,
    progress: &JobProgress,
) -> Result<Beat, DbErr> {
    let Some(job) = held(tx, id, token).await? else { return Ok(Beat::Lost) };
    let now = clock::now(tx).await?;
    let values = ActiveModel {
        lease_until: Set(Some(until(now, lease))),
        heartbeat_at: Set(Some(now)),
        stage: Set(Some(progress.stage)),
        progress_bytes: Set(progress.bytes),
        progress_total: Set(progress.total),
        progress_frames: Set(progress.frames),
        progress_warnings: Set(progress.warnings),
        progress_seq: Set(progress.seq),
        ..unchanged()
    };
    let renewed = Entity::update_many()
        .set(values)
        .filter(Column::Id.eq(id))
        .filter(Column::Token.eq(token))
        .filter(Column::State.eq(JobState::Running))
        .exec(tx)
        .await?;
    Ok(match (renewed.rows_affected, job.cancel_requested) {
        (1, false) => Beat::Alive,
        (1, true) => Beat::CancelRequested,
        _ => Beat::Lost,
    })
}

fn claimed(job: &Model, worker_id: &str, now: i64, lease_until: i64) -> ActiveModel {
    ActiveModel {
        state: Set(JobState::Running),
        stage: Set(Some(JobStage::Fetching)),
        token: Set(job.token + 1),
        worker_id: Set(Some(worker_id.to_owned())),
        lease_until: Set(Some(lease_until)),
        heartbeat_at: Set(Some(now)),
        attempts: Set(job.attempts + 1),
        error_code: Set(None),
        error_detail: Set(None),
        progress_bytes: Set(0),
        progress_total: Set(0),
        progress_frames: Set(0),
        progress_warnings: Set(0),
        progress_seq: Set(0),
        started_at: Set(Some(now)),
        ..unchanged()
    }
}

fn until(now: i64, lease: Duration) -> i64 {
    now.saturating_add(i64::try_from(lease.as_micros()).unwrap_or(i64::MAX))
}
