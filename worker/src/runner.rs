//! The worker's day: claim, execute, settle; drain when told to stop.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use entity::job;
use platform::broker::Bells;
use platform::trace;
use sea_orm::DbErr;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::Worker;
use crate::claim;
use crate::execution::Execution;
use crate::settle;

/// Claims and executes jobs until the runtime shuts down, then drains.
pub(crate) async fn run(worker: &Arc<Worker>) {
    let executions = TaskTracker::new();
    claim_all(worker, &executions).await;
    drain(worker, &executions).await;
    give_back(worker).await;
}

/// Never stops in the middle of a claim: its job would be held by nobody.
async fn claim_all(worker: &Arc<Worker>, executions: &TaskTracker) {
    let slots = Arc::new(Semaphore::new(worker.runtime.config.worker.workers));
    let shutdown = &worker.runtime.shutdown;
    // Listens before it looks: a job that is rung for after the look is not missed.
    let mut bells = worker.runtime.broker.bells();
    while let Some(Ok(slot)) = shutdown.run_until_cancelled(slots.clone().acquire_owned()).await {
        let looked = SystemTime::now();
        match claim::next(worker).await {
            Some(job) => {
                trace::note("claim", looked, job.trace.as_deref());
                begin(worker, executions, job, (slot, &slots)).await;
            }
            None => {
                drop(slot);
                shutdown.run_until_cancelled(wait(worker, &mut bells)).await;
            }
        }
    }
}

/// Begins an execution. A log that killed its converter might take others with it, by the memory it eats: it is
/// tried alone, with its lease kept meanwhile, and until the others have ended nothing else is claimed.
async fn begin(
    worker: &Arc<Worker>,
    executions: &TaskTracker,
    job: job::Model,
    (mut slot, slots): (OwnedSemaphorePermit, &Arc<Semaphore>),
) {
    platform::crashpoint!("W1");
    let all = u32::try_from(worker.runtime.config.worker.workers).unwrap_or(u32::MAX);
    let others = if job.crash_count > 0 { all - 1 } else { 0 };
    let (begin, may_begin) = oneshot::channel();
    executions.spawn(execute(worker.clone(), job, may_begin));
    let alone = worker.runtime.shutdown.run_until_cancelled(slots.clone().acquire_many_owned(others));
    // Without an answer the execution ends at once and gives its job back.
    if let Some(Ok(alone)) = alone.await {
        slot.merge(alone);
        let _ = begin.send(slot);
    }
}

/// Waits for the bell; looks again anyway after the poll interval, give or take a fifth, so that workers do
/// not look all at once.
async fn wait(worker: &Worker, bells: &mut Bells) {
    let poll = worker.runtime.config.worker.poll.mul_f64(0.8 + 0.4 * fastrand::f64());
    if tokio::time::timeout(poll, bells.next()).await.is_ok() {
        platform::crashpoint!("W0");
    }
}

async fn execute(worker: Arc<Worker>, job: job::Model, may_begin: oneshot::Receiver<OwnedSemaphorePermit>) {
    let span = tracing::info_span!("execution", job.id = %job.id, run.id = %job.run_id, token = job.token);
    trace::follow(&span, job.trace.as_deref());
    let began = Instant::now();
    async {
        let execution = Arc::new(Execution::new(worker, job));
        let (slot, outcome) = execution.run(may_begin).await;
        settle::settle(&execution, outcome, began.elapsed()).await;
        execution.worker.claims.settled(&execution.job);
        drop(slot);
    }
    .instrument(span)
    .await;
}

/// Gives back what this worker still holds and nobody executes: a claim may have succeeded unheard.
async fn give_back(worker: &Worker) {
    let worker_id = worker.scratch.worker_id().to_owned();
    let released = worker.runtime.database.transaction::<_, DbErr, _>(move |tx| {
        let worker_id = worker_id.clone();
        Box::pin(async move { job::release_worker(tx, &worker_id).await })
    });
    match released.await {
        Ok(released) => {
            for id in released {
                tracing::info!(job.id = %id, "a job is given back that nobody executed");
                worker.runtime.broker.ring(id).await;
            }
        }
        // Leases do the rest.
        Err(error) => tracing::warn!(%error, "nothing more can be given back"),
    }
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
