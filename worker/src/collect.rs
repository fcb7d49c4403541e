//! Removes what nobody will ever read: conversions that were given up or replaced, uploads that never
//! became a run. Never "all but the published": that would take an attempt's objects from under it.

use std::sync::Arc;
use std::time::Duration;

use entity::conversion::{self, ConversionState};
use entity::upload;
use platform::runtime::Runtime;
use platform::storage::{KeyPrefix, ObjectKey};

use crate::Worker;
use crate::outcome::Outcome;

/// Between two collections.
const INTERVAL: Duration = Duration::from_secs(600);
/// How long readers of a replaced conversion, and writers that were overtaken, are left alone.
const GRACE: Duration = Duration::from_secs(3600);
/// Rows looked at in one collection, of each kind.
const PAGE: u64 = 100;

/// Collects at once, and again every interval; never ends.
pub(crate) async fn run(worker: Arc<Worker>) {
    let mut due = tokio::time::interval(INTERVAL);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if let Err(setback) = collect(&worker.runtime, GRACE).await {
            tracing::error!(?setback, "garbage cannot be collected");
        }
    }
}

async fn collect(runtime: &Runtime, grace: Duration) -> Outcome<()> {
    for conversion in conversion::collectable(runtime.database.read(), grace, PAGE).await? {
        remove(runtime, &conversion).await?;
        tracing::info!(
            conversion.id = %conversion.id,
            run.id = %conversion.run_id,
            state = ?conversion.state,
            "a conversion that nobody reads is removed"
        );
    }
    for upload in runtime.database.transaction(|tx| Box::pin(upload::expire_stale(tx, PAGE))).await? {
        tracing::info!(upload.id = %upload.id, "an upload that was never completed is removed");
        runtime.storage.delete(&ObjectKey::Upload(upload.id)).await?;
    }
    Ok(())
}

/// Removes a conversion's objects, after its row says that nobody may publish it any more. One that was
/// published meanwhile stays.
pub(crate) async fn remove(runtime: &Runtime, conversion: &conversion::Model) -> Outcome<()> {
    let (id, run) = (conversion.id, conversion.run_id);
    if conversion.state == ConversionState::Writing {
        let given_up = runtime.database.transaction(move |tx| Box::pin(conversion::orphan(tx, id)));
        if !given_up.await? {
            return Ok(());
        }
    }
    runtime.storage.delete_prefix(KeyPrefix::Conversion { run, conversion: id }).await?;
    runtime.database.transaction(move |tx| Box::pin(conversion::collected(tx, id))).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use entity::id::ConversionId;
    use entity::job::{self, JobState};
    use futures::TryStreamExt;
    use platform::testing::TestRuntime;
    use sea_orm::EntityTrait;

    use super::*;
    use crate::seed::{queued, receive};

    /// A job that is held, and an object of its attempt.
    async fn attempt(runtime: &Runtime) -> (job::Model, conversion::Model) {
        queued(runtime).await;
        let lease = Duration::from_secs(600);
        let claim = runtime.database.transaction(move |tx| Box::pin(job::claim(tx, "me", lease)));
        let job = claim.await.unwrap().unwrap();
        let (id, held) = (ConversionId::new(), job.clone());
        let prefix = KeyPrefix::Conversion { run: job.run_id, conversion: id };
        let begun = runtime.database.transaction(move |tx| {
            let (held, prefix) = (held.clone(), prefix.to_string());
            Box::pin(async move { conversion::begin(tx, &held, id, &prefix).await })
        });
        let conversion = begun.await.unwrap().unwrap();
        let file = "manifest.json".parse().unwrap();
        let key = ObjectKey::Conversion { run: job.run_id, conversion: id, file };
        runtime.storage.put(&key, "{}".into()).await.unwrap();
        (job, conversion)
    }

    async fn state(runtime: &Runtime, conversion: &conversion::Model) -> ConversionState {
        let found = conversion::Entity::find_by_id(conversion.id).one(runtime.database.read());
        found.await.unwrap().unwrap().state
    }

    async fn objects(runtime: &Runtime, prefix: KeyPrefix) -> usize {
        runtime.storage.list(prefix).try_collect::<Vec<_>>().await.unwrap().len()
    }

    #[tokio::test]
    async fn a_running_attempt_is_left_alone_and_collected_when_it_is_over() {
        let runtime = TestRuntime::start().await.unwrap();
        let (held, conversion) = attempt(&runtime).await;
        collect(&runtime, Duration::ZERO).await.unwrap();
        assert_eq!(state(&runtime, &conversion).await, ConversionState::Writing);

        let (id, token) = (held.id, held.token);
        runtime.database.transaction(move |tx| Box::pin(job::release(tx, id, token))).await.unwrap();
        let claim =
            runtime.database.transaction(|tx| Box::pin(job::claim(tx, "other", Duration::from_secs(60))));
        let again = claim.await.unwrap().unwrap();
        assert_eq!((again.state, again.token), (JobState::Running, token + 1));
        collect(&runtime, Duration::from_secs(3600)).await.unwrap();
        assert_eq!(objects(&runtime, KeyPrefix::Runs).await, 1, "within its grace");
        collect(&runtime, Duration::ZERO).await.unwrap();
        assert_eq!(state(&runtime, &conversion).await, ConversionState::Deleted);
        assert_eq!(objects(&runtime, KeyPrefix::Runs).await, 0);
    }

    #[tokio::test]
    async fn an_upload_that_was_never_completed_goes_with_its_bytes() {
        let runtime = TestRuntime::start().await.unwrap();
        receive(&runtime, Duration::ZERO).await;
        let fresh = receive(&runtime, Duration::from_secs(600)).await;
        // The database's clock has moved on by more than its step.
        while collect(&runtime, Duration::ZERO).await.is_ok()
            && objects(&runtime, KeyPrefix::Uploads).await > 1
        {}
        assert_eq!(runtime.storage.head(&ObjectKey::Upload(fresh)).await.unwrap(), 10);
    }
}
