//! A run is purged while somebody downloads its log and plots its signals: each gets all of it, or hears that it
//! is gone.

use serde_json::{Value, json};

use crate::client::{REGISTER, SERIES, Server, UPLOAD};
use crate::logs::{DBC, LOG};

/// A run, and where its log is.
struct Drive {
    run: Value,
    log: String,
}

async fn converted(server: &Server) -> Drive {
    let registered = server.ask(REGISTER, json!({ "input": { "name": "car.dbc", "text": DBC } })).await;
    let input = json!({ "file": null, "dbcs": [{ "dbc": registered["registerDbc"]["dbc"]["id"] }] });
    let sent = server.send(UPLOAD, input, ("drive.log", LOG)).await["uploadLog"].take();
    let watch = "subscription($id: ID!) { job(id: $id) { job { state } } }";
    let events = server.watch(watch, json!({ "id": sent["job"]["id"] })).await;
    assert_eq!(events.last().unwrap()["job"]["job"]["state"], "SUCCEEDED");
    let run = sent["run"]["id"].clone();
    let shown = server.ask(SERIES, json!({ "id": run })).await["run"].take();
    assert_eq!(shown["series"][0]["values"], json!([1.0, 2.0, 3.0]));
    Drive { run, log: server.url(&shown["log"]["downloadUrl"]) }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_get_all_or_hear_that_it_is_gone() {
    let server = Server::start().await;
    for _ in 0..5 {
        let drive = converted(&server).await;
        let purge = "mutation($id: ID!) { purgeRun(id: $id) { ... on PurgeRunPayload { freedBytes } } }";
        let purge = server.ask(purge, json!({ "id": drive.run }));
        let (purged, downloads, plots) = tokio::join!(purge, downloads(&drive), plots(&server, &drive));
        let freed: u64 = purged["purgeRun"]["freedBytes"].as_str().unwrap().parse().unwrap();
        assert!(freed > LOG.len() as u64, "{freed}");
        assert!(downloads > 0 && plots > 0);
    }
}

/// Downloads until the log is gone; how often, the end included.
async fn downloads(drive: &Drive) -> u32 {
    for times in 1.. {
        let answer = reqwest::get(&drive.log).await.unwrap();
        match (answer.status().as_u16(), answer.text().await.unwrap()) {
            (200, body) => assert_eq!(body, LOG),
            (404, _) => return times,
            (other, body) => panic!("{other}: {body}"),
        }
    }
    unreachable!()
}

/// Plots until the run is gone.
async fn plots(server: &Server, drive: &Drive) -> u32 {
    for times in 1.. {
        match server.try_ask(SERIES, json!({ "id": drive.run })).await {
            Ok(answer) if answer["run"].is_null() => return times,
            Ok(answer) => assert_eq!(answer["run"]["series"][0]["values"], json!([1.0, 2.0, 3.0])),
            Err(answer) => {
                assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND", "{answer}");
            }
        }
    }
    unreachable!()
}
