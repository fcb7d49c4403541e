//! What names mean: to those who save expressions at the same time, beside recorded signals, and over ranges.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{Api, numbered, series::drive};

platform::on_every_back_end! {
    Api::on:
    of_two_that_form_a_cycle_at_once_one_is_saved,
    a_name_that_runs_have_recorded_is_refused,
    a_name_that_means_two_signals_means_neither_anywhere,
    a_text_is_checked_over_a_range,
}

const SAVED: &str = "derivedSignal { id name } } ... on ExpressionRefused { problem { reason } }
    ... on Problem { message";
const CHECK: &str = "query($e: String!, $r: ID, $w: TimeWindow, $v: ID) {
    checkExpression(expression: $e, run: $r, window: $w, vehicle: $v) {
        ok problem { reason candidates } signals { qualifiedName } joining unit } }";

impl Api {
    async fn save(&self, mutation: &str, input: Value) -> Value {
        self.mutate(mutation, SAVED, input).await
    }

    async fn create(&self, name: &str, expression: &str) -> Value {
        self.save("createDerivedSignal", json!({ "name": name, "expression": expression })).await
    }

    async fn checked(&self, variables: Value) -> Value {
        self.ask(CHECK, variables).await["checkExpression"].take()
    }

    /// The code of a refusal and its reason, where a text is to be computed in the run.
    async fn refused_series(&self, field: &str, run: &str, text: &str) -> (Value, Value) {
        let query = format!(
            "query($r: ID!, $e: String!) {{ run(id: $r) {{ {field}(signals: [{{ expression: $e }}]) {{ __typename }} }} }}"
        );
        let mut answer = self.answer(&query, json!({ "r": run, "e": text })).await;
        let extensions = &mut answer["errors"][0]["extensions"];
        (extensions["code"].take(), extensions["reason"].take())
    }
}

fn reason(answer: &Value) -> &str {
    answer["problem"]["reason"].as_str().unwrap_or("none")
}

async fn of_two_that_form_a_cycle_at_once_one_is_saved(api: Api) {
    let names: Vec<[String; 2]> = (0..8).map(|n| [format!("a{n}"), format!("b{n}")]).collect();
    let both = names.iter().flat_map(|[one, other]| [(one, other), (other, one)]);
    let made = join_all(both.map(async |(name, of)| api.create(name, &format!("\"{of}\" + 1")).await)).await;
    for (pair, names) in made.chunks(2).zip(&names) {
        let mut reasons = [reason(&pair[0]), reason(&pair[1])];
        reasons.sort_unstable();
        assert_eq!(reasons, ["CYCLE", "none"], "{names:?}: {pair:?}");
    }

    // The same by changes of what is there.
    let mut pairs = Vec::new();
    for n in 0..8 {
        let ids =
            [api.derived(&format!("c{n}"), "Speed").await, api.derived(&format!("d{n}"), "Speed").await];
        pairs.push((n, ids));
    }
    let changes = pairs.iter().flat_map(|(n, [c, d])| [(c, format!("d{n}")), (d, format!("c{n}"))]);
    let change = async |(id, text): (&Value, String)| {
        api.save("updateDerivedSignal", json!({ "id": id, "expression": text })).await
    };
    let changed = join_all(changes.map(change)).await;
    for pair in changed.chunks(2) {
        let mut reasons = [reason(&pair[0]), reason(&pair[1])];
        reasons.sort_unstable();
        assert_eq!(reasons, ["CYCLE", "none"], "{pair:?}");
    }
}

async fn a_name_that_runs_have_recorded_is_refused(api: Api) {
    let run = api.recorded(1, &[("Engine", "Speed", 9), ("Wheel", "Slip", 9)]).await;
    let refused = api.create("Speed", "Wheel.Slip").await;
    assert_eq!((&refused["code"], &refused["path"]), (&json!("CONFLICT"), &json!("name")));
    assert!(refused["message"].as_str().unwrap().contains("Engine.Speed"), "{refused}");
    // Letters of another case make another name, and so does a message's.
    for name in ["speed", "Engine", "Engine.Speed"] {
        assert_eq!(api.create(name, "Wheel.Slip").await["derivedSignal"]["name"], name);
    }
    let id = api.derived("Mine", "Wheel.Slip").await;
    let renamed = api.save("updateDerivedSignal", json!({ "id": id, "name": "Slip" })).await;
    assert_eq!((&renamed["code"], &renamed["path"]), (&json!("CONFLICT"), &json!("name")));
    // What no run has any more is nobody's name.
    let delete = "mutation($id: ID!) { deleteRun(id: $id) { __typename } }";
    api.ask(delete, json!({ "id": run.to_string() })).await;
    assert_eq!(api.create("Speed", "Wheel.Slip").await["derivedSignal"]["name"], "Speed");
}

