//! Watching jobs, and ending or repeating them.

use std::time::Duration;

use async_graphql::{Request, Variables};
use entity::{
    id::JobId,
    job::{self, JobStage},
};
use futures::{Stream, StreamExt};
use platform::broker::JobProgressEvent;
use sea_orm::{DatabaseTransaction, DbErr};
use serde_json::{Value, json};

use super::{Api, numbered};

platform::on_every_back_end! {
    Api::on:
    the_story_of_a_job_is_monotone_and_ends,
    a_new_attempt_is_told_as_restarted,
    a_job_that_is_over_answers_at_once_and_tells_what_was_missed,
    an_unknown_job_is_not_found,
    the_board_shows_everything_active_then_changes,
    a_watcher_is_told_that_a_job_was_cancelled,
    a_waiting_job_is_cancelled_and_retried_as_a_new_one,
}

const LEASE: Duration = Duration::from_secs(30);
pub(super) const WATCH: &str =
    "subscription($id: ID!, $after: Int64) { job(id: $id, after: $after) { kind seq
    changes { seq state reason } job { state stage attempt progress { fraction done frames warnings } } } }";

impl Api {
    pub(super) fn watch(&self, query: &str, variables: Value) -> impl Stream<Item = Value> + Unpin + use<> {
        let request = Request::new(query).variables(Variables::from_json(variables));
        self.schema.execute_stream(request).map(|response| serde_json::to_value(response).unwrap())
    }

    pub(super) async fn change<T: Send + 'static>(
        &self,
        id: JobId,
        work: impl for<'tx> Fn(&'tx DatabaseTransaction) -> platform::database::Work<'tx, T, DbErr>
        + Send
        + Sync
        + 'static,
    ) -> T {
        let done = self.runtime.database.transaction::<_, DbErr, _>(work).await.unwrap();
        self.runtime.broker.notify_changed(id).await;
        done
    }

    pub(super) async fn claim(&self, id: JobId) -> job::Model {
        let claimed = self.change(id, |tx| Box::pin(job::claim(tx, "worker", LEASE))).await.unwrap();
        assert_eq!(claimed.id, id);
        claimed
    }

    pub(super) async fn progress(&self, job: &job::Model, n: i64, bytes: i64) {
        let event = JobProgressEvent {
            job_id: job.id,
            token: job.token,
            n,
            stage: JobStage::Reading,
            bytes,
            total: 1000,
            frames: bytes / 10,
            warnings: 1,
        };
        self.runtime.broker.publish(&event).await;
    }
}

async fn next(stream: &mut (impl Stream<Item = Value> + Unpin), root: &str) -> Value {
    let mut answer = stream.next().await.unwrap();
    assert_eq!(answer.get("errors"), None);
    answer["data"][root].take()
}

async fn the_story_of_a_job_is_monotone_and_ends(api: Api) {
    let (_, job) = api.run(numbered(1)).await;
    let mut events = api.watch(WATCH, json!({ "id": job.id.to_string() }));
    let event = next(&mut events, "job").await;
    assert_eq!((&event["kind"], &event["job"]["state"]), (&json!("SNAPSHOT"), &json!("QUEUED")));
    let claimed = api.claim(job.id).await;
    let event = next(&mut events, "job").await;
    assert_eq!((&event["kind"], &event["changes"][0]["state"]), (&json!("CHANGED"), &json!("RUNNING")));
    for (n, bytes, fraction) in [(1, 250, 0.25), (2, 500, 0.5), (3, 1000, 0.999)] {
        api.progress(&claimed, n, bytes).await;
        let event = next(&mut events, "job").await;
        assert_eq!((&event["kind"], &event["job"]["stage"]), (&json!("PROGRESS"), &json!("READING")));
        assert_eq!(event["job"]["progress"]["fraction"], json!(fraction));
    }
    let (id, token) = (job.id, claimed.token);
    assert!(api.change(id, move |tx| Box::pin(job::succeed(tx, id, token))).await);
    let event = next(&mut events, "job").await;
    assert_eq!((&event["kind"], &event["job"]["state"]), (&json!("FINISHED"), &json!("SUCCEEDED")));
    assert_eq!(event["job"]["progress"]["fraction"], json!(1.0));
    assert_eq!(events.next().await, None);
}

async fn a_new_attempt_is_told_as_restarted(api: Api) {
    let (_, job) = api.run(numbered(1)).await;
    let first = api.claim(job.id).await;
    let mut events = api.watch(WATCH, json!({ "id": job.id.to_string() }));
    next(&mut events, "job").await;
    api.progress(&first, 1, 600).await;
    assert_eq!(next(&mut events, "job").await["job"]["progress"]["done"], "600");
    let (id, token) = (job.id, first.token);
    assert!(api.change(id, move |tx| Box::pin(job::crashed(tx, id, token))).await.is_some());
    assert_eq!(next(&mut events, "job").await["kind"], "CHANGED");
    let second = api.claim(job.id).await;
    let event = next(&mut events, "job").await;
    assert_eq!((&event["kind"], &event["job"]["progress"]["done"]), (&json!("RESTARTED"), &json!("0")));
    // News of the attempt before are not told any more.
    api.progress(&first, 9, 900).await;
    api.progress(&second, 1, 100).await;
    assert_eq!(next(&mut events, "job").await["job"]["progress"]["done"], "100");
}

