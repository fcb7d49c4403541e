//! How long it takes until work goes on. The figures are the table's; the tests assert that it does.

use std::time::Duration;

use entity::job;
use futures::future::join_all;
use platform::runtime::Runtime;
use rustix::process::Signal;
use sea_orm::EntityTrait;
use tokio::time::{Instant, sleep, timeout};

use super::drives::{Drive, drives, drives_of};
use super::fleet::{Fleet, Topology};
use super::sender::{Accepted, Sender};
use super::table;
use super::verdict::judge;
use crate::child::hold;
use crate::seed::{DEADLINE, given_binary};

/// What an installation has unless somebody says otherwise.
const USUAL: [(&str, &str); 4] = [
    ("DATAVIEWER_LEASE_SECONDS", "30"),
    ("DATAVIEWER_HEARTBEAT_SECONDS", "5"),
    ("DATAVIEWER_SWEEP_SECONDS", "5"),
    ("DATAVIEWER_POLL_SECONDS", "5"),
];

/// A drive that converts long enough to be caught at it: an optimised build is much faster.
fn long_drive() -> Vec<Drive> {
    drives_of(1, if given_binary().is_some() { 1_000_000 } else { 20_000 })
}

async fn row_of(runtime: &Runtime, accepted: &Accepted) -> job::Model {
    job::Entity::find_by_id(accepted.job).one(runtime.database.read()).await.unwrap().unwrap()
}

