//! Keeps the lease of one execution, and learns from it whether to go on.

use entity::job::{self, Beat};
use platform::broker::JobSignal;
use sea_orm::DbErr;
use tokio::sync::watch;

use crate::execution::Execution;
use crate::stop::StopReason;

/// Beats until this future is dropped: every heartbeat interval, and at once when somebody changed the job. While
/// the database is out it is asked more often: little of the lease may be left when it is back.
pub(crate) async fn beat(execution: &Execution) {
    let interval = execution.worker.runtime.config.worker.heartbeat;
    let mut signals = execution.worker.runtime.broker.watch(execution.job.id);
    loop {
        let pause = if once(execution).await { interval } else { interval / 5 };
        let _ = tokio::time::timeout(pause, changed(&mut signals)).await;
    }
}

/// Renews the lease, writes the progress, and passes on what the database says, if it says anything.
pub(crate) async fn once(execution: &Execution) -> bool {
    match write(execution).await {
        Ok(Beat::Alive) => {}
        Ok(Beat::CancelRequested) => execution.stop.request(StopReason::Cancelled),
        Ok(Beat::Lost) => execution.stop.request(StopReason::Lost),
        // The lease outlasts several missed beats.
        Err(error) => {
            tracing::warn!(%error, "the heartbeat cannot be written");
            return false;
        }
    }
    true
}

async fn write(execution: &Execution) -> Result<Beat, DbErr> {
    let (id, token) = (execution.job.id, execution.job.token);
    let (lease, at) = (execution.worker.runtime.config.worker.lease, execution.tracker.now());
    let database = &execution.worker.runtime.database;
    database
        .transaction(move |tx| Box::pin(async move { job::heartbeat(tx, id, token, lease, &at).await }))
        .await
}

/// Waits until somebody changed the job's row; our own progress, which comes the same way, is not it.
async fn changed(signals: &mut watch::Receiver<JobSignal>) {
    let known = signals.borrow_and_update().changes;
    if signals.wait_for(|signal| signal.changes != known).await.is_err() {
        std::future::pending().await
    }
}
