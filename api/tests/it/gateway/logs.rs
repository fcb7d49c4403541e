//! Uploading a log, with the transport left out: its bytes are received by hand.

use api::upload::{Arrival, Pace, ReceivedLog, receive};
use async_graphql::{Request, Variables};
use bytes::Bytes;
use entity::id::UploadId;
use futures::stream;
use serde_json::{Value, json};

use super::Api;

platform::on_every_back_end! {
    Api::on:
    a_log_becomes_a_run_and_the_same_bytes_find_it,
    what_is_said_of_a_log_is_checked,
}

const UPLOAD: &str = "mutation($input: UploadLogInput!) { uploadLog(input: $input) {
    ... on UploadLogPayload { duplicate upload { state fileName bytes } job { state }
        run { id number type timeZone status tags log { fileName bytes downloadUrl format } dbcs { dbc { name } } } }
    ... on Problem { code path } } }";

pub(super) async fn upload(api: &Api, bytes: &'static str, more: Value) -> Value {
    let arrival = Arrival {
        id: UploadId::new(),
        file_name: "LOG00011.CSV".to_owned(),
        announced: None,
        pace: Pace { bytes: 0, window: std::time::Duration::from_secs(30) },
    };
    let body = stream::iter([Ok(Bytes::from_static(bytes.as_bytes()))]);
    let log: ReceivedLog = receive(&api.runtime, arrival, body).await.unwrap();
    let mut input = json!({ "file": log.upload_id.to_string() });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let request = Request::new(UPLOAD).variables(Variables::from_json(json!({ "input": input }))).data(log);
    let mut answer = serde_json::to_value(api.schema.execute(request).await).unwrap();
    assert_eq!(answer.get("errors"), None);
    answer["data"]["uploadLog"].take()
}

async fn a_log_becomes_a_run_and_the_same_bytes_find_it(api: Api) {
    let dbc = "mutation { registerDbc(input: { text: \"VERSION \\\"\\\"\", name: \"d\", makeDefault: true }) { __typename } }";
    api.ask(dbc, json!({})).await;
    let more = json!({ "timeZone": "America/Chicago", "type": "Skidpad", "tags": ["wet"] });
    let first = upload(&api, "one", more).await;
    let run = &first["run"];
    assert_eq!((&first["duplicate"], &first["job"]["state"]), (&json!(false), &json!("QUEUED")));
    assert_eq!(first["upload"], json!({ "state": "COMMITTED", "fileName": "LOG00011.CSV", "bytes": "3" }));
    assert_eq!((&run["number"], &run["type"]), (&json!(11), &json!("Skidpad")));
    assert_eq!((&run["timeZone"], &run["status"]), (&json!("America/Chicago"), &json!("PENDING")));
    assert_eq!(run["dbcs"], json!([{ "dbc": { "name": "d" } }]));
    assert!(run["log"]["downloadUrl"].as_str().unwrap().contains("/logs/log_"), "{run}");
    let again = upload(&api, "one", json!({ "type": "Other" })).await;
    assert_eq!((&again["duplicate"], &again["run"]["id"]), (&json!(true), &run["id"]));
    assert_eq!(again["run"]["type"], "Skidpad");
    let new = upload(&api, "one", json!({ "asNewRun": true })).await;
    assert_eq!(new["duplicate"], false);
    assert_ne!(new["run"]["id"], run["id"]);
}

async fn what_is_said_of_a_log_is_checked(api: Api) {
    for (more, code, path) in [
        (json!({ "timeZone": "Mars/Base" }), "BAD_USER_INPUT", "timeZone"),
        (json!({ "dbcs": [{ "dbc": "dbc_00000000000000000000000000000000" }] }), "NOT_FOUND", "dbcs"),
        (json!({ "location": "x".repeat(101) }), "BAD_USER_INPUT", "location"),
    ] {
        let refused = upload(&api, "two", more).await;
        assert_eq!((&refused["code"], &refused["path"]), (&json!(code), &json!(path)), "{refused}");
    }
}
