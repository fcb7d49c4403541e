//! Links to tables: what they lead to is the table that was asked for.

use serde_json::{Value, json};

use super::{Site, header};
use crate::gateway::{numbered, series::drive};

const RUN: &str = "query($id: ID!, $format: ExportFormat!, $signals: [SignalSelector!], $window: TimeWindow,
        $resolution: Resolution, $fill: Fill) {
    run(id: $id) { exportUrl(format: $format, signals: $signals, window: $window, resolution: $resolution,
        fill: $fill) } }";
const RANGE: &str =
    "query($times: TimeWindow!, $vehicle: ID, $signals: [SignalSelector!], $window: TimeWindow) {
    range(window: $times, vehicle: $vehicle) {
        exportUrl(format: CSV, signals: $signals, window: $window)
        series(signals: [{ expression: \"Gear * 1\" }], resolution: { maxPoints: 5 }) { points csvUrl } } }";

fn times(from: &str, to: &str) -> Value {
    json!({ "from": format!("1970-01-01T00:{from}Z"), "to": format!("1970-01-01T00:{to}Z") })
}

impl Site {
    /// The bytes behind a link, and those of an address without signature: they are the same.
    async fn same(&self, link: &Value, plain: &str) -> bytes::Bytes {
        let link = link.as_str().unwrap_or_else(|| panic!("{link}, not {plain}"));
        assert!(link.contains("&signature=") || link.contains("?signature="), "{link}");
        let path = link.strip_prefix(&self.url("")).unwrap();
        let linked = self.get(path).await;
        assert_eq!(linked.status(), 200, "{link}");
        let tag = header(&linked, "etag").to_owned();
        let other = self.get(plain).await;
        assert_eq!(other.status(), 200, "{plain}");
        assert_eq!(header(&other, "etag"), tag, "{link}, {plain}");
        let bytes = linked.bytes().await.unwrap();
        assert_eq!(bytes, other.bytes().await.unwrap(), "{plain}");
        bytes
    }
}

#[tokio::test]
async fn a_link_leads_to_the_table_of_its_arguments() {
    let site = Site::start().await;
    let run = site.converted().await;
    let derived = site.derived("Half gear & more", "Gear / 2").await;
    let several =
        json!([{ "name": "Engine.Speed" }, { "derived": derived }, { "expression": "max(Gear, 5)" }]);
    let in_path =
        format!("signals=Engine.Speed,derived:{}&signals=expr:max(Gear,%205)", derived.as_str().unwrap());
    for (arguments, path) in [
        (json!({ "format": "CSV" }), "data.csv".to_owned()),
        (json!({ "format": "CSV", "signals": several }), format!("data.csv?{in_path}")),
        (
            json!({ "format": "ARROW", "signals": several, "window": times("00:02", "00:04") }),
            format!("data.arrow?{in_path}&from=1970-01-01T00:00:02Z&to=1970-01-01T00:00:04Z"),
        ),
        (
            json!({ "format": "NDJSON", "signals": [{ "name": "Gear" }],
                "resolution": { "every": "10ms", "method": "LAST" }, "fill": "PREVIOUS" }),
            "data.ndjson?signals=Gear&every=10ms&method=LAST&fill=PREVIOUS".to_owned(),
        ),
        (
            json!({ "format": "PARQUET", "signals": [{ "name": "Gear" }], "resolution": { "maxPoints": 9 } }),
            "data.parquet?signals=Gear&maxPoints=9".to_owned(),
        ),
    ] {
        let mut variables = arguments.clone();
        variables["id"] = json!(run.to_string());
        let link = site.graphql(RUN, variables).await["run"]["exportUrl"].take();
        site.same(&link, &format!("/runs/{run}/{path}")).await;
    }
    for (signals, code) in [
        (json!([{ "expression": "Gear +" }]), "EXPRESSION"),
        (json!([{ "name": "Speed" }]), "AMBIGUOUS_SIGNAL"),
        (json!([{ "name": "x" }]), "NOT_FOUND"),
    ] {
        let variables = json!({ "id": run.to_string(), "format": "CSV", "signals": signals });
        assert_eq!(site.refusal(RUN, variables).await, code);
    }
    let long: Vec<_> =
        (0..3).map(|n| json!({ "expression": format!("Gear + {n}{}", " ".repeat(3_000)) })).collect();
    for (wrong, code) in [
        (json!({ "resolution": { "maxPoints": 0 } }), "BAD_USER_INPUT"),
        (json!({ "resolution": { "maxPoints": 100_001 } }), "TOO_MANY_POINTS"),
        (json!({ "signals": vec![json!({ "name": "Gear" }); 101] }), "BAD_USER_INPUT"),
        (json!({ "signals": long }), "BAD_USER_INPUT"),
    ] {
        let mut variables = json!({ "id": run.to_string(), "format": "CSV" });
        variables.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        assert_eq!(site.refusal(RUN, variables).await, code, "{wrong}");
    }
}

#[tokio::test]
async fn there_is_no_link_to_nothing() {
    let site = Site::start().await;
    let run = site.converted().await;
    let (waiting, _) = site.run(numbered(2)).await;
    for variables in [
        json!({ "id": waiting.to_string(), "format": "CSV" }),
        json!({ "id": waiting.to_string(), "format": "CSV", "signals": [{ "name": "Gear" }] }),
        json!({ "id": run.to_string(), "format": "CSV", "window": times("58:00", "59:00") }),
    ] {
        assert_eq!(site.graphql(RUN, variables).await["run"]["exportUrl"], Value::Null);
    }
    let id = json!({ "id": run.to_string(), "format": "CSV" });
    assert!(site.graphql(RUN, id.clone()).await["run"]["exportUrl"].is_string());
    site.ask("mutation($id: ID!) { deleteRun(id: $id) { __typename } }", json!({ "id": run.to_string() }))
        .await;
    assert_eq!(site.graphql(RUN, id.clone()).await["run"]["exportUrl"], Value::Null);
    let files = "query($id: ID!) { run(id: $id) { log { downloadUrl } messageFiles { nodes { url } } } }";
    let files = site.graphql(files, json!({ "id": id["id"] })).await["run"].take();
    assert_eq!(files["log"]["downloadUrl"], Value::Null);
    let files = files["messageFiles"]["nodes"].as_array().unwrap();
    assert!(files.len() == 2 && files.iter().all(|file| file["url"].is_null()), "{files:?}");
    let range = "query($times: TimeWindow!) { range(window: $times) { exportUrl(format: CSV) } }";
    let none = json!({ "times": { "from": "1999-01-01T00:00:00Z", "to": "1999-01-02T00:00:00Z" } });
    assert_eq!(site.graphql(range, none).await["range"]["exportUrl"], Value::Null);
}

#[tokio::test]
async fn a_link_of_a_range_has_its_times_and_its_car() {
    let site = Site::start().await;
    let car = site.mutate("createVehicle", "vehicle { id }", json!({ "name": "car" })).await["vehicle"]["id"]
        .take();
    for number in [1, 2, 3] {
        let run = site.converted_from(numbered(number), drive(100 * u32::try_from(number).unwrap())).await;
        if number < 3 {
            let input = json!({ "id": run.to_string(), "vehicle": car });
            site.mutate("updateRun", "run { id }", input).await;
        }
    }
    let car_text = car.as_str().unwrap();
    let gear = json!([{ "name": "Gear" }]);
    // The cars' two runs are from 100 s to 110 s and from 200 s to 210 s, the other one from 300 s.
    let mut variables = json!({ "times": times("01:45", "08:00"), "vehicle": car, "signals": gear });
    let range = site.graphql(RANGE, variables.clone()).await["range"].take();
    let plain = "/range/data.csv?from=1970-01-01T00:01:45Z&to=1970-01-01T00:08:00Z";
    let whole = site.same(&range["exportUrl"], &format!("{plain}&signals=Gear&vehicle={car_text}")).await;
    let seen = String::from_utf8(whole.to_vec()).unwrap();
    assert!(!seen.contains("00:05:0"), "another car's run is in it");
    variables["window"] = times("03:20", "03:25");
    variables["vehicle"] = Value::Null;
    let range = site.graphql(RANGE, variables).await["range"].take();
    let plain = "/range/data.csv?from=1970-01-01T00:03:20Z&to=1970-01-01T00:03:25Z&signals=Gear";
    site.same(&range["exportUrl"], plain).await;
    let series = &range["series"][0];
    assert!(series["points"].as_i64().unwrap() <= 5, "{series}");
    let all = "/range/data.csv?from=1970-01-01T00:01:45Z&to=1970-01-01T00:08:00Z&signals=expr:Gear%20*%201";
    let all = site.get(all).await.text().await.unwrap();
    let linked = site.get(series["csvUrl"].as_str().unwrap().strip_prefix(&site.url("")).unwrap()).await;
    assert_eq!(linked.text().await.unwrap(), all, "all samples, not the points");
}

#[tokio::test]
async fn a_series_links_to_all_its_samples() {
    let site = Site::start().await;
    let run = site.converted().await;
    let query =
        "query($id: ID!, $resolution: Resolution) { run(id: $id) { series(signals: [{ name: \"Gear\" }],
        resolution: $resolution) { csvUrl arrowUrl parquetUrl } } }";
    for (resolution, parameters) in [
        (json!({ "maxPoints": 10 }), ""),
        (json!({ "every": "1s", "method": "MEAN" }), "&every=1s&method=MEAN"),
    ] {
        let variables = json!({ "id": run.to_string(), "resolution": resolution });
        let series = site.graphql(query, variables).await["run"]["series"][0].take();
        for ending in ["csv", "arrow", "parquet"] {
            let plain = format!("/runs/{run}/data.{ending}?signals=Gear{parameters}");
            site.same(&series[format!("{ending}Url")], &plain).await;
        }
    }
    let raw = json!({ "id": run.to_string(), "resolution": { "maxPoints": 10, "method": "RAW" } });
    let answer = site.answer(query, raw).await;
    let hint = answer["errors"][0]["extensions"]["hint"].as_str().unwrap_or_else(|| panic!("{answer}"));
    assert!(hint.contains("exportUrl"), "{hint}");
}
