//! What an answer says where a field failed.

use serde_json::{Value, json};

use super::Api;

/// The data, and code and path of each error.
async fn told(api: &Api, query: &str) -> (Value, Vec<Value>) {
    let mut answer = api.answer(query, json!({})).await;
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let errors = errors.iter().map(|error| json!([error["extensions"]["code"], error["path"]]));
    (answer["data"].take(), errors.collect())
}

#[tokio::test]
async fn a_field_that_failed_is_null_and_its_neighbours_stay() {
    let api = Api::start().await;
    let id = api.converted().await.to_string();
    let series = "series(signals: [{ name: \"Nope\" }]) { points }";
    let query = format!("{{ run(id: \"{id}\") {{ id {series} number }} }}");
    let run = json!({ "id": id, "series": null, "number": 1 });
    assert_eq!(
        told(&api, &query).await,
        (json!({ "run": run }), vec![json!(["NOT_FOUND", ["run", "series"]])])
    );

    let alone = format!("{{ run(id: \"{id}\") {{ {series} }} }}");
    assert_eq!(told(&api, &alone).await.0, json!({ "run": { "series": null } }));

    let listed = format!("{{ runs(first: 5) {{ nodes {{ {series} }} totalCount }} }}");
    let path = json!(["runs", "nodes", 0, "series"]);
    assert_eq!(
        told(&api, &listed).await,
        (
            json!({ "runs": { "nodes": [{ "series": null }], "totalCount": 1 } }),
            vec![json!(["NOT_FOUND", path])]
        )
    );
}

#[tokio::test]
async fn what_must_not_be_null_takes_what_is_around_it() {
    let api = Api::start().await;
    api.converted().await;
    let times = "window: { from: \"1970-01-01T00:00:00Z\", to: \"1970-01-01T01:00:00Z\" }";
    let query = format!(
        "{{ range({times}) {{ runs {{ number }} signals(first: -1) {{ totalCount }} }} runs {{ totalCount }} }}"
    );
    let errors = vec![json!(["BAD_USER_INPUT", ["range", "signals"]])];
    assert_eq!(
        told(&api, &query).await,
        (json!({ "range": null, "runs": { "totalCount": 1 } }), errors),
        "the range may be null"
    );
    let twice = format!(
        "{{ ...A ...B }} fragment A on Query {{ range({times}) {{ signals(first: -1) {{ totalCount }} }} }}
        fragment B on Query {{ range({times}) {{ runs {{ number }} }} }}"
    );
    assert_eq!(
        told(&api, &twice).await.0,
        json!({ "range": null }),
        "however the two parts follow each other"
    );
    let root = told(&api, "{ runs(first: -1) { totalCount } server { version } }").await;
    assert_eq!(root, (Value::Null, vec![json!(["BAD_USER_INPUT", ["runs"]])]), "nothing around it may");
}
