//! Removes what nobody will ever read: conversions that were given up or replaced, uploads that never became a
//! run, logs without a run. Never "all but the published": that would take an attempt's objects from under it.
//!
//! First the rows say that something is garbage, and a tombstone names its objects in the same transaction; then
//! tombstones are seen to, and uploads by parts into a bucket of the same names. Any number of processes may do this at once: every change is a compare-and-set, and to
//! remove an object twice is no harm.

mod parts;
mod tombstone;

use std::sync::Arc;
use std::time::Duration;

use entity::{blob, conversion, upload};
use platform::runtime::Runtime;
use platform::storage::KeyPrefix;

use crate::Worker;
use crate::outcome::Outcome;

/// How long a log without a run is kept: somebody may send the same bytes again.
const UNUSED: Duration = Duration::from_secs(7 * 86_400);
/// Rows changed in one transaction.
const PAGE: u64 = 100;

/// Collects at once, and again every interval; never ends.
pub(crate) async fn run(worker: Arc<Worker>) {
    let config = &worker.runtime.config.worker;
    let mut due = tokio::time::interval(config.collect);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if let Err(setback) = collect(&worker.runtime, config.collect_grace).await {
            tracing::error!(?setback, "garbage cannot be collected");
        }
    }
}

async fn collect(runtime: &Runtime, grace: Duration) -> Outcome<()> {
    while conversions(runtime, grace).await? == PAGE {}
    while uploads(runtime).await? == PAGE {}
    while logs(runtime, UNUSED).await? == PAGE {}
    tombstone::sweep(runtime, grace).await?;
    parts::sweep(runtime).await
}

async fn conversions(runtime: &Runtime, grace: Duration) -> Outcome<u64> {
    let collect = runtime.database.transaction(move |tx| Box::pin(conversion::collect(tx, grace, PAGE)));
    let collected = collect.await?;
    for conversion in &collected {
        let (id, run) = (conversion.id, conversion.run_id);
        tracing::info!(conversion.id = %id, run.id = %run, was = ?conversion.state, "nobody reads this conversion");
    }
    Ok(collected.len() as u64)
}

async fn uploads(runtime: &Runtime) -> Outcome<u64> {
    let expired = runtime.database.transaction(|tx| Box::pin(upload::expire_stale(tx, PAGE))).await?;
    for upload in &expired {
        tracing::info!(upload.id = %upload.id, "this upload was never completed");
    }
    Ok(expired.len() as u64)
}

async fn logs(runtime: &Runtime, age: Duration) -> Outcome<u64> {
    let collect = runtime.database.transaction(move |tx| Box::pin(blob::collect(tx, age, PAGE)));
    let collected = collect.await?;
    for blob in &collected {
        tracing::info!(log.id = %blob.id, size_bytes = blob.bytes, "no run is made of this log");
    }
    Ok(collected.len() as u64)
}

/// Removes the objects of a conversion that its maker will not publish, unless it was published all the same.
pub(crate) async fn discard(runtime: &Runtime, conversion: &conversion::Model) -> Outcome<()> {
    let given_up = conversion.clone();
    let discarded = runtime.database.transaction(move |tx| {
        let conversion = given_up.clone();
        Box::pin(async move { conversion::discard(tx, &conversion).await })
    });
    if discarded.await? {
        let prefix = KeyPrefix::Conversion { run: conversion.run_id, conversion: conversion.id };
        runtime.storage.delete_prefix(prefix).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use entity::conversion::ConversionState;
    use entity::id::ConversionId;
    use entity::job::{self, JobState};
    use futures::TryStreamExt;
    use platform::storage::ObjectKey;
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

        // Its first holder wakes up, writes on, and finds that it was overtaken.
        let file = "late.parquet".parse().unwrap();
        let late = ObjectKey::Conversion { run: conversion.run_id, conversion: conversion.id, file };
        runtime.storage.put(&late, "late".into()).await.unwrap();
        discard(&runtime, &conversion).await.unwrap();
        assert_eq!(objects(&runtime, KeyPrefix::Runs).await, 0);

        // It wakes up, writes on, and dies.
        runtime.storage.put(&late, "late".into()).await.unwrap();
        while collect(&runtime, Duration::ZERO).await.is_ok() && objects(&runtime, KeyPrefix::Runs).await > 0
        {
        }
    }

    #[tokio::test]
    async fn what_readers_see_is_not_discarded() {
        let runtime = TestRuntime::start().await.unwrap();
        let (_, conversion) = attempt(&runtime).await;
        let sql = "UPDATE conversion SET state = 'PUBLISHED'";
        sea_orm::ConnectionTrait::execute_unprepared(runtime.database.write(), sql).await.unwrap();
        discard(&runtime, &conversion).await.unwrap();
        collect(&runtime, Duration::ZERO).await.unwrap();
        assert_eq!(objects(&runtime, KeyPrefix::Runs).await, 1);
    }

    #[tokio::test]
    async fn several_collectors_at_once_remove_each_thing_and_nothing_else() {
        let runtime = TestRuntime::start().await.unwrap();
        queued(&runtime).await;
        for _ in 0..110 {
            receive(&runtime, Duration::ZERO).await;
        }
        while objects(&runtime, KeyPrefix::Uploads).await > 1 {
            let collectors = (0..4).map(|_| collect(&runtime, Duration::ZERO));
            for outcome in futures::future::join_all(collectors).await {
                outcome.unwrap();
            }
        }
        let log = entity::blob::Entity::find().one(runtime.database.read()).await.unwrap().unwrap();
        assert_eq!(runtime.storage.head(&log.object_key.parse().unwrap()).await.unwrap(), 10);
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

    #[tokio::test]
    async fn the_note_of_an_upload_that_nobody_gave_up_is_forgotten_in_the_end() {
        let runtime = TestRuntime::start().await.unwrap();
        let (id, key) = (uuid::Uuid::now_v7(), ObjectKey::Upload(entity::id::UploadId::new()).to_string());
        let noted = runtime.database.transaction(move |tx| {
            let key = key.clone();
            Box::pin(async move { entity::part_upload::note(tx, id, &key, "a completed one").await })
        });
        noted.await.unwrap();
        let notes =
            async || entity::part_upload::Entity::find().all(runtime.database.read()).await.unwrap().len();
        collect(&runtime, Duration::ZERO).await.unwrap();
        assert_eq!(notes().await, 1, "it may be under way");
        let sql = "UPDATE part_upload SET created_at = 0";
        sea_orm::ConnectionTrait::execute_unprepared(runtime.database.write(), sql).await.unwrap();
        collect(&runtime, Duration::ZERO).await.unwrap();
        assert_eq!(notes().await, 0);
    }
}
