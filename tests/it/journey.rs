//! The story of an upload, as a client lives it: register a DBC, send a log, watch its conversion, plot a signal.

use serde_json::{Value, json};

use crate::client::Server;

const DBC: &str = r#"VERSION "1"

BU_: Car

BO_ 291 Engine: 4 Car
 SG_ Speed : 0|16@1+ (0.5,0) [0|8000] "rpm" Car
 SG_ Gear : 16|8@1+ (1,0) [0|6] "" Car

VAL_ 291 Gear 0 "Neutral" 1 "First" ;
"#;

/// Four frames of the engine, one of an id that no DBC knows, and a line that is no frame.
const LOG: &str = "\
(1700000000.000000) can0 123#E8030000
(1700000000.010000) can0 123#D0070100
(1700000000.015000) can0 7FF#00
(1700000000.020000) can0 123#B80B0100
what is this?
(1700000000.030000) can0 123#A00F0100
";

platform::on_every_back_end! {
    Server::on:
    a_log_becomes_columns_of_numbers,
}

async fn a_log_becomes_columns_of_numbers(server: Server) {
    // A DBC says what bytes mean. Registered once, it serves every upload.
    let dbc = server
        .ask(
            "mutation($input: RegisterDbcInput!) { registerDbc(input: $input) {
               ... on RegisterDbcPayload { created dbc { id messageCount } } } }",
            json!({ "input": { "name": "car.dbc", "text": DBC } }),
        )
        .await;
    assert_eq!(dbc["registerDbc"]["dbc"]["messageCount"], 1);

    // The log is sent; once this answers, it cannot be lost.
    let upload = "mutation($input: UploadLogInput!) { uploadLog(input: $input) {
        ... on UploadLogPayload { duplicate run { id } job { id } } ... on Problem { code message } } }";
    let input = json!({ "file": null, "number": 7, "dbcs": [{ "dbc": dbc["registerDbc"]["dbc"]["id"] }] });
    let sent = server.send(upload, input.clone(), ("drive.log", LOG)).await["uploadLog"].take();
    assert_eq!(sent["duplicate"], false);

    // Its conversion is watched: a monotone story that ends in the truth, and then the subscription completes.
    let events = server
        .watch(
            "subscription($id: ID!) { job(id: $id) { job { state progress { fraction } } } }",
            json!({ "id": sent["job"]["id"] }),
        )
        .await;
    assert!(events.iter().map(fraction).is_sorted(), "{events:?}");
    assert_eq!(events.last().unwrap()["job"]["job"]["state"], "SUCCEEDED");

    // The run says what was read of the log, and what was not.
    let run = server
        .ask(
            "query($id: ID!) { run(id: $id) {
               number start end
               report { badLines samples frames { read decoded unknownId }
                        problems { code samples { line text } } }
               signals(first: 10) { nodes { qualifiedName unit count min max } }
               series(signals: [{ name: \"Speed\" }]) { t0 exact time values } } }",
            json!({ "id": sent["run"]["id"] }),
        )
        .await["run"]
        .take();
    assert_eq!((&run["number"], &run["start"]), (&json!(7), &json!("2023-11-14T22:13:20.000000Z")));
    assert_eq!(run["end"], "2023-11-14T22:13:20.030000Z");
    let report = &run["report"];
    assert_eq!(report["frames"], json!({ "read": "5", "decoded": "4", "unknownId": "1" }));
    assert_eq!((&report["badLines"], &report["samples"]), (&json!("1"), &json!("8")));
    let bad = &report["problems"].as_array().unwrap()[0];
    assert_eq!((&bad["code"], &bad["samples"][0]["line"]), (&json!("BAD_LINES"), &json!("5")));

    // And a signal is two columns of numbers, ready to plot.
    let speed =
        json!({ "qualifiedName": "Engine.Speed", "unit": "rpm", "count": "4", "min": 500.0, "max": 2000.0 });
    assert!(run["signals"]["nodes"].as_array().unwrap().contains(&speed), "{run}");
    assert_eq!(run["series"][0]["values"], json!([500.0, 1000.0, 1500.0, 2000.0]));
    assert_eq!(run["series"][0]["time"], json!([0.0, 0.01, 0.02, 0.03]));

    // The same bytes again are the same run, and its finished job answers at once.
    let again: Value = server.send(upload, input, ("copy.log", LOG)).await["uploadLog"].take();
    assert_eq!(again["duplicate"], true);
    assert_eq!(again["run"], sent["run"]);
}

fn fraction(event: &Value) -> f64 {
    event["job"]["job"]["progress"]["fraction"].as_f64().unwrap()
}
