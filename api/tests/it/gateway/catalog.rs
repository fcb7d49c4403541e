//! The catalogue: which signals exist over all runs.

use entity::{id::RunId, run};
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use serde_json::{Value, json};

use super::{Api, statements::Statements};

platform::on_every_back_end! {
    Api::on:
    signals_of_all_runs_are_found_once_each,
    what_no_run_has_any_more_is_not_there,
    the_catalogue_is_paged_and_so_are_its_runs,
    a_page_of_the_catalogue_costs_what_one_entry_does,
}

const CATALOG: &str = "query($s: String, $v: ID, $f: Int, $a: String, $l: Int, $b: String) {
    signalCatalog(search: $s, vehicle: $v, first: $f, after: $a, last: $l, before: $b) {
        totalCount nodes { name message qualifiedName units runCount sampleCount firstSeen lastSeen
            runs(first: 5) { totalCount nodes { number } } }
        pageInfo { hasNextPage startCursor endCursor } } }";

impl Api {
    async fn catalog(&self, variables: Value) -> Value {
        self.ask(CATALOG, variables).await["signalCatalog"].take()
    }

    /// Changes a run's row.
    async fn touch(&self, id: RunId, change: impl FnOnce(&mut run::ActiveModel)) {
        let mut row = run::ActiveModel { id: Set(id), ..<run::ActiveModel as ActiveModelTrait>::default() };
        change(&mut row);
        row.update(self.runtime.database.write()).await.unwrap();
    }

    async fn change_run(&self, mutation: &str, id: RunId) {
        let query = format!("mutation($id: ID!) {{ {mutation}(id: $id) {{ __typename }} }}");
        let answer = self.ask(&query, json!({ "id": id.to_string() })).await;
        assert!(answer[mutation]["__typename"].as_str().unwrap().ends_with("Payload"), "{answer}");
    }
}

fn names(page: &Value) -> Vec<String> {
    let nodes = page["nodes"].as_array().unwrap().iter();
    nodes.map(|node| node["qualifiedName"].as_str().unwrap().to_owned()).collect()
}

async fn signals_of_all_runs_are_found_once_each(api: Api) {
    let first = api.recorded(1, &[("Engine", "Speed", 9), ("Brakes", "BrakeTemp", 5)]).await;
    let second =
        api.recorded(2, &[("Engine", "Speed", 4), ("Wheel", "Speed", 2), ("Wheel", "speed", 1)]).await;
    let all = api.catalog(json!({})).await;
    let mut found = names(&all);
    found.sort_unstable();
    assert_eq!(found, ["Brakes.BrakeTemp", "Engine.Speed", "Wheel.Speed", "Wheel.speed"]);
    assert_eq!(all["totalCount"], 4);
    let speed = api.catalog(json!({ "s": "eng SPEED v" })).await["nodes"][0].take();
    assert_eq!((&speed["runCount"], &speed["sampleCount"]), (&json!(2), &json!("13")));
    assert_eq!((&speed["units"], &speed["runs"]["totalCount"]), (&json!(["V"]), &json!(2)));
    // Recorded at 0 and 1 µs, by a clock.
    assert_eq!(
        (&speed["firstSeen"], &speed["lastSeen"]),
        (&json!("1970-01-01T00:00:00.000000Z"), &json!("1970-01-01T00:00:00.000001Z"))
    );
    assert_eq!(names(&api.catalog(json!({ "s": "braketemp" })).await), ["Brakes.BrakeTemp"]);
    assert_eq!(names(&api.catalog(json!({ "s": "%" })).await), Vec::<String>::new());

    let car =
        api.mutate("createVehicle", "vehicle { id }", json!({ "name": "car" })).await["vehicle"]["id"].take();
    let input = json!({ "id": second.to_string(), "vehicle": car });
    api.mutate("updateRun", "run { id }", input).await;
    let of_car = api.catalog(json!({ "v": car, "s": "engine" })).await;
    assert_eq!(names(&of_car), ["Engine.Speed"]);
    let speed = &of_car["nodes"][0];
    assert_eq!((&speed["runCount"], &speed["sampleCount"]), (&json!(1), &json!("4")));
    assert_eq!(speed["runs"]["nodes"], json!([{ "number": 2 }]));
    assert_eq!(api.refusal(CATALOG, json!({ "v": "run_1" })).await, "BAD_USER_INPUT");

    api.touch(first, |row| row.time_source = Set(Some("RELATIVE".to_owned()))).await;
    let clockless = api.catalog(json!({ "s": "braketemp" })).await["nodes"][0].take();
    assert_eq!((&clockless["firstSeen"], &clockless["sampleCount"]), (&Value::Null, &json!("5")));
}

