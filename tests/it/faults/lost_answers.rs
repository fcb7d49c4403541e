//! The answer to a COMMIT is lost on its way from PostgreSQL, at one commit after the other of a log's life.

use entity::job;
use platform::testing::Proxy;
use sea_orm::EntityTrait;

use super::drives::{Drive, drives};
use super::fleet::{Fleet, Topology};
use super::node::Node;
use super::sender::{Accepted, Sender};
use super::table;
use super::verdict::judge;

/// What PostgreSQL answers to a COMMIT.
const ANSWER: &[u8] = b"COMMIT\0";
/// Commits of one log's life, at most, in one process.
const COMMITS: usize = 8;
/// Rounds over all of them until the wanted commits were met: beside a life's commits there are those of a worker
/// that looks for others.
const ROUNDS: usize = 6;
/// Nothing commits by the clock but the look for jobs.
const CALM: [(&str, &str); 4] = [
    ("DATAVIEWER_LEASE_SECONDS", "30"),
    ("DATAVIEWER_HEARTBEAT_SECONDS", "5"),
    ("DATAVIEWER_SWEEP_SECONDS", "3600"),
    ("DATAVIEWER_COLLECT_SECONDS", "3600"),
];

/// A proxy before the fleet's database, and the URL through it.
async fn before_postgres(fleet: &Fleet) -> (Proxy, String) {
    let (login, place) = fleet.variable("DATABASE_URL").rsplit_once('@').unwrap();
    let (server, name) = place.split_once('/').unwrap();
    let proxy = Proxy::to(server.parse().unwrap()).await.unwrap();
    let url = format!("{login}@{}/{name}", proxy.addr());
    (proxy, url)
}

/// Sends a log for every commit whose answer is lost, until `node` has said all of `words`.
async fn lose(
    (fleet, sender, drives): (&Fleet, &Sender, &[Drive]),
    proxy: &Proxy,
    (name, node, words): (&str, &Node, &[&str]),
) -> Vec<Accepted> {
    let runtime = fleet.look().await;
    let mut all = Vec::new();
    for round in 0..ROUNDS * COMMITS {
        if words.iter().all(|words| node.said().contains(words)) {
            break;
        }
        proxy.lose_answer_after(round % COMMITS, ANSWER);
        let accepted = sender.deliver(drives, 0, &format!("{name} {round}")).await;
        let job = super::times::until(&runtime, &accepted, |job: &job::Model| job.state.is_terminal()).await;
        assert_eq!((job.token, job.attempts), (1, 1), "{job:#?}");
        all.push(accepted);
    }
    for words in words {
        assert!(node.said().contains(words), "{name} never said `{words}`:\n{}", node.said());
    }
    runtime.database.close().await;
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_was_not_answered_is_made_once() {
    let drives = drives(1);
    let fleet = Fleet::new(Topology::SameHostPostgres, &CALM).await;
    let ((to_api, api_url), (to_worker, worker_url)) =
        (before_postgres(&fleet).await, before_postgres(&fleet).await);
    let mut api = fleet.start_api(&[("DATABASE_URL", &api_url)]);
    let sender = Sender::new(api.address().await);
    sender.dbc().await.unwrap();
    let mut worker = fleet.start_worker("worker", &[("DATABASE_URL", &worker_url)]);
    worker.says("waiting for logs").await;
    let at = (&fleet, &sender, drives.as_slice());
    let mut all = lose(at, &to_api, ("api", &api, &["looking whether a transaction was committed"])).await;
    let words = ["a claim had succeeded unheard", "the database is asked again"];
    all.extend(lose(at, &to_worker, ("worker", &worker, &words)).await);
    let _collector = fleet.start_worker("other", &[("DATAVIEWER_COLLECT_SECONDS", "0.1")]);
    let runtime = fleet.look().await;
    for one in &all {
        let job = job::Entity::find_by_id(one.job).one(runtime.database.read()).await.unwrap().unwrap();
        assert_eq!((job.crash_count, job.lost_count, job.retry_count), (0, 0, 0), "no strike");
    }
    runtime.database.close().await;
    judge(&fleet, &all, &drives).await;
    let lost = to_api.strikes() + to_worker.strikes();
    table::row(
        "11b",
        "PostgreSQL's answer to a COMMIT is lost: claim, publication, upload, and all between",
        &format!("{lost} answers lost over {} logs: each once, no strike, claims adopted", all.len()),
    );
}
