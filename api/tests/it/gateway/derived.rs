//! Derived signals: saved, changed, deleted, and where they apply.

use std::fmt::Write as _;

use entity::{
    conversion,
    id::{ConversionId, RunId},
    signal::RecordedSignal,
};
use platform::storage::KeyPrefix;
use sea_orm::DbErr;
use serde_json::{Value, json};

use super::{Api, numbered};

platform::on_every_back_end! {
    Api::on:
    a_derived_signal_lives_from_creation_to_deletion,
    a_name_may_be_any_text,
    what_others_use_is_neither_renamed_nor_deleted,
    a_change_that_breaks_others_is_refused,
    derived_signals_are_paged_by_name,
    those_that_apply_to_a_run_are_told_from_the_others,
    a_text_is_checked_before_it_is_saved,
}

/// Names that meant something else, or nothing, to the original (its expressions went to sympy).
pub(super) const ODD: [&str; 8] = ["Lambda", "S", "N", "Q", "beta", "E", "pi", "Oil \"hot\" Temp"];

impl Api {
    /// A run that recorded these signals of message `Engine`, each with its count of samples.
    pub(super) async fn recorded(&self, number: i32, signals: &[(&str, &str, i64)]) -> RunId {
        let (run, queued) = self.run(numbered(number)).await;
        let id = ConversionId::new();
        let prefix = KeyPrefix::Conversion { run, conversion: id }.to_string();
        let signals: Vec<_> =
            signals.iter().map(|&(message, name, count)| signal(message, name, count)).collect();
        let publish = self.runtime.database.transaction::<_, DbErr, _>(move |tx| {
            let publication = conversion::Publication {
                conversion_id: id,
                job_id: queued.id,
                token: 1,
                run_id: run,
                manifest: "{\"messages\":[]}".to_owned(),
                report: "{}".to_owned(),
                bytes: 1,
                warning_count: 0,
                time_source: "RTC".to_owned(),
                start_at: Some(0),
                end_at: Some(1),
                signals: signals.clone(),
            };
            let prefix = prefix.clone();
            Box::pin(async move {
                let lease = std::time::Duration::from_secs(30);
                let claimed = entity::job::claim(tx, "worker", lease).await?.unwrap();
                conversion::begin(tx, &claimed, id, &prefix).await?.unwrap();
                conversion::publish(tx, publication).await
            })
        });
        assert!(publish.await.unwrap());
        run
    }

    async fn derive(&self, name: &str, expression: &str) -> Value {
        let input = json!({ "name": name, "expression": expression });
        self.mutate("createDerivedSignal", FIELDS, input).await
    }

    /// The id of the derived signal that is made.
    pub(super) async fn derived(&self, name: &str, expression: &str) -> Value {
        let mut made = self.derive(name, expression).await;
        assert!(made["derivedSignal"]["id"].is_string(), "{name}: {made}");
        made["derivedSignal"]["id"].take()
    }

    async fn check(&self, expression: &str, run: Option<RunId>) -> Value {
        let variables = json!({ "e": expression, "run": run.map(|run| run.to_string()) });
        self.ask(CHECK, variables).await["checkExpression"].take()
    }
}

fn signal(message: &str, name: &str, count: i64) -> RecordedSignal {
    RecordedSignal {
        bus: None,
        frame_id: Some(1),
        extended: false,
        message: message.to_owned(),
        name: name.to_owned(),
        unit: Some("V".to_owned()),
        file: format!("{message}.parquet"),
        overview: format!("{message}.overview.parquet"),
        sorted: true,
        count,
        summary: "{}".to_owned(),
        first_at: Some(0),
        last_at: Some(1),
    }
}

const FIELDS: &str = "derivedSignal { id name expression unit description } } ... on ExpressionRefused {
    problem { reason message position { offset line column } hint candidates derivedSignal }";
const CHECK: &str = "query($e: String!, $run: ID) { checkExpression(expression: $e, run: $run) {
    ok problem { reason position { offset line column } hint candidates derivedSignal } canonical names
    signals { qualifiedName } derivedSignals { name } joining value } }";

