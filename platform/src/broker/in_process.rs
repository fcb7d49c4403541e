//! The broker of a single process.

use std::{
    collections::HashMap,
    future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entity::id::JobId;
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

use super::event::{BoardEvent, JobProgressEvent, JobSignal};

/// News that a slow reader of the board may fall behind before it is told to read everything again.
const BOARD_CAPACITY: usize = 1024;

/// The broker of a single process.
#[derive(Clone, Debug)]
pub struct InProcess {
    hub: Arc<Hub>,
}

#[derive(Debug)]
struct Hub {
    /// Counts rings: a value that changed stays changed until it is looked at.
    bell: watch::Sender<u64>,
    /// One cell a watched job: the latest value only.
    cells: Mutex<Cells>,
    board: broadcast::Sender<BoardEvent>,
    instance: Mutex<Option<Uuid>>,
}

#[derive(Debug, Default)]
struct Cells {
    by_job: HashMap<JobId, watch::Sender<JobSignal>>,
    /// At this many cells those that nobody watches are removed.
    sweep_at: usize,
}

/// A worker's ear.
#[derive(Debug)]
pub struct InProcessBells {
    bell: watch::Receiver<u64>,
}

/// A watcher of all jobs.
#[derive(Debug)]
pub(super) struct InProcessBoard {
    news: broadcast::Receiver<BoardEvent>,
}

impl Default for InProcess {
    fn default() -> Self {
        let hub = Hub {
            bell: watch::Sender::new(0),
            cells: Mutex::default(),
            board: broadcast::Sender::new(BOARD_CAPACITY),
            instance: Mutex::default(),
        };
        Self { hub: Arc::new(hub) }
    }
}

impl InProcess {
    pub(super) fn ring(&self) {
        self.hub.bell.send_modify(|rings| *rings = rings.wrapping_add(1));
    }

    pub(super) fn bells(&self) -> InProcessBells {
        InProcessBells { bell: self.hub.bell.subscribe() }
    }

    pub(super) fn publish(&self, event: &JobProgressEvent) {
        self.update(event.job_id, |signal| {
            let newer = signal.progress.is_none_or(|known| event.is_after(&known));
            if newer {
                signal.progress = Some(*event);
            }
            newer
        });
        self.post(BoardEvent::Progress(*event));
    }

    pub(super) fn notify_changed(&self, job: JobId) {
        self.changed(job);
        self.post(BoardEvent::Changed(job));
    }

    /// Has the watchers of one job look, and nobody else.
    pub(super) fn changed(&self, job: JobId) {
        self.update(job, JobSignal::change);
    }

    /// News may have been lost: has everybody look who watches anything.
    pub(super) fn look_again(&self) {
        for cell in self.cells().by_job.values() {
            cell.send_if_modified(JobSignal::change);
        }
        self.post(BoardEvent::Missed);
    }

    pub(super) fn watch(&self, job: JobId) -> watch::Receiver<JobSignal> {
        let mut cells = self.cells();
        cells.sweep();
        cells.by_job.entry(job).or_insert_with(|| watch::Sender::new(JobSignal::default())).subscribe()
    }

    pub(super) fn board(&self) -> InProcessBoard {
        InProcessBoard { news: self.hub.board.subscribe() }
    }

    pub(super) fn announce_instance(&self, instance: Uuid) {
        *self.hub.instance.lock().unwrap_or_else(PoisonError::into_inner) = Some(instance);
    }

    pub(super) fn instance(&self) -> Option<Uuid> {
        *self.hub.instance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn watched(&self) -> Vec<JobId> {
        let cells = self.cells();
        let watched = cells.by_job.iter().filter(|(_, cell)| cell.receiver_count() > 0);
        watched.map(|(job, _)| *job).collect()
    }

    pub(super) fn cell_count(&self) -> usize {
        self.cells().by_job.len()
    }

    fn update(&self, job: JobId, change: impl FnOnce(&mut JobSignal) -> bool) {
        let mut cells = self.cells();
        let Some(cell) = cells.by_job.get(&job) else { return };
        if cell.receiver_count() == 0 {
            cells.by_job.remove(&job);
        } else {
            cell.send_if_modified(change);
        }
    }

    /// An error only says that nobody looks at the board.
    fn post(&self, event: BoardEvent) {
        let _ = self.hub.board.send(event);
    }

    /// A panic elsewhere leaves the cells as usable as before.
    fn cells(&self) -> MutexGuard<'_, Cells> {
        self.hub.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cells {
    /// Removes what nobody watches, seldom enough that it costs nothing on average.
    fn sweep(&mut self) {
        if self.by_job.len() >= self.sweep_at.max(64) {
            self.by_job.retain(|_, cell| cell.receiver_count() > 0);
            self.sweep_at = 2 * self.by_job.len();
        }
    }
}

impl InProcessBells {
    pub(super) async fn next(&mut self) {
        if self.bell.changed().await.is_err() {
            // The broker is gone: nobody will ring again.
            future::pending::<()>().await;
        }
    }
}

impl InProcessBoard {
    pub(super) async fn next(&mut self) -> BoardEvent {
        match self.news.recv().await {
            Ok(event) => event,
            Err(broadcast::error::RecvError::Lagged(_)) => BoardEvent::Missed,
            // The broker is gone: there will be no news.
            Err(broadcast::error::RecvError::Closed) => future::pending().await,
        }
    }
}