async fn what_no_run_has_any_more_is_not_there(api: Api) {
    let run = api.recorded(1, &[("Engine", "Speed", 9)]).await;
    api.recorded(2, &[("Engine", "Torque", 9)]).await;
    api.change_run("deleteRun", run).await;
    assert_eq!(names(&api.catalog(json!({})).await), ["Engine.Torque"]);
    api.change_run("restoreRun", run).await;
    assert_eq!(names(&api.catalog(json!({})).await), ["Engine.Speed", "Engine.Torque"]);
    api.change_run("purgeRun", run).await;
    let left = api.catalog(json!({})).await;
    assert_eq!((names(&left), &left["totalCount"]), (vec!["Engine.Torque".to_owned()], &json!(1)));
}

async fn the_catalogue_is_paged_and_so_are_its_runs(api: Api) {
    let long = "x".repeat(5000);
    for number in 1..4 {
        let run = api.recorded(number, &[("M", "a", 1), ("M", "b", 1), ("N", "b", 1), ("M", &long, 1)]).await;
        api.touch(run, |row| row.start_at = Set(Some(i64::from(number)))).await;
    }
    let mut found = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = api.catalog(json!({ "f": 1, "a": after })).await;
        found.extend(names(&page));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    found[1..3].sort_unstable();
    assert_eq!(found, ["M.a", "M.b", "N.b", &format!("M.{long}")]);
    let back = api.catalog(json!({ "l": 3, "b": after })).await;
    assert_eq!(back["nodes"].as_array().unwrap().len(), 3);

    let query = "query($f: Int, $a: String, $l: Int, $b: String) { signalCatalog(first: 1) { nodes { runs(
        first: $f, after: $a, last: $l, before: $b) { nodes { number } pageInfo { hasNextPage endCursor startCursor } } } } }";
    let runs = async |variables: Value| {
        let page = api.ask(query, variables).await["signalCatalog"]["nodes"][0]["runs"].take();
        let numbers = page["nodes"].as_array().unwrap().iter().map(|run| run["number"].as_i64().unwrap());
        (numbers.collect::<Vec<_>>(), page["pageInfo"].clone())
    };
    let (newest, end) = runs(json!({ "f": 2 })).await;
    assert_eq!((newest, &end["hasNextPage"]), (vec![3, 2], &json!(true)));
    let (rest, end) = runs(json!({ "f": 2, "a": end["endCursor"] })).await;
    assert_eq!((rest, &end["hasNextPage"]), (vec![1], &json!(false)));
    assert_eq!(runs(json!({ "l": 1, "b": end["startCursor"] })).await.0, [2]);
}

async fn a_page_of_the_catalogue_costs_what_one_entry_does(api: Api) {
    let names: Vec<String> = (0..40).map(|n| format!("Signal{n}")).collect();
    let signals: Vec<_> = names.iter().map(|name| ("M", name.as_str(), 1)).collect();
    for number in 0..3 {
        api.recorded(number, &signals).await;
    }
    let (statements, _guard) = Statements::counted();
    let mut costs = Vec::new();
    for first in [1, 40] {
        statements.reset();
        let page = api.catalog(json!({ "f": first })).await;
        assert_eq!(page["nodes"].as_array().unwrap().len(), first);
        costs.push(statements.count());
    }
    assert!(costs[0] >= 5, "the page was answered from {} statements: are they still counted?", costs[0]);
    assert_eq!(costs[1], costs[0]);
}