async fn a_derived_signal_lives_from_creation_to_deletion(api: Api) {
    let input =
        json!({ "name": " CG_Accel ", "expression": "AccelX * cos(pi/4)", "unit": "g", "description": "" });
    let made = api.mutate("createDerivedSignal", FIELDS, input).await["derivedSignal"].take();
    assert_eq!(
        (&made["name"], &made["unit"], &made["description"]),
        (&json!("CG_Accel"), &json!("g"), &Value::Null)
    );
    let query = "query($id: ID!) { derivedSignal(id: $id) { id name expression unit description }
        node(id: $id) { __typename id } }";
    let found = api.ask(query, json!({ "id": made["id"] })).await;
    assert_eq!(found["derivedSignal"], made);
    assert_eq!(found["node"]["__typename"], "DerivedSignal");

    let taken = api.derive("CG_Accel", "1").await;
    assert_eq!((&taken["code"], &taken["path"]), (&json!("CONFLICT"), &json!("name")));
    let same = json!({ "id": made["id"] });
    assert_eq!(api.mutate("updateDerivedSignal", FIELDS, same).await["derivedSignal"], made);
    let change = json!({ "id": made["id"], "unit": null, "name": "Accel", "expression": "AccelY" });
    let changed = api.mutate("updateDerivedSignal", FIELDS, change).await["derivedSignal"].take();
    let now = (&changed["name"], &changed["expression"], &changed["unit"]);
    assert_eq!(now, (&json!("Accel"), &json!("AccelY"), &Value::Null));
    for wrong in [
        json!({ "id": made["id"], "name": null }),
        json!({ "id": made["id"], "expression": null }),
        json!({ "id": made["id"], "unit": "x".repeat(51) }),
        json!({ "id": made["id"], "description": "x".repeat(1001) }),
        json!({ "id": made["id"], "name": "x".repeat(101) }),
        json!({ "id": "derived_1" }),
    ] {
        let refused = api.mutate("updateDerivedSignal", FIELDS, wrong.clone()).await;
        assert_eq!(refused["code"], "BAD_USER_INPUT", "{wrong}");
    }
    assert_eq!(api.remove("deleteDerivedSignal", &made["id"]).await["id"], made["id"]);
    assert_eq!(api.remove("deleteDerivedSignal", &made["id"]).await["code"], "NOT_FOUND");
}

async fn a_name_may_be_any_text(api: Api) {
    for name in ["with_underscore", "Öl \"heiß\"", "a.b", "1st", "Lambda", "a, b"] {
        let id = api.derived(name, "1").await;
        let query = "query($id: ID!) { derivedSignal(id: $id) { name } }";
        assert_eq!(api.ask(query, json!({ "id": id })).await["derivedSignal"]["name"], name);
    }
    // Of the same letters in another case it is another name.
    api.derived("lambda", "1").await;
    for name in ["", "  ", "a\u{0}b"] {
        assert_eq!(api.derive(name, "1").await["code"], "BAD_USER_INPUT", "{name:?}");
    }
    let used = api.check("\"Öl \"\"heiß\"\"\" + derived.\"a.b\"", None).await;
    assert_eq!(used["derivedSignals"], json!([{ "name": "a.b" }, { "name": "Öl \"heiß\"" }]), "{used}");
}

async fn what_others_use_is_neither_renamed_nor_deleted(api: Api) {
    let inner = api.derived("inner", "Lambda * 14.7").await;
    let outer = api.derived("outer", "derived.inner + 1").await;
    api.derived("around", "outer * 2").await;
    let rename = json!({ "id": inner, "name": "other" });
    let refused = api.mutate("updateDerivedSignal", FIELDS, rename).await;
    assert_eq!(refused["code"], "CONFLICT");
    assert_eq!(api.remove("deleteDerivedSignal", &inner).await["code"], "CONFLICT");
    let query = "query($id: ID!) { derivedSignal(id: $id) { dependants { id } } }";
    let dependants = api.ask(query, json!({ "id": inner })).await["derivedSignal"]["dependants"].take();
    assert_eq!(dependants, json!([{ "id": outer }]));
    let freed = json!({ "id": outer, "expression": "2" });
    api.mutate("updateDerivedSignal", FIELDS, freed).await;
    assert_eq!(api.remove("deleteDerivedSignal", &inner).await["id"], inner);
}

