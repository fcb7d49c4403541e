//! Lists of runs, and changing one.

use async_graphql::{Request, Variables};
use entity::run::NewRun;
use serde_json::{Value, json};

use super::seed::Garage;

fn with(query: &str, variables: Value) -> Request {
    Request::new(query).variables(Variables::from_json(variables))
}

fn numbers(page: &Value) -> Vec<i64> {
    page["nodes"].as_array().unwrap().iter().map(|run| run["number"].as_i64().unwrap()).collect()
}

const PAGE: &str = "query($first: Int, $after: String, $last: Int, $before: String, $filter: RunFilter) {
    runs(first: $first, after: $after, last: $last, before: $before, filter: $filter,
         orderBy: { field: NUMBER, direction: ASC }) {
        totalCount nodes { number } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

#[tokio::test]
async fn pages_go_forward_and_back() {
    let garage = Garage::new().await;
    for number in [3, 1, 5, 2, 4] {
        garage.numbered(number).await;
    }
    let first = garage.ask(with(PAGE, json!({ "first": 2 }))).await["runs"].clone();
    assert_eq!((numbers(&first), &first["totalCount"]), (vec![1, 2], &json!(5)));
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    assert_eq!(first["pageInfo"]["hasPreviousPage"], false);
    let after = &first["pageInfo"]["endCursor"];
    let rest = garage.ask(with(PAGE, json!({ "first": 3, "after": after }))).await["runs"].clone();
    assert_eq!((numbers(&rest), &rest["pageInfo"]["hasNextPage"]), (vec![3, 4, 5], &json!(false)));
    let before = &rest["pageInfo"]["endCursor"];
    let back = garage.ask(with(PAGE, json!({ "last": 2, "before": before }))).await["runs"].clone();
    assert_eq!((numbers(&back), &back["pageInfo"]["hasPreviousPage"]), (vec![3, 4], &json!(true)));
    let last = garage.ask(with(PAGE, json!({ "last": 1 }))).await["runs"].clone();
    assert_eq!((numbers(&last), &last["pageInfo"]["hasNextPage"]), (vec![5], &json!(false)));
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused() {
    let garage = Garage::new().await;
    garage.numbered(1).await;
    let wrong = [
        json!({ "first": 501 }),
        json!({ "first": -1 }),
        json!({ "first": 1, "last": 1 }),
        json!({ "first": 1, "after": "no cursor" }),
        // "created:1:0…": the cursor of another order.
        json!({ "first": 1, "after": "Y3JlYXRlZDoxOjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw" }),
    ];
    for variables in wrong {
        assert_eq!(garage.refused(with(PAGE, variables.clone())).await, "BAD_USER_INPUT", "{variables}");
    }
    assert_eq!(numbers(&garage.ask(with(PAGE, json!({ "first": 500 }))).await["runs"]), [1]);
}

#[tokio::test]
async fn runs_are_found_by_filter_and_text() {
    let garage = Garage::new().await;
    let run = |number, kind: &str, location: &str, tags: &[&str]| NewRun {
        number: Some(number),
        kind: Some(kind.to_owned()),
        location: Some(location.to_owned()),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..NewRun::default()
    };
    garage.run(run(1, "Endurance", "Lincoln", &["wet"])).await;
    garage.run(run(2, "Skidpad", "Lincoln", &["dry", "100%"])).await;
    garage.run(run(3, "Endurance", "Parking_lot", &[])).await;
    let cases = [
        (json!({ "search": "lincoln ENDURANCE" }), vec![1]),
        (json!({ "search": "%" }), vec![2]),
        (json!({ "search": "parking_lot" }), vec![3]),
        (json!({ "search": "nothing like it" }), vec![]),
        (json!({ "type": ["Endurance"] }), vec![1, 3]),
        (json!({ "type": ["Endurance"], "location": ["Lincoln"] }), vec![1]),
        (json!({ "tag": "dry" }), vec![2]),
        (json!({ "number": 3 }), vec![3]),
        (json!({ "status": ["PENDING"] }), vec![1, 2, 3]),
        (json!({ "status": ["READY"] }), vec![]),
        (json!({ "deleted": true }), vec![]),
    ];
    for (filter, expected) in cases {
        let page = garage.ask(with(PAGE, json!({ "filter": filter }))).await["runs"].clone();
        assert_eq!(numbers(&page), expected, "{filter}");
        assert_eq!(page["totalCount"], expected.len(), "{filter}");
    }
}

#[tokio::test]
async fn what_is_left_out_stays_and_null_clears() {
    let garage = Garage::new().await;
    let id = garage.numbered(7).await.run_id;
    let update = "mutation($input: UpdateRunInput!) { updateRun(input: $input) {
        ... on UpdateRunPayload { run { number name location } } ... on Refused { code path } } }";
    let input = json!({ "input": { "id": id.to_string(), "location": "Lincoln" } });
    let answer = garage.ask(with(update, input)).await["updateRun"].clone();
    assert_eq!(answer["run"], json!({ "number": 7, "name": "run 7", "location": "Lincoln" }));
    let input = json!({ "input": { "id": id.to_string(), "name": null } });
    let answer = garage.ask(with(update, input)).await["updateRun"].clone();
    assert_eq!(answer["run"], json!({ "number": 7, "name": null, "location": "Lincoln" }));
    let vehicle = entity::id::VehicleId::new().to_string();
    let input = json!({ "input": { "id": id.to_string(), "number": 8, "vehicle": vehicle } });
    let answer = garage.ask(with(update, input)).await["updateRun"].clone();
    assert_eq!(answer, json!({ "code": "NOT_FOUND", "path": "vehicle" }));
    let kept = garage.ask(format!("{{ run(id: \"{id}\") {{ number }} }}")).await;
    assert_eq!(kept["run"]["number"], 7, "a refused change changes nothing");
    let input = json!({ "input": { "id": entity::id::RunId::new().to_string(), "number": 8 } });
    assert_eq!(garage.ask(with(update, input)).await["updateRun"]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn a_deleted_run_can_be_restored() {
    let garage = Garage::new().await;
    let made = garage.numbered(1).await;
    let id = made.run_id;
    for _ in 0..2 {
        let delete = format!(
            "mutation {{ deleteRun(id: \"{id}\") {{ ... on DeleteRunPayload {{ run {{ deletedAt job {{ state }} }} }} }} }}"
        );
        let run = garage.ask(delete).await["deleteRun"]["run"].clone();
        assert!(run["deletedAt"].is_string(), "{run}");
        assert_eq!(run["job"]["state"], "CANCELLED");
    }
    assert_eq!(garage.ask(with(PAGE, json!({}))).await["runs"]["totalCount"], 0);
    let deleted = garage.ask(with(PAGE, json!({ "filter": { "deleted": true } }))).await;
    assert_eq!(numbers(&deleted["runs"]), [1]);
    let restore = format!(
        "mutation {{ restoreRun(id: \"{id}\") {{ ... on RestoreRunPayload {{ run {{ deletedAt }} }} }} }}"
    );
    assert_eq!(garage.ask(restore).await["restoreRun"]["run"]["deletedAt"], Value::Null);
    assert_eq!(numbers(&garage.ask(with(PAGE, json!({}))).await["runs"]), [1]);
}

#[tokio::test]
async fn a_purged_run_is_gone_with_its_bytes() {
    use entity::{conversion, id::RunId};
    use platform::storage::{KeyPrefix, ObjectKey};
    use sea_orm::EntityTrait;
    let garage = Garage::new().await;
    let (made, kept) = (garage.numbered(1).await, garage.numbered(2).await);
    let job = garage.claim().await;
    garage.publish(job, &[("Engine", "RPM")]).await;
    let conversion = conversion::Entity::find().one(garage.runtime.database.read()).await.unwrap().unwrap();
    let log = |upload: entity::id::UploadId| ObjectKey::Upload(upload);
    let file = "can0_Engine.parquet".parse().unwrap();
    let rows = ObjectKey::Conversion { run: made.run_id, conversion: conversion.id, file };
    for key in [&log(made.upload_id), &log(kept.upload_id), &rows] {
        garage.runtime.storage.put(key, "abc".into()).await.unwrap();
    }
    let id = made.run_id;
    let purge = |id: RunId| {
        format!(
            "mutation {{ purgeRun(id: \"{id}\") {{ ... on PurgeRunPayload {{ id freedBytes }} ... on Refused {{ code path }} }} }}"
        )
    };
    let purged = garage.ask(purge(id)).await["purgeRun"].clone();
    assert_eq!(purged, json!({ "id": id.to_string(), "freedBytes": "4" }));
    assert_eq!(garage.ask(purge(id)).await["purgeRun"], json!({ "code": "NOT_FOUND", "path": "id" }));
    assert_eq!(garage.ask(format!("{{ run(id: \"{id}\") {{ number }} }}")).await["run"], Value::Null);
    assert_eq!(numbers(&garage.ask(with(PAGE, json!({}))).await["runs"]), [2]);
    let stored: Vec<_> =
        futures::TryStreamExt::try_collect(garage.runtime.storage.list(KeyPrefix::Uploads)).await.unwrap();
    assert_eq!(stored.iter().map(|object| object.key.clone()).collect::<Vec<_>>(), [log(kept.upload_id)]);

    // A watcher of its job hears that it is gone, and no more.
    let events = garage.job_events(made.job_id).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["errors"][0]["extensions"]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn purging_a_run_fences_its_running_job() {
    let garage = Garage::new().await;
    let made = garage.numbered(1).await;
    let job = garage.claim().await;
    let purge = format!("mutation {{ purgeRun(id: \"{}\") {{ __typename }} }}", made.run_id);
    assert_eq!(garage.ask(purge).await["purgeRun"]["__typename"], "PurgeRunPayload");
    let beat = garage.runtime.database.transaction(move |tx| {
        Box::pin(async move {
            let progress = entity::job::JobProgress {
                stage: entity::job::JobStage::Reading,
                bytes: 1,
                total: 2,
                frames: 0,
                warnings: 0,
                seq: 1,
            };
            entity::job::heartbeat(tx, job.id, job.token, std::time::Duration::from_secs(1), &progress).await
        })
    });
    assert_eq!(beat.await.unwrap(), entity::job::Beat::Lost);
}
