//! Two processes' worth of an installation: two runtimes at one database and one Redis.

use std::time::Duration;

use entity::{
    id::JobId,
    job::{self, JobState},
};
use futures::{Stream, StreamExt, future::join_all};
use platform::testing::servers::RedisServer;
use sea_orm::{DbErr, EntityTrait};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::{Api, numbered, watch::WATCH};

/// Longer than anything takes that works.
const DEADLINE: Duration = Duration::from_secs(60);

/// Two that see the same.
async fn two(redis: &RedisServer) -> (Api, Api) {
    let url = redis.url();
    let one = Api::start_with(&[("REDIS_URL", &url)]).await;
    let database = format!("sqlite:///{}", one.runtime.folder().join("data/dataviewer.db").display());
    let other = Api::start_with(&[("REDIS_URL", &url), ("DATABASE_URL", &database)]).await;
    connected(&one, true).await;
    connected(&other, true).await;
    (one, other)
}

async fn connected(api: &Api, wanted: bool) {
    let noticed = timeout(DEADLINE, async {
        while api.runtime.broker.is_connected() != wanted {
            sleep(Duration::from_millis(5)).await;
        }
    });
    noticed.await.unwrap();
}

impl Api {
    async fn succeed(&self, job: &job::Model) {
        let (id, token) = (job.id, job.token);
        assert!(self.change(id, move |tx| Box::pin(job::succeed(tx, id, token))).await);
    }
}

/// A watcher that has been told how the job stands: what changes from now on is told as a change.
async fn watcher(api: &Api, id: JobId) -> impl Stream<Item = Value> + Unpin + use<> {
    let mut events = Box::pin(api.watch(WATCH, json!({ "id": id.to_string() })).peekable());
    assert!(timeout(DEADLINE, events.as_mut().peek()).await.unwrap().is_some());
    events
}

/// All that is told until the end.
async fn story(mut events: impl Stream<Item = Value> + Unpin) -> Vec<Value> {
    let mut told = Vec::new();
    while let Some(mut event) = timeout(DEADLINE, events.next()).await.unwrap() {
        assert_eq!(event.get("errors"), None);
        told.push(event["data"]["job"].take());
    }
    told
}

/// The end is told once and last, and what comes before never steps back.
fn assert_whole(told: &[Value]) {
    let ends: Vec<_> = told.iter().map(|event| event["kind"] == "FINISHED").collect();
    assert_eq!(ends.iter().position(|end| *end), Some(told.len() - 1), "{told:?}");
    assert_eq!(told.last().unwrap()["job"]["state"], "SUCCEEDED");
    let fractions = told.iter().map(|event| event["job"]["progress"]["fraction"].as_f64().unwrap());
    assert!(fractions.is_sorted(), "{told:?}");
    assert!(told.iter().map(|event| event["seq"].as_str().unwrap()).is_sorted(), "{told:?}");
}

#[tokio::test]
async fn what_happens_in_one_process_is_told_in_the_other() {
    let redis = RedisServer::start().unwrap();
    let (one, other) = two(&redis).await;
    let (_, job) = one.run(numbered(1)).await;
    let mut events = other.watch(WATCH, json!({ "id": job.id.to_string() }));
    let mut told = async || timeout(DEADLINE, events.next()).await.unwrap();
    let kind = |event: Option<Value>| event.map(|event| event["data"]["job"]["kind"].clone());
    assert_eq!(kind(told().await), Some(json!("SNAPSHOT")));
    let claimed = one.claim(job.id).await;
    assert_eq!(kind(told().await), Some(json!("CHANGED")));
    one.progress(&claimed, 1, 500).await;
    let event = told().await.unwrap();
    assert_eq!(event["data"]["job"]["job"]["progress"]["fraction"], json!(0.5));
    one.succeed(&claimed).await;
    assert_eq!(kind(told().await), Some(json!("FINISHED")));
    assert_eq!(kind(told().await), None);
}

#[tokio::test]
async fn the_end_is_told_although_redis_is_gone() {
    let mut redis = RedisServer::start().unwrap();
    let (one, other) = two(&redis).await;
    let (_, job) = one.run(numbered(1)).await;
    let watching = watcher(&other, job.id).await;
    let mut board = other.watch("subscription { jobs { kind job { id } } }", json!({}));
    assert_eq!(board.next().await.unwrap()["data"]["jobs"]["kind"], "SNAPSHOT");
    let watching = tokio::spawn(story(watching));
    redis.stop();
    connected(&other, false).await;
    let claimed = one.claim(job.id).await;
    one.succeed(&claimed).await;
    assert_whole(&watching.await.unwrap());
    while timeout(DEADLINE, board.next()).await.unwrap().unwrap()["data"]["jobs"]["kind"] != "FINISHED" {}
}

#[tokio::test]
async fn whatever_redis_does_every_watcher_is_told_the_end_once() {
    let mut redis = RedisServer::start().unwrap();
    let (one, other) = two(&redis).await;
    let mut watchers = Vec::new();
    let mut jobs = Vec::new();
    for number in 0..6 {
        let (_, job) = one.run(numbered(number)).await;
        for api in [&one, &other] {
            let begun = join_all((0..10).map(|_| watcher(api, job.id))).await;
            watchers.extend(begun.into_iter().map(|events| tokio::spawn(story(events))));
        }
        jobs.push(job.id);
    }
    for (number, id) in jobs.into_iter().enumerate() {
        let claimed = one.claim(id).await;
        for n in 1..=3 {
            hurt(&mut redis, number);
            one.progress(&claimed, n, n * 300).await;
        }
        one.succeed(&claimed).await;
        redis.thaw();
    }
    let told = join_all(watchers).await;
    assert_eq!(told.len(), 120);
    for told in told {
        assert_whole(&told.unwrap());
    }
    assert_eq!(states(&one).await, [JobState::Succeeded; 6]);
}

/// Another thing that a Redis may do.
fn hurt(redis: &mut RedisServer, what: usize) {
    match what {
        0 => {}
        1 => redis.freeze(),
        2 => redis.stop(),
        3 => redis.restart().unwrap(),
        4 => drop(redis.ask(&["flushall"]).unwrap()),
        _ => {
            for kind in ["normal", "pubsub"] {
                redis.ask(&["client", "kill", "type", kind]).unwrap();
            }
        }
    }
}

async fn states(api: &Api) -> Vec<JobState> {
    let jobs = job::Entity::find().all(api.runtime.database.read()).await.unwrap();
    jobs.into_iter().map(|job| job.state).collect()
}

#[tokio::test]
async fn a_change_that_nobody_told_is_found() {
    let api = Api::start().await;
    let (_, job) = api.run(numbered(1)).await;
    let watching = tokio::spawn(story(watcher(&api, job.id).await));
    let id = job.id;
    let silent = api.runtime.database.transaction::<_, DbErr, _>(move |tx| {
        Box::pin(async move {
            let claimed = job::claim(tx, "worker", DEADLINE).await?;
            job::succeed(tx, id, claimed.map_or(0, |job| job.token)).await
        })
    });
    assert!(silent.await.unwrap());
    assert_whole(&watching.await.unwrap());
}