async fn a_name_that_means_two_signals_means_neither_anywhere(api: Api) {
    // Saved before any run had a signal of the name.
    let gear = api.derived("Gear", "Engine.Gear * 2").await;
    api.derived("User", "Gear + 1").await;
    let run = api.converted_from(numbered(1), drive(1)).await.to_string();
    let both = json!(["can0.Engine.Gear", "derived.Gear"]);
    let checked = api.checked(json!({ "e": "Gear + 1", "r": run })).await;
    assert_eq!((reason(&checked), &checked["problem"]["candidates"]), ("AMBIGUOUS_SIGNAL", &both));
    for field in ["series", "statistics"] {
        let refused = api.refused_series(field, &run, "Gear + 1").await;
        assert_eq!(refused, (json!("EXPRESSION"), json!("AMBIGUOUS_SIGNAL")), "{field}");
    }
    let query = "query($r: ID!) { run(id: $r) { derivedSignals(applicable: null) {
        applies derivedSignal { name } problem { reason candidates } } } }";
    let told = api.ask(query, json!({ "r": run })).await["run"]["derivedSignals"].take();
    assert_eq!((&told[0]["derivedSignal"]["name"], &told[0]["applies"]), (&json!("Gear"), &json!(true)));
    assert_eq!((reason(&told[1]), &told[1]["problem"]["candidates"]), ("AMBIGUOUS_SIGNAL", &both));

    // Said in full, or in a selector, it is clear: gears are 0, 1 and 2.
    let query =
        "query($r: ID!, $d: ID!) { run(id: $r) { statistics(signals: [{ name: \"Gear\" }, { derived: $d },
        { expression: \"Engine.Gear\" }, { expression: \"derived.Gear\" }]) { max } } }";
    let found = api.ask(query, json!({ "r": run, "d": gear })).await["run"]["statistics"].take();
    let expected = json!([{ "max": 2.0 }, { "max": 4.0 }, { "max": 2.0 }, { "max": 4.0 }]);
    assert_eq!(found, expected);
}

async fn a_text_is_checked_over_a_range(api: Api) {
    let car =
        api.mutate("createVehicle", "vehicle { id }", json!({ "name": "car" })).await["vehicle"]["id"].take();
    let run = api.converted_from(numbered(1), drive(100)).await.to_string();
    api.converted_from(numbered(2), drive(200)).await;
    api.mutate("updateRun", "run { id }", json!({ "id": run, "vehicle": car })).await;
    let window = json!({ "from": "1970-01-01T00:00:00Z", "to": "1970-01-01T01:00:00Z" });
    let checked = api.checked(json!({ "e": "Engine.Speed - Wheel.Speed", "w": window })).await;
    let signals = json!([{ "qualifiedName": "Engine.Speed" }, { "qualifiedName": "Wheel.Speed" }]);
    assert_eq!((&checked["ok"], &checked["signals"]), (&json!(true), &signals), "{checked}");
    assert_eq!((&checked["joining"], &checked["unit"]), (&json!("PREVIOUS_VALUE"), &Value::Null));
    let of_car = api.checked(json!({ "e": "abs(Engine.Speed)", "w": window, "v": car })).await;
    assert_eq!((&of_car["ok"], &of_car["unit"]), (&json!(true), &json!("km/h")), "{of_car}");
    assert_eq!(reason(&api.checked(json!({ "e": "Speed", "w": window })).await), "AMBIGUOUS_SIGNAL");
    let none = json!({ "from": "1980-01-01T00:00:00Z", "to": "1980-01-01T01:00:00Z" });
    assert_eq!(reason(&api.checked(json!({ "e": "Gear", "w": none })).await), "UNKNOWN_SIGNAL");
    for wrong in [
        json!({ "e": "Gear", "r": run, "w": window }),
        json!({ "e": "Gear", "r": run, "v": car }),
        json!({ "e": "Gear", "v": car }),
        json!({ "e": "Gear", "w": { "from": "1980-01-01T00:00:00Z" } }),
        json!({ "e": "Gear", "w": window, "v": "run_1" }),
    ] {
        assert_eq!(api.refusal(CHECK, wrong.clone()).await, "BAD_USER_INPUT", "{wrong}");
    }
}

#[tokio::test]
async fn a_unit_is_told_where_it_is_evident() {
    let api = Api::start().await;
    let run = api.converted_from(numbered(1), drive(1)).await.to_string();
    let input = json!({ "name": "Slow", "expression": "Engine.Speed / 2", "unit": "m/s" });
    api.save("createDerivedSignal", input).await;
    api.derived("Bare", "Engine.Speed").await;
    for (text, unit) in [
        ("Engine.Speed", Some("km/h")),
        ("-round(Engine.Speed)", Some("km/h")),
        ("low_pass(previous(Engine.Speed), 1s)", Some("km/h")),
        ("clamp(Engine.Speed, 0, 100)", Some("km/h")),
        ("if(Gear > 1, Engine.Speed, 0)", Some("km/h")),
        ("Engine.Speed - moving_mean(Engine.Speed, 1s)", Some("km/h")),
        ("Slow", Some("m/s")),
        ("derived.Slow + Slow", Some("m/s")),
        ("Bare", None),
        ("Engine.Speed * 2", None),
        ("Engine.Speed + 273.15", None),
        ("Engine.Speed + Wheel.Speed", None),
        ("if(Gear > 1, Engine.Speed, Wheel.Speed)", None),
        ("derivative(Engine.Speed)", None),
        ("Engine.Speed > 3", None),
        ("Gear", None),
        ("1 + 2", None),
    ] {
        let checked = api.checked(json!({ "e": text, "r": run })).await;
        assert_eq!((&checked["ok"], checked["unit"].as_str()), (&json!(true), unit), "{text}: {checked}");
    }
    assert_eq!(api.checked(json!({ "e": "Slow" })).await["unit"], "m/s", "without a run too");
}
