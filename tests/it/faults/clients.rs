//! Clients that go away in the middle of what they ask for.

use std::time::Duration;

use futures::{StreamExt, stream};
use platform::runtime::Runtime;
use rustix::process::Signal;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::drives::{Drive, drives};
use super::fleet::{Fleet, Topology};
use super::sender::Sender;
use super::table;
use super::verdict::{accepted_by, judge};
use crate::client::UPLOAD;

/// Clients at once.
const AT_ONCE: usize = 16;
/// The longest that a client waits before it goes away, once all is sent.
const PATIENCE_MS: u64 = 60;

/// The bytes of an upload, as a client sends them.
fn upload(address: &str, dbc: &str, drive: &Drive, key: &str) -> Vec<u8> {
    let input = json!({ "file": null, "asNewRun": true, "idempotencyKey": key, "dbcs": [{ "dbc": dbc }] });
    let operations = json!({ "query": UPLOAD, "variables": { "input": input } });
    let part = |name: &str, more: &str, content: &str| {
        format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{content}\r\n")
    };
    let body = [
        part("operations", "", &operations.to_string()),
        part("map", "", r#"{"0":["variables.input.file"]}"#),
        part("0", "; filename=\"drive.log\"", &drive.log),
        "--edge--\r\n".to_owned(),
    ];
    request(address, "multipart/form-data; boundary=edge", &body.concat())
}

/// The bytes of a mutation: it describes a run.
fn description(address: &str, run: &str, text: &str) -> Vec<u8> {
    let document = "mutation($input: UpdateRunInput!) { updateRun(input: $input) { __typename } }";
    let body = json!({ "query": document, "variables": { "input": { "id": run, "description": text } } });
    request(address, "application/json", &body.to_string())
}

fn request(address: &str, media_type: &str, body: &str) -> Vec<u8> {
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: {address}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\
         GraphQL-Require-Preflight: 1\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

/// Sends a part of the request, or all of it and waits a moment; then the connection is gone.
async fn send_and_leave(address: &str, request: &[u8]) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let sent = if fastrand::bool() { request.len() } else { fastrand::usize(..request.len()) };
    stream.write_all(&request[..sent]).await.unwrap();
    if sent == request.len() {
        sleep(Duration::from_millis(fastrand::u64(..PATIENCE_MS))).await;
    }
    if fastrand::bool() {
        stream.set_zero_linger().unwrap();
    }
}

async fn fleeting(topology: Topology, name: &str) {
    let (clients, drives) = (table::count(100, 1000), drives(3));
    let fleet = Fleet::new(topology, &[]).await;
    let mut api = fleet.start_api(&[]);
    let address = api.address().await;
    let sender = Sender::new(address.clone());
    let _worker = (topology != Topology::Embedded).then(|| fleet.start_worker("worker", &[]));
    let first = sender.deliver(&drives, 0, "first").await;
    let (dbc, run) = (sender.dbc().await.unwrap(), first.run.to_string());
    stream::iter(0..clients)
        .for_each_concurrent(AT_ONCE, |n| {
            let request = match n % 3 {
                0 => description(&address, &run, &format!("by client {n}")),
                _ => upload(&address, &dbc, &drives[n % drives.len()], &format!("client {n}")),
            };
            let address = &address;
            async move { send_and_leave(address, &request).await }
        })
        .await;

    // As many clients that stay are served as if nothing had been.
    let served = stream::iter(0..clients).map(|n| {
        let (sender, drives) = (&sender, &drives);
        async move { sender.deliver(drives, n % drives.len(), &format!("stays {n}")).await }
    });
    let served: Vec<_> = served.buffer_unordered(8).collect().await;
    // What clients who left had sent whole is committed by the end of the process, not of their connections.
    api.signal(Signal::TERM);
    assert_eq!(api.ended().await.code(), Some(0));
    let _next = fleet.start_api(&[]);
    let runtime = fleet.look().await;
    let accepted = accepted_by(&runtime, &drives).await;
    assert!(served.iter().all(|one| accepted.contains(one)));
    judge(&fleet, &accepted, &drives).await;
    // One that works is between two statements for a moment; a poisoned one stays.
    let emptied = async {
        while idle_in_transaction(&runtime).await > 0 {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(20), emptied).await.expect("a connection stays in its transaction");
    let runs = accepted.len() - served.len() - 1;
    table::row(
        "C8",
        &format!("{name}: {clients} clients leave at random points of uploads and mutations"),
        &format!(
            "no connection poisoned, no half run ({runs} runs were whole by then), {} more clients served",
            served.len()
        ),
    );
}

/// Connections of a server that wait in the middle of a transaction. Only servers have that.
async fn idle_in_transaction(runtime: &Runtime) -> i64 {
    let db = runtime.database.read();
    if db.get_database_backend() != DbBackend::Postgres {
        return 0;
    }
    let sql = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_leave_one_process() {
    fleeting(Topology::Embedded, "SQLite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_leave_an_api_on_postgresql() {
    fleeting(Topology::SameHostPostgres, "PostgreSQL + Redis").await;
}
