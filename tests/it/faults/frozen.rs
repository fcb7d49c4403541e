//! A process frozen while it holds SQLite's write lock: the others wait for it, say so, and lose nothing.

use futures::{StreamExt, stream};
use platform::config::database::DatabaseLocation;
use rustix::process::Signal;
use sea_orm::{ConnectOptions, ConnectionTrait, EntityTrait};
use serde_json::json;
use tokio::time::timeout;

use super::drives::{Drive, drives};
use super::fleet::{Fleet, Topology};
use super::node::Node;
use super::sender::{Failed, Sender};
use super::table;
use super::verdict::judge;
use crate::seed::DEADLINE;

/// Refusals that writers are told before the lock is let go: the first has waited as long as SQLite may.
const REFUSALS: usize = 4;

/// Longer than the lock is held, several times: what is at work meanwhile must keep its job.
const SETTINGS: [(&str, &str); 2] =
    [("DATAVIEWER_LEASE_SECONDS", "60"), ("DATAVIEWER_HEARTBEAT_SECONDS", "1")];

/// Sends until it was refused so often; every refusal asks to try again, and reading goes on.
async fn refused(sender: &Sender, drives: &[Drive], key: &str) {
    let refused = timeout(DEADLINE, async {
        while sender.refusals().len() < REFUSALS {
            match sender.send(drives, 0, key).await {
                Err(Failed::Refused(_)) => {}
                other => panic!("the lock is held: {other:?}"),
            }
            sender.ask("{ runs { totalCount } }", json!({})).await.expect("readers do not wait");
        }
    });
    refused.await.expect("writers are told within the time that SQLite waits");
    let codes = sender.refusals();
    assert!(codes.iter().all(|code| code == "DB_UNAVAILABLE"), "{codes:?}");
}

/// Nobody lost a job to the lock: no lease ran out, nothing was tried twice.
async fn assert_unharmed(fleet: &Fleet) {
    let runtime = fleet.look().await;
    let jobs = entity::job::Entity::find().all(runtime.database.read()).await.unwrap();
    for job in jobs {
        let strikes = (job.crash_count, job.lost_count, job.attempts);
        assert_eq!(strikes, (0, 0, 1), "{job:?}\n{}", fleet.logs());
    }
    runtime.database.close().await;
}

/// `struck` holds the lock, in the middle of a transaction; a second API serves meanwhile.
async fn holds(struck: &Node, other: &Sender, drives: &[Drive]) {
    struck.frozen().await;
    refused(other, drives, "meanwhile").await;
    struck.signal(Signal::CONT);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_frozen_in_its_commit_holds_up_all_writers_and_harms_none() {
    let drives = &drives(1);
    let fleet = Fleet::new(Topology::SameHost, &SETTINGS).await;
    let mut other = fleet.start_api(&[]);
    let others = Sender::new(other.address().await);
    others.dbc().await.unwrap();
    let _worker = fleet.start_worker("one", &[]);
    let mut struck = fleet.start_api(&[("DATAVIEWER_STOP_AT", "A4tx:1")]);
    let sender = Sender::new(struck.address().await);
    let frozen = async {
        holds(&struck, &others, drives).await;
        others.deliver(drives, 0, "meanwhile").await
    };
    let (first, second) = tokio::join!(sender.deliver(drives, 0, "first"), frozen);
    judge(&fleet, &[first, second], drives).await;
    assert_unharmed(&fleet).await;
    told("an API", &others);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_frozen_in_its_publication_holds_up_all_writers_and_harms_none() {
    let drives = &drives(1);
    let fleet = Fleet::new(Topology::SameHost, &SETTINGS).await;
    let mut api = fleet.start_api(&[]);
    let sender = Sender::new(api.address().await);
    let struck = fleet.start_worker("one", &[("DATAVIEWER_STOP_AT", "W8tx:1")]);
    let first = sender.deliver(drives, 0, "first").await;
    holds(&struck, &sender, drives).await;
    let second = sender.deliver(drives, 0, "meanwhile").await;
    judge(&fleet, &[first, second], drives).await;
    assert_unharmed(&fleet).await;
    told("a worker", &sender);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_that_locks_the_database_costs_nobody_a_job() {
    let drives = &drives(3);
    let fleet = Fleet::new(Topology::SameHost, &SETTINGS).await;
    let mut api = fleet.start_api(&[]);
    let sender = Sender::new(api.address().await);
    let _workers = [fleet.start_worker("one", &[]), fleet.start_worker("two", &[])];
    let sent = stream::iter(0..3).then(|number| {
        let sender = &sender;
        async move { sender.deliver(drives, number, &number.to_string()).await }
    });
    let mut accepted: Vec<_> = sent.collect().await;

    // As `sqlite3` does on the command line.
    let runtime = fleet.look().await;
    let DatabaseLocation::Sqlite(path) = &runtime.config.database.location else { panic!("no file") };
    let mut options = ConnectOptions::new(format!("sqlite:{}", path.display()));
    options.max_connections(1).sqlx_logging(false);
    let stranger = sea_orm::Database::connect(options).await.unwrap();
    stranger.execute_unprepared("BEGIN EXCLUSIVE").await.unwrap();
    runtime.database.close().await;
    refused(&sender, drives, "meanwhile").await;
    stranger.execute_unprepared("ROLLBACK").await.unwrap();
    accepted.push(sender.deliver(drives, 0, "meanwhile").await);
    judge(&fleet, &accepted, drives).await;
    assert_unharmed(&fleet).await;
    told("a stranger", &sender);
}

fn told(who: &str, sender: &Sender) {
    let refusals = sender.refusals().len();
    let outcome = format!("{refusals} refusals, all retryable; readers go on; no lease lost, nothing twice");
    table::row("13", &format!("{who} holds SQLite's write lock and does not let go"), &outcome);
}
