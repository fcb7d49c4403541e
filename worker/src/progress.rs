//! How far an execution is: told to watchers at most four times a second, to SQL with every heartbeat.

use std::time::Duration;

use canlog::progress::Progress;
use entity::id::JobId;
use entity::job::{JobProgress, JobStage};
use platform::broker::{Broker, JobProgressEvent};
use tokio::sync::watch;

/// Between two messages to the broker.
const INTERVAL: Duration = Duration::from_millis(250);

/// The progress of one execution, as everybody who tells it sees it.
#[derive(Clone, Debug)]
pub(crate) struct Tracker {
    latest: watch::Sender<JobProgress>,
}

impl Tracker {
    /// At the beginning, before the log's size is known.
    pub(crate) fn new() -> Self {
        let first =
            JobProgress { stage: JobStage::Fetching, bytes: 0, total: 0, frames: 0, warnings: 0, seq: 0 };
        Self { latest: watch::Sender::new(first) }
    }

    /// The log has so many bytes.
    pub(crate) fn expect(&self, total: i64) {
        self.change(|progress| progress.total = total);
    }

    /// The next stage begins.
    pub(crate) fn stage(&self, stage: JobStage) {
        self.change(|progress| progress.stage = stage);
    }

    /// The converter has come further.
    pub(crate) fn advance(&self, at: Progress) {
        self.change(|progress| {
            // A log that was damaged on its way has another size than its row says; the row is what counts.
            progress.bytes = signed(at.bytes).clamp(progress.bytes, progress.total);
            progress.frames = signed(at.frames);
            progress.warnings = signed(at.warnings);
        });
    }

    fn change(&self, change: impl FnOnce(&mut JobProgress)) {
        self.latest.send_modify(|progress| {
            change(progress);
            progress.seq += 1;
        });
    }

    /// The state now.
    pub(crate) fn now(&self) -> JobProgress {
        *self.latest.borrow()
    }

    /// Tells watchers until this future is dropped.
    pub(crate) async fn publish(&self, broker: &Broker, job_id: JobId, token: i64) {
        let mut latest = self.latest.subscribe();
        latest.mark_changed();
        while latest.changed().await.is_ok() {
            let at = *latest.borrow_and_update();
            broker.publish(&event(job_id, token, &at)).await;
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

fn event(job_id: JobId, token: i64, at: &JobProgress) -> JobProgressEvent {
    JobProgressEvent {
        job_id,
        token,
        n: at.seq,
        stage: at.stage,
        bytes: at.bytes,
        total: at.total,
        frames: at.frames,
        warnings: at.warnings,
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
