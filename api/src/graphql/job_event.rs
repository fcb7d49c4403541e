//! `JobEvent`: what a watcher of a job is told.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use async_graphql::{Enum, SimpleObject};
use entity::{
    id::JobId,
    job::{self, JobState as State},
    job_event,
};
use platform::{broker::JobProgressEvent, database::Database};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{
    error::Answer,
    job::{Job, JobState},
    scalar::{DateTime, Int64},
};

/// The most changes told at once.
const MAX_CHANGES: u64 = 1000;
/// Over which time a rate is measured.
const RATE_WINDOW: Duration = Duration::from_secs(5);

/// What a watcher of a job is told. `progress.fraction` never steps back, but for RESTARTED.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct JobEvent {
    /// What kind of news.
    kind: JobEventKind,
    /// The number of the latest change that this event tells: give it as `after` to go on later.
    seq: Int64,
    /// The changes of state since the event before (in a snapshot: since `after`), oldest first.
    changes: Vec<JobChange>,
    /// The job as it is now.
    job: Job,
}

/// Kinds of news about a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum JobEventKind {
    /// The job as it was when the subscription began; always the first.
    Snapshot,
    /// It went on.
    Progress,
    /// Its state changed.
    Changed,
    /// A new attempt began: its progress counts from zero again.
    Restarted,
    /// It reached its last state; always the last.
    Finished,
}

/// A change of a job's state.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct JobChange {
    /// From 1, without gaps within a job.
    seq: Int64,
    /// The state it entered.
    state: JobState,
    /// Why, where the state alone does not say it.
    reason: Option<String>,
    /// When.
    at: DateTime,
}

impl From<job_event::Model> for JobChange {
    fn from(row: job_event::Model) -> Self {
        Self { seq: Int64(row.seq), state: row.state.into(), reason: row.reason, at: DateTime(row.at) }
    }
}

/// A job as its watcher last heard of it: makes events of rows and progress, each newer than the last.
#[derive(Debug)]
pub(crate) struct Followed {
    row: job::Model,
    seq: i64,
    speed: Speed,
}

/// What became of news.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Something to tell.
    News(Box<JobEvent>),
    /// Nothing new.
    Old,
    /// The row changed: it is to be read again.
    Reread,
}

impl Followed {
    /// Begins with the row, the number of its latest change and the changes to tell; answers the snapshot.
    pub(crate) fn begin(row: job::Model, seq: i64, changes: Vec<job_event::Model>) -> (Self, JobEvent) {
        let mut followed = Self { row, seq, speed: Speed::default() };
        let event = followed.event(JobEventKind::Snapshot, changes);
        (followed, event)
    }

    /// The number of the latest change that was told.
    pub(crate) fn seq(&self) -> i64 {
        self.seq
    }

    /// The job's id.
    pub(crate) fn id(&self) -> JobId {
        self.row.id
    }

    /// Whether there will be no more news.
    pub(crate) fn is_over(&self) -> bool {
        self.row.state.is_terminal()
    }

    /// Whether this row, just read, says nothing newer.
    pub(crate) fn is_current(&self, row: &job::Model) -> bool {
        (row.state, row.token) == (self.row.state, self.row.token)
            && row.progress_seq <= self.row.progress_seq
    }

    /// Takes progress in.
    pub(crate) fn progress(&mut self, news: &JobProgressEvent) -> Heard {
        if news.token > self.row.token || (news.token == self.row.token && self.row.state == State::Queued) {
            return Heard::Reread;
        }
        let known = (self.row.token, self.row.progress_seq);
        if (news.token, news.n) <= known || self.row.state != State::Running {
            return Heard::Old;
        }
        self.row.stage = Some(news.stage);
        self.row.progress_seq = news.n;
        self.row.progress_bytes = self.row.progress_bytes.max(news.bytes);
        self.row.progress_total = news.total;
        self.row.progress_frames = self.row.progress_frames.max(news.frames);
        self.row.progress_warnings = self.row.progress_warnings.max(news.warnings);
        Heard::News(Box::new(self.event(JobEventKind::Progress, Vec::new())))
    }

