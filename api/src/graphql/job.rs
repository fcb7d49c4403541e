//! `Job`: background work on a run.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::{
    id::RunId,
    job::{self, Column, JobState as State},
};
use sea_orm::{ColumnTrait, sea_query::Cond};

use super::{
    error::Answer,
    input,
    job_failure::JobFailure,
    load::{QueuePlace, load},
    run::Run,
    scalar::{DateTime, Int64},
};

/// Background work on a run.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) row: job::Model,
    /// Bytes a second, as somebody who watches it has seen them.
    pub(crate) seen_rate: Option<f64>,
}

impl From<job::Model> for Job {
    fn from(row: job::Model) -> Self {
        Self { row, seen_rate: None }
    }
}

/// Background work on a run ("processing" in the original API).
#[Object]
impl Job {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// What it does: `convert_upload`.
    async fn kind(&self) -> &str {
        &self.row.kind
    }

    /// Where it is in its life.
    async fn state(&self) -> JobState {
        self.row.state.into()
    }

    /// What a running one is at.
    async fn stage(&self) -> Option<JobStage> {
        self.row.stage.filter(|_| self.row.state == State::Running).map(JobStage::from)
    }

    /// How far it is.
    async fn progress(&self) -> JobProgress {
        JobProgress::of(&self.row, self.seen_rate)
    }

    /// How often it was begun.
    async fn attempt(&self) -> i32 {
        self.row.attempts
    }

    /// How many jobs are before it in the queue; null unless it is queued.
    async fn queue_position(&self, ctx: &Context<'_>) -> Answer<Option<i32>> {
        if self.row.state != State::Queued {
            return Ok(None);
        }
        let place = load(ctx, QueuePlace(self.row.id)).await?;
        Ok(place.and_then(|place| i32::try_from(place).ok()))
    }

    /// When it was queued.
    async fn queued_at(&self) -> DateTime {
        DateTime(self.row.queued_at)
    }

    /// When it was last begun.
    async fn started_at(&self) -> Option<DateTime> {
        self.row.started_at.map(DateTime)
    }

    /// When it reached its last state.
    async fn finished_at(&self) -> Option<DateTime> {
        self.row.finished_at.map(DateTime)
    }

    /// When its worker last said that it lives.
    async fn heartbeat_at(&self) -> Option<DateTime> {
        self.row.heartbeat_at.map(DateTime)
    }

    /// When it is tried again; null unless it waits for that.
    async fn next_retry_at(&self) -> Option<DateTime> {
        (self.row.state == State::RetryWait).then_some(DateTime(self.row.next_at))
    }

    /// Why it failed, or why it waits.
    async fn failure(&self) -> Option<JobFailure> {
        JobFailure::of(&self.row)
    }

    /// The run it works on.
    async fn run(&self, ctx: &Context<'_>) -> Answer<Option<Run>> {
        Ok(load(ctx, self.row.run_id).await?.map(Run))
    }

    /// Whether it can be cancelled now.
    async fn cancelable(&self) -> bool {
        !self.row.state.is_terminal() && !self.row.cancel_requested
    }

    /// Whether `retryJob` can queue its work again.
    async fn retryable(&self) -> bool {
        matches!(self.row.state, State::Failed | State::Cancelled)
    }
}

/// How far a job is.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct JobProgress {
    /// From 0 to 1, by bytes; never steps back within an attempt, and is 1 only when the job has succeeded.
    fraction: f64,
    /// Done so far in this attempt.
    done: Int64,
    /// To be done.
    total: Int64,
    /// What is counted: `BYTES`.
    unit: &'static str,
    /// Frames read in this attempt.
    frames: Int64,
    /// Problems met in this attempt: what the report will count as warnings.
    warnings: Int64,
    /// Units a second.
    rate_per_second: Option<f64>,
    /// Seconds until it is done, at this rate.
    eta_seconds: Option<f64>,
}

/// The largest fraction of a job that has not succeeded.
const ALMOST: f64 = 0.999;

impl JobProgress {
    /// What the row says, at the rate that was seen, else the attempt's mean until its last heartbeat.
    pub(crate) fn of(row: &job::Model, seen_rate: Option<f64>) -> Self {
        let running = row.state == State::Running;
        let rate = seen_rate.or_else(|| mean_rate(row)).filter(|rate| running && *rate > 0.0);
        #[expect(clippy::cast_precision_loss, reason = "a share of bytes, not their number")]
        let (done, total) = (row.progress_bytes as f64, row.progress_total as f64);
        let share = if total > 0.0 { (done / total).clamp(0.0, ALMOST) } else { 0.0 };
        Self {
            fraction: if row.state == State::Succeeded { 1.0 } else { share },
            done: Int64(row.progress_bytes),
            total: Int64(row.progress_total),
            unit: "BYTES",
            frames: Int64(row.progress_frames),
            warnings: Int64(row.progress_warnings),
            rate_per_second: rate,
            eta_seconds: rate.map(|rate| ((total - done) / rate).max(0.0)),
        }
    }
}

/// Bytes a second from the start of the attempt to its last heartbeat.
#[expect(clippy::cast_precision_loss, reason = "a rate, not a count")]
fn mean_rate(row: &job::Model) -> Option<f64> {
    let micros = row.heartbeat_at? - row.started_at?;
    (micros > 0).then(|| row.progress_bytes as f64 * 1e6 / micros as f64)
}

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "job::JobState")]
pub(crate) enum JobState {
    /// Waits for a worker (0 in the original API).
    Queued,
    /// A worker holds it (1 in the original API).
    Running,
    /// Put off for a passing trouble; it is tried again by itself.
    RetryWait,
    /// Its result is published (10 in the original API).
    Succeeded,
    /// Given up, with a reason (9 in the original API).
    Failed,
    /// Somebody cancelled it.
    Cancelled,
}

/// What a running job is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "job::JobStage")]
pub(crate) enum JobStage {
    /// Brings the log to the worker.
    Fetching,
    /// Reads, decodes and writes.
    Reading,
    /// Stores the output.
    Storing,
    /// Commits the result.
    Committing,
}

/// Which jobs. Conditions of several fields all hold.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct JobFilter {
    /// Those in one of these states.
    states: Option<Vec<JobState>>,
    /// Those of this run.
    run: Option<ID>,
    /// Those that will still change, or those that never will.
    active: Option<bool>,
}

impl JobFilter {
    pub(crate) fn condition(&self) -> Answer<Cond> {
        let run = self.run.as_ref().map(|run| input::id::<RunId>(run, "run")).transpose()?;
        let any =
            |states: &Vec<JobState>| Column::State.is_in(states.iter().map(|state| State::from(*state)));
        // The key is set exactly while the job is active, and indexed.
        let active =
            |active| if active { Column::ActiveKey.is_not_null() } else { Column::ActiveKey.is_null() };
        Ok(Cond::all()
            .add_option(self.states.as_ref().map(any))
            .add_option(run.map(|run| Column::RunId.eq(run)))
            .add_option(self.active.map(active)))
    }

    /// The same for a row at hand.
    pub(crate) fn holds(&self, row: &job::Model) -> bool {
        let state = |states: &Vec<JobState>| states.iter().any(|state| State::from(*state) == row.state);
        self.states.as_ref().is_none_or(state)
            && self.run.as_ref().is_none_or(|run| run.as_str() == row.run_id.to_string())
            && self.active.is_none_or(|active| active != row.state.is_terminal())
    }
}
