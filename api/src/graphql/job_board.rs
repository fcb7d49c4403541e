//! Watching all jobs: everything active, then changes.

use std::collections::{HashMap, HashSet, VecDeque};

use entity::{
    id::JobId,
    job::{self, Column},
};
use futures::{Stream, stream};
use platform::{
    broker::{Board, BoardEvent, JobProgressEvent},
    runtime::Runtime,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::time::Instant;

use super::{
    error::Answer,
    job::JobFilter,
    job_event::{Followed, Heard, JobEvent, latest, read},
    job_heal::{POLL, patience},
};

/// The most jobs that are followed at once.
const MAX_FOLLOWED: u64 = 500;

/// A watcher of all jobs that a filter holds for. A job that it once held for is followed to its end.
struct JobBoard {
    runtime: Runtime,
    filter: JobFilter,
    board: Board,
    jobs: HashMap<JobId, Followed>,
    ready: VecDeque<JobEvent>,
    look_at: Instant,
}

/// Snapshots of everything active, oldest first, then changes of these and of jobs that come to be.
///
/// # Errors
/// When the filter names no run's id, or the database does not answer.
pub(crate) async fn jobs(
    runtime: &Runtime,
    filter: JobFilter,
) -> Answer<impl Stream<Item = Answer<JobEvent>> + use<>> {
    filter.condition()?;
    let mut board = JobBoard {
        // Listen first: what changes from here on is heard, what changed before is in the rows.
        board: runtime.broker.board(),
        runtime: runtime.clone(),
        filter,
        jobs: HashMap::new(),
        ready: VecDeque::new(),
        look_at: Instant::now(),
    };
    board.look().await?;
    Ok(stream::unfold(board, |mut board| async move {
        let event = board.next().await;
        Some((Ok(event), board))
    }))
}

impl JobBoard {
    async fn next(&mut self) -> JobEvent {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return event;
            }
            let news = tokio::select! {
                news = self.board.next() => news,
                () = tokio::time::sleep_until(self.look_at) => BoardEvent::Missed,
            };
            let outcome = match news {
                BoardEvent::Changed(id) => self.reread(id).await,
                BoardEvent::Progress(news) => self.progress(&news).await,
                BoardEvent::Missed => self.look().await,
            };
            if outcome.is_err() {
                // Logged where it happened; the next look may succeed.
                tokio::time::sleep_until(Instant::now() + POLL).await;
            }
        }
    }

    async fn progress(&mut self, news: &JobProgressEvent) -> Answer<()> {
        match self.jobs.get_mut(&news.job_id).map(|job| job.progress(news)) {
            Some(Heard::News(event)) => {
                self.ready.push_back(*event);
                Ok(())
            }
            Some(Heard::Old) => Ok(()),
            Some(Heard::Reread) | None => self.reread(news.job_id).await,
        }
    }

    /// Reads all active jobs, and those that were followed and are active no more.
    async fn look(&mut self) -> Answer<()> {
        self.look_at = Instant::now() + patience(&self.runtime.broker);
        // Until now they were kept, so that late notices of their end do not tell it again.
        self.jobs.retain(|_, job| !job.is_over());
        let stale = self.stale().await?;
        let active = self.active().await?;
        let fresh: Vec<job::Model> =
            active.into_iter().filter(|row| !self.jobs.contains_key(&row.id)).collect();
        let ids: Vec<JobId> = fresh.iter().map(|row| row.id).collect();
        let seqs = latest(&self.runtime.database, &ids).await?;
        for row in fresh {
            let seq = seqs.get(&row.id).copied().unwrap_or_default();
            self.follow(row, seq);
        }
        for id in stale {
            self.reread(id).await?;
        }
        Ok(())
    }

    /// Those that are followed and whose rows say something newer, or are gone.
    async fn stale(&self) -> Answer<HashSet<JobId>> {
        let mut stale: HashSet<JobId> = self.jobs.keys().copied().collect();
        let followed = job::Entity::find().filter(Column::Id.is_in(stale.iter().copied()));
        for row in followed.all(self.runtime.database.read()).await? {
            if self.jobs.get(&row.id).is_some_and(|job| job.is_current(&row)) {
                stale.remove(&row.id);
            }
        }
        Ok(stale)
    }

    async fn active(&self) -> Answer<Vec<job::Model>> {
        let rows = job::Entity::find()
            .filter(self.filter.condition()?)
            .filter(Column::ActiveKey.is_not_null())
            .order_by_asc(Column::QueuedAt)
            .order_by_asc(Column::Id)
            .limit(MAX_FOLLOWED)
            .all(self.runtime.database.read());
        Ok(rows.await?)
    }

    fn follow(&mut self, row: job::Model, seq: i64) {
        let (job, snapshot) = Followed::begin(row, seq, Vec::new());
        self.ready.push_back(snapshot);
        self.jobs.insert(job.id(), job);
    }

    async fn reread(&mut self, id: JobId) -> Answer<()> {
        let known = self.jobs.get(&id).map_or(0, Followed::seq);
        let Some((row, changes)) = read(&self.runtime.database, id, known).await? else {
            self.jobs.remove(&id);
            return Ok(());
        };
        let Some(job) = self.jobs.get_mut(&id) else {
            if self.filter.holds(&row) && self.jobs.len() < MAX_FOLLOWED as usize {
                self.follow(row, changes.last().map_or(0, |change| change.seq));
            }
            return Ok(());
        };
        if let Heard::News(event) = job.reread(row, changes) {
            self.ready.push_back(*event);
        }
        Ok(())
    }
}
