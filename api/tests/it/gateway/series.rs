//! Signals and series of a run that was converted.

use std::{fmt::Write as _, fs, io, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use canlog::{
    convert::{ConvertLimits, ConvertOptions, Converted, Source, convert},
    dbc::{BoundDbc, parse},
    manifest::{MessageFile, SignalSummary},
};
use entity::{
    conversion::{self, Publication},
    id::{ConversionId, RunId},
    job,
    run::NewRun,
    signal::RecordedSignal,
};
use platform::storage::{FileName, KeyPrefix, ObjectKey};
use sea_orm::DbErr;
use serde_json::{Value, json};

use super::{Api, numbered};

platform::on_every_back_end! {
    Api::on:
    few_samples_come_as_they_are_and_many_as_their_extremes,
    an_ambiguous_name_lists_its_candidates,
    a_converted_run_is_ready_with_its_report_and_signals,
    an_interval_and_a_day_are_windows,
    buckets_have_the_width_asked_for,
    times_are_shared_and_filled_on_request,
    messages_of_one_run_have_no_gap_between_them,
    an_expression_is_a_series,
}

const DBC: &str = "VERSION \"\"\n\nBU_: Car\n\nBO_ 256 Engine: 8 Car\n SG_ Speed : 0|16@1+ (0.5,0) [0|0] \"km/h\" Car\n \
    SG_ Gear : 16|8@1+ (1,0) [0|0] \"\" Car\n\nBO_ 257 Wheel: 8 Car\n SG_ Speed : 0|16@1+ (1,0) [0|0] \"rpm\" Car\n\n\
    VAL_ 256 Gear 0 \"Neutral\" 1 \"First\" ;\nVAL_ 256 Speed 1001 \"Fast\" ;\n";
const SAMPLES: u32 = 10_000;

/// 10,000 frames of `Engine`, one a millisecond from `start` (in s) on: speed n / 2, gear n mod 3; one of `Wheel` when
/// they are over, 10 s later.
pub(super) fn drive(start: u32) -> String {
    let mut log = String::new();
    for n in 0..SAMPLES {
        let (seconds, micros) = (start + n / 1000, n % 1000 * 1000);
        let [low, high, ..] = n.to_le_bytes();
        writeln!(log, "({seconds}.{micros:06}) can0 100#{low:02X}{high:02X}{:02X}", n % 3).unwrap();
    }
    log + &format!("({}.000000) can0 101#0700\n", start + 10)
}

impl Api {
    /// A run whose log was converted and published: it begins at 1 s.
    pub(super) async fn converted(&self) -> RunId {
        self.converted_from(numbered(1), drive(1)).await
    }

    /// A run that was converted and published from this log.
    pub(super) async fn converted_from(&self, new: NewRun, log: String) -> RunId {
        let (run, queued) = self.run(new).await;
        self.publish((run, queued), log).await;
        run
    }

    /// Converts the log of the run for a job that waits, and publishes that.
    pub(super) async fn publish(&self, (run, queued): (RunId, job::Model), log: String) -> ConversionId {
        let id = ConversionId::new();
        let Converted { manifest, report } = self.convert((run, id), log).await;
        let signals = manifest.messages.iter().flat_map(recorded).collect::<Vec<_>>();
        let (manifest, report_text) =
            (serde_json::to_string(&manifest).unwrap(), serde_json::to_string(&report).unwrap());
        let prefix = KeyPrefix::Conversion { run, conversion: id }.to_string();
        let publish = self.runtime.database.transaction::<_, DbErr, _>(move |tx| {
            let publication = Publication {
                conversion_id: id,
                job_id: queued.id,
                token: 1,
                run_id: run,
                manifest: manifest.clone(),
                report: report_text.clone(),
                bytes: 1,
                warning_count: 0,
                time_source: "RTC".to_owned(),
                start_at: report.start,
                end_at: report.end,
                signals: signals.clone(),
            };
            let prefix = prefix.clone();
            Box::pin(async move {
                let claimed = job::claim(tx, "worker", std::time::Duration::from_secs(30)).await?.unwrap();
                conversion::begin(tx, &claimed, id, &prefix).await?.unwrap();
                conversion::publish(tx, publication).await
            })
        });
        assert!(publish.await.unwrap());
        id
    }

    async fn convert(&self, (run, id): (RunId, ConversionId), text: String) -> Converted {
        let scratch = self.runtime.folder().join(id.to_string());
        fs::create_dir(&scratch).unwrap();
        let bytes = text.len() as u64;
        let open = || Ok(Box::new(io::Cursor::new(text.clone())) as Box<dyn io::Read + Send>);
        let options = ConvertOptions {
            dbcs: vec![BoundDbc { dbc: Arc::new(parse(DBC.as_bytes()).unwrap()), bus: None }],
            time_zone: jiff::tz::TimeZone::UTC,
            shift: 0,
            threads: 1,
            limits: ConvertLimits::default(),
        };
        let write =
            |name: &str| Ok(Box::new(fs::File::create(scratch.join(name))?) as Box<dyn io::Write + Send>);
        let converted = convert(&Source { open: &open, bytes }, &options, &write, &mut |_| ()).unwrap();
        for written in fs::read_dir(&scratch).unwrap().map(Result::unwrap) {
            let file: FileName = written.file_name().to_str().unwrap().parse().unwrap();
            let key = ObjectKey::Conversion { run, conversion: id, file };
            self.runtime.storage.put_file(&key, &written.path()).await.unwrap();
        }
        converted
    }
}

fn recorded(message: &MessageFile) -> impl Iterator<Item = RecordedSignal> {
    let row = |signal: &SignalSummary| RecordedSignal {
        bus: message.bus.clone(),
        frame_id: message.frame_id,
        extended: message.extended,
        message: message.message.clone(),
        name: signal.name.clone(),
        unit: signal.unit.clone(),
        file: message.file.clone(),
        overview: message.overview.file.clone(),
        sorted: message.sorted,
        count: i64::try_from(signal.count).unwrap(),
        summary: serde_json::to_string(signal).unwrap(),
        first_at: signal.first_time,
        last_at: signal.last_time,
    };
    message.signals.iter().map(row)
}

const SERIES: &str =
    "query($id: ID!, $signals: [SignalSelector!]!, $window: TimeWindow, $resolution: Resolution) {
    run(id: $id) { series(signals: $signals, window: $window, resolution: $resolution) {
        signal { qualifiedName } unit t0 method bucket sourceSamples points exact
        time values min max labels valuesB64 } } }";

