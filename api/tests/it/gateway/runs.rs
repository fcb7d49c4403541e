//! Changing a run, deleting it and having it back.

use async_graphql::{Request, Variables};
use entity::{
    id::{RunId, VehicleId},
    run::NewRun,
};
use serde_json::{Value, json};

use super::{Api, numbered, pages::numbers};

#[tokio::test]
async fn what_is_left_out_stays_and_null_clears() {
    let api = Api::start().await;
    let (id, _) = api.run(NewRun { name: Some("run 7".to_owned()), ..numbered(7) }).await;
    let update = "mutation($input: UpdateRunInput!) { updateRun(input: $input) {
        ... on UpdateRunPayload { run { number name location } } ... on Refused { code path } } }";
    let changed = async |input: Value| api.ask(update, json!({ "input": input })).await["updateRun"].take();
    let answer = changed(json!({ "id": id.to_string(), "location": "Lincoln" })).await;
    assert_eq!(answer["run"], json!({ "number": 7, "name": "run 7", "location": "Lincoln" }));
    let answer = changed(json!({ "id": id.to_string(), "name": null })).await;
    assert_eq!(answer["run"], json!({ "number": 7, "name": null, "location": "Lincoln" }));
    let vehicle = VehicleId::new().to_string();
    let answer = changed(json!({ "id": id.to_string(), "number": 8, "vehicle": vehicle })).await;
    assert_eq!(answer, json!({ "code": "NOT_FOUND", "path": "vehicle" }));
    let kept = api.ask(&format!("{{ run(id: \"{id}\") {{ number }} }}"), json!({})).await;
    assert_eq!(kept["run"]["number"], 7, "a refused change changes nothing");
    let answer = changed(json!({ "id": RunId::new().to_string(), "number": 8 })).await;
    assert_eq!(answer["code"], "NOT_FOUND");
}

#[tokio::test]
async fn a_variable_that_is_not_given_is_left_out() {
    let api = Api::start().await;
    let (id, _) = api.run(NewRun { name: Some("run 7".to_owned()), ..numbered(7) }).await;
    let update = "mutation($id: ID!, $name: String, $location: String) {
        updateRun(input: { id: $id, name: $name, location: $location }) {
            ... on UpdateRunPayload { run { name location } } } }";
    let id = id.to_string();
    let answer = api.ask(update, json!({ "id": id, "location": "Lincoln" })).await["updateRun"].take();
    assert_eq!(answer["run"], json!({ "name": "run 7", "location": "Lincoln" }));
    let answer = api.ask(update, json!({ "id": id, "name": null })).await["updateRun"].take();
    assert_eq!(answer["run"], json!({ "name": null, "location": "Lincoln" }));
    let several =
        format!("{update} query($name: String!) {{ runs(filter: {{ search: $name }}) {{ totalCount }} }}")
            .replacen("mutation(", "mutation Change(", 1)
            .replacen("query(", "query Find(", 1);
    api.ask(update, json!({ "id": id, "name": "again" })).await;
    let request = Request::new(several)
        .operation_name("Change")
        .variables(Variables::from_json(json!({ "id": id, "location": "Michigan" })));
    let answer = serde_json::to_value(api.schema.execute(request).await).unwrap();
    assert_eq!(
        answer["data"]["updateRun"]["run"],
        json!({ "name": "again", "location": "Michigan" }),
        "{answer}"
    );
    let list = "query($field: RunOrderField!, $direction: Direction) {
        runs(orderBy: { field: $field, direction: $direction }) { nodes { number } } }";
    let newest = api.ask(list, json!({ "field": "CREATED_AT" })).await;
    assert_eq!(newest["runs"]["nodes"][0]["number"], 7);
}

#[tokio::test]
async fn a_deleted_run_can_be_restored() {
    let api = Api::start().await;
    let (id, _) = api.run(numbered(1)).await;
    let id = json!({ "id": id.to_string() });
    let delete = "mutation($id: ID!) { deleteRun(id: $id) {
        ... on DeleteRunPayload { run { deletedAt job { state } } } } }";
    for _ in 0..2 {
        let run = api.ask(delete, id.clone()).await["deleteRun"]["run"].take();
        assert!(run["deletedAt"].is_string(), "{run}");
        assert_eq!(run["job"]["state"], "CANCELLED");
    }
    assert_eq!(api.page(json!({})).await["totalCount"], 0);
    assert_eq!(numbers(&api.page(json!({ "filter": { "deleted": true } })).await), [1]);
    let restore = "mutation($id: ID!) { restoreRun(id: $id) {
        ... on RestoreRunPayload { run { deletedAt } } } }";
    assert_eq!(api.ask(restore, id).await["restoreRun"]["run"]["deletedAt"], Value::Null);
    assert_eq!(numbers(&api.page(json!({})).await), [1]);
}
