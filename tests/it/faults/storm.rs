//! The storm: many short jobs, four workers of which one is killed every moment, a Redis that forgets and
//! restarts, and a collector that never rests.

use std::time::Duration;

use entity::job::{self, JobState};
use futures::{StreamExt, TryStreamExt, stream};
use platform::runtime::Runtime;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::drives::{Drive, drives};
use super::fleet::{Fleet, Topology};
use super::node::Node;
use super::sender::{Accepted, Sender};
use super::table;
use super::verdict::judge;

const WORKERS: usize = 4;
/// A random worker is killed this often.
const KILL: Duration = Duration::from_millis(1500);
/// Uploads at once.
const SENDERS: usize = 4;
/// Leases that a busy machine can keep: one that runs out costs work, never correctness.
const LEASES: [(&str, &str); 3] = [
    ("DATAVIEWER_LEASE_SECONDS", "3"),
    ("DATAVIEWER_HEARTBEAT_SECONDS", "0.5"),
    ("DATAVIEWER_SWEEP_SECONDS", "0.5"),
];

/// What has struck so far.
#[derive(Debug, Default)]
struct Strikes {
    kills: u32,
    flushes: u32,
    restarts: u32,
}

/// Kills and forgets, until it is dropped. Redis is emptied every `flush` kills, restarted every `restart`.
async fn rage(fleet: &mut Fleet, (flush, restart): (u32, u32), strikes: &mut Strikes) {
    let mut workers: Vec<_> = (0..WORKERS).map(|n| Some(worker(fleet, n))).collect();
    let mut kill = interval(KILL);
    kill.set_missed_tick_behavior(MissedTickBehavior::Delay);
    kill.tick().await;
    loop {
        kill.tick().await;
        strikes.kills += 1;
        let victim = fastrand::usize(..WORKERS);
        if let Some(node) = workers[victim].take() {
            node.kill();
        }
        workers[victim] = Some(worker(fleet, victim));
        let Some(redis) = &mut fleet.redis else { continue };
        if strikes.kills.is_multiple_of(flush) {
            strikes.flushes += 1;
            assert_eq!(redis.ask(&["FLUSHALL"]).unwrap(), "OK");
        }
        if strikes.kills.is_multiple_of(restart) {
            strikes.restarts += 1;
            redis.restart().unwrap();
        }
    }
}

fn worker(fleet: &Fleet, number: usize) -> Node {
    fleet.start_worker(&format!("worker{number}"), &[])
}

/// Sends all, then waits for the last.
async fn work(sender: &Sender, runtime: &Runtime, drives: &[Drive], jobs: usize) -> Vec<Accepted> {
    let sent = stream::iter(0..jobs)
        .map(|n| async move { sender.deliver(drives, n % drives.len(), &format!("storm {n}")).await });
    let accepted = sent.buffer_unordered(SENDERS).collect().await;
    let active = job::Entity::find().filter(job::Column::State.is_in(JobState::ACTIVE));
    while active.clone().count(runtime.database.read()).await.unwrap() > 0 {
        sleep(Duration::from_millis(200)).await;
    }
    accepted
}

/// Executions beyond the first, over all jobs.
async fn repeated(runtime: &Runtime) -> i64 {
    let jobs = job::Entity::find().stream(runtime.database.read()).await.unwrap();
    jobs.try_fold(0, |sum, job| async move { Ok(sum + job.token - 1) }).await.unwrap()
}

async fn storm(topology: Topology, name: &str) {
    let (jobs, drives) = (table::count(300, 2000), drives(20));
    // Every 20 s and every 60 s; the short form is over before.
    let (flush, restart) = if table::long() { (13, 40) } else { (4, 11) };
    let mut fleet = Fleet::new(topology, &LEASES).await;
    let mut api = fleet.start_api(&[]);
    let sender = Sender::new(api.address().await);
    let runtime = fleet.look().await;
    let (began, mut strikes) = (Instant::now(), Strikes::default());
    let accepted = tokio::select! {
        () = rage(&mut fleet, (flush, restart), &mut strikes) => unreachable!("it rages on"),
        accepted = work(&sender, &runtime, &drives, jobs) => accepted,
    };
    let (took, again) = (began.elapsed(), repeated(&runtime).await);
    runtime.database.close().await;
    let _worker = worker(&fleet, 0);
    judge(&fleet, &accepted, &drives).await;
    assert!(strikes.kills > 0 && strikes.flushes > 0, "it was over before anything struck: {strikes:?}");
    let Strikes { kills, flushes, restarts } = strikes;
    table::row(
        "C1",
        &format!(
            "{name}: {jobs} jobs, {kills} workers killed, Redis emptied {flushes} and restarted {restarts} times"
        ),
        &format!(
            "0 lost, 0 failed, 0 published twice, all equal, nothing left; {again} executions repeated; {took:.0?}"
        ),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_over_sqlite_and_redis() {
    storm(Topology::SameHost, "SQLite + Redis").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_over_postgresql_and_redis() {
    storm(Topology::SameHostPostgres, "PostgreSQL + Redis").await;
}