async fn series(api: &Api, run: RunId, names: &[&str], more: Value) -> Value {
    let signals: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
    let mut variables = json!({ "id": run.to_string(), "signals": signals });
    variables.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    api.answer(SERIES, variables).await
}

async fn few_samples_come_as_they_are_and_many_as_their_extremes(api: Api) {
    let run = api.converted().await;
    let window = json!({ "from": "1970-01-01T00:00:02Z", "to": "1970-01-01T00:00:02.003Z" });
    let answer = series(&api, run, &["Gear", "Engine.Speed"], json!({ "window": window })).await;
    let [gear, speed] = answer["data"]["run"]["series"].as_array().unwrap().as_slice() else {
        panic!("{answer}")
    };
    assert_eq!(
        (&gear["method"], &gear["exact"], &gear["sourceSamples"]),
        (&json!("RAW"), &json!(true), &json!("3"))
    );
    // 1000 mod 3 = 1
    assert_eq!(gear["values"], json!([1.0, 2.0, 0.0]));
    assert_eq!(gear["labels"], json!(["First", null, "Neutral"]));
    // A value table is about raw values: 1001 is 500.5 km/h.
    assert_eq!(speed["labels"], json!([null, "Fast", null]));
    assert_eq!((&speed["values"], &speed["unit"]), (&json!([500.0, 500.5, 501.0]), &json!("km/h")));
    assert_eq!(
        (&speed["t0"], &speed["time"]),
        (&json!("1970-01-01T00:00:02.000000Z"), &json!([0.0, 0.001, 0.002]))
    );
    let bytes: Vec<u8> = [500.0_f64, 500.5, 501.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(speed["valuesB64"], json!(BASE64_STANDARD.encode(bytes)));

    let few = json!({ "resolution": { "maxPoints": 10 } });
    let answer = series(&api, run, &["Engine.Speed"], few).await;
    let speed = &answer["data"]["run"]["series"][0];
    assert_eq!(
        (&speed["method"], &speed["exact"], &speed["values"]),
        (&json!("MIN_MAX"), &json!(false), &json!(null))
    );
    assert_eq!(speed["sourceSamples"], json!("10000"));
    let (min, max) = (speed["min"].as_array().unwrap(), speed["max"].as_array().unwrap());
    assert!(min.len() <= 10 && speed["points"] == json!(min.len()), "{speed}");
    assert_eq!((&min[0], &max[max.len() - 1]), (&json!(0.0), &json!(4999.5)));
}

#[tokio::test]
async fn what_a_series_cannot_be_is_refused() {
    let api = Api::start_with(&[("DATAVIEWER_LIMIT_VALUES", "15000")]).await;
    let run = api.converted().await;
    let raw = json!({ "resolution": { "method": "RAW", "maxPoints": 100 } });
    let all = json!({ "resolution": { "maxPoints": 100_000 } });
    for (names, more, code) in [
        (vec!["Speed"], json!({}), "AMBIGUOUS_SIGNAL"),
        (vec!["Nothing"], json!({}), "NOT_FOUND"),
        (vec![], json!({}), "BAD_USER_INPUT"),
        (vec!["Gear"], json!({ "resolution": { "maxPoints": 0 } }), "BAD_USER_INPUT"),
        (vec!["Gear"], json!({ "resolution": { "maxPoints": 100_001 } }), "TOO_MANY_POINTS"),
        (vec!["Gear"], raw, "TOO_MANY_POINTS"),
        (vec!["Gear"], all, "TOO_MANY_POINTS"),
        (
            vec!["Gear"],
            json!({ "window": { "from": "1970-01-01T00:00:02Z", "to": "1970-01-01T00:00:02Z" } }),
            "BAD_USER_INPUT",
        ),
    ] {
        let answer = series(&api, run, &names, more).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{names:?}: {answer}");
    }
}

async fn an_ambiguous_name_lists_its_candidates(api: Api) {
    let run = api.converted().await;
    let query = "query($id: ID!, $name: String, $message: String) { run(id: $id) {
        signal(name: $name, message: $message) { id qualifiedName unit count frameId bus min max first last rate } } }";
    let id = json!(run.to_string());
    let answer = api.answer(query, json!({ "id": id, "name": "Speed" })).await;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "AMBIGUOUS_SIGNAL");
    let names: Vec<_> =
        extensions["candidates"].as_array().unwrap().iter().map(|one| &one["qualifiedName"]).collect();
    assert_eq!(names, ["Engine.Speed", "Wheel.Speed"]);
    for variables in [json!({ "name": "Wheel.Speed" }), json!({ "name": "Speed", "message": "Wheel" })] {
        let mut variables = variables;
        variables["id"] = id.clone();
        let signal = api.ask(query, variables).await["run"]["signal"].take();
        assert_eq!((&signal["unit"], &signal["count"]), (&json!("rpm"), &json!("1")));
        assert_eq!(
            (&signal["frameId"], &signal["bus"], &signal["max"]),
            (&json!(257), &json!("can0"), &json!(7.0))
        );
    }
    let signal = api.ask(query, json!({ "id": id, "name": "Engine.Speed" })).await["run"]["signal"].take();
    assert_eq!((&signal["first"], &signal["last"]), (&json!(0.0), &json!(4999.5)));
    assert_eq!(signal["rate"], json!(1000.0));
    let gear = api.ask(query, json!({ "id": id, "name": "Gear" })).await["run"]["signal"].take();
    assert_eq!(gear["qualifiedName"], "Engine.Gear", "one signal of that name needs no more");
    assert_eq!(api.refusal(query, json!({ "id": id, "name": "Torque" })).await, "NOT_FOUND");
}

