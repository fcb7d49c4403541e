//! Several runs as one axis, and statistics.

use std::fs;

use entity::run::NewRun;
use serde_json::{Value, json};

use super::{Api, numbered, series::drive};

platform::on_every_back_end! {
    Api::on:
    a_range_is_one_axis_with_a_gap_between_runs,
    figures_of_whole_runs_are_those_of_their_rows,
    an_interval_of_a_day_has_the_figures_of_the_cars_runs,
    a_run_is_under_way_from_its_first_frame_to_its_last,
    a_part_of_a_range_knows_all_its_signals,
    a_run_without_the_signal_joins_nothing,
}

const RANGE: &str = "query($window: TimeWindow!, $vehicle: ID, $signals: [SignalSelector!]!) {
    range(window: $window, vehicle: $vehicle) { start end runs { number }
        signals(search: \"speed\", first: 1) { totalCount nodes { qualifiedName } pageInfo { hasNextPage } }
        series(signals: $signals, resolution: { maxPoints: 10 }) {
            sourceSamples points min max time signal { qualifiedName } joining }
        statistics(signals: $signals) { name count min max mean standardDeviation first { time value }
            last { time value } p05 p50 p95 } } }";

impl Api {
    /// Two drives of 10 s: at 100 s and at 200 s.
    async fn two_drives(&self) {
        for number in [1, 2] {
            self.converted_from(numbered(number), drive(100 * u32::try_from(number).unwrap())).await;
        }
    }
}

fn window(from: &str, to: &str) -> Value {
    json!({ "from": format!("1970-01-01T00:{from}Z"), "to": format!("1970-01-01T00:{to}Z") })
}

fn near(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{found} is no number"));
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found}, not {expected}");
}

async fn a_range_is_one_axis_with_a_gap_between_runs(api: Api) {
    api.two_drives().await;
    let derived = api.derived("Half", "Engine.Speed / 2").await;
    let signals = json!([{ "name": "Engine.Speed" }, { "derived": derived }]);
    // The second half of the one drive, the first half of the other: 0, 0.5 … 4999.5 in all.
    let variables = json!({ "window": window("01:45", "03:25"), "signals": signals });
    let range = api.ask(RANGE, variables).await["range"].take();
    assert_eq!(range["runs"], json!([{ "number": 1 }, { "number": 2 }]));
    assert_eq!(
        (&range["start"], &range["end"]),
        (&json!("1970-01-01T00:01:45.000000Z"), &json!("1970-01-01T00:03:25.000000Z"))
    );
    let names = &range["signals"];
    assert_eq!(
        (&names["totalCount"], &names["nodes"][0]["qualifiedName"]),
        (&json!(2), &json!("Engine.Speed"))
    );
    assert_eq!(names["pageInfo"]["hasNextPage"], true);
    for (series, scale) in [(&range["series"][0], 1.0), (&range["series"][1], 0.5)] {
        let min = series["min"].as_array().unwrap();
        assert_eq!(series["sourceSamples"], "10000");
        assert!(min.len() <= 10, "{series}");
        assert_eq!(min.iter().filter(|entry| entry.is_null()).count(), 1, "{series}");
        let max = series["max"].as_array().unwrap().iter().filter_map(Value::as_f64).fold(0.0, f64::max);
        near(&json!(max), 4999.5 * scale);
        near(&min[0], 2500.0 * scale);
    }
    for (figures, scale) in [(&range["statistics"][0], 1.0), (&range["statistics"][1], 0.5)] {
        assert_eq!((&figures["count"], &figures["min"]), (&json!("10000"), &json!(0.0)));
        near(&figures["max"], 4999.5 * scale);
        near(&figures["mean"], 2499.75 * scale);
        near(&figures["standardDeviation"], scale * 0.5 * (10_000.0_f64 * 10_001.0 / 12.0).sqrt());
        near(&figures["p05"], 0.05 * 4999.5 * scale);
        near(&figures["p50"], 2499.75 * scale);
        near(&figures["p95"], 0.95 * 4999.5 * scale);
        assert_eq!(
            figures["first"],
            json!({ "time": "1970-01-01T00:01:45.000000Z", "value": 2500.0 * scale })
        );
        assert_eq!(
            figures["last"],
            json!({ "time": "1970-01-01T00:03:24.999000Z", "value": 2499.5 * scale })
        );
    }
}

async fn figures_of_whole_runs_are_those_of_their_rows(api: Api) {
    api.two_drives().await;
    let all = "query($window: TimeWindow!) { range(window: $window) {
        statistics { name count min max mean standardDeviation first { time value } last { time value } } } }";
    let read = "query($window: TimeWindow!) { range(window: $window) { statistics { name count min max mean
        standardDeviation first { time value } last { time value } p50 } } }";
    let whole = json!({ "window": window("00:00", "10:00") });
    let rows = api.ask(read, whole.clone()).await["range"]["statistics"].take();
    fs::remove_dir_all(api.runtime.config.storage.data_folder.join("runs")).unwrap();
    let stored = api.ask(all, whole).await["range"]["statistics"].take();
    let (rows, stored) = (rows.as_array().unwrap(), stored.as_array().unwrap());
    assert_eq!((rows.len(), stored.len()), (3, 3));
    for (rows, stored) in rows.iter().zip(stored) {
        for exact in ["name", "count", "min", "max", "first", "last"] {
            assert_eq!(rows[exact], stored[exact], "{exact}");
        }
        near(&stored["mean"], rows["mean"].as_f64().unwrap());
        near(&stored["standardDeviation"], rows["standardDeviation"].as_f64().unwrap());
    }
}

