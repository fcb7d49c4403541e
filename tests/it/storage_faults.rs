//! Every operation of the store fails once, in every way: uploads and conversions finish all the same, nothing
//! wrong is shown, and nothing stays behind.

use std::ops::Deref;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use platform::storage::KeyPrefix;
use platform::testing::TestRuntime;
use platform::testing::servers::S3Server;
use reqwest::multipart::Part;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use crate::client::{Client, REGISTER, SERIES, UPLOAD};
use crate::logs::{DBC, LOG};
use crate::seed::{DEADLINE, binary, ended};

/// Stories at once: a converter each, and those that hang mostly wait.
const AT_ONCE: usize = 4;

/// Repeats what fails, as a client does. One fault costs one attempt.
async fn again<T>(what: &str, mut attempt: impl AsyncFnMut() -> Result<T, Value>) -> T {
    match attempt().await {
        Ok(done) => done,
        Err(first) => attempt().await.unwrap_or_else(|second| panic!("{what}: {first}, then {second}")),
    }
}

/// An upload, its conversion, a plot and a download, with a fault; returns the operations that the store saw.
async fn story(server: &S3Server, name: &str, fault: &str) -> u64 {
    let mut variables = server.variables();
    variables.extend([
        ("UPLOAD_BUCKET", format!("s3://{}/{name}/up", S3Server::BUCKET)),
        ("DATA_BUCKET", format!("s3://{}/{name}/runs", S3Server::BUCKET)),
        ("DATAVIEWER_FAULT_STORE", fault.to_owned()),
        ("DATAVIEWER_STORAGE_TIMEOUT_SECONDS", "3".to_owned()),
        ("DATAVIEWER_SWEEP_SECONDS", "0.1".to_owned()),
        ("DATAVIEWER_POLL_SECONDS", "0.1".to_owned()),
        ("DATAVIEWER_COLLECT_SECONDS", "0.1".to_owned()),
        ("DATAVIEWER_COLLECT_GRACE_SECONDS", "0".to_owned()),
    ]);
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let runtime = TestRuntime::start_with(&variables).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::of(listener.local_addr().unwrap().to_string());
    let api = tokio::spawn(api::serve(runtime.deref().clone(), listener));
    let worker = tokio::spawn(worker::run(runtime.deref().clone(), binary()));

    told(&runtime, &client, fault).await;
    let operations = runtime.storage.faults().operations();
    assert_swept_of(&runtime, fault).await;
    runtime.shutdown.cancel();
    worker.await.unwrap().unwrap();
    api.await.unwrap();
    operations
}

/// The story as a client sees it.
async fn told(runtime: &TestRuntime, client: &Client, fault: &str) {
    let register = async || {
        let input = json!({ "input": { "name": "car.dbc", "text": DBC } });
        client.try_ask(REGISTER, input).await
    };
    let dbc = again(fault, register).await;
    let input = json!({ "file": null, "dbcs": [{ "dbc": dbc["registerDbc"]["dbc"]["id"] }] });
    let upload = async || {
        let file = Part::text(LOG).file_name("drive.log");
        let sent = client.try_send(UPLOAD, input.clone(), file).await?;
        if sent["uploadLog"]["run"].is_object() { Ok(sent) } else { Err(sent) }
    };
    let sent = again(fault, upload).await["uploadLog"].take();
    let job = ended(runtime, sent["job"]["id"].as_str().unwrap().parse().unwrap()).await;
    assert_eq!(job.state, entity::job::JobState::Succeeded, "{fault}: {job:?}");
    assert_eq!((job.crash_count, job.lost_count), (0, 0), "{fault}: {job:?}");

    let series = async || client.try_ask(SERIES, json!({ "id": sent["run"]["id"] })).await;
    let run = again(fault, series).await["run"].take();
    assert_eq!(run["series"][0]["values"], json!([1.0, 2.0, 3.0]), "{fault}");
    let download = async || {
        let answer = reqwest::get(client.url(&run["log"]["downloadUrl"])).await;
        let text = async { answer?.error_for_status()?.text().await };
        text.await.map_err(|error| json!(error.to_string()))
    };
    assert_eq!(again(fault, download).await, LOG, "{fault}");
}

/// Waits for the collector to have left what is referenced and nothing else.
async fn assert_swept_of(runtime: &TestRuntime, fault: &str) {
    let names = async |prefix| {
        let listed: Result<Vec<_>, _> =
            runtime.storage.list(prefix).map_ok(|object| object.key).try_collect().await;
        // The fault may be at our own look, when a story took fewer operations than the one without a fault.
        listed.map_or(usize::MAX, |names| names.len())
    };
    let left = async || {
        (names(KeyPrefix::Uploads).await, names(KeyPrefix::Dbcs).await, names(KeyPrefix::Runs).await)
    };
    // One message: rows and overview, report and manifest.
    let swept = timeout(DEADLINE, async {
        while left().await != (1, 1, 4) {
            sleep(Duration::from_millis(20)).await;
        }
    });
    if swept.await.is_err() {
        panic!("{fault}: an orphan stays, or something is missing: {:?}", left().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_may_fail_once_in_every_way() {
    let server = S3Server::start().unwrap();
    let operations = story(&server, "whole", "error:0").await;
    assert!(operations > 15, "{operations}");
    let faults = ["error", "after", "hang", "short", "flip"].into_iter();
    let faults = faults.flat_map(|kind| (1..=operations).map(move |k| (kind, k)));
    let stories = faults.map(|(kind, k)| {
        let server = &server;
        async move { story(server, &format!("{kind}-{k}"), &format!("{kind}:{k}")).await }
    });
    futures::stream::iter(stories).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
    assert_eq!(server.unfinished().unwrap(), Vec::<String>::new());
}