async fn a_converted_run_is_ready_with_its_report_and_signals(api: Api) {
    let run = api.converted().await;
    let query = "query($id: ID!, $after: String) { run(id: $id) { status start end duration timeSource
        report { format samples frames { read decoded unknownId skipped } problems { code } }
        conversion { state } log { format }
        signals(first: 2, after: $after) { totalCount nodes { qualifiedName } pageInfo { hasNextPage endCursor } }
        found: signals(search: \"whe spe\") { nodes { qualifiedName } }
        named: signals(names: [\"Gear\", \"Wheel.Speed\"]) { nodes { qualifiedName } } } }";
    let run = json!(run.to_string());
    let first = api.ask(query, json!({ "id": run })).await["run"].take();
    assert_eq!((&first["status"], &first["duration"]), (&json!("READY"), &json!(10.0)));
    assert_eq!((&first["timeSource"], &first["log"]["format"]), (&json!("RTC"), &json!("candump")));
    let frames = json!({ "read": "10001", "decoded": "10001", "unknownId": "0", "skipped": "0" });
    assert_eq!(first["report"]["frames"], frames);
    assert_eq!(
        (&first["signals"]["totalCount"], &first["conversion"]["state"]),
        (&json!(3), &json!("PUBLISHED"))
    );
    assert_eq!(first["found"]["nodes"], json!([{ "qualifiedName": "Wheel.Speed" }]));
    assert_eq!(first["named"]["nodes"].as_array().unwrap().len(), 2);
    let after = &first["signals"]["pageInfo"]["endCursor"];
    let rest = api.ask(query, json!({ "id": run, "after": after })).await["run"]["signals"].take();
    assert_eq!(
        (&rest["nodes"].as_array().unwrap().len(), &rest["pageInfo"]["hasNextPage"]),
        (&1, &json!(false))
    );
}

async fn an_interval_and_a_day_are_windows(api: Api) {
    let run = api.converted().await.to_string();
    let create = "mutation($i: CreateIntervalInput!) { createInterval(input: $i) {
        ... on CreateIntervalPayload { interval { id } } } }";
    let lap = json!({ "run": run, "start": "1970-01-01T00:00:03Z", "end": "1970-01-01T00:00:04Z" });
    let lap = api.ask(create, json!({ "i": lap })).await["createInterval"]["interval"]["id"].take();
    let create = "mutation($i: CreateTestDayInput!) { createTestDay(input: $i) {
        ... on CreateTestDayPayload { testDay { id } } } }";
    let day = json!({ "date": "1970-01-01", "timeZone": "UTC" });
    let day = api.ask(create, json!({ "i": day })).await["createTestDay"]["testDay"]["id"].take();
    let series = "query($run: ID!, $w: TimeWindow!) { run(id: $run) {
        series(signals: [{ name: \"Engine.Speed\" }], window: $w) { sourceSamples } } }";
    for (window, samples) in [
        (json!({ "from": "1970-01-01T00:00:03Z", "to": "1970-01-01T00:00:04Z" }), "1000"),
        (json!({ "interval": lap }), "1000"),
        (json!({ "testDay": day }), "10000"),
    ] {
        let found = api.ask(series, json!({ "run": run, "w": window })).await;
        assert_eq!(found["run"]["series"][0]["sourceSamples"], samples, "{window}");
    }
    for (window, code) in [
        (json!({}), "BAD_USER_INPUT"),
        (json!({ "from": "1970-01-01T00:00:03Z" }), "BAD_USER_INPUT"),
        (json!({ "interval": lap, "testDay": day }), "BAD_USER_INPUT"),
        (json!({ "interval": day }), "BAD_USER_INPUT"),
        (json!({ "interval": entity::id::IntervalId::new().to_string() }), "NOT_FOUND"),
    ] {
        assert_eq!(api.refusal(series, json!({ "run": run, "w": window })).await, code, "{window}");
    }
}

const SHAPED: &str =
    "query($id: ID!, $signals: [SignalSelector!]!, $window: TimeWindow, $resolution: Resolution,
    $grid: Grid! = NATIVE, $fill: Fill! = NONE) { run(id: $id) {
    series(signals: $signals, window: $window, resolution: $resolution, grid: $grid, fill: $fill) {
        name method bucket points exact time values labels joining expression signal { name } derived { name }
        sourceSamples } } }";

async fn shaped(api: &Api, run: RunId, more: Value) -> Value {
    let mut variables = json!({ "id": run.to_string() });
    variables.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    api.ask(SHAPED, variables).await["run"]["series"].take()
}

async fn buckets_have_the_width_asked_for(api: Api) {
    let run = api.converted().await;
    let of = |signal: &str, every: &str, method: &str| json!({ "signals": [{ "name": signal }], "resolution": { "every": every, "method": method } });
    let mean = shaped(&api, run, of("Engine.Speed", "1s", "MEAN")).await[0].take();
    let means: Vec<f64> = (0..10).map(|second| f64::from(second * 1000) / 2.0 + 249.75).collect();
    assert_eq!((&mean["values"], &mean["bucket"]), (&json!(means), &json!(1.0)));
    assert_eq!(mean["time"], json!((0..10).map(f64::from).collect::<Vec<_>>()));
    let first = shaped(&api, run, of("Gear", "1s", "FIRST")).await[0].take();
    assert_eq!(first["values"].as_array().unwrap()[..4], [json!(0.0), json!(1.0), json!(2.0), json!(0.0)]);
    assert_eq!(first["labels"].as_array().unwrap()[..3], [json!("Neutral"), json!("First"), Value::Null]);
    let all = shaped(&api, run, of("Gear", "1ms", "LAST")).await[0].take();
    assert_eq!(all["points"], 10_000, "without a number of points the server's limit holds");
    let mut few = of("Gear", "1ms", "LAST");
    few["resolution"]["maxPoints"] = json!(9_999);
    few["id"] = json!(run.to_string());
    let refused = api.answer(SHAPED, few).await["errors"][0].take();
    assert_eq!(refused["extensions"]["code"], "TOO_MANY_POINTS");
    assert_eq!(refused["extensions"]["field"], "every");
}

async fn times_are_shared_and_filled_on_request(api: Api) {
    let between = drive(1).replace("(11.000000)", "(10.998500)");
    let run = api.converted_from(numbered(1), between).await;
    let window = json!({ "from": "1970-01-01T00:00:10.998Z", "to": "1970-01-01T00:00:11.001Z" });
    let of = |fill: &str| {
        json!({ "signals": [{ "name": "Engine.Speed" }, { "name": "Wheel.Speed" }], "grid": "SHARED",
            "fill": fill, "window": window })
    };
    for (fill, engine, wheel) in [
        ("NONE", json!([4999.0, null, 4999.5]), json!([null, 7.0, null])),
        ("PREVIOUS", json!([4999.0, 4999.0, 4999.5]), json!([null, 7.0, 7.0])),
        ("LINEAR", json!([4999.0, 4999.25, 4999.5]), json!([null, 7.0, null])),
    ] {
        let both = shaped(&api, run, of(fill)).await;
        assert_eq!((&both[0]["values"], &both[1]["values"]), (&engine, &wheel), "{fill}");
        assert_eq!(both[0]["time"], both[1]["time"]);
        assert_eq!(both[0]["exact"], json!(fill == "NONE"));
    }
}

async fn messages_of_one_run_have_no_gap_between_them(api: Api) {
    let run = api.converted().await;
    let window = json!({ "from": "1970-01-01T00:00:10.998Z", "to": "1970-01-01T00:00:11.001Z" });
    let signals = json!([{ "name": "Engine.Speed" }, { "name": "Wheel.Speed" }]);
    let shared = json!({ "signals": signals, "grid": "SHARED", "fill": "PREVIOUS", "window": window });
    let both = shaped(&api, run, shared).await;
    assert_eq!(both[0]["values"], json!([4999.0, 4999.5, 4999.5]));
    assert_eq!(both[1]["values"], json!([null, null, 7.0]));
}

#[tokio::test]
async fn what_an_expression_reads_is_limited() {
    for variable in ["DATAVIEWER_LIMIT_EXPRESSION_ROWS", "DATAVIEWER_LIMIT_EXPRESSION_WINDOW_SAMPLES"] {
        let api = Api::start_with(&[(variable, "9999")]).await;
        let run = api.converted().await.to_string();
        let signals = json!([{ "expression": "moving_mean(Gear, 1h)" }]);
        let answer = api.answer(SHAPED, json!({ "id": run, "signals": signals })).await;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(
            (&extensions["code"], &extensions["reason"]),
            (&json!("EXPRESSION"), &json!("TOO_COMPLEX"))
        );
    }
}

async fn an_expression_is_a_series(api: Api) {
    let run = api.converted().await;
    let derived = api.derived("Double", "Engine.Speed * 2").await;
    let window = json!({ "from": "1970-01-01T00:00:02Z", "to": "1970-01-01T00:00:02.002Z" });
    let signals = json!([{ "derived": derived }, { "expression": "Double + Gear" },
        { "expression": "Gear + Wheel.Speed" }]);
    let three = shaped(&api, run, json!({ "signals": signals, "window": window })).await;
    assert_eq!(
        (&three[0]["values"], &three[1]["values"]),
        (&json!([1000.0, 1001.0]), &json!([1001.0, 1003.0]))
    );
    assert_eq!((&three[0]["name"], &three[0]["derived"]["name"]), (&json!("Double"), &json!("Double")));
    assert_eq!((&three[0]["signal"], &three[0]["joining"]), (&Value::Null, &json!("DIRECT")));
    assert_eq!((&three[1]["derived"], &three[1]["expression"]), (&Value::Null, &json!("Double + Gear")));
    assert_eq!((&three[2]["joining"], &three[2]["points"]), (&json!("PREVIOUS_VALUE"), &json!(0)));
    for (expression, code) in
        [("Nothing + 1", "EXPRESSION"), ("1 + 1", "EXPRESSION"), ("Speed", "EXPRESSION"), ("(", "EXPRESSION")]
    {
        let variables = json!({ "id": run.to_string(), "signals": [{ "expression": expression }] });
        assert_eq!(api.refusal(SHAPED, variables).await, code, "{expression}");
    }
    let unknown = json!({ "id": run.to_string(), "signals": [{ "derived": entity::id::DerivedSignalId::new().to_string() }] });
    assert_eq!(api.refusal(SHAPED, unknown).await, "NOT_FOUND");
}

#[tokio::test]
async fn what_was_decoded_is_not_read_again() {
    for (bytes, kept) in [("64MiB", true), ("1", false)] {
        let api = Api::start_with(&[("DATAVIEWER_COLUMN_CACHE_BYTES", bytes)]).await;
        let run = api.converted().await;
        let window = json!({ "from": "1970-01-01T00:00:02Z", "to": "1970-01-01T00:00:05Z" });
        let few = json!({ "window": window, "resolution": { "maxPoints": 100 } });
        let once = series(&api, run, &["Engine.Speed"], few.clone()).await;
        assert_eq!(once["data"]["run"]["series"][0]["sourceSamples"], "3000");
        fs::remove_dir_all(api.runtime.config.storage.data_folder.join("runs")).unwrap();
        let again = series(&api, run, &["Engine.Speed"], few).await;
        match kept {
            true => assert_eq!(again, once),
            false => assert_eq!(again["errors"][0]["extensions"]["code"], "STORAGE_UNAVAILABLE", "{again}"),
        }
    }
}
