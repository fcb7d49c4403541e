//! Taking the next job.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use entity::id::JobId;
use entity::job;
use sea_orm::DbErr;

use crate::Worker;

/// The claims of this process: those that it executes, and whether there may be others.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Jobs at work, with their fencing tokens.
    executed: HashSet<(JobId, i64)>,
    /// Until then a claim may turn out to have succeeded whose answer was lost.
    unsure_until: Option<Instant>,
}

impl Claims {
    /// The job's execution has ended.
    pub(crate) fn settled(&self, job: &job::Model) {
        self.state().executed.remove(&(job.id, job.token));
    }

    /// Whether the job was not known to be ours; from now on it is.
    fn is_new(&self, job: &job::Model) -> bool {
        self.state().executed.insert((job.id, job.token))
    }

    fn is_unsure(&self) -> bool {
        self.state().unsure_until.is_some_and(|until| Instant::now() < until)
    }

    /// A panic elsewhere leaves the set as usable as before.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next job, if there is one and space for its files.
pub(crate) async fn next(worker: &Worker) -> Option<job::Model> {
    if !has_space(worker).await {
        tracing::warn!("no job is claimed: a disk has too little space left");
        return None;
    }
    match claim(worker).await {
        Ok(job) => job.filter(|job| worker.claims.is_new(job)),
        Err(error) => {
            tracing::error!(%error, "no job can be claimed");
            let lease = worker.runtime.config.worker.lease;
            worker.claims.state().unsure_until = Some(Instant::now() + lease);
            None
        }
    }
}

async fn has_space(worker: &Worker) -> bool {
    let space = worker.space.clone();
    tokio::task::spawn_blocking(move || space.is_enough()).await.unwrap_or(true)
}

async fn claim(worker: &Worker) -> Result<Option<job::Model>, DbErr> {
    if let Some(job) = unheard(worker).await? {
        tracing::info!(job.id = %job.id, token = job.token, "a claim had succeeded unheard");
        return Ok(Some(job));
    }
    let (worker_id, lease) = (worker.scratch.worker_id().to_owned(), worker.runtime.config.worker.lease);
    let claimed = worker.runtime.database.transaction(move |tx| {
        let worker_id = worker_id.clone();
        Box::pin(async move { job::claim(tx, &worker_id, lease).await })
    });
    claimed.await
}

/// A job that an earlier claim took although the answer to its commit was lost.
async fn unheard(worker: &Worker) -> Result<Option<job::Model>, DbErr> {
    if !worker.claims.is_unsure() {
        return Ok(None);
    }
    let held = job::held_by(worker.runtime.database.read(), worker.scratch.worker_id()).await?;
    let state = worker.claims.state();
    Ok(held.into_iter().find(|job| !state.executed.contains(&(job.id, job.token))))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use platform::testing::TestRuntime;

    use super::*;
    use crate::seed::queued;

    async fn worker(variables: &[(&str, &str)]) -> (TestRuntime, Worker) {
        let runtime = TestRuntime::start_with(variables).await.unwrap();
        let worker = Worker::open((*runtime).clone(), "unused".into()).unwrap();
        (runtime, worker)
    }

    #[tokio::test]
    async fn nothing_is_claimed_on_a_full_disk() {
        let (runtime, full) = worker(&[("DATAVIEWER_LIMIT_FREE_BYTES", "1000000000000000")]).await;
        queued(&runtime).await;
        assert!(next(&full).await.is_none());
        let (runtime, roomy) = worker(&[]).await;
        queued(&runtime).await;
        assert!(next(&roomy).await.is_some());
    }

    #[tokio::test]
    async fn a_claim_whose_answer_was_lost_is_taken_up_once() {
        let (runtime, worker) = worker(&[]).await;
        queued(&runtime).await;
        let me = worker.scratch.worker_id().to_owned();
        let unheard = runtime.database.transaction(move |tx| {
            let me = me.clone();
            Box::pin(async move { job::claim(tx, &me, Duration::from_secs(60)).await })
        });
        let unheard = unheard.await.unwrap().unwrap();
        assert!(next(&worker).await.is_none(), "nothing says that there is one");

        worker.claims.state().unsure_until = Some(Instant::now() + Duration::from_secs(60));
        let adopted = next(&worker).await.unwrap();
        assert_eq!((adopted.id, adopted.token), (unheard.id, unheard.token));
        assert!(next(&worker).await.is_none());
        worker.claims.settled(&adopted);
    }

    #[tokio::test]
    async fn a_payload_of_a_newer_version_waits_for_a_newer_worker() {
        use sea_orm::{ConnectionTrait, EntityTrait};
        let (runtime, worker) = worker(&[]).await;
        queued(&runtime).await;
        let newer =
            r#"UPDATE job SET schema_version = 99, payload = '{"schemaVersion":99,"shape":"unknown"}'"#;
        runtime.database.write().execute_unprepared(newer).await.unwrap();
        assert!(next(&worker).await.is_none());
        let job = job::Entity::find().one(runtime.database.read()).await.unwrap().unwrap();
        assert_eq!((job.state, job.token, job.attempts), (job::JobState::Queued, 0, 0));
    }
}
