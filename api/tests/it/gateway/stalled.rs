//! Readings that a bucket keeps waiting.

use std::fmt::Write as _;

use futures::future::join_all;
use platform::testing::servers::S3Server;
use reqwest::Client;
use serde_json::{Value, json};

use super::{numbered, takeaway::Site};
use crate::probe::{self, code};

const EXTREMES: &str = "query($id: ID!) { run(id: $id) { series(signals: [{ name: \"Engine.Speed\" }],
    resolution: { maxPoints: 50 }) { points } } }";
const MEDIAN: &str =
    "query($id: ID!) { run(id: $id) { statistics(signals: [{ name: \"Engine.Speed\" }]) { p50 } } }";
const DERIVED: &str =
    "query($id: ID!) { run(id: $id) { series(signals: [{ expression: \"moving_mean(Gear, 1s)\" }],
    resolution: { maxPoints: 50 }) { points } } }";

/// A minute of `Engine` with values that no compression makes small: its files are read by ranges.
fn noise() -> String {
    let (mut log, mut state) = (String::new(), 7_u64);
    for n in 0..60_000_u32 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let [.., a, b, c] = state.to_le_bytes();
        writeln!(log, "({}.{:06}) can0 100#{a:02X}{b:02X}{c:02X}", n / 1000, n % 1000 * 1000).unwrap();
    }
    log
}

#[tokio::test]
async fn a_reading_that_takes_too_long_ends_and_makes_room() {
    let server = S3Server::start().unwrap();
    let variables = server.variables();
    let mut variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.push(("DATAVIEWER_LIMIT_OPERATION_SECONDS", "1"));
    let site = Site::start_with(&variables).await;
    let run = site.converted_from(numbered(1), noise()).await.to_string();
    let client = probe::client();
    let ask = async |query: &str| ask(&client, &site.url("/graphql"), query, &run).await;

    site.runtime.storage.faults().set(Some("hang:100%".parse().unwrap()));
    // More than there are places for.
    let places = 2 * std::thread::available_parallelism().unwrap().get() + 1;
    let queries = [EXTREMES, MEDIAN, DERIVED].into_iter().cycle().take(places);
    for answer in join_all(queries.map(&ask)).await {
        assert_eq!(code(&answer), "TIMEOUT", "{answer}");
    }
    assert!(site.runtime.storage.faults().struck() > 0, "the bucket was asked");

    site.runtime.storage.faults().set(None);
    for query in [EXTREMES, MEDIAN, DERIVED] {
        // A busy machine may need longer than a second once; threads that still waited would never let it in.
        let mut answer = Value::Null;
        for _ in 0..30 {
            answer = ask(query).await;
            if code(&answer) != "TIMEOUT" {
                break;
            }
        }
        assert_eq!(answer.get("errors"), None, "{answer}");
    }
}

async fn ask(client: &Client, url: &str, query: &str, run: &str) -> Value {
    let body = json!({ "query": query, "variables": { "id": run } });
    client.post(url).json(&body).send().await.unwrap().json().await.unwrap()
}
