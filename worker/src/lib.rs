//! Claims uploads and converts them.
//!
//! Every conversion runs as `dataviewer convert` in a child process that limits itself. SQL is the truth:
//! what this process knows may be lost at any moment, and another one goes on from there.

mod child;
mod collect;
mod execution;
pub mod exit;
mod heartbeat;
mod jobs;
mod outcome;
mod progress;
mod reconcile;
mod runner;
mod scratch;
#[cfg(test)]
mod seed;
mod settle;
mod stop;
mod tally;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use platform::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use child::Spawner;
use scratch::Scratch;

/// What all executions of this process share.
pub(crate) struct Worker {
    pub(crate) runtime: Runtime,
    /// The `dataviewer` binary.
    pub(crate) exe: PathBuf,
    pub(crate) scratch: Scratch,
    pub(crate) spawner: Spawner,
    /// Cancelled when draining has taken long enough.
    pub(crate) give_up: CancellationToken,
}

impl Worker {
    fn open(runtime: Runtime, exe: PathBuf) -> io::Result<Self> {
        let scratch = Scratch::open(&runtime.config.storage.scratch_folder, &scratch::new_worker_id())?;
        Ok(Self { runtime, exe, scratch, spawner: Spawner::start()?, give_up: CancellationToken::new() })
    }
}

/// Works until the runtime shuts down, then lets conversions finish for the drain time and gives back the
/// rest. `exe` is the `dataviewer` binary, which every conversion is run with.
///
/// # Errors
/// When the scratch folder cannot be used. Everything later is a job's trouble, not the worker's.
pub async fn run(runtime: Runtime, exe: PathBuf) -> io::Result<()> {
    let worker = Arc::new(Worker::open(runtime, exe)?);
    tracing::info!(worker.id = worker.scratch.worker_id(), "waiting for logs");
    let mut beside = JoinSet::new();
    beside.spawn(reconcile::run(worker.clone()));
    beside.spawn(collect::run(worker.clone()));
    runner::run(&worker).await;
    beside.shutdown().await;
    // Nobody else holds it any more.
    Arc::into_inner(worker).map_or(Ok(()), |worker| worker.scratch.remove())
}