    /// Takes the row in, read again with the changes after [`Self::seq`].
    pub(crate) fn reread(&mut self, mut row: job::Model, changes: Vec<job_event::Model>) -> Heard {
        let before = &self.row;
        if before.state.is_terminal() {
            return Heard::Old;
        }
        let restarted = row.token > before.token && before.token > 0;
        let changed = row.state != before.state || row.token != before.token || !changes.is_empty();
        let further = row.token == before.token && row.progress_seq > before.progress_seq;
        if row.token == before.token && row.progress_seq < before.progress_seq {
            keep_progress(&mut row, before);
        }
        let kind = match (row.state.is_terminal(), restarted, changed, further) {
            (true, ..) => JobEventKind::Finished,
            (_, true, ..) => JobEventKind::Restarted,
            (_, _, true, _) => JobEventKind::Changed,
            (_, _, _, true) => JobEventKind::Progress,
            _ => return Heard::Old,
        };
        if row.token != before.token {
            self.speed = Speed::default();
        }
        self.row = row;
        Heard::News(Box::new(self.event(kind, changes)))
    }

    fn event(&mut self, kind: JobEventKind, changes: Vec<job_event::Model>) -> JobEvent {
        self.seq = changes.last().map_or(self.seq, |change| change.seq.max(self.seq));
        if self.row.state == State::Running {
            self.speed.note(Instant::now(), self.row.progress_bytes);
        }
        JobEvent {
            kind,
            seq: Int64(self.seq),
            changes: changes.into_iter().map(JobChange::from).collect(),
            job: Job { row: self.row.clone(), seen_rate: self.speed.rate() },
        }
    }
}

/// A worker writes its progress to the row less often than it tells it.
fn keep_progress(row: &mut job::Model, seen: &job::Model) {
    row.progress_seq = seen.progress_seq;
    row.progress_bytes = seen.progress_bytes;
    row.progress_total = seen.progress_total;
    row.progress_frames = seen.progress_frames;
    row.progress_warnings = seen.progress_warnings;
    row.stage = seen.stage.filter(|_| row.state == State::Running);
}

/// Bytes a second over the last seconds.
#[derive(Debug, Default)]
struct Speed(VecDeque<(Instant, i64)>);

impl Speed {
    fn note(&mut self, now: Instant, bytes: i64) {
        self.0.push_back((now, bytes));
        while self.0.len() > 2 && self.0.get(1).is_some_and(|(at, _)| now - *at > RATE_WINDOW) {
            self.0.pop_front();
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate, not a count")]
    fn rate(&self) -> Option<f64> {
        let ((from, first), (to, last)) = (self.0.front()?, self.0.back()?);
        let seconds = (*to - *from).as_secs_f64();
        (seconds > 0.0 && last > first).then(|| (last - first) as f64 / seconds)
    }
}

/// Reads a job and its changes after `seq`.
pub(crate) async fn read(
    database: &Database,
    id: JobId,
    seq: i64,
) -> Answer<Option<(job::Model, Vec<job_event::Model>)>> {
    let Some(row) = job::Entity::find_by_id(id).one(database.read()).await? else { return Ok(None) };
    let changes = job_event::Entity::find()
        .filter(job_event::Column::JobId.eq(id))
        .filter(job_event::Column::Seq.gt(seq))
        .order_by_asc(job_event::Column::Seq)
        .limit(MAX_CHANGES)
        .all(database.read())
        .await?;
    Ok(Some((row, changes)))
}

/// The numbers of the latest changes of `jobs`.
pub(crate) async fn latest(database: &Database, jobs: &[JobId]) -> Answer<HashMap<JobId, i64>> {
    let rows: Vec<(JobId, i64)> = job_event::Entity::find()
        .select_only()
        .column(job_event::Column::JobId)
        .column_as(job_event::Column::Seq.max(), "seq")
        .filter(job_event::Column::JobId.is_in(jobs.iter().copied()))
        .group_by(job_event::Column::JobId)
        .into_tuple()
        .all(database.read())
        .await?;
    Ok(rows.into_iter().collect())
}
