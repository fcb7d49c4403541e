//! One message over all runs.

use entity::id::RunId;
use serde_json::{Value, json};

use super::{Site, header};
use crate::gateway::{numbered, series::drive};

async fn list(site: &Site, path: &str) -> Vec<Value> {
    let answer = site.get(path).await;
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "content-type")),
        (200, "application/json"),
        "{path}"
    );
    answer.json().await.unwrap()
}

async fn runs(site: &Site, path: &str) -> Vec<String> {
    list(site, path).await.iter().map(|file| file["run"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_files_of_a_message_are_listed_over_all_runs() {
    let site = Site::start().await;
    let one = site.converted().await;
    let other = site.converted_from(numbered(2), drive(100)).await;
    let messages = list(&site, "/lake").await;
    let named: Vec<_> = messages.iter().map(|line| (&line["message"], &line["runs"])).collect();
    assert_eq!(named, [(&json!("Engine"), &json!(2)), (&json!("Wheel"), &json!(2))]);

    let files = list(&site, "/lake/Engine").await;
    assert_eq!(runs(&site, "/lake/Engine").await, [one.to_string(), other.to_string()]);
    let file = &files[1];
    assert_eq!(
        (&file["message"], &file["bus"], &file["frameId"]),
        (&json!("Engine"), &json!("can0"), &json!(256))
    );
    assert_eq!((&file["rows"], &file["extended"]), (&json!(10_000), &json!(false)));
    assert_eq!(file["start"], "1970-01-01T00:01:40.000000Z");
    let got = site.get(&path_of(&site, file)).await;
    assert_eq!(header(&got, "etag"), format!("\"{}\"", file["sha256"].as_str().unwrap()));
    assert_eq!(got.bytes().await.unwrap().len() as u64, file["bytes"].as_u64().unwrap());
}

/// The address without the host: each server of these tests has another.
fn path_of(site: &Site, file: &Value) -> String {
    let url = file["url"].as_str().unwrap();
    url.strip_prefix(&site.url("")).unwrap_or_else(|| panic!("{url} is at another place")).to_owned()
}

#[tokio::test]
async fn only_what_readers_see_is_listed() {
    let site = Site::start().await;
    let run = site.converted().await;
    let before = list(&site, "/lake/Wheel").await;
    let conversion = site.convert_again(run).await.to_string();
    site.run(numbered(2)).await;
    let after = list(&site, "/lake/Wheel").await;
    assert_eq!((before.len(), after.len()), (1, 1), "a run that waits is not there");
    assert!(path_of(&site, &after[0]).contains(&conversion));
    assert!(!path_of(&site, &before[0]).contains(&conversion));
    let replaced = site.get(&path_of(&site, &before[0])).await;
    assert_eq!(replaced.status(), 200, "who reads the old file may finish");
    delete(&site, run).await;
    assert_eq!(site.refused("/lake/Wheel").await, (404, "NOT_FOUND".to_owned()));
    assert_eq!(site.refused(&path_of(&site, &after[0])).await, (404, "NOT_FOUND".to_owned()));
    assert!(list(&site, "/lake").await.is_empty());
}

async fn delete(site: &Site, run: RunId) {
    let delete = "mutation($id: ID!) { deleteRun(id: $id) { __typename } }";
    site.ask(delete, json!({ "id": run.to_string() })).await;
}

#[tokio::test]
async fn a_list_is_of_a_time_and_a_car_and_may_be_plain_addresses() {
    let site = Site::start().await;
    let one = site.converted().await.to_string();
    let other = site.converted_from(numbered(2), drive(100)).await.to_string();
    for (query, expected) in [
        ("from=1970-01-01T00:01:00Z", vec![&other]),
        ("to=1970-01-01T00:01:00Z", vec![&one]),
        // The last frame of the one is at 11 s, the first of the other at 100 s.
        ("from=1970-01-01T00:00:11Z&to=1970-01-01T00:01:40.000001Z", vec![&one, &other]),
        ("from=1970-01-01T00:00:11.000001Z", vec![&other]),
        ("to=1970-01-01T00:01:40Z", vec![&one]),
        ("from=1970-01-01T00:00:05Z&to=1970-01-01T02:01:41%2B02:00", vec![&one, &other]),
        ("from=1970-01-01T02:01:41+02:00", vec![&other]),
    ] {
        let found = runs(&site, &format!("/lake/Wheel?{query}")).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let urls: Vec<_> = list(&site, "/lake/Wheel")
        .await
        .iter()
        .map(|file| file["url"].as_str().unwrap().to_owned())
        .collect();
    let lines = site.get("/lake/Wheel?format=urls").await.text().await.unwrap();
    assert_eq!(lines.lines().collect::<Vec<_>>(), urls);
    for (query, status) in [
        ("from=yesterday", 400),
        ("format=xml", 400),
        ("driver=Ann", 400),
        ("vehicle=vehicle_00000000000000000000000000000000", 404),
        ("vehicle=1", 404),
        ("to=1960-01-01T00:00:00Z", 404),
    ] {
        assert_eq!(site.refused(&format!("/lake/Wheel?{query}")).await.0, status, "{query}");
    }
    assert_eq!(site.refused("/lake/Nothing").await.0, 404);
}
