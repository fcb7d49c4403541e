//! Watching one job: listen, look, tell; then only what is newer.

use std::time::Duration;

use entity::id::JobId;
use futures::{Stream, stream};
use platform::{broker::JobSignal, runtime::Runtime};
use tokio::{sync::watch, time::Instant};

use super::{
    error::{Answer, Code, Refusal},
    job_event::{Followed, Heard, JobEvent, read},
};

/// How long news that were lost on their way may stay unknown.
pub(crate) const HEAL: Duration = Duration::from_secs(10);

/// A watcher of one job.
struct JobWatch {
    runtime: Runtime,
    signal: watch::Receiver<JobSignal>,
    heard: JobSignal,
    job: Followed,
    first: Option<JobEvent>,
    look_at: Instant,
}

/// The events of one job, from a snapshot to its last state. `after` is the number of the last change that the
/// caller knows: the snapshot tells those since.
///
/// # Errors
/// NOT_FOUND when there is no such job.
pub(crate) async fn job(
    runtime: &Runtime,
    id: JobId,
    after: Option<i64>,
) -> Answer<impl Stream<Item = Answer<JobEvent>> + use<>> {
    // Listen first: what changes from here on is heard, what changed before is in the row.
    let mut signal = runtime.broker.watch(id);
    let heard = *signal.borrow_and_update();
    let found = read(&runtime.database, id, after.unwrap_or_default().max(0)).await?;
    let (row, mut changes) = found.ok_or_else(|| Refusal::not_found("job", id).at("id"))?;
    let seq = changes.last().map_or(after.unwrap_or_default(), |change| change.seq);
    if after.is_none() {
        changes.clear();
    }
    let (job, first) = Followed::begin(row, seq, changes);
    let watch = JobWatch {
        runtime: runtime.clone(),
        signal,
        heard,
        job,
        first: Some(first),
        look_at: Instant::now() + HEAL,
    };
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
            let heard = tokio::select! {
                changed = self.signal.changed() => match changed {
                    Ok(()) => self.listen(),
                    // The broker forgot the job: only looking is left.
                    Err(_) => { tokio::time::sleep_until(self.look_at).await; Heard::Reread }
                },
                () = tokio::time::sleep_until(self.look_at) => Heard::Reread,
            };
            let heard = match heard {
                Heard::Reread => self.look().await,
                known => Ok(known),
            };
            match heard {
                Ok(Heard::News(event)) => return Some(Ok(*event)),
                Ok(_) => {}
                Err(refusal) if refusal.code == Code::NotFound => return Some(Err(refusal)),
                // Logged where it happened; the next look may succeed.
                Err(_) => {}
            }
        }
        None
    }

    fn listen(&mut self) -> Heard {
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
        self.look_at = Instant::now() + HEAL;
        match read(&self.runtime.database, self.job.id(), self.job.seq()).await {
            Ok(Some((row, changes))) => Ok(self.job.reread(row, changes)),
            Ok(None) => Err(Refusal::not_found("job", self.job.id())),
            Err(refusal) => Err(refusal),
        }
    }
}