async fn a_change_that_breaks_others_is_refused(api: Api) {
    let a = api.derived("a", "Lambda").await;
    api.derived("b", "derivative(a)").await;
    let change = async |expression: &str| {
        let input = json!({ "id": a, "expression": expression });
        api.mutate("updateDerivedSignal", FIELDS, input).await
    };
    let cycle = change("b + 1").await;
    assert_eq!((&cycle["code"], &cycle["problem"]["reason"]), (&json!("EXPRESSION"), &json!("CYCLE")));
    assert_eq!(cycle["problem"]["candidates"], json!(["a", "b", "a"]));
    let constant = change("14.7").await;
    assert_eq!(
        (&constant["code"], &constant["problem"]["derivedSignal"]),
        (&json!("EXPRESSION"), &json!("b"))
    );
    assert_eq!(api.derive("self", "1 + self").await["problem"]["reason"], "CYCLE");
    assert_eq!(change("Lambda * 2").await["derivedSignal"]["expression"], "Lambda * 2");
}

async fn derived_signals_are_paged_by_name(api: Api) {
    for name in ["b", "d:1", "a", "c\"2"] {
        api.derived(name, "Speed").await;
    }
    let query = "query($f: Int, $a: String, $l: Int, $b: String, $s: String) {
        derivedSignals(first: $f, after: $a, last: $l, before: $b, search: $s) {
            totalCount nodes { name } pageInfo { hasNextPage startCursor endCursor } } }";
    let page = async |variables: Value| {
        let page = api.ask(query, variables).await["derivedSignals"].take();
        let names = page["nodes"].as_array().unwrap().iter().map(|node| node["name"].clone());
        (names.collect::<Vec<_>>(), page)
    };
    let (first, info) = page(json!({ "f": 3 })).await;
    assert_eq!((first, &info["totalCount"]), (vec![json!("a"), json!("b"), json!("c\"2")], &json!(4)));
    let (rest, end) = page(json!({ "f": 3, "a": info["pageInfo"]["endCursor"] })).await;
    assert_eq!((rest, &end["pageInfo"]["hasNextPage"]), (vec![json!("d:1")], &json!(false)));
    let (back, _) = page(json!({ "l": 2, "b": end["pageInfo"]["startCursor"] })).await;
    assert_eq!(back, [json!("b"), json!("c\"2")]);
    assert_eq!(page(json!({ "s": "speed D:" })).await.0, [json!("d:1")]);
    assert_eq!(api.refusal(query, json!({ "a": "no cursor" })).await, "BAD_USER_INPUT");
}

async fn those_that_apply_to_a_run_are_told_from_the_others(api: Api) {
    let run =
        api.recorded(1, &[("Engine", "Lambda", 9), ("Engine", "Torque", 9), ("Dash", "Torque", 5)]).await;
    for (name, expression) in [
        ("AFR", "Lambda * 14.7"),
        ("both", "AFR + Dash.Torque"),
        ("other", "Steering + 1"),
        ("two", "Torque"),
        ("zero", "0"),
    ] {
        api.derived(name, expression).await;
    }
    let query =
        "query($run: ID!, $a: Boolean) { run(id: $run) { derivedSignals(applicable: $a) { applies joining
        derivedSignal { name } signals { qualifiedName } problem { reason candidates } } } }";
    let all = api.ask(query, json!({ "run": run.to_string(), "a": null })).await;
    let found = all["run"]["derivedSignals"].as_array().unwrap().clone();
    let told = |place: usize| {
        (&found[place]["applies"], &found[place]["joining"], &found[place]["problem"]["reason"])
    };
    let yes = |joining: &str| (json!(true), json!(joining), Value::Null);
    let no = |reason: &str| (json!(false), Value::Null, json!(reason));
    let expected =
        [yes("DIRECT"), yes("PREVIOUS_VALUE"), no("UNKNOWN_SIGNAL"), no("AMBIGUOUS_SIGNAL"), yes("CONSTANT")];
    for (place, (applies, joining, reason)) in expected.iter().enumerate() {
        assert_eq!(told(place), (applies, joining, reason), "{}", found[place]);
    }
    let names = json!([{ "qualifiedName": "Engine.Lambda" }, { "qualifiedName": "Dash.Torque" }]);
    assert_eq!(found[1]["signals"], names);
    assert_eq!(found[3]["problem"]["candidates"], json!(["Engine.Torque", "Dash.Torque"]));
    let those = api.ask(
        "query($r: ID!) { run(id: $r) { derivedSignals { applies } } }",
        json!({ "r": run.to_string() }),
    );
    assert_eq!(those.await["run"]["derivedSignals"].as_array().unwrap().len(), 3);
    let none = api.ask(query, json!({ "run": run.to_string(), "a": false })).await;
    assert_eq!(none["run"]["derivedSignals"].as_array().unwrap().len(), 2);
}

