//! When a run was driven, set afterwards.

use entity::{
    id::{JobId, RunId},
    job::{self, ConvertPayload},
};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{Api, numbered};

const SET: &str = "mutation($input: SetRunTimeInput!) { setRunTime(input: $input) {
    ... on SetRunTimePayload { run { start timeShift timeZone } job { id state } }
    ... on Refused { code path message } } }";

impl Api {
    async fn set_time(&self, run: RunId, mut input: Value) -> Value {
        input["run"] = run.to_string().into();
        self.ask(SET, json!({ "input": input })).await["setRunTime"].take()
    }

    /// What the job of an answer was asked for.
    async fn payload(&self, answer: &Value) -> ConvertPayload {
        let id: JobId = answer["job"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).parse().unwrap();
        let row = job::Entity::find_by_id(id).one(self.runtime.database.read()).await.unwrap().unwrap();
        let payload: ConvertPayload = serde_json::from_str(&row.payload).unwrap();
        assert_eq!(row.schema_version, payload.schema_version);
        payload
    }
}

platform::on_every_back_end! {
    Api::on:
    a_start_dates_the_first_frame_and_setting_it_twice_changes_nothing,
    a_shift_adds_to_the_present_one,
    a_zone_and_a_start_of_a_log_without_a_clock_go_together,
}

/// The run's log begins at 1 s.
async fn a_start_dates_the_first_frame_and_setting_it_twice_changes_nothing(api: Api) {
    let run = api.converted().await;
    let at_nine = json!({ "start": "2024-05-01T11:00:00+02:00" });
    let set = api.set_time(run, at_nine.clone()).await;
    let payload = api.payload(&set).await;
    let shift = 1_714_554_000_000_000 - 1_000_000;
    assert_eq!((payload.shift, payload.schema_version), (Some(shift), job::SCHEMA_VERSION));
    assert_eq!(set["run"]["start"], "1970-01-01T00:00:01.000000Z", "the present conversion serves");
    assert_eq!(set["run"]["timeShift"], 1_714_553_999.0);
    assert_eq!(api.set_time(run, at_nine).await, set);

    let reconvert = "mutation($input: ReconvertRunInput!) { reconvertRun(input: $input) {
        ... on ReconvertRunPayload { job { id } } ... on Refused { message } } }";
    let again =
        api.ask(reconvert, json!({ "input": { "id": run.to_string() } })).await["reconvertRun"].take();
    assert_eq!(api.payload(&again).await.shift, Some(shift), "it keeps the shift");

    let cleared = api.set_time(run, json!({ "start": null })).await;
    let payload = api.payload(&cleared).await;
    assert_eq!((payload.shift, payload.schema_version), (None, 1));
    assert_eq!(cleared["run"]["timeShift"], Value::Null);
    for same in [
        json!({ "shift": null }),
        json!({ "start": null, "shift": null }),
        json!({}),
        json!({ "timeZone": "UTC" }),
    ] {
        assert_eq!(api.set_time(run, same).await["job"]["id"], cleared["job"]["id"]);
    }
}

async fn a_shift_adds_to_the_present_one(api: Api) {
    let run = api.converted().await;
    api.set_time(run, json!({ "shift": 1.25 })).await;
    let set = api.set_time(run, json!({ "shift": -0.5 })).await;
    assert_eq!(api.payload(&set).await.shift, Some(750_000));
    let set = api.set_time(run, json!({ "shift": -0.75 })).await;
    assert_eq!(api.payload(&set).await.shift, None);
    let (unread, _) = api.run(numbered(2)).await;
    let set = api.set_time(unread, json!({ "shift": 3600, "timeZone": "Europe/Berlin" })).await;
    let payload = api.payload(&set).await;
    assert_eq!((payload.shift, payload.time_zone.as_str()), (Some(3_600_000_000), "Europe/Berlin"));
}

async fn a_zone_and_a_start_of_a_log_without_a_clock_go_together(api: Api) {
    let run = api.converted().await;
    let input = json!({ "start": "2024-05-01T09:00:00Z", "timeZone": "America/Chicago" });
    let payload = api.payload(&api.set_time(run, input).await).await;
    assert_eq!(payload.time_zone, "America/Chicago");
    assert_eq!(payload.shift, Some(1_714_553_999_000_000));
}

#[tokio::test]
async fn impossible_times_are_refused_and_change_nothing() {
    let api = Api::start().await;
    let run = api.converted().await;
    let cases = [
        (json!({ "start": "9999-12-31T23:59:59Z" }), "BAD_USER_INPUT", "start"),
        (json!({ "start": "1969-12-31T23:59:59Z" }), "BAD_USER_INPUT", "start"),
        (json!({ "start": "2199-12-31T23:59:59Z" }), "BAD_USER_INPUT", "start"),
        (json!({ "shift": -1.000001 }), "BAD_USER_INPUT", "shift"),
        (json!({ "shift": 1e300 }), "BAD_USER_INPUT", "shift"),
        (json!({ "shift": 7_258_118_400.0 }), "BAD_USER_INPUT", "shift"),
        (json!({ "shift": 1, "start": "2024-05-01T09:00:00Z" }), "BAD_USER_INPUT", "shift"),
        (json!({ "shift": 1, "start": null }), "BAD_USER_INPUT", "shift"),
        (json!({ "timeZone": null }), "BAD_USER_INPUT", "timeZone"),
        (json!({ "timeZone": "Middle/Earth" }), "BAD_USER_INPUT", "timeZone"),
    ];
    for (input, code, path) in cases {
        let refused = api.set_time(run, input.clone()).await;
        assert_eq!((&refused["code"], &refused["path"]), (&json!(code), &json!(path)), "{input}: {refused}");
    }
    assert_eq!(api.set_time(RunId::new(), json!({})).await["code"], "NOT_FOUND");
    let (unread, _) = api.run(numbered(2)).await;
    let refused = api.set_time(unread, json!({ "start": "2024-05-01T09:00:00Z" })).await;
    assert_eq!((&refused["code"], &refused["path"]), (&json!("CONFLICT"), &json!("start")));
    let kept = api.set_time(run, json!({})).await;
    assert_eq!((&kept["run"]["timeShift"], &kept["job"]["state"]), (&Value::Null, &json!("SUCCEEDED")));
}