async fn a_job_that_is_over_answers_at_once_and_tells_what_was_missed(api: Api) {
    let (_, job) = api.run(numbered(1)).await;
    let claimed = api.claim(job.id).await;
    let (id, token) = (job.id, claimed.token);
    api.change(id, move |tx| Box::pin(job::succeed(tx, id, token))).await;
    let mut events = api.watch(WATCH, json!({ "id": id.to_string(), "after": "1" }));
    let event = next(&mut events, "job").await;
    assert_eq!((&event["kind"], &event["job"]["state"]), (&json!("SNAPSHOT"), &json!("SUCCEEDED")));
    let seqs: Vec<_> = event["changes"].as_array().unwrap().iter().map(|change| &change["seq"]).collect();
    assert_eq!(seqs, [&json!("2"), &json!("3")]);
    assert_eq!(events.next().await, None);
}

async fn an_unknown_job_is_not_found(api: Api) {
    let mut events = api.watch(WATCH, json!({ "id": "job_00000000000000000000000000000000" }));
    assert_eq!(events.next().await.unwrap()["errors"][0]["extensions"]["code"], "NOT_FOUND");
    assert_eq!(events.next().await, None);
}

async fn the_board_shows_everything_active_then_changes(api: Api) {
    let (run, job) = api.run(numbered(1)).await;
    let query = "subscription($f: JobFilter) { jobs(filter: $f) { kind job { id state } } }";
    let mut all = api.watch(query, json!({}));
    let mut queued = api.watch(query, json!({ "f": { "states": ["QUEUED"], "run": run.to_string() } }));
    for events in [&mut all, &mut queued] {
        let event = next(events, "jobs").await;
        assert_eq!((&event["kind"], &event["job"]["id"]), (&json!("SNAPSHOT"), &json!(job.id.to_string())));
    }
    let claimed = api.claim(job.id).await;
    api.progress(&claimed, 1, 10).await;
    let (id, token) = (job.id, claimed.token);
    api.change(id, move |tx| Box::pin(job::succeed(tx, id, token))).await;
    for events in [&mut all, &mut queued] {
        loop {
            let event = next(events, "jobs").await;
            if event["kind"] == "FINISHED" {
                assert_eq!(event["job"]["state"], "SUCCEEDED");
                break;
            }
        }
    }
    let (_, later) = api.run(numbered(2)).await;
    api.runtime.broker.notify_changed(later.id).await;
    assert_eq!(next(&mut all, "jobs").await["job"]["id"], later.id.to_string());
}

async fn a_watcher_is_told_that_a_job_was_cancelled(api: Api) {
    let (_, job) = api.run(numbered(1)).await;
    let id = json!({ "id": job.id.to_string() });
    let mut events = api.watch(WATCH, id.clone());
    assert_eq!(next(&mut events, "job").await["kind"], "SNAPSHOT");
    let cancel = "mutation($id: ID!) { cancelJob(id: $id) { ... on CancelJobPayload { job { state } } } }";
    assert_eq!(api.ask(cancel, id).await["cancelJob"]["job"]["state"], "CANCELLED");
    let event = next(&mut events, "job").await;
    assert_eq!((&event["kind"], &event["job"]["state"]), (&json!("FINISHED"), &json!("CANCELLED")));
    assert_eq!(events.next().await, None);
}

async fn a_waiting_job_is_cancelled_and_retried_as_a_new_one(api: Api) {
    let (_, job) = api.run(numbered(1)).await;
    let cancel = "mutation($id: ID!) { cancelJob(id: $id) { ... on CancelJobPayload { job { state retryable } } \
                  ... on Problem { code } } }";
    let retry = "mutation($id: ID!) { retryJob(id: $id) { ... on RetryJobPayload { job { id state queuePosition } } \
                 ... on Problem { code } } }";
    let id = json!({ "id": job.id.to_string() });
    assert_eq!(api.ask(retry, id.clone()).await["retryJob"]["code"], "CONFLICT");
    let cancelled = api.ask(cancel, id.clone()).await["cancelJob"]["job"].take();
    assert_eq!(cancelled, json!({ "state": "CANCELLED", "retryable": true }));
    assert_eq!(api.ask(cancel, id.clone()).await["cancelJob"]["code"], "CONFLICT");
    let retried = api.ask(retry, id).await["retryJob"]["job"].take();
    assert_ne!(retried["id"], json!(job.id.to_string()));
    assert_eq!((&retried["state"], &retried["queuePosition"]), (&json!("QUEUED"), &json!(0)));
    let none = json!({ "id": "job_00000000000000000000000000000000" });
    assert_eq!(api.ask(cancel, none.clone()).await["cancelJob"]["code"], "NOT_FOUND");
}
