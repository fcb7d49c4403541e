//! One execution of a job: what its parts share, and what goes on beside its work.

use std::sync::Arc;

use entity::job;
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::Worker;
use crate::child::Exit;
use crate::heartbeat;
use crate::jobs::convert_upload;
use crate::outcome::{Outcome, Setback};
use crate::progress::Tracker;
use crate::stop::{Stop, StopReason};

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

    /// Does the job's work; beside it, keeps the lease, tells watchers and listens for the worker's end.
    pub(crate) async fn run(self: &Arc<Self>) -> Outcome<()> {
        // Tasks of their own, so that nothing the work does holds up a heartbeat; they end with this set.
        let mut beside = JoinSet::new();
        let execution = self.clone();
        beside.spawn(async move { heartbeat::beat(&execution).await });
        let execution = self.clone();
        beside.spawn(async move {
            execution
                .tracker
                .publish(&execution.worker.runtime.broker, execution.job.id, execution.job.token)
                .await;
        });
        let (give_up, stop) = (self.worker.give_up.clone(), self.stop.clone());
        beside.spawn(async move {
            give_up.cancelled().await;
            stop.request(StopReason::Shutdown);
        });
        let outcome = convert_upload::run(self).await;
        beside.shutdown().await;
        outcome
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
