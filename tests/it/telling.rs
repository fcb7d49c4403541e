//! What the people who run the service hear of it: lines, metrics, traces.

mod collector;
mod lines;
mod metrics;
mod traces;

use serde_json::{Value, json};

use crate::client::Client;
use crate::logs::{DBC, LOG};
use crate::process::Process;

/// The client of a process, whichever form its log has.
async fn client_of(process: &Process) -> Client {
    let rest = process.says("serving on http://").await;
    Client::of(rest.split(['"', ' ']).next().unwrap().to_owned())
}

/// What stands under a path of a server.
async fn get(address: &str, path: &str) -> reqwest::Response {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::get(format!("http://{address}/{path}")).await.unwrap()
}

/// Sends a log and waits until it is converted; the answer to the upload.
async fn convert(client: &Client) -> Value {
    let dbc = client
        .ask(
            "mutation($input: RegisterDbcInput!) { registerDbc(input: $input) {
               ... on RegisterDbcPayload { dbc { id } } } }",
            json!({ "input": { "name": "car.dbc", "text": DBC } }),
        )
        .await;
    let upload = "mutation($input: UploadLogInput!) { uploadLog(input: $input) {
        ... on UploadLogPayload { run { id } job { id } } ... on Problem { code message } } }";
    let input = json!({ "file": null, "dbcs": [{ "dbc": dbc["registerDbc"]["dbc"]["id"] }] });
    let sent = client.send(upload, input, ("secret-name.log", LOG)).await["uploadLog"].take();
    let watch = "subscription($id: ID!) { job(id: $id) { job { state } } }";
    let events = client.watch(watch, json!({ "id": sent["job"]["id"] })).await;
    assert_eq!(events.last().unwrap()["job"]["job"]["state"], "SUCCEEDED", "{events:?}");
    sent
}
