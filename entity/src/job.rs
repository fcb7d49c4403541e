//! Jobs: background work on a run.
//!
//! A job changes state only through the functions here. Each is a compare-and-set on state and fencing token
//! in the caller's transaction, writes the job's next event with it, and takes its times from the database.
//! A holder that was overtaken changes nothing and is told so.

mod backoff;
mod cancel;
mod census;
mod change;
mod claim;
mod enqueue;
mod payload;
mod settle;
mod sweep;
mod trace;

pub use cancel::{CancelOutcome, cancel, cancelled};
pub use census::{Census, census};
pub(crate) use change::held as still_held;
pub use claim::{Beat, JobProgress, claim, heartbeat, held_by};
pub use enqueue::{Enqueued, NewJob, Retried, active, enqueue, newest, retry};
pub use payload::{CONVERT_UPLOAD, ConvertPayload, DbcBinding, SCHEMA_VERSION};
pub use settle::{JobFailure, crashed, fail, release, retry_later, succeed};
pub use sweep::{expire_leases, release_worker, unrung, wake_due};
pub use trace::note_trace;

use sea_orm::entity::prelude::*;

use crate::id::{JobId, RunId};

/// Background work on a run.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    /// The run it works on.
    pub run_id: RunId,
    /// The kind's permanent name, e.g. `convert_upload`.
    pub kind: String,
    /// The payload's version: a worker leaves what it does not know to newer ones.
    pub schema_version: i32,
    /// What the kind needs to know: JSON with `schemaVersion`.
    #[sea_orm(column_type = "Text")]
    pub payload: String,
    /// Where it is in its life.
    pub state: JobState,
    /// What a running one is at.
    pub stage: Option<JobStage>,
    /// The fencing token: grows with every claim.
    pub token: i64,
    /// The process that holds it.
    pub worker_id: Option<String>,
    /// Until when it holds it.
    pub lease_until: Option<i64>,
    /// When it last said that it lives.
    pub heartbeat_at: Option<i64>,
    /// How often it was claimed.
    pub attempts: i32,
    /// How often its child process died.
    pub crash_count: i32,
    /// How often its worker was lost.
    pub lost_count: i32,
    /// How often it was put off for a passing trouble.
    pub retry_count: i32,
    /// When it may be claimed.
    pub next_at: i64,
    /// When a passing trouble first put it off; the retry budget counts from here.
    pub retry_since: Option<i64>,
    /// Whether somebody asked to cancel it.
    pub cancel_requested: bool,
    /// Failure code, once failed (or the reason why it waits).
    pub error_code: Option<String>,
    /// The failure as JSON: `{code, message, hint, line}`.
    #[sea_orm(column_type = "Text", nullable)]
    pub error_detail: Option<String>,
    /// Bytes done in this attempt.
    pub progress_bytes: i64,
    /// Bytes to do.
    pub progress_total: i64,
    /// Frames read in this attempt.
    pub progress_frames: i64,
    /// Problems met in this attempt.
    pub progress_warnings: i64,
    /// Grows with every progress written in this attempt.
    pub progress_seq: i64,
    /// When the broker was last rung for it.
    pub notified_at: Option<i64>,
    /// The run's id while the job is active, NULL once terminal: one active job a run.
    #[sea_orm(unique)]
    pub active_key: Option<String>,
    /// When it was queued.
    pub queued_at: i64,
    /// When it was last claimed.
    pub started_at: Option<i64>,
    /// When it became terminal.
    pub finished_at: Option<i64>,
    /// The trace that led to it, as a `traceparent`, where one is told.
    pub trace: Option<String>,
}

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobState {
    /// Waits for a worker.
    Queued,
    /// A worker holds it.
    Running,
    /// Put off for a passing trouble.
    RetryWait,
    /// Its result is published.
    Succeeded,
    /// Given up, with a reason.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
}

impl JobState {
    /// Those that may still change.
    pub const ACTIVE: [Self; 3] = [Self::Queued, Self::Running, Self::RetryWait];

    /// Whether it never changes again.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// What a running job is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStage {
    /// Brings the log to the worker's scratch folder.
    Fetching,
    /// Reads, decodes and writes.
    Reading,
    /// Stores the output.
    Storing,
    /// Commits the result.
    Committing,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
