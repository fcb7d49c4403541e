//! One execution of a job: what its parts share, and what goes on beside its work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use entity::job;
use platform::database::is_passing;
use sea_orm::DbErr;
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::Worker;
use crate::child::Exit;
use crate::heartbeat;
use crate::jobs::convert_upload;
use crate::outcome::{Outcome, Setback};
use crate::progress::Tracker;
use crate::stop::{Stop, StopReason};

/// Between two questions to a database that is out.
const AGAIN: Duration = Duration::from_millis(200);

/// One execution of a job.
pub(crate) struct Execution {
    pub(crate) worker: Arc<Worker>,
    /// The row as claimed, with the token that fences everything this execution writes.
    pub(crate) job: job::Model,
    pub(crate) stop: Stop,
    pub(crate) tracker: Tracker,
}

impl Execution {
    /// The execution of a job that was just claimed.
    pub(crate) fn new(worker: Arc<Worker>, job: job::Model) -> Self {
        Self { worker, job, stop: Stop::new(), tracker: Tracker::new() }
    }

    /// Does the job's work once it has its place; beside that, keeps the lease, tells watchers and listens for
    /// the worker's end. The place comes back with the outcome.
    pub(crate) async fn run<P>(self: &Arc<Self>, place: oneshot::Receiver<P>) -> (Option<P>, Outcome<()>) {
        // Tasks of their own, so that nothing the work does holds up a heartbeat; they end with this set.
        let mut beside = JoinSet::new();
        let execution = self.clone();
        beside.spawn(async move { heartbeat::beat(&execution).await }.in_current_span());
        let execution = self.clone();
        let telling = async move {
            let (broker, job) = (&execution.worker.runtime.broker, &execution.job);
            execution.tracker.publish(broker, job.id, job.token).await;
        };
        beside.spawn(telling.in_current_span());
        let (give_up, stop) = (self.worker.give_up.clone(), self.stop.clone());
        beside.spawn(async move {
            give_up.cancelled().await;
            stop.request(StopReason::Shutdown);
        });
        let ended = match self.unless_stopped(own(place)).await {
            Ok(place) => (Some(place), convert_upload::run(self).await),
            Err(setback) => (None, Err(setback)),
        };
        beside.shutdown().await;
        ended
    }

    /// Asks the database again and again, for as long as the lease may last without an answer: an outage that
    /// is shorter must not cost the work done.
    ///
    /// # Errors
    /// The last answer, which may be that of a database that is gone.
    pub(crate) async fn insist<T, W>(&self, work: impl Fn() -> W) -> Result<T, DbErr>
    where
        W: Future<Output = Result<T, DbErr>>,
    {
        let deadline = Instant::now() + self.worker.runtime.config.worker.lease;
        loop {
            match work().await {
                Err(error) if is_passing(&error) && Instant::now() < deadline => {
                    tracing::warn!(%error, "the database is asked again");
                    tokio::time::sleep(AGAIN).await;
                }
                answered => return answered,
            }
        }
    }

    /// Does a part of the work that may be dropped at any point.
    pub(crate) async fn unless_stopped<T>(&self, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        tokio::select! {
            biased;
            reason = self.stop.requested() => Err(Setback::Stopped(reason)),
            outcome = work => outcome,
        }
    }

    /// Runs the converter, within the time that one may take.
    pub(crate) async fn convert(&self, command: Command) -> Outcome<Exit> {
        let converting = self.worker.spawner.run(command, &self.stop, |at| self.tracker.advance(at));
        tokio::pin!(converting);
        let exit = tokio::select! {
            exit = &mut converting => exit?,
            () = tokio::time::sleep(self.worker.runtime.config.worker.child.timeout) => {
                self.stop.request(StopReason::Timeout);
                converting.await?
            }
        };
        // A converter that was asked to stop may have died of it.
        self.stop.reason().map_or(Ok(exit), |reason| Err(Setback::Stopped(reason)))
    }
}

/// Waits for a place to work in; the worker that shuts down gives none any more.
async fn own<P>(place: oneshot::Receiver<P>) -> Outcome<P> {
    place.await.map_err(|_| Setback::Stopped(StopReason::Shutdown))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use platform::testing::TestRuntime;
    use sea_orm::ConnAcquireErr;

    use super::*;
    use crate::claim;
    use crate::seed::queued;

    async fn execution(variables: &[(&str, &str)]) -> (TestRuntime, Execution) {
        let runtime = TestRuntime::start_with(variables).await.unwrap();
        queued(&runtime).await;
        let worker = Arc::new(Worker::open((*runtime).clone(), "unused".into()).unwrap());
        let job = claim::next(&worker).await.unwrap();
        (runtime, Execution::new(worker, job))
    }

    fn outage() -> DbErr {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)
    }

    #[tokio::test]
    async fn an_outage_within_the_lease_is_sat_out() {
        let (_runtime, execution) = execution(&[]).await;
        let asked = Cell::new(0);
        let answer = execution.insist(|| {
            asked.set(asked.get() + 1);
            let back = asked.get() > 2;
            async move { if back { Ok(()) } else { Err(outage()) } }
        });
        assert!(answer.await.is_ok());
        assert_eq!(asked.get(), 3);
    }

    #[tokio::test]
    async fn a_longer_outage_is_not() {
        let short = [("DATAVIEWER_LEASE_SECONDS", "0.1"), ("DATAVIEWER_HEARTBEAT_SECONDS", "0.03")];
        let (_runtime, execution) = execution(&short).await;
        let gone = execution.insist(|| async { Err::<(), _>(outage()) });
        assert!(gone.await.is_err());
    }

    #[tokio::test]
    async fn a_refusal_is_no_outage() {
        let (_runtime, execution) = execution(&[]).await;
        let asked = Cell::new(0);
        let refused = execution.insist(|| {
            asked.set(asked.get() + 1);
            async { Err::<(), _>(DbErr::RecordNotUpdated) }
        });
        assert!(refused.await.is_err());
        assert_eq!(asked.get(), 1);
    }
}
