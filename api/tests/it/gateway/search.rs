//! Finding runs, and refusals as data.

use entity::run::NewRun;
use platform::testing::BackEnd;
use serde_json::{Value, json};

use super::{Api, numbered, pages::numbers};

platform::on_every_back_end! {
    Api::on:
    every_word_of_a_search_is_somewhere,
    an_expected_refusal_is_data,
    nodes_are_found_by_id_whatever_they_are,
}

async fn every_word_of_a_search_is_somewhere(api: Api) {
    let text = |text: &str| Some(text.to_owned());
    let drive =
        |number, location, kind| NewRun { location: text(location), kind: text(kind), ..numbered(number) };
    api.run(drive(1, "Lincoln, NE", "Endurance")).await;
    api.run(NewRun { tags: vec!["100%".to_owned()], ..drive(2, "Lincoln, NE", "Skidpad") }).await;
    api.run(drive(30, "Michigan", "Endurance")).await;
    api.run(drive(31, "M\u{dc}NCHEN \\ \u{1f3ce}", "Test")).await;
    let found = async |filter: Value| {
        let page = api.page(json!({ "filter": filter })).await;
        assert_eq!(page["totalCount"], numbers(&page).len(), "{filter}");
        numbers(&page)
    };
    assert_eq!(found(json!({ "search": "lincoln ENDUR" })).await, [1]);
    assert_eq!(found(json!({ "search": "30" })).await, [30]);
    assert_eq!(found(json!({ "search": "%" })).await, [2]);
    for word in ["M\u{dc}NCHEN", "m\u{dc}nchen", "\\", "\u{1f3ce}"] {
        assert_eq!(found(json!({ "search": word })).await, [31], "{word}");
    }
    assert_eq!(found(json!({ "search": "_" })).await, Vec::<i64>::new());
    assert_eq!(found(json!({ "type": ["Endurance"], "location": ["Michigan"] })).await, [30]);
    assert_eq!(found(json!({ "tag": "100%" })).await, [2]);
    assert_eq!(found(json!({ "tag": "100" })).await, Vec::<i64>::new());
    assert_eq!(found(json!({ "number": 30 })).await, [30]);
    assert_eq!(found(json!({ "deleted": true })).await, Vec::<i64>::new());
    assert_eq!(found(json!({ "status": ["PENDING"] })).await, [1, 2, 30, 31]);
    assert_eq!(found(json!({ "status": ["READY", "FAILED"] })).await, Vec::<i64>::new());
}

const UPDATE: &str = "mutation($input: UpdateRunInput!) { updateRun(input: $input) {
    ... on UpdateRunPayload { run { number name type tags description } }
    ... on Problem { code message path } } }";

async fn an_expected_refusal_is_data(api: Api) {
    let (id, _) = api.run(numbered(1)).await;
    for (input, code, path) in [
        (json!({ "id": "run_00000000000000000000000000000000" }), "NOT_FOUND", "id"),
        (json!({ "id": "job_1" }), "BAD_USER_INPUT", "id"),
        (json!({ "id": id.to_string(), "name": "x".repeat(101) }), "BAD_USER_INPUT", "name"),
        (json!({ "id": id.to_string(), "number": -1 }), "BAD_USER_INPUT", "number"),
    ] {
        let problem = api.ask(UPDATE, json!({ "input": input })).await["updateRun"].take();
        assert_eq!((&problem["code"], &problem["path"]), (&json!(code), &json!(path)), "{problem}");
    }
}

async fn nodes_are_found_by_id_whatever_they_are(api: Api) {
    let (run, job) = api.run(numbered(1)).await;
    let ids = json!([run.to_string(), job.id.to_string(), "dbc_00000000000000000000000000000000", "?"]);
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Run { number } } }";
    let nodes = api.ask(query, json!({ "ids": ids })).await["nodes"].take();
    let found = json!({ "__typename": "Run", "id": run.to_string(), "number": 1 });
    assert_eq!(nodes, json!([found, { "__typename": "Job", "id": job.id.to_string() }, null, null]));
}

#[tokio::test]
async fn a_letter_that_postgres_cannot_hold_is_the_callers_fault() {
    let api = Api::on(BackEnd::Postgres).await;
    let query = "query($f: RunFilter) { runs(filter: $f) { nodes { number } } }";
    for filter in [json!({ "search": "a\u{0}" }), json!({ "location": ["\u{0}"] })] {
        assert_eq!(api.refusal(query, json!({ "f": filter })).await, "BAD_USER_INPUT", "{filter}");
    }
}