async fn an_interval_of_a_day_has_the_figures_of_the_cars_runs(api: Api) {
    let vehicle =
        api.mutate("createVehicle", "vehicle { id }", json!({ "name": "Car" })).await["vehicle"]["id"].take();
    let run = NewRun { vehicle_id: Some(vehicle.as_str().unwrap().parse().unwrap()), ..numbered(1) };
    api.converted_from(run, drive(100)).await;
    api.converted_from(numbered(2), drive(100)).await;
    let day = json!({ "date": "1970-01-01", "timeZone": "UTC", "vehicle": vehicle });
    let day = api.mutate("createTestDay", "testDay { id }", day).await["testDay"]["id"].take();
    let lap = json!({ "testDay": day, "start": "1970-01-01T00:01:45Z", "end": "1970-01-01T00:01:46Z" });
    api.mutate("createInterval", "interval { id }", lap).await;
    let pause = json!({ "testDay": day, "start": "1970-01-01T12:00:00Z", "end": "1970-01-01T12:30:00Z" });
    api.mutate("createInterval", "interval { id }", pause).await;
    let query = "query($id: ID!) { testDay(id: $id) { range { runs { number } }
        intervals { statistics(signals: [{ name: \"Gear\" }]) { count mean } } } }";
    let day = api.ask(query, json!({ "id": day })).await["testDay"].take();
    assert_eq!(day["range"]["runs"], json!([{ "number": 1 }]));
    let figures = &day["intervals"][0]["statistics"][0];
    assert_eq!(figures["count"], "1000");
    // 5000 mod 3 = 2: 333 times 2, 0, 1, and a 2.
    near(&figures["mean"], 1.001);
    assert_eq!(
        day["intervals"][1]["statistics"],
        json!([{ "count": "0", "mean": null }]),
        "nothing was recorded"
    );
}

async fn a_run_is_under_way_from_its_first_frame_to_its_last(api: Api) {
    // Its first frame is at 100 s, its last at 110 s.
    api.converted_from(numbered(1), drive(100)).await;
    let query = "query($window: TimeWindow!) { runs(filter: { overlaps: $window }) { totalCount }
        range(window: $window) { runs { number } signals(search: \"wheel\") { totalCount } } }";
    for (from, to, runs) in [
        ("01:30", "01:40", 0),
        ("01:30", "01:40.000001", 1),
        ("01:50", "02:00", 1),
        ("01:50.000001", "02:00", 0),
    ] {
        let found = api.ask(query, json!({ "window": window(from, to) })).await;
        assert_eq!(found["runs"]["totalCount"], runs, "{from} to {to}");
        assert_eq!(found["range"]["runs"].as_array().unwrap().len(), runs, "{from} to {to}");
    }
    // The frame that makes it so is found there.
    let last = json!({ "window": window("01:50", "02:00"), "signals": [{ "name": "Wheel.Speed" }] });
    assert_eq!(api.ask(RANGE, last).await["range"]["series"][0]["sourceSamples"], "1");
}

/// Also by the id that the range itself gives, and where nothing was recorded.
async fn a_part_of_a_range_knows_all_its_signals(api: Api) {
    api.two_drives().await;
    let ids =
        "query($window: TimeWindow!) { range(window: $window) { signals { nodes { id qualifiedName } } } }";
    let range = api.ask(ids, json!({ "window": window("01:00", "04:00") })).await["range"].take();
    let nodes = range["signals"]["nodes"].as_array().unwrap();
    let speed = nodes.iter().find(|signal| signal["qualifiedName"] == "Engine.Speed").unwrap();
    let query =
        "query($all: TimeWindow!, $part: TimeWindow!, $signals: [SignalSelector!]!) { range(window: $all) {
        series(signals: $signals, window: $part) { sourceSamples csvUrl }
        statistics(signals: $signals, window: $part) { count }
        exportUrl(format: CSV, signals: $signals, window: $part) } }";
    let signals =
        json!([{ "id": speed["id"] }, { "name": "Engine.Speed" }, { "expression": "Engine.Speed + 1" }]);
    for (all, (from, to), count) in [
        ("04:00", ("03:20", "03:22"), 2000),
        ("04:00", ("01:40", "01:42"), 2000),
        ("04:00", ("01:49", "03:21"), 2000),
        ("04:00", ("02:30", "02:40"), 0),
        ("04:00", ("00:10", "00:20"), 0),
        ("01:20", ("01:05", "01:10"), 0),
    ] {
        let variables = json!({ "all": window("01:00", all), "part": window(from, to), "signals": signals });
        let range = api.ask(query, variables).await["range"].take();
        for asked in 0..3 {
            let (series, figures) = (&range["series"][asked], &range["statistics"][asked]);
            let counts = (&series["sourceSamples"], &figures["count"]);
            assert_eq!(
                counts,
                (&json!(count.to_string()), &json!(count.to_string())),
                "{asked} {from} to {to}"
            );
            assert_eq!(series["csvUrl"].is_string(), count > 0, "{asked} {from} to {to}");
        }
        assert_eq!(range["exportUrl"].is_string(), count > 0, "{from} to {to}");
    }
}

/// A run under way all the time, of another message: the gap between the two others stays one.
async fn a_run_without_the_signal_joins_nothing(api: Api) {
    api.two_drives().await;
    let long = (90..250).map(|second| format!("({second}.000000) can0 101#0700\n")).collect();
    api.converted_from(numbered(3), long).await;
    let query = "query($window: TimeWindow!, $grid: Grid!) { range(window: $window) { runs { number }
        series(signals: [{ name: \"Engine.Speed\" }, { name: \"Gear\" }], grid: $grid, fill: PREVIOUS,
            resolution: { every: \"1s\", method: FIRST }) { points values } } }";
    for grid in ["NATIVE", "SHARED"] {
        let variables = json!({ "window": window("01:00", "05:00"), "grid": grid });
        let range = api.ask(query, variables).await["range"].take();
        assert_eq!(range["runs"].as_array().unwrap().len(), 3);
        for series in range["series"].as_array().unwrap() {
            assert_eq!(series["points"], 21, "ten of each drive and the gap: {grid}");
            assert_eq!(series["values"][10], Value::Null);
        }
    }
    // Two signals are named so in the others: where this one is alone, there is one.
    let query = "query($all: TimeWindow!, $part: TimeWindow!) { range(window: $all) {
        series(signals: [{ name: \"Speed\" }], window: $part) { signal { qualifiedName } sourceSamples } } }";
    let part = |from, to| json!({ "all": window("01:00", "05:00"), "part": window(from, to) });
    let alone = api.ask(query, part("02:00", "02:10")).await["range"]["series"][0].take();
    assert_eq!(alone, json!({ "signal": { "qualifiedName": "Wheel.Speed" }, "sourceSamples": "10" }));
    assert_eq!(api.refusal(query, part("01:40", "01:50")).await, "AMBIGUOUS_SIGNAL");
}

#[tokio::test]
async fn windows_tile_without_seam_or_overlap() {
    let api = Api::start().await;
    api.two_drives().await;
    let query = "query($window: TimeWindow!) { range(window: $window) {
        statistics(signals: [{ name: \"Gear\" }]) { count }
        series(signals: [{ name: \"Gear\" }], resolution: { maxPoints: 7 }) { sourceSamples } } }";
    let edges =
        ["01:40", "01:41.2345", "01:41.234501", "01:45.001", "03:20", "03:20.000001", "03:29.999", "03:40"];
    let mut counts = [0, 0];
    for pair in edges.windows(2) {
        let range = api.ask(query, json!({ "window": window(pair[0], pair[1]) })).await["range"].take();
        let found = [&range["statistics"][0]["count"], &range["series"][0]["sourceSamples"]];
        for (sum, count) in counts.iter_mut().zip(found) {
            *sum += count.as_str().unwrap().parse::<u32>().unwrap();
        }
    }
    assert_eq!(counts, [20_000, 20_000]);
}

#[tokio::test]
async fn only_so_many_signals_are_meant_without_being_named() {
    let api = Api::start().await;
    let names: Vec<String> = (0..10_001).map(|n| format!("S{n}")).collect();
    let signals: Vec<_> = names.iter().map(|name| ("Engine", name.as_str(), 0)).collect();
    let query = "query($id: ID!) { run(id: $id) { statistics { count } } }";
    let most = api.recorded(1, &signals[1..]).await;
    let found = api.ask(query, json!({ "id": most.to_string() })).await["run"]["statistics"].take();
    assert_eq!(found.as_array().unwrap().len(), 10_000);
    let more = api.recorded(2, &signals).await;
    assert_eq!(api.refusal(query, json!({ "id": more.to_string() })).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn what_a_range_cannot_be_is_refused() {
    let api = Api::start_with(&[("DATAVIEWER_LIMIT_RANGE_RUNS", "1")]).await;
    api.two_drives().await;
    let signals = json!([{ "name": "Engine.Speed" }]);
    let both = json!({ "window": window("01:40", "03:40"), "signals": signals });
    assert_eq!(api.refusal(RANGE, both).await, "BAD_USER_INPUT");
    let none = json!({ "window": window("01:40", "01:50"), "signals": [{ "name": "Nope" }] });
    assert_eq!(api.refusal(RANGE, none).await, "NOT_FOUND", "no run of it has the signal");
    let many: Vec<Value> = (0..101).map(|_| json!({ "name": "Gear" })).collect();
    let many = json!({ "window": window("01:40", "01:50"), "signals": many });
    assert_eq!(api.refusal(RANGE, many).await, "BAD_USER_INPUT");
}
