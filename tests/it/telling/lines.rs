//! The log as JSON.

use reqwest::multipart::Part;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::{client_of, convert};
use crate::logs::LOG;
use crate::process::Process;

const JSON: (&str, &str) = ("DATAVIEWER_LOG_FORMAT", "json");

fn lines(process: &Process) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    process.said().lines().map(parse).collect()
}

/// The one line with this message.
fn line<'a>(lines: &'a [Value], message: &str) -> &'a Value {
    let found: Vec<_> = lines.iter().filter(|line| line["message"] == message).collect();
    assert_eq!(found.len(), 1, "{message}: {lines:?}");
    found[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_is_an_object_and_carries_the_ids() {
    let folder = TempDir::new().unwrap();
    let debug = ("DATAVIEWER_LOG", "info,api=debug,worker=debug,platform=debug,hyper=trace,sqlx=debug");
    let mut server = Process::start(folder.path(), "serve", &[JSON, debug]);
    convert(&client_of(&server).await).await;
    server.signal(Signal::TERM);
    assert!(server.ended().await.success());
    let lines = lines(&server);

    let received = line(&lines, "log received");
    let upload = received["upload.id"].as_str().unwrap();
    assert_eq!(received["size_bytes"], LOG.len());
    assert!(received["duration_ms"].is_u64() && received["spans"][0]["request.id"].is_string(), "{received}");

    let committed = line(&lines, "log committed");
    assert_eq!(committed["upload.id"], upload);
    let (run, job) = (&committed["run.id"], &committed["job.id"]);
    assert!(run.is_string() && job.is_string());

    let converted = line(&lines, "converted");
    assert_eq!((&converted["span"]["run.id"], &converted["span"]["job.id"]), (run, job));
    assert_eq!(converted["size_bytes"], LOG.len());
    assert!(converted["duration_ms"].is_u64());

    let answered: Vec<_> = lines.iter().filter(|line| line["message"] == "answered").collect();
    // The DBC, the log and the subscription's socket.
    let methods: Vec<_> = answered.iter().map(|line| line["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["POST", "POST", "GET"]);
    for line in answered {
        assert_eq!((&line["route"], &line["level"]), (&"/graphql".into(), &"INFO".into()));
        assert!(line["status"].is_u64() && line["duration_ms"].is_u64());
        assert!(line["span"]["request.id"].is_string(), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_says_so_in_one_object() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("taken.db")).unwrap();
    let database = ("DATABASE_URL", "sqlite:///taken.db");
    let mut server = Process::start(folder.path(), "serve", &[JSON, database]);
    assert!(!server.ended().await.success());
    let lines = lines(&server);
    assert_eq!(lines.last().unwrap()["level"], "ERROR");
    assert!(lines.last().unwrap()["message"].as_str().unwrap().contains("taken.db"), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_one_object_with_the_ids_of_what_was_done() {
    let folder = TempDir::new().unwrap();
    let settings = [
        JSON,
        ("DATAVIEWER_PANIC_AT", "W5:1"),
        ("DATAVIEWER_LEASE_SECONDS", "1"),
        ("DATAVIEWER_HEARTBEAT_SECONDS", "0.2"),
        ("DATAVIEWER_SWEEP_SECONDS", "0.2"),
    ];
    let mut server = Process::start(folder.path(), "serve", &settings);
    // The task dies alone: its lease runs out, and the same worker does the job again.
    let sent = convert(&client_of(&server).await).await;
    server.signal(Signal::TERM);
    assert!(server.ended().await.success());
    let lines = lines(&server);
    let panic = line(&lines, "panic: asked for at W5");
    assert_eq!((&panic["level"], &panic["target"]), (&"ERROR".into(), &"dataviewer::cli::log".into()));
    assert!(panic["location"].as_str().unwrap().contains("crash.rs:"), "{panic}");
    assert_eq!(panic["span"]["job.id"], sent["job"]["id"], "{panic}");
    assert_eq!(panic["span"]["run.id"], sent["run"]["id"], "{panic}");
    let panics = lines.iter().filter(|line| line["message"].as_str().unwrap().starts_with("panic"));
    assert_eq!(panics.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_request_is_one_object_with_its_ids() {
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path(), "serve", &[JSON, ("DATAVIEWER_PANIC_AT", "A3:1")]);
    let client = client_of(&server).await;
    let upload = "mutation($input: UploadLogInput!) { uploadLog(input: $input) {
        ... on UploadLogPayload { run { id } } ... on Problem { code } } }";
    let input = serde_json::json!({ "file": null });
    client.try_send(upload, input, Part::text(LOG).file_name("a.log")).await.expect_err("the task panicked");
    server.signal(Signal::TERM);
    assert!(server.ended().await.success());
    let lines = lines(&server);
    let panic = line(&lines, "panic: asked for at A3");
    assert!(panic["span"]["upload.id"].is_string(), "{panic}");
    let spans = panic["spans"].as_array().unwrap();
    assert!(spans.iter().any(|span| span["request.id"].is_string()), "{panic}");
}
