//! Vehicles, test days, intervals and markers.

use entity::{id::RunId, run};
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use serde_json::{Value, json};

use super::{Api, numbered};

platform::on_every_back_end! {
    Api::on:
    a_vehicle_lives_from_creation_to_deletion,
    a_day_is_as_long_as_its_zone_says,
    several_days_have_one_date,
    runs_belong_to_a_day_by_time_and_car_unless_set,
    an_interval_lies_in_its_day_and_may_cross_midnight,
    an_interval_of_a_run_lies_in_it,
    a_marker_is_an_instant_of_a_day_or_run,
    a_day_goes_with_what_is_drawn_into_it,
    a_run_is_purged_with_what_is_drawn_into_it,
}

/// 2019-11-03T05:00:00Z, midnight in Chicago: by CPython's `zoneinfo` that day has 25 hours, to 1572847200.
const MIDNIGHT: i64 = 1_572_757_200_000_000;
const HOUR: i64 = 3_600_000_000;

impl Api {
    /// What the mutation of this name answers to `input`: the payload's one field, or the problem.
    pub(super) async fn mutate(&self, name: &str, fields: &str, input: Value) -> Value {
        let kind = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
        let query = format!(
            "mutation($input: {kind}Input!) {{ {name}(input: $input) {{ __typename
               ... on {kind}Payload {{ {fields} }} ... on Problem {{ code path }} }} }}"
        );
        let mut answer = self.ask(&query, json!({ "input": input })).await[name].take();
        answer.as_object_mut().unwrap().remove("__typename");
        answer
    }

    /// What the deletion of this name answers.
    pub(super) async fn remove(&self, name: &str, id: &Value) -> Value {
        let kind = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
        let query = format!(
            "mutation($id: ID!) {{ {name}(id: $id) {{ ... on {kind}Payload {{ id }} ... on Problem {{ code }} }} }}"
        );
        self.ask(&query, json!({ "id": id })).await[name].take()
    }

    async fn vehicle(&self, name: &str) -> Value {
        self.mutate("createVehicle", "vehicle { id }", json!({ "name": name })).await["vehicle"]["id"].take()
    }

    async fn day(&self, date: &str, zone: &str, vehicle: Option<&Value>) -> Value {
        let input = json!({ "date": date, "timeZone": zone, "vehicle": vehicle });
        self.mutate("createTestDay", "testDay { id }", input).await["testDay"]["id"].take()
    }

    /// A run as if it had been converted.
    async fn driven(&self, number: i32, start_at: i64, source: &str) -> RunId {
        let (id, _) = self.run(numbered(number)).await;
        let row = run::ActiveModel {
            id: Set(id),
            start_at: Set(Some(start_at)),
            end_at: Set(Some(start_at + HOUR)),
            time_source: Set(Some(source.to_owned())),
            ..<run::ActiveModel as ActiveModelTrait>::default()
        };
        row.update(self.runtime.database.write()).await.unwrap();
        id
    }
}

