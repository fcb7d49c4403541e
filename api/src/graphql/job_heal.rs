//! Looks at the rows of all watched jobs for their watchers, in one statement however many watch: news may be
//! lost on their way, rows are not.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use entity::{
    id::JobId,
    job::{self, Column, JobState},
};
use platform::{broker::Broker, runtime::Runtime};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use tokio::time::{Instant, sleep};

/// How long news that were lost on their way may stay unknown.
pub(crate) const HEAL: Duration = Duration::from_secs(10);
/// The same while no news arrive at all.
pub(crate) const POLL: Duration = Duration::from_secs(1);
/// Jobs in one statement: a database takes only so many parameters.
const PAGE: usize = 500;

/// How long until the rows are to be looked at again.
pub(crate) fn patience(broker: &Broker) -> Duration {
    if broker.is_connected() { HEAL } else { POLL }
}

/// Looks for the watchers of single jobs while there are any.
#[derive(Clone, Debug)]
pub(crate) struct Healer {
    runtime: Runtime,
    running: Arc<AtomicBool>,
}

/// What tells one state of a row from another.
type Mark = (JobState, i64, i64);

impl Healer {
    pub(crate) fn new(runtime: &Runtime) -> Self {
        Self { runtime: runtime.clone(), running: Arc::default() }
    }

    /// To be called by every watcher once it is registered with the broker.
    pub(crate) fn tend(&self) {
        if !self.running.swap(true, Ordering::SeqCst) {
            tokio::spawn(self.clone().run());
        }
    }

    async fn run(self) {
        let (mut seen, mut look_at) = (HashMap::new(), Instant::now());
        loop {
            tokio::select! {
                () = self.runtime.shutdown.cancelled() => return,
                () = sleep(POLL) => {}
            }
            let watched = self.runtime.broker.watched();
            if watched.is_empty() && self.rests() {
                return;
            }
            if self.runtime.broker.is_connected() && Instant::now() < look_at {
                continue;
            }
            look_at = Instant::now() + HEAL;
            match self.marks(&watched).await {
                Ok(marks) => seen = self.tell(&watched, &seen, marks),
                Err(error) => tracing::error!(%error, "the watched jobs cannot be looked at"),
            }
        }
    }

    /// Ends, unless a watcher came at the last moment.
    fn rests(&self) -> bool {
        self.running.store(false, Ordering::SeqCst);
        self.runtime.broker.watched().is_empty() || self.running.swap(true, Ordering::SeqCst)
    }

    async fn marks(&self, watched: &[JobId]) -> Result<HashMap<JobId, Mark>, DbErr> {
        let mut marks = HashMap::with_capacity(watched.len());
        for page in watched.chunks(PAGE) {
            let rows: Vec<(JobId, JobState, i64, i64)> = job::Entity::find()
                .select_only()
                .columns([Column::Id, Column::State, Column::Token, Column::ProgressSeq])
                .filter(Column::Id.is_in(page.iter().copied()))
                .into_tuple()
                .all(self.runtime.database.read())
                .await?;
            marks.extend(rows.into_iter().map(|(id, state, token, n)| (id, (state, token, n))));
        }
        Ok(marks)
    }

    /// Has the watchers look whose row is another than the last time, or is seen for the first time: it may
    /// have changed since they read it.
    fn tell(
        &self,
        watched: &[JobId],
        seen: &HashMap<JobId, Mark>,
        marks: HashMap<JobId, Mark>,
    ) -> HashMap<JobId, Mark> {
        for id in watched {
            let mark = marks.get(id);
            if mark.is_none() || mark != seen.get(id) {
                self.runtime.broker.look_again(*id);
            }
        }
        marks
    }
}
