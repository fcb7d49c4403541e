//! Runs that are dated after their upload, by the real binary.

use serde_json::{Value, json};

use crate::client::{REGISTER, Server, UPLOAD};
use crate::logs::DBC;

const SET: &str = "mutation($input: SetRunTimeInput!) { setRunTime(input: $input) {
    ... on SetRunTimePayload { run { start } job { id } } ... on Problem { code path message } } }";
const RUN: &str = "query($id: ID!) { run(id: $id) {
    start end timeSource timeShift timeZone warningCount intervals { start end } markers { time }
    report { timeSource timeShift } series(signals: [{ name: \"Speed\" }]) { t0 time values } } }";

struct Drive {
    server: Server,
    run: Value,
}

impl Drive {
    /// A log that was uploaded and converted.
    async fn upload(log: &str, zone: &str) -> Self {
        let server = Server::start().await;
        let dbc = server.ask(REGISTER, json!({ "input": { "name": "car.dbc", "text": DBC } })).await;
        let dbc = &dbc["registerDbc"]["dbc"]["id"];
        let input = json!({ "file": null, "dbcs": [{ "dbc": dbc }], "timeZone": zone });
        let sent = server.send(UPLOAD, input, ("drive.log", log)).await["uploadLog"].take();
        let this = Self { run: sent["run"]["id"].clone(), server };
        this.done(&sent).await;
        this
    }

    /// Waits until the answer's job has succeeded.
    async fn done(&self, answer: &Value) {
        let watch = "subscription($id: ID!) { job(id: $id) { job { state failure { message } } } }";
        let events = self.server.watch(watch, json!({ "id": answer["job"]["id"] })).await;
        assert_eq!(events.last().unwrap()["job"]["job"]["state"], "SUCCEEDED", "{answer} {events:?}");
    }

    async fn set(&self, mut input: Value) -> Value {
        input["run"] = self.run.clone();
        self.server.ask(SET, json!({ "input": input })).await["setRunTime"].take()
    }

    async fn set_and_convert(&self, input: Value) {
        self.done(&self.set(input).await).await;
    }

    async fn look(&self) -> Value {
        self.server.ask(RUN, json!({ "id": self.run })).await["run"].take()
    }
}

#[tokio::test]
async fn a_log_that_counts_from_power_on_is_dated() {
    let log = "(5.000000) can0 100#0A00000000000000\n(6.500000) can0 100#1400000000000000\n";
    let drive = Drive::upload(log, "UTC").await;
    let own = drive.look().await;
    assert_eq!((&own["timeSource"], &own["warningCount"]), (&json!("RELATIVE"), &json!(1)));
    let mark = "mutation($run: ID!) {
        createInterval(input: { run: $run, start: \"1970-01-01T00:00:05Z\", end: \"1970-01-01T00:00:06Z\" }) { __typename }
        createMarker(input: { run: $run, time: \"1970-01-01T00:00:06Z\" }) { __typename } }";
    drive.server.ask(mark, json!({ "run": drive.run })).await;
    let marked = drive.look().await;

    drive.set_and_convert(json!({ "start": "2024-05-01T09:00:00.25Z" })).await;
    let dated = drive.look().await;
    assert_eq!(dated["start"], "2024-05-01T09:00:00.250000Z");
    assert_eq!((&dated["timeSource"], &dated["warningCount"]), (&json!("USER"), &json!(0)));
    assert_eq!(dated["report"], json!({ "timeSource": "USER", "timeShift": dated["timeShift"] }));
    assert_eq!(dated["series"][0]["values"], json!([1.0, 2.0]));
    assert_eq!(dated["series"][0]["time"], own["series"][0]["time"]);
    assert_eq!(dated["intervals"][0]["start"], "2024-05-01T09:00:00.250000Z");
    assert_eq!(dated["intervals"][0]["end"], "2024-05-01T09:00:01.250000Z");
    assert_eq!(dated["markers"][0]["time"], "2024-05-01T09:00:01.250000Z");

    drive.set_and_convert(json!({ "start": null })).await;
    assert_eq!(drive.look().await, marked, "all is as it was");
}

#[tokio::test]
async fn a_logger_without_a_date_is_dated() {
    let log = "year,month,day,hour,min,sec,ms,id,data\n\
               0,0,0,0,0,10,0,100,0A00000000000000\n0,0,0,0,0,11,500,100,1400000000000000\n";
    let drive = Drive::upload(log, "America/Chicago").await;
    assert_eq!(drive.look().await["timeSource"], "RELATIVE");
    drive.set_and_convert(json!({ "start": "2019-10-06T10:42:54-05:00" })).await;
    let dated = drive.look().await;
    assert_eq!(dated["start"], "2019-10-06T15:42:54.000000Z");
    assert_eq!(
        (&dated["end"], &dated["timeSource"]),
        (&json!("2019-10-06T15:42:55.500000Z"), &json!("USER"))
    );
}

#[tokio::test]
async fn a_clock_in_the_wrong_zone_is_read_anew_on_the_day_it_changes() {
    // On 2019-11-03 Chicago set its clocks back at 2:00 daylight time, that is at 7:00 UTC.
    let log = "year,month,day,hour,min,sec,ms,id,data\n\
               2019,11,3,0,30,0,0,100,0A00000000000000\n2019,11,3,3,30,0,0,100,1400000000000000\n";
    let drive = Drive::upload(log, "UTC").await;
    assert_eq!(drive.look().await["start"], "2019-11-03T00:30:00.000000Z");
    let both = drive.set(json!({ "timeZone": "America/Chicago", "start": "2019-11-03T05:30:00Z" })).await;
    assert_eq!((&both["code"], &both["path"]), (&json!("BAD_USER_INPUT"), &json!("timeZone")), "{both}");
    drive.set_and_convert(json!({ "timeZone": "America/Chicago" })).await;
    let read = drive.look().await;
    assert_eq!((&read["start"], &read["timeSource"]), (&json!("2019-11-03T05:30:00.000000Z"), &json!("RTC")));
    assert_eq!(read["end"], "2019-11-03T09:30:00.000000Z", "an hour more than the clock says");
    drive.set_and_convert(json!({ "shift": -60 })).await;
    let moved = drive.look().await;
    assert_eq!(
        (&moved["start"], &moved["timeSource"]),
        (&json!("2019-11-03T05:29:00.000000Z"), &json!("USER"))
    );
    assert_eq!((&moved["timeZone"], &moved["timeShift"]), (&json!("America/Chicago"), &json!(-60.0)));
}