fn time(micros: i64) -> String {
    chrono::DateTime::from_timestamp_micros(micros)
        .unwrap()
        .to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

async fn a_vehicle_lives_from_creation_to_deletion(api: Api) {
    let fields = "vehicle { id name timeZone }";
    let input = json!({ "name": " WUFR-19 ", "timeZone": "america/chicago" });
    let made = api.mutate("createVehicle", fields, input).await["vehicle"].take();
    assert_eq!((&made["name"], &made["timeZone"]), (&json!("WUFR-19"), &json!("America/Chicago")));
    let other = api.vehicle("WUFR-20").await;
    let taken = json!({ "code": "CONFLICT", "path": "name" });
    assert_eq!(api.mutate("createVehicle", fields, json!({ "name": "WUFR-19" })).await, taken);
    let rename = json!({ "id": other, "name": "WUFR-19" });
    assert_eq!(api.mutate("updateVehicle", fields, rename).await, taken);
    let cleared = json!({ "id": other, "name": null });
    assert_eq!(api.mutate("updateVehicle", fields, cleared).await["code"], "BAD_USER_INPUT");
    let same = api.mutate("updateVehicle", fields, json!({ "id": made["id"] })).await["vehicle"].take();
    assert_eq!(same, made, "a field left out stays as it is");
    let no_zone = json!({ "id": made["id"], "timeZone": null });
    assert_eq!(api.mutate("updateVehicle", fields, no_zone).await["vehicle"]["timeZone"], Value::Null);
    let long = json!({ "name": "x".repeat(101) });
    assert_eq!(api.mutate("createVehicle", fields, long).await["code"], "BAD_USER_INPUT");

    let day = api.day("2019-10-06", "UTC", Some(&made["id"])).await;
    assert_eq!(api.remove("deleteVehicle", &made["id"]).await["code"], "CONFLICT");
    assert_eq!(api.remove("deleteTestDay", &day).await["id"], day);
    assert_eq!(api.remove("deleteVehicle", &made["id"]).await["id"], made["id"]);
    assert_eq!(api.remove("deleteVehicle", &made["id"]).await["code"], "NOT_FOUND");
}

async fn a_day_is_as_long_as_its_zone_says(api: Api) {
    let fields = "testDay { id date location timeZone window { from to } }";
    let input = json!({ "date": "2019-11-03", "timeZone": "America/Chicago", "location": "Lincoln" });
    let made = api.mutate("createTestDay", fields, input).await["testDay"].take();
    assert_eq!(made["window"], json!({ "from": time(MIDNIGHT), "to": time(MIDNIGHT + 25 * HOUR) }));
    let berlin = json!({ "id": made["id"], "timeZone": "Europe/Berlin", "date": "2024-03-31" });
    let moved = api.mutate("updateTestDay", fields, berlin).await["testDay"].take();
    assert_eq!(moved["location"], "Lincoln");
    let seconds = (1_711_839_600_i64, 1_711_922_400_i64);
    let window = json!({ "from": time(seconds.0 * 1_000_000), "to": time(seconds.1 * 1_000_000) });
    assert_eq!(moved["window"], window, "23 hours");
    for wrong in [
        json!({ "date": "2011-12-30", "timeZone": "Pacific/Apia" }),
        json!({ "date": "2019-10-06", "timeZone": "Middle/Earth" }),
        json!({ "date": "2019-10-06", "location": "x".repeat(101) }),
    ] {
        assert_eq!(
            api.mutate("createTestDay", fields, wrong.clone()).await["code"],
            "BAD_USER_INPUT",
            "{wrong}"
        );
    }
    let nobody = json!({ "date": "2019-10-06", "vehicle": entity::id::VehicleId::new().to_string() });
    assert_eq!(api.mutate("createTestDay", fields, nobody).await["code"], "NOT_FOUND");
}

async fn several_days_have_one_date(api: Api) {
    let (red, blue) = (api.vehicle("red").await, api.vehicle("blue").await);
    let of_red = api.day("2019-10-06", "UTC", Some(&red)).await;
    let of_blue = api.day("2019-10-06", "UTC", Some(&blue)).await;
    let later = api.day("2019-10-07", "UTC", None).await;
    let by_date = "query($d: Date, $v: ID, $id: ID) { testDay(date: $d, vehicle: $v, id: $id) { id } }";
    let ask = async |variables| api.ask(by_date, variables).await["testDay"]["id"].take();
    assert_eq!(ask(json!({ "d": "2019-10-06", "v": blue })).await, of_blue);
    assert_eq!(ask(json!({ "d": "2019-10-07" })).await, later);
    assert_eq!(ask(json!({ "id": of_red })).await, of_red);
    assert_eq!(ask(json!({ "d": "2019-10-08" })).await, Value::Null);
    assert_eq!(api.refusal(by_date, json!({ "d": "2019-10-06" })).await, "BAD_USER_INPUT");
    assert_eq!(api.refusal(by_date, json!({})).await, "BAD_USER_INPUT");
    assert_eq!(api.refusal(by_date, json!({ "d": "2019-2-30" })).await, "BAD_USER_INPUT");

    let list = "query($f: TestDayFilter) { testDays(filter: $f) { nodes { id } } }";
    let found = async |filter: Value| {
        let days = api.ask(list, json!({ "f": filter })).await["testDays"]["nodes"].take();
        days.as_array().unwrap().iter().map(|day| day["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(found(json!({})).await[0], later, "the latest day first");
    assert_eq!(found(json!({ "vehicle": red })).await, [of_red]);
    assert_eq!(found(json!({ "from": "2019-10-07" })).await, std::slice::from_ref(&later));
    assert_eq!(found(json!({ "to": "2019-10-07" })).await.len(), 2);
    assert_eq!(found(json!({ "search": "10-07" })).await, [later]);
}

async fn runs_belong_to_a_day_by_time_and_car_unless_set(api: Api) {
    let car = api.vehicle("car").await;
    let any = api.day("2019-11-03", "America/Chicago", None).await;
    let first = api.driven(1, MIDNIGHT, "RTC").await;
    let last = api.driven(2, MIDNIGHT + 25 * HOUR - 1, "USER").await;
    api.driven(3, MIDNIGHT + 25 * HOUR, "RTC").await;
    api.driven(4, MIDNIGHT - 1, "RTC").await;
    let clockless = api.driven(5, MIDNIGHT, "RELATIVE").await;
    let list = "query($d: ID!) { testDay(id: $d) { runs { nodes { number testDay { id } } } } }";
    let numbers = async |day: &Value| {
        let runs = api.ask(list, json!({ "d": day })).await["testDay"]["runs"]["nodes"].take();
        let runs = runs.as_array().unwrap().clone();
        assert!(runs.iter().all(|run| run["testDay"]["id"] == *day), "{runs:?}");
        runs.iter().map(|run| run["number"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&any).await, [1, 2]);
    // A day of the run's own car is nearer than one of any.
    let own = api.day("2019-11-03", "America/Chicago", Some(&car)).await;
    let set = async |run: RunId, field: &str, value: &Value| {
        let input = json!({ "id": run.to_string(), field: value });
        api.mutate("updateRun", "run { number }", input).await;
    };
    set(first, "vehicle", &car).await;
    assert_eq!((numbers(&any).await, numbers(&own).await), (vec![2], vec![1]));
    // What is set counts, whatever the time.
    set(clockless, "testDay", &own).await;
    set(last, "testDay", &own).await;
    assert_eq!((numbers(&any).await, numbers(&own).await), (vec![], vec![1, 5, 2]));
}

async fn an_interval_lies_in_its_day_and_may_cross_midnight(api: Api) {
    let day = api.day("2019-11-03", "America/Chicago", None).await;
    let fields = "interval { id type start end duration window { from to } testDay { id } run { id } }";
    let of = |start: i64, end: i64| json!({ "testDay": day, "start": time(start), "end": time(end), "type": "STINT" });
    let end = MIDNIGHT + 25 * HOUR;
    // The hour from one to two occurs twice that night: two hours of driving by the wall's clock's one.
    let night = api.mutate("createInterval", fields, of(MIDNIGHT + HOUR, MIDNIGHT + 3 * HOUR)).await;
    assert_eq!(
        (&night["interval"]["duration"], &night["interval"]["type"]),
        (&json!(7200.0), &json!("STINT"))
    );
    let over = api.mutate("createInterval", fields, of(end - 1, end + HOUR)).await["interval"].take();
    assert_eq!(over["window"], json!({ "from": time(end - 1), "to": time(end + HOUR) }));
    assert_eq!((&over["testDay"]["id"], &over["run"]), (&day, &Value::Null));
    let instant = api.mutate("createInterval", fields, of(MIDNIGHT, MIDNIGHT)).await;
    assert_eq!(instant["interval"]["duration"], 0.0);
    for (start, stop, path) in [
        (MIDNIGHT - 1, MIDNIGHT + 1, "start"),
        (end, end + 1, "start"),
        (MIDNIGHT + 1, MIDNIGHT, "end"),
        (MIDNIGHT, end + 24 * HOUR + 1, "end"),
    ] {
        let refused = api.mutate("createInterval", fields, of(start, stop)).await;
        assert_eq!(refused, json!({ "code": "BAD_USER_INPUT", "path": path }), "{start} {stop}");
    }
    let neither = json!({ "start": time(MIDNIGHT), "end": time(end) });
    assert_eq!(api.mutate("createInterval", fields, neither).await["path"], "testDay");

    let changed = json!({ "id": over["id"], "type": null, "end": time(end) });
    let now = api.mutate("updateInterval", fields, changed).await["interval"].take();
    assert_eq!((&now["type"], &now["start"], &now["end"]), (&Value::Null, &over["start"], &json!(time(end))));
    let backwards = json!({ "id": over["id"], "start": time(end + 1) });
    assert_eq!(api.mutate("updateInterval", fields, backwards).await["code"], "BAD_USER_INPUT");
    let list = "query($d: ID!) { testDay(id: $d) { intervals { start } } }";
    let starts = api.ask(list, json!({ "d": day })).await["testDay"]["intervals"].take();
    let sorted = [MIDNIGHT, MIDNIGHT + HOUR, end - 1].map(|start| json!({ "start": time(start) }));
    assert_eq!(starts, json!(sorted));
    assert_eq!(api.remove("deleteInterval", &over["id"]).await["id"], over["id"]);
    assert_eq!(api.remove("deleteInterval", &over["id"]).await["code"], "NOT_FOUND");
}

async fn an_interval_of_a_run_lies_in_it(api: Api) {
    let unread = api.run(numbered(1)).await.0;
    let run = api.driven(2, MIDNIGHT, "RTC").await;
    let of = |run: RunId, start: i64, end: i64| json!({ "run": run.to_string(), "start": time(start), "end": time(end) });
    let fields = "interval { id }";
    let lap = api.mutate("createInterval", fields, of(run, MIDNIGHT, MIDNIGHT + HOUR + 1)).await;
    assert!(lap["interval"]["id"].is_string(), "{lap}");
    let late = api.mutate("createInterval", fields, of(run, MIDNIGHT, MIDNIGHT + HOUR + 2)).await;
    assert_eq!(late, json!({ "code": "BAD_USER_INPUT", "path": "end" }));
    let early = api.mutate("createInterval", fields, of(run, MIDNIGHT - 1, MIDNIGHT)).await;
    assert_eq!(early, json!({ "code": "BAD_USER_INPUT", "path": "start" }));
    let unknown = api.mutate("createInterval", fields, of(unread, MIDNIGHT, MIDNIGHT)).await;
    assert_eq!(unknown, json!({ "code": "CONFLICT", "path": "run" }));
    let nothing = api.mutate("createInterval", fields, of(RunId::new(), MIDNIGHT, MIDNIGHT)).await;
    assert_eq!(nothing, json!({ "code": "NOT_FOUND", "path": "run" }));
    let long = json!({ "run": run.to_string(), "start": time(MIDNIGHT), "end": time(MIDNIGHT), "type": "x".repeat(51) });
    assert_eq!(api.mutate("createInterval", fields, long).await["path"], "type");
}

async fn a_marker_is_an_instant_of_a_day_or_run(api: Api) {
    let day = api.day("2019-11-03", "America/Chicago", None).await;
    let run = api.driven(1, MIDNIGHT, "RTC").await.to_string();
    let fields = "marker { id time type description }";
    let input = json!({ "run": run, "time": time(MIDNIGHT + 1), "type": "SPIN", "description": "turn 3" });
    let made = api.mutate("createMarker", fields, input).await["marker"].take();
    assert_eq!((&made["time"], &made["description"]), (&json!(time(MIDNIGHT + 1)), &json!("turn 3")));
    let changed = json!({ "id": made["id"], "description": null });
    let now = api.mutate("updateMarker", fields, changed).await["marker"].take();
    assert_eq!((&now["type"], &now["description"]), (&json!("SPIN"), &Value::Null));
    let away = json!({ "id": made["id"], "time": time(MIDNIGHT + 2 * HOUR) });
    assert_eq!(api.mutate("updateMarker", fields, away).await["path"], "time");
    let outside = json!({ "testDay": day, "time": time(MIDNIGHT + 25 * HOUR) });
    assert_eq!(api.mutate("createMarker", fields, outside).await["path"], "time");
    let node = "query($id: ID!) { node(id: $id) { ... on Marker { run { id } } } }";
    assert_eq!(api.ask(node, json!({ "id": made["id"] })).await["node"]["run"]["id"], run);
    assert_eq!(api.remove("deleteMarker", &made["id"]).await["id"], made["id"]);
}

async fn a_day_goes_with_what_is_drawn_into_it(api: Api) {
    let day = api.day("2019-11-03", "America/Chicago", None).await;
    let run = api.driven(1, MIDNIGHT, "RTC").await;
    let at = time(MIDNIGHT);
    let interval = json!({ "testDay": day, "start": at, "end": at });
    api.mutate("createInterval", "interval { id }", interval).await;
    api.mutate("createMarker", "marker { id }", json!({ "testDay": day, "time": at })).await;
    api.mutate("updateRun", "run { id }", json!({ "id": run.to_string(), "testDay": day })).await;
    let away = json!({ "id": day, "date": "2019-11-04" });
    let refused = api.mutate("updateTestDay", "testDay { id }", away).await;
    assert_eq!(refused, json!({ "code": "CONFLICT", "path": "date" }), "they would lie outside");
    assert_eq!(api.remove("deleteTestDay", &day).await["id"], day);
    let left =
        api.ask("query($id: ID!) { run(id: $id) { testDay { id } } }", json!({ "id": run.to_string() }));
    assert_eq!(left.await["run"], json!({ "testDay": null }));
}

async fn a_run_is_purged_with_what_is_drawn_into_it(api: Api) {
    let run = api.driven(1, MIDNIGHT, "RTC").await.to_string();
    let at = time(MIDNIGHT);
    let interval =
        api.mutate("createInterval", "interval { id }", json!({ "run": run, "start": at, "end": at })).await;
    api.mutate("createMarker", "marker { id }", json!({ "run": run, "time": at })).await;
    let purge = "mutation($id: ID!) { purgeRun(id: $id) { __typename } }";
    assert_eq!(api.ask(purge, json!({ "id": run })).await["purgeRun"]["__typename"], "PurgeRunPayload");
    let node =
        api.ask("query($id: ID!) { node(id: $id) { id } }", json!({ "id": interval["interval"]["id"] }));
    assert_eq!(node.await["node"], Value::Null);
}

#[tokio::test]
async fn one_run_has_so_many_intervals_at_most() {
    use entity::{id::IntervalId, interval};
    use sea_orm::{EntityTrait, IntoActiveModel};
    let api = Api::start().await;
    let run = api.driven(1, MIDNIGHT, "RTC").await;
    let row = |_| interval::Model {
        id: IntervalId::new(),
        test_day_id: None,
        run_id: Some(run),
        start_at: MIDNIGHT,
        end_at: MIDNIGHT,
        kind: None,
        description: None,
        created_at: 0,
    };
    let rows = (0..999).map(|n: i32| row(n).into_active_model().reset_all());
    interval::Entity::insert_many(rows).exec_without_returning(api.runtime.database.write()).await.unwrap();
    let input = json!({ "run": run.to_string(), "start": time(MIDNIGHT), "end": time(MIDNIGHT) });
    let last = api.mutate("createInterval", "interval { id }", input.clone()).await;
    assert!(last["interval"]["id"].is_string(), "{last}");
    assert_eq!(api.mutate("createInterval", "interval { id }", input).await["code"], "CONFLICT");
}