/// Waits until the job is as wanted.
pub(crate) async fn until(
    runtime: &Runtime,
    accepted: &Accepted,
    wanted: impl Fn(&job::Model) -> bool,
) -> job::Model {
    let reached = timeout(DEADLINE, async {
        loop {
            let row = row_of(runtime, accepted).await;
            if wanted(&row) {
                return row;
            }
            sleep(Duration::from_millis(2)).await;
        }
    });
    match reached.await {
        Ok(row) => row,
        Err(_) => panic!("the job did not get there: {:#?}", row_of(runtime, accepted).await),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_converter_that_dies_is_started_again() {
    let drives = long_drive();
    let fleet = Fleet::new(Topology::Embedded, &USUAL).await;
    let mut server = fleet.start_api(&[]);
    let (sender, runtime) = (Sender::new(server.address().await), fleet.look().await);
    let (mut times, mut all) = (Vec::new(), Vec::new());
    for n in 0..table::count(3, 30) {
        let accepted = sender.deliver(&drives, 0, &format!("crash {n}")).await;
        let held = hold(&fleet.host()).await;
        let died = Instant::now();
        held.end(Signal::KILL).await;
        until(&runtime, &accepted, |job| job.token == 2).await;
        times.push(died.elapsed());
        let job = until(&runtime, &accepted, |job| job.state.is_terminal()).await;
        assert_eq!((job.crash_count, job.lost_count), (1, 0));
        all.push(accepted);
    }
    judge(&fleet, &all, &drives).await;
    table::row("C4", "the converter is killed, until its job runs again", &table::spread(&times));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_goes_on_when_it_is_started_again() {
    let drives = long_drive();
    let fleet = Fleet::new(Topology::Embedded, &USUAL).await;
    let mut server = fleet.start_api(&[]);
    let (sender, runtime) = (Sender::new(server.address().await), fleet.look().await);
    let (mut times, mut all) = (Vec::new(), Vec::new());
    for n in 0..table::count(2, 20) {
        let accepted = sender.deliver(&drives, 0, &format!("restart {n}")).await;
        until(&runtime, &accepted, |job| job.token == 1).await;
        let died = Instant::now();
        server.kill();
        server = fleet.start_api(&[]);
        sender.moved(server.address().await);
        until(&runtime, &accepted, |job| job.token == 2).await;
        times.push(died.elapsed());
        let job = until(&runtime, &accepted, |job| job.state.is_terminal()).await;
        assert_eq!((job.crash_count, job.lost_count), (0, 0), "no strike");
        all.push(accepted);
    }
    judge(&fleet, &all, &drives).await;
    table::row(
        "C4",
        "the server is killed and started again, until its job runs again",
        &table::spread(&times),
    );
}

/// Nobody can take the lock of a host that is gone: the lease has to run out. That of the short form is short.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_lost_is_replaced_by_another() {
    let drives = long_drive();
    let (lease, jobs) = (if table::long() { "30" } else { "3" }, table::count(3, 10));
    let sweep = if table::long() { "5" } else { "0.5" };
    let settings = [("DATAVIEWER_LEASE_SECONDS", lease), ("DATAVIEWER_SWEEP_SECONDS", sweep)];
    let fleet = Fleet::new(Topology::SameHost, &settings).await;
    let mut api = fleet.start_api(&[]);
    let (sender, runtime) = (Sender::new(api.address().await), fleet.look().await);
    let many = jobs.to_string();
    let on = |host: &str| fleet.host().join(host).display().to_string();
    let start = |host: &str| {
        let scratch = on(host);
        let more = [("DATAVIEWER_SCRATCH_FOLDER", scratch.as_str()), ("DATAVIEWER_WORKERS", many.as_str())];
        fleet.start_worker(host, &more)
    };
    let lost = start("lost");
    let keys: Vec<_> = (0..jobs).map(|n| format!("host {n}")).collect();
    let all: Vec<_> = join_all(keys.iter().map(|key| sender.deliver(&drives, 0, key))).await;
    join_all(all.iter().map(|one| until(&runtime, one, |job| job.token == 1))).await;
    let died = Instant::now();
    lost.kill();
    let _other = start("other");
    let again = all.iter().map(|one| async {
        let job = until(&runtime, one, |job| job.token == 2 || job.state.is_terminal()).await;
        (job.token == 2).then(|| died.elapsed())
    });
    let times: Vec<_> = join_all(again).await.into_iter().flatten().collect();
    assert!(!times.is_empty(), "the host was lost too late");
    judge(&fleet, &all, &drives).await;
    let done = format!("a host is lost (lease {lease} s, sweep {sweep} s), until its job runs elsewhere");
    table::row("C4", &done, &table::spread(&times));
}

/// From the commit of an upload to the claim of its job, by the database's clock.
async fn starts(
    fleet: &Fleet,
    sender: &Sender,
    drives: &[Drive],
    (key, jobs): (&str, usize),
) -> (Vec<Accepted>, String) {
    let runtime = fleet.look().await;
    let (mut all, mut times) = (Vec::new(), Vec::new());
    for n in 0..jobs {
        let accepted = sender.deliver(drives, 0, &format!("{key} {n}")).await;
        let job = until(&runtime, &accepted, |job| job.state.is_terminal()).await;
        let waited = job.started_at.unwrap() - job.queued_at;
        times.push(Duration::from_micros(waited.try_into().unwrap()));
        all.push(accepted);
    }
    runtime.database.close().await;
    (all, table::spread(&times))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_one_process_starts_at_once() {
    let drives = drives(1);
    let fleet = Fleet::new(Topology::Embedded, &USUAL).await;
    let mut server = fleet.start_api(&[]);
    let sender = Sender::new(server.address().await);
    let (all, times) = starts(&fleet, &sender, &drives, ("start", table::count(10, 200))).await;
    judge(&fleet, &all, &drives).await;
    table::row("C5", "embedded: commit of the upload to the worker's claim", &times);
}

/// Of a worker that never looks by itself: a job starts by its ring, or not at all.
const BY_RING: [(&str, &str); 2] =
    [("DATAVIEWER_POLL_SECONDS", "3600"), ("DATAVIEWER_SWEEP_SECONDS", "3600")];

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_several_processes_starts_by_its_ring_and_without_redis_a_little_later() {
    let drives = drives(1);
    let mut fleet = Fleet::new(Topology::SameHost, &USUAL).await;
    let mut api = fleet.start_api(&[]);
    let sender = Sender::new(api.address().await);
    let mut worker = fleet.start_worker("worker", &BY_RING);
    worker.says("waiting for logs").await;
    // The first job meets a process whose connections are not made yet: a time of its own.
    let (mut all, cold) = starts(&fleet, &sender, &drives, ("first", 1)).await;
    table::row("C5", "Redis: the same, first job of a worker that was just started", &cold);
    let (more, times) = starts(&fleet, &sender, &drives, ("start", table::count(10, 200))).await;
    all.extend(more);
    table::row("C5", "Redis: commit of the upload to the worker's claim", &times);
    worker.signal(Signal::TERM);
    assert_eq!(worker.ended().await.code(), Some(0));
    let mut worker = fleet.start_worker("worker", &[]);
    worker.says("waiting for logs").await;
    fleet.redis.as_mut().unwrap().stop();
    let (more, times) = starts(&fleet, &sender, &drives, ("silent", table::count(2, 20))).await;
    all.extend(more);
    judge(&fleet, &all, &drives).await;
    table::row("C5", "Redis dead: commit of the upload to the worker's claim", &times);
}
