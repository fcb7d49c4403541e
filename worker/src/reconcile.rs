//! Puts right what a crash left behind: jobs of dead workers, expired leases, bells that were never heard.
//!
//! Any number of workers may do this at once: every change is a compare-and-set.

use std::io;
use std::sync::Arc;

use entity::id::JobId;
use entity::job;
use platform::runtime::Runtime;
use sea_orm::DbErr;

use crate::Worker;
use crate::scratch::{self, Scratch};

/// Jobs looked at in one statement.
const PAGE: u64 = 100;

/// Looks at once, and again every sweep interval; never ends.
pub(crate) async fn run(worker: Arc<Worker>) {
    let mut sweep = tokio::time::interval(worker.runtime.config.worker.sweep);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        sweep.tick().await;
        if let Err(error) = reconcile(&worker.runtime).await {
            tracing::error!(%error, "lost jobs cannot be looked for");
        }
    }
}

async fn reconcile(runtime: &Runtime) -> Result<(), DbErr> {
    adopt(runtime).await?;
    let database = &runtime.database;
    loop {
        let expired = database.transaction(|tx| Box::pin(job::expire_leases(tx, PAGE))).await?;
        for id in &expired {
            tracing::warn!(job.id = %id, "a worker went silent; its job is taken from it");
            changed(runtime, *id).await;
        }
        if (expired.len() as u64) < PAGE {
            break;
        }
    }
    for id in database.transaction(|tx| Box::pin(job::wake_due(tx, PAGE))).await? {
        changed(runtime, id).await;
    }
    for id in database.transaction(|tx| Box::pin(job::unrung(tx, PAGE))).await? {
        runtime.broker.ring(id).await;
    }
    Ok(())
}

/// Gives the jobs of workers that died on this host back at once, without a strike, and removes what they
/// left in the scratch folder.
async fn adopt(runtime: &Runtime) -> Result<(), DbErr> {
    let root = runtime.config.storage.scratch_folder.clone();
    let found = tokio::task::spawn_blocking(move || scratch::abandoned(&root)).await;
    let dead = found.map_err(io::Error::other).flatten().unwrap_or_else(|error| {
        tracing::error!(%error, "the scratch folder cannot be swept");
        Vec::new()
    });
    for scratch in dead {
        let worker_id = scratch.worker_id().to_owned();
        let released = runtime.database.transaction(move |tx| {
            let worker_id = worker_id.clone();
            Box::pin(async move { job::release_worker(tx, &worker_id).await })
        });
        for id in released.await? {
            tracing::info!(job.id = %id, worker.id = scratch.worker_id(), "a worker died; its job is queued again");
            changed(runtime, id).await;
        }
        remove(scratch).await;
    }
    Ok(())
}

async fn remove(scratch: Scratch) {
    let removed = tokio::task::spawn_blocking(move || scratch.remove()).await;
    if let Ok(Err(error)) = removed {
        tracing::warn!(%error, "a dead worker's scratch folder cannot be removed");
    }
}

/// Tells watchers to look again, and workers that there may be something to claim.
async fn changed(runtime: &Runtime, id: JobId) {
    runtime.broker.notify_changed(id).await;
    runtime.broker.ring(id).await;
}
