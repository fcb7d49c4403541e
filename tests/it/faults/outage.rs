//! A database server that crashes under load, again and again.

use std::time::Duration;

use futures::{StreamExt, stream};
use platform::testing::servers::PostgresServer;
use tokio::time::sleep;

use super::drives::{Drive, drives};
use super::fleet::{Fleet, Topology};
use super::sender::{Accepted, Sender};
use super::table;
use super::verdict::judge;

/// What a client may be told meanwhile: to try again.
const RETRYABLE: [&str; 2] = ["DB_UNAVAILABLE", "STORAGE_UNAVAILABLE"];
/// Between a recovery and the next crash.
const CALM: Duration = Duration::from_secs(2);
/// Uploads at once.
const SENDERS: usize = 3;

/// Crashes so many times.
async fn crash(postgres: &mut PostgresServer, times: usize) {
    for _ in 0..times {
        sleep(CALM).await;
        tokio::task::block_in_place(|| postgres.restart()).unwrap();
    }
}

/// Sends until the crashes are over.
async fn send(sender: &Sender, drives: &[Drive], crashing: impl Future<Output = ()>) -> Vec<Accepted> {
    let sent = stream::iter(0..).map(|n: usize| async move {
        sender.deliver(drives, n % drives.len(), &format!("outage {n}")).await
    });
    // What is on its way when the crashes end is waited for.
    let (over, mut ended) = tokio::sync::watch::channel(false);
    let sent = sent.take_until(async move {
        let _ = ended.wait_for(|over| *over).await;
    });
    let sending = sent.buffer_unordered(SENDERS).collect::<Vec<_>>();
    let (accepted, ()) = tokio::join!(sending, async {
        crashing.await;
        over.send_replace(true);
    });
    accepted
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_crashes_loses_nothing() {
    let (times, drives) = (table::count(3, 20), drives(3));
    let mut postgres = PostgresServer::start().unwrap();
    let url = postgres.url();
    let settings = [("DATABASE_URL", url.as_str()), ("DATAVIEWER_LEASE_SECONDS", "3")];
    let fleet = Fleet::new(Topology::SameHost, &settings).await;
    let mut api = fleet.start_api(&[]);
    let sender = Sender::new(api.address().await);
    let _workers = [fleet.start_worker("one", &[]), fleet.start_worker("two", &[])];
    let accepted = send(&sender, &drives, crash(&mut postgres, times)).await;
    judge(&fleet, &accepted, &drives).await;
    let refusals = sender.refusals();
    let fatal: Vec<_> = refusals.iter().filter(|code| !RETRYABLE.contains(&code.as_str())).collect();
    assert!(fatal.is_empty(), "{fatal:?}\n{}", fleet.logs());
    table::row(
        "D3",
        &format!("PostgreSQL crashed {times} times under load"),
        &format!("{} uploads, 0 lost; {} refusals, all retryable", accepted.len(), refusals.len()),
    );
}
