//! The worker's day: claim, execute, settle; drain when told to stop.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use entity::job;
use platform::broker::Bells;
use platform::trace;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::Worker;
use crate::execution::Execution;
use crate::settle;

/// Claims and executes jobs until the runtime shuts down, then drains.
pub(crate) async fn run(worker: &Arc<Worker>) {
    let executions = TaskTracker::new();
    tokio::select! {
        () = worker.runtime.shutdown.cancelled() => {}
        () = claim_all(worker, &executions) => {}
    }
    drain(worker, &executions).await;
}

async fn claim_all(worker: &Arc<Worker>, executions: &TaskTracker) {
    let slots = Arc::new(Semaphore::new(worker.runtime.config.worker.workers));
    // Listens before it looks: a job that is rung for after the look is not missed.
    let mut bells = worker.runtime.broker.bells();
    while let Ok(slot) = slots.clone().acquire_owned().await {
        let looked = SystemTime::now();
        match claim(worker).await {
            Some(job) => {
                trace::note("claim", looked, job.trace.as_deref());
                executions.spawn(execute(worker.clone(), job, slot));
            }
            None => wait(worker, &mut bells).await,
        }
    }
}

/// The next job, if there is one and room for its scratch files: on a full disk every job would only fail.
pub(crate) async fn claim(worker: &Worker) -> Option<job::Model> {
    let room = worker.runtime.config.limits.upload.free_bytes;
    if !worker.scratch.has_room(room) {
        tracing::warn!(free_bytes = room, "no job is claimed: the scratch folder has less room than this");
        return None;
    }
    let (worker_id, lease) = (worker.scratch.worker_id().to_owned(), worker.runtime.config.worker.lease);
    let claimed = worker.runtime.database.transaction(move |tx| {
        let worker_id = worker_id.clone();
        Box::pin(async move { job::claim(tx, &worker_id, lease).await })
    });
    claimed.await.unwrap_or_else(|error: sea_orm::DbErr| {
        tracing::error!(%error, "no job can be claimed");
        None
    })
}

/// Waits for the bell; looks again anyway after the poll interval, give or take a fifth, so that workers do
/// not look all at once.
async fn wait(worker: &Worker, bells: &mut Bells) {
    let poll = worker.runtime.config.worker.poll.mul_f64(0.8 + 0.4 * fastrand::f64());
    let _ = tokio::time::timeout(poll, bells.next()).await;
}

async fn execute(worker: Arc<Worker>, job: job::Model, slot: OwnedSemaphorePermit) {
    let span = tracing::info_span!("execution", job.id = %job.id, run.id = %job.run_id, token = job.token);
    trace::follow(&span, job.trace.as_deref());
    let began = Instant::now();
    async {
        let execution = Arc::new(Execution::new(worker, job));
        let outcome = execution.run().await;
        settle::settle(&execution, outcome, began.elapsed()).await;
        drop(slot);
    }
    .instrument(span)
    .await;
}

/// Lets executions finish for a while, then stops them; each gives its job back without a strike.
async fn drain(worker: &Worker, executions: &TaskTracker) {
    executions.close();
    if executions.is_empty() {
        return;
    }
    tracing::info!(executions = executions.len(), "waiting for conversions to finish");
    let patience: Duration = worker.runtime.config.worker.drain;
    if tokio::time::timeout(patience, executions.wait()).await.is_err() {
        worker.give_up.cancel();
        executions.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use platform::testing::TestRuntime;

    use super::*;
    use crate::seed::queued;

    async fn claimed(variables: &[(&str, &str)]) -> bool {
        let runtime = TestRuntime::start_with(variables).await.unwrap();
        let worker = Worker::open((*runtime).clone(), "unused".into()).unwrap();
        queued(&runtime).await;
        claim(&worker).await.is_some()
    }

    #[tokio::test]
    async fn nothing_is_claimed_on_a_full_disk() {
        assert!(claimed(&[]).await);
        assert!(!claimed(&[("DATAVIEWER_LIMIT_FREE_BYTES", "1000000000000000")]).await);
    }
}