async fn a_text_is_checked_before_it_is_saved(api: Api) {
    let signals: Vec<_> = ODD.iter().map(|&name| ("Engine", name, 9)).collect();
    let run = api.recorded(1, &signals).await;
    for name in ODD {
        let quoted = format!("\"{}\" * 2", name.replace('"', "\"\""));
        let checked = api.check(&quoted, Some(run)).await;
        let expected = json!([{ "qualifiedName": format!("Engine.{name}") }]);
        assert_eq!((&checked["ok"], &checked["signals"]), (&json!(true), &expected), "{checked}");
    }
    // Without quotes too: a recorded signal comes before what the language may mean by its name.
    for name in &ODD[..7] {
        let checked = api.check(&format!("{name} * 2"), Some(run)).await;
        assert_eq!(checked["signals"], json!([{ "qualifiedName": format!("Engine.{name}") }]), "{checked}");
        assert_eq!((&checked["joining"], &checked["value"]), (&json!("DIRECT"), &Value::Null));
    }
    let checked = api.check("1 +\n  Lamda", Some(run)).await["problem"].take();
    assert_eq!(checked["reason"], "UNKNOWN_SIGNAL");
    assert_eq!(checked["position"], json!({ "offset": 6, "line": 2, "column": 3 }));
    assert_eq!(
        (&checked["candidates"], &checked["hint"]),
        (&json!(["Lambda"]), &json!("did you mean Lambda?"))
    );

    let anywhere = api.check("(Lambda * (2)) + Unheard.Of", None).await;
    assert_eq!((&anywhere["ok"], &anywhere["canonical"]), (&json!(true), &json!("Lambda * 2 + Unheard.Of")));
    assert_eq!((&anywhere["names"], &anywhere["joining"]), (&json!(["Lambda", "Unheard.Of"]), &Value::Null));
    let constant = api.check("2 * pi", None).await;
    assert_eq!(
        (&constant["joining"], &constant["value"]),
        (&json!("CONSTANT"), &json!(std::f64::consts::TAU))
    );
    let nobody = json!({ "e": "1", "run": RunId::new().to_string() });
    assert_eq!(api.refusal(CHECK, nobody).await, "NOT_FOUND");
}

#[tokio::test]
async fn what_is_no_expression_is_refused_and_never_run() {
    let api = Api::start().await;
    let mut faults = String::new();
    for text in [
        "__import__(\"os\").getpid()",
        "().__class__.__bases__[0].__subclasses__()",
        "eval(\"1\")",
        "lambda: 1",
        "Lambda; 2",
        "Lambda = 2",
        "1 +",
        "",
        "'; DROP TABLE derived_signal; --",
        "${jndi:ldap://x}",
        "Speed'",
        "\"never closed",
        "\u{202e}Speed",
    ] {
        let refused = api.derive("x", text).await;
        let told = (&refused["code"], &refused["problem"]["reason"]);
        if told != (&json!("EXPRESSION"), &json!("SYNTAX")) {
            writeln!(faults, "{text}: {refused}").unwrap();
        }
        assert_eq!(api.check(text, None).await["ok"], false, "{text}");
    }
    assert_eq!(faults, "");
}
