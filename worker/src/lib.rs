//! Claims uploads and converts them.
//!
//! Every conversion runs as `dataviewer convert` in a child process that limits itself. SQL is the truth:
//! what this process knows may be lost at any moment, and another one goes on from there.

mod child;
mod claim;
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
mod space;
mod stop;
mod tally;
mod trouble;

use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use platform::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use child::Spawner;
use claim::Claims;
use scratch::Scratch;
use space::Space;

/// What all executions of this process share.
pub(crate) struct Worker {
    pub(crate) runtime: Runtime,
    /// The `dataviewer` binary.
    pub(crate) exe: PathBuf,
    pub(crate) scratch: Scratch,
    pub(crate) space: Arc<Space>,
    pub(crate) claims: Claims,
    pub(crate) spawner: Spawner,
    /// Cancelled when draining has taken long enough.
    pub(crate) give_up: CancellationToken,
}

impl Worker {
    fn open(runtime: Runtime, exe: PathBuf) -> io::Result<Self> {
        let (folders, wanted) = (&runtime.config.storage, runtime.config.limits.upload.free_bytes);
        let scratch = Scratch::open(&folders.scratch_folder, &scratch::new_worker_id())?;
        let space = Space::new(scratch.folder(), &folders.data_folder, wanted);
        Ok(Self {
            runtime,
            exe,
            scratch,
            space: Arc::new(space),
            claims: Claims::default(),
            spawner: Spawner::start()?,
            give_up: CancellationToken::new(),
        })
    }
}

/// Works until the runtime shuts down, then lets conversions finish for the drain time and gives back the
/// rest. `exe` is the `dataviewer` binary, which every conversion is run with.
///
/// # Errors
/// When the scratch folder cannot be used, or a part of the worker died. Everything else is a job's trouble.
pub async fn run(runtime: Runtime, exe: PathBuf) -> io::Result<()> {
    let worker = Arc::new(Worker::open(runtime, exe)?);
    tracing::info!(worker.id = worker.scratch.worker_id(), "waiting for logs");
    let mut beside = JoinSet::new();
    beside.spawn(reconcile::run(worker.clone()));
    beside.spawn(collect::run(worker.clone()));
    let ended = run_beside(&worker, &mut beside).await;
    beside.shutdown().await;
    // Nobody else holds it any more.
    ended.and(Arc::into_inner(worker).map_or(Ok(()), |worker| worker.scratch.remove()))
}

/// Runs until the runtime shuts down, or until one of those ends that never should: then what is under way is
/// drained, and the process can be started anew.
async fn run_beside(worker: &Arc<Worker>, beside: &mut JoinSet<()>) -> io::Result<()> {
    let mut running = pin!(runner::run(worker));
    let ended = tokio::select! {
        () = &mut running => return Ok(()),
        ended = beside.join_next() => ended,
    };
    worker.runtime.shutdown.cancel();
    running.await;
    Err(io::Error::other(format!("a part of the worker has ended: {ended:?}")))
}
