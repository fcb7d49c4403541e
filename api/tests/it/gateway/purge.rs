//! Purging a run: it is gone, and its bytes are free.

use std::time::Duration;

use entity::{
    blob,
    id::RunId,
    job::{self, Beat, JobProgress, JobStage},
    run,
};
use futures::{StreamExt, TryStreamExt};
use platform::storage::{KeyPrefix, ObjectKey};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{Api, numbered, pages::numbers, watch::WATCH};

const PURGE: &str = "mutation($id: ID!) { purgeRun(id: $id) { __typename
    ... on PurgeRunPayload { id freedBytes } ... on Refused { code path } } }";

impl Api {
    /// Where the run's log is.
    async fn log_of(&self, id: RunId) -> ObjectKey {
        let db = self.runtime.database.read();
        let run = run::Entity::find_by_id(id).one(db).await.unwrap().unwrap();
        let blob = blob::Entity::find_by_id(run.blob_id).one(db).await.unwrap().unwrap();
        blob.object_key.parse().unwrap()
    }

    async fn stored(&self, prefix: KeyPrefix) -> Vec<ObjectKey> {
        let objects: Vec<_> = self.runtime.storage.list(prefix).try_collect().await.unwrap();
        objects.into_iter().map(|object| object.key).collect()
    }
}

#[tokio::test]
async fn a_purged_run_is_gone_with_its_bytes() {
    let api = Api::start().await;
    let (run, (kept, _)) = (api.converted().await, api.run(numbered(2)).await);
    for id in [run, kept] {
        api.runtime.storage.put(&api.log_of(id).await, "abc".into()).await.unwrap();
    }
    assert!(!api.stored(KeyPrefix::Runs).await.is_empty());
    let job = job::newest(api.runtime.database.read(), run).await.unwrap().unwrap().id;
    let id = json!({ "id": run.to_string() });
    let purged = api.ask(PURGE, id.clone()).await["purgeRun"].take();
    // Three of the log, one that the conversion's row speaks of.
    assert_eq!((&purged["id"], &purged["freedBytes"]), (&json!(run.to_string()), &json!("4")));
    let again = api.ask(PURGE, id.clone()).await["purgeRun"].take();
    assert_eq!((&again["code"], &again["path"]), (&json!("NOT_FOUND"), &json!("id")));
    assert_eq!(api.ask("query($id: ID!) { run(id: $id) { number } }", id).await["run"], Value::Null);
    assert_eq!(numbers(&api.page(json!({})).await), [2]);
    assert_eq!(api.stored(KeyPrefix::Uploads).await, [api.log_of(kept).await]);
    assert!(api.stored(KeyPrefix::Runs).await.is_empty());

    // A watcher of its job hears that it is gone, and no more.
    let events: Vec<_> = api.watch(WATCH, json!({ "id": job.to_string() })).collect().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["errors"][0]["extensions"]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn purging_a_run_fences_its_running_job() {
    let api = Api::start().await;
    let (run, job) = api.run(numbered(1)).await;
    let job = api.claim(job.id).await;
    let purged = api.ask(PURGE, json!({ "id": run.to_string() })).await;
    assert_eq!(purged["purgeRun"]["__typename"], "PurgeRunPayload");
    let beat = api.change(job.id, move |tx| {
        Box::pin(async move {
            let stage = JobStage::Reading;
            let progress = JobProgress { stage, bytes: 1, total: 2, frames: 0, warnings: 0, seq: 1 };
            job::heartbeat(tx, job.id, job.token, Duration::from_secs(1), &progress).await
        })
    });
    assert_eq!(beat.await, Beat::Lost);
}
