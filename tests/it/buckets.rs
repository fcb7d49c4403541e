//! API and worker as on two machines: folders of their own, a bucket between them.

use std::ops::Deref;
use std::path::Path;

use platform::testing::TestRuntime;
use platform::testing::servers::S3Server;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::client::{Client, REGISTER, SERIES, UPLOAD};
use crate::logs::{DBC, LOG};
use crate::seed::{assert_swept, assert_whole, binary, ended};

/// What [`LOG`] says of its signal.
const TABLE: &str = "\
timestamp,Speed
2023-11-14T22:13:20.000000Z,1.0
2023-11-14T22:13:20.010000Z,2.0
2023-11-14T22:13:20.020000Z,3.0
";

/// Ends with the value.
struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An API over `runtime` in this process.
async fn serve(runtime: &TestRuntime) -> (Running, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::of(listener.local_addr().unwrap().to_string());
    (Running(tokio::spawn(api::serve(runtime.deref().clone(), listener))), client)
}

/// A runtime with its own folders, and variables that others share.
async fn machine(shared: &[(&str, String)]) -> TestRuntime {
    let variables: Vec<_> = shared.iter().map(|(name, value)| (*name, value.as_str())).collect();
    TestRuntime::start_with(&variables).await.unwrap()
}

/// What is shared: the server's bucket, and a database.
fn shared(server: &S3Server, database: &Path) -> Vec<(&'static str, String)> {
    let mut shared = server.variables();
    shared.push(("DATABASE_URL", format!("sqlite:{}", database.display())));
    shared.push(("DATAVIEWER_POLL_SECONDS", "0.1".to_owned()));
    shared
}

#[tokio::test(flavor = "multi_thread")]
async fn api_and_worker_meet_in_the_bucket() {
    let (server, folder) = (S3Server::start().unwrap(), tempfile::TempDir::new().unwrap());
    let shared = shared(&server, &folder.path().join("shared.db"));
    let (pit, garage) = (machine(&shared).await, machine(&shared).await);
    let (_api, client) = serve(&pit).await;
    let worker = tokio::spawn(worker::run(garage.deref().clone(), binary()));

    let dbc = client.ask(REGISTER, json!({ "input": { "name": "car.dbc", "text": DBC } })).await;
    let input = json!({ "file": null, "dbcs": [{ "dbc": dbc["registerDbc"]["dbc"]["id"] }] });
    let sent = client.send(UPLOAD, input, ("drive.log", LOG)).await["uploadLog"].take();
    let run_id = sent["run"]["id"].as_str().unwrap_or_else(|| panic!("{sent}"));
    let job = ended(&pit, sent["job"]["id"].as_str().unwrap().parse().unwrap()).await;
    assert_whole(&pit, run_id.parse().unwrap(), &job).await;

    let run = client.ask(SERIES, json!({ "id": run_id })).await["run"].take();
    assert_eq!(run["series"][0]["values"], json!([1.0, 2.0, 3.0]));
    let url = client.url(&run["log"]["downloadUrl"]);
    assert_eq!(reqwest::get(url).await.unwrap().text().await.unwrap(), LOG);
    let export =
        "query($id: ID!) { run(id: $id) { exportUrl(format: CSV, signals: [{ name: \"Speed\" }]) } }";
    let url = client.url(&client.ask(export, json!({ "id": run_id })).await["run"]["exportUrl"]);
    assert_eq!(reqwest::get(url).await.unwrap().text().await.unwrap(), TABLE);
    assert!(pit.storage.cached_bytes() > 0 && garage.storage.cached_bytes() > 0);
    for machine in [&pit, &garage] {
        for folder in ["data/uploads", "data/runs"] {
            assert!(!machine.folder().join(folder).exists(), "{folder} belongs into the bucket");
        }
    }
    garage.shutdown.cancel();
    worker.await.unwrap().unwrap();
    assert_swept(&garage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_view_from_the_bucket_reads_the_columns_it_needs_and_copies_nothing() {
    let (server, folder) = (S3Server::start().unwrap(), tempfile::TempDir::new().unwrap());
    let shared = shared(&server, &folder.path().join("shared.db"));
    let (pit, garage) = (machine(&shared).await, machine(&shared).await);
    let (_api, client) = serve(&pit).await;
    let worker = tokio::spawn(worker::run(garage.deref().clone(), binary()));
    let dbc = client.ask(REGISTER, json!({ "input": { "name": "car.dbc", "text": DBC } })).await;
    let input = json!({ "file": null, "dbcs": [{ "dbc": dbc["registerDbc"]["dbc"]["id"] }] });
    let sent = client.send(UPLOAD, input, ("drive.log", &noise())).await["uploadLog"].take();
    let job = ended(&pit, sent["job"]["id"].as_str().unwrap().parse().unwrap()).await;
    assert_eq!(job.state, entity::job::JobState::Succeeded, "{job:?}");
    garage.shutdown.cancel();
    worker.await.unwrap().unwrap();

    let view = "query($id: ID!, $window: TimeWindow) { run(id: $id) {
        series(signals: [{ name: \"Speed\" }], window: $window, resolution: { maxPoints: 100 }) { points sourceSamples } } }";
    let copied = pit.storage.cached_bytes();
    let mut costs = Vec::new();
    for window in [json!(null), json!({ "from": "2023-11-14T22:13:21Z", "to": "2023-11-14T22:13:21.02Z" })] {
        let before = pit.storage.faults().operations();
        let seen = client.ask(view, json!({ "id": sent["run"]["id"], "window": window })).await;
        assert!(seen["run"]["series"][0]["points"].as_i64().unwrap() > 10, "{seen}");
        costs.push(pit.storage.faults().operations() - before);
    }
    println!("requests: {} for the whole run, {} more for a window of it", costs[0], costs[1]);
    // A small overview as a copy; of the rows the footer, and two columns of the first and of the last row group. What
    // was decoded is kept.
    assert!((1..=7).contains(&costs[0]) && costs[1] <= 3, "{costs:?}");
    let copied = pit.storage.cached_bytes() - copied;
    assert!(copied <= 64 << 10, "at most a small overview is copied, not the rows: {copied} bytes");
}

/// A hundred seconds of a signal that does not compress.
fn noise() -> String {
    let line = |n: u32| {
        let (seconds, micros) = (1_700_000_000 + n / 1_000, n % 1_000 * 1_000);
        let value = n.wrapping_mul(2_654_435_761) >> 16;
        format!("({seconds}.{micros:06}) can0 100#{:04X}000000000000\n", value)
    };
    (0..100_000).map(line).collect()
}
