//! Watching one job: listen, look, tell; then only what is newer.

use entity::id::JobId;
use futures::{Stream, stream};
use platform::{broker::JobSignal, runtime::Runtime};
use tokio::{sync::watch, time::sleep};

use super::{
    error::{Answer, Code, Refusal},
    job_event::{Followed, Heard, JobEvent, read},
    job_heal::{Healer, POLL},
};

/// A watcher of one job.
struct JobWatch {
    runtime: Runtime,
    signal: watch::Receiver<JobSignal>,
    heard: JobSignal,
    job: Followed,
    first: Option<JobEvent>,
    /// The last look failed.
    overdue: bool,
}

/// The events of one job, from a snapshot to its last state. `after` is the number of the last change that the
/// caller knows: the snapshot tells those since.
///
/// # Errors
/// NOT_FOUND when there is no such job.
pub(crate) async fn job(
    runtime: &Runtime,
    healer: &Healer,
    id: JobId,
    after: Option<i64>,
) -> Answer<impl Stream<Item = Answer<JobEvent>> + use<>> {
    // Listen first: what changes from here on is heard, what changed before is in the row.
    let mut signal = runtime.broker.watch(id);
    let heard = *signal.borrow_and_update();
    // News may be lost from here on as well.
    healer.tend();
    let found = read(&runtime.database, id, after.unwrap_or_default().max(0)).await?;
    let (row, mut changes) = found.ok_or_else(|| Refusal::not_found("job", id).at("id"))?;
    let seq = changes.last().map_or(after.unwrap_or_default(), |change| change.seq);
    if after.is_none() {
        changes.clear();
    }
    let (job, first) = Followed::begin(row, seq, changes);
    let (runtime, first) = (runtime.clone(), Some(first));
    let watch = JobWatch { runtime, signal, heard, job, first, overdue: false };
    Ok(stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((event, watch))
    }))
}

impl JobWatch {
    async fn next(&mut self) -> Option<Answer<JobEvent>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        while !self.job.is_over() {
            let heard = match self.listen().await {
                Heard::Reread => self.look().await,
                known => Ok(known),
            };
            match heard {
                Ok(Heard::News(event)) => return Some(Ok(*event)),
                Ok(_) => {}
                Err(refusal) if refusal.code == Code::NotFound => return Some(Err(refusal)),
                // Logged where it happened; the next look may succeed.
                Err(_) => self.overdue = true,
            }
        }
        None
    }

    /// Waits for what a process says, or for the healer who saw the row change.
    async fn listen(&mut self) -> Heard {
        if std::mem::take(&mut self.overdue) || self.signal.changed().await.is_err() {
            // Without the broker only looking is left.
            sleep(POLL).await;
            return Heard::Reread;
        }
        let signal = *self.signal.borrow_and_update();
        let changed = signal.changes != self.heard.changes;
        self.heard = signal;
        match signal.progress {
            _ if changed => Heard::Reread,
            Some(news) => self.job.progress(&news),
            None => Heard::Old,
        }
    }

    async fn look(&mut self) -> Answer<Heard> {
        match read(&self.runtime.database, self.job.id(), self.job.seq()).await {
            Ok(Some((row, changes))) => Ok(self.job.reread(row, changes)),
            Ok(None) => Err(Refusal::not_found("job", self.job.id())),
            Err(refusal) => Err(refusal),
        }
    }
}
