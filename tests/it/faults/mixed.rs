//! Many clients of all kinds at once, on the database that has one writer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tokio::time::Instant;

use super::drives::{Drive, drives};
use super::fleet::{Fleet, Topology};
use super::sender::{Accepted, Failed, Sender};
use super::table;
use super::verdict::{accepted_by, judge};

const CLIENTS: usize = 64;
const RUNS: &str =
    "{ runs(first: 20) { totalCount nodes { id status job { state progress { fraction } } } } }";
const DESCRIBE: &str = "mutation($input: UpdateRunInput!) { updateRun(input: $input) {
    ... on UpdateRunPayload { run { id } } ... on Problem { code message } } }";

#[derive(Default)]
struct Counts {
    uploads: AtomicUsize,
    queries: AtomicUsize,
    mutations: AtomicUsize,
}

/// Asks until the time is up: every fourth client uploads, every fourth changes a run, the others read.
async fn client(
    sender: &Sender,
    (number, drives): (usize, &[Drive]),
    first: &Accepted,
    (until, counts): (Instant, &Counts),
) -> Result<(), Failed> {
    for n in 0.. {
        if Instant::now() >= until {
            break;
        }
        match number % 4 {
            0 => {
                sender.send(drives, n % drives.len(), &format!("mixed {number}/{n}")).await?;
                counts.uploads.fetch_add(1, Ordering::Relaxed);
            }
            1 => {
                let input = json!({ "id": first.run.to_string(), "description": format!("{number}/{n}") });
                let answer = sender.ask(DESCRIBE, json!({ "input": input })).await?;
                assert!(answer.pointer("/updateRun/run/id").is_some(), "{answer}");
                counts.mutations.fetch_add(1, Ordering::Relaxed);
            }
            _ => {
                sender.ask(RUNS, json!({})).await?;
                counts.queries.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_that_the_database_is_locked() {
    let time = Duration::from_secs(if table::long() { 180 } else { 10 });
    let (fleet, drives) = (Fleet::new(Topology::Embedded, &[]).await, drives(3));
    let mut server = fleet.start_api(&[]);
    let sender = Sender::new(server.address().await);
    let first = sender.deliver(&drives, 0, "first").await;
    let (counts, until) = (Counts::default(), Instant::now() + time);
    let clients = (0..CLIENTS).map(|number| client(&sender, (number, &drives), &first, (until, &counts)));
    for outcome in join_all(clients).await {
        outcome.unwrap();
    }
    let runtime = fleet.look().await;
    let accepted = accepted_by(&runtime, &drives).await;
    judge(&fleet, &accepted, &drives).await;
    let of = |count: &AtomicUsize| count.load(Ordering::Relaxed);
    assert!(of(&counts.uploads) > 0 && of(&counts.mutations) > 0 && of(&counts.queries) > 0);
    table::row(
        "D2",
        &format!("{CLIENTS} clients for {time:.0?} on SQLite, conversions under way"),
        &format!(
            "{} uploads, {} changes, {} queries, 0 refused; no \"database is locked\"",
            of(&counts.uploads),
            of(&counts.mutations),
            of(&counts.queries)
        ),
    );
}
