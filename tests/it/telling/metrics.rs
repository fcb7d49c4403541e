//! The metrics of a server that did something.

use std::collections::BTreeSet;

use futures::StreamExt;
use serde_json::json;
use tempfile::TempDir;

use super::{client_of, convert, get};
use crate::logs::LOG;
use crate::process::Process;

async fn scrape(address: &str) -> String {
    let sent = get(address, "metrics").await;
    assert!(sent.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    sent.text().await.unwrap()
}

fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series}:\n{text}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_counted_under_bounded_labels() {
    let folder = TempDir::new().unwrap();
    let server = Process::start(folder.path(), "serve", &[("DATAVIEWER_METRICS_BIND", "127.0.0.1:0")]);
    let address = server.says("metrics on http://").await.split('/').next().unwrap().to_owned();
    let client = client_of(&server).await;
    let sent = convert(&client).await;
    let mut socket = client.subscribe("subscription { jobs { job { state } } }", json!({})).await;
    socket.next().await.unwrap().unwrap();
    let text = scrape(&address).await;

    let bytes = LOG.len() as f64;
    for (series, expected) in [
        ("dataviewer_uploads_total{outcome=\"committed\"}", 1.0),
        ("dataviewer_received_bytes_total", bytes),
        ("dataviewer_stored_bytes_total{what=\"log\"}", bytes),
        ("dataviewer_conversions_total{outcome=\"converted\"}", 1.0),
        ("dataviewer_conversion_duration_seconds_count{outcome=\"converted\"}", 1.0),
        ("dataviewer_conversion_frames_per_second_count", 1.0),
        ("dataviewer_conversion_bytes_per_second_count", 1.0),
        ("dataviewer_jobs{state=\"succeeded\"}", 1.0),
        ("dataviewer_jobs{state=\"queued\"}", 0.0),
        ("dataviewer_job_queue_age_seconds", 0.0),
        ("dataviewer_graphql_operations_total{kind=\"mutation\",code=\"OK\"}", 2.0),
        ("dataviewer_http_requests_total{method=\"POST\",route=\"/graphql\",status=\"200\"}", 2.0),
        ("dataviewer_http_request_duration_seconds_count{route=\"/graphql\"}", 4.0),
        ("dataviewer_sockets_open", 1.0),
        ("dataviewer_dependency_up{dependency=\"database\"}", 1.0),
        ("dataviewer_dependency_up{dependency=\"broker\"}", 1.0),
    ] {
        assert_eq!(value(&text, series), expected, "{series}");
    }
    assert!(value(&text, "dataviewer_stored_bytes_total{what=\"conversion\"}") > 0.0);
    assert!(value(&text, "dataviewer_served_bytes_total{route=\"/graphql\"}") > 0.0);
    assert!(value(&text, "dataviewer_database_connections{pool=\"read\",state=\"idle\"}") >= 0.0);
    for id in [&sent["run"]["id"], &sent["job"]["id"]] {
        assert!(!text.contains(id.as_str().unwrap()));
    }
    assert!(!text.contains("secret-name"));
    assert_described(&text);
}

/// Every series belongs to a family with a type and a help of its own.
fn assert_described(text: &str) {
    let told = |word: &str| -> BTreeSet<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(word)?.split(' ').next());
        lines.map(str::to_owned).collect()
    };
    let (help, kinds) = (told("# HELP "), told("# TYPE "));
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let family = family.filter(|family| kinds.contains(*family)).unwrap_or(name);
        assert!(help.contains(family) && kinds.contains(family), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_answers_at_an_address_of_its_own() {
    let folder = TempDir::new().unwrap();
    let _api = Process::start(folder.path(), "api", &[]);
    let worker = Process::start(folder.path(), "worker", &[("DATAVIEWER_METRICS_BIND", "127.0.0.1:0")]);
    let address = worker.says("metrics on http://").await.split('/').next().unwrap().to_owned();
    for path in ["livez", "readyz", "metrics"] {
        assert_eq!(get(&address, path).await.status().as_u16(), 200, "{path}");
    }
}
