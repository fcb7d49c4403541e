//! Links: taken as they are given, for some minutes, and only as they are given.

use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use platform::testing::{TestDatabase, TestRuntimeError};
use reqwest::{Method, Response};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Site, header};
use crate::gateway::logs::upload;

const SECRET: &str = "a secret for these tests";
const LOG: &str = "query($id: ID!) { run(id: $id) { log { downloadUrl } } }";
const FILES: &str = "query($id: ID!, $message: String, $first: Int, $after: String) { run(id: $id) {
    messageFiles(message: $message, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
        nodes { message bus frameId extended rows bytes sha256 fileName url } } } }";

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

/// A site with a log whose bytes are these; the link to it.
async fn linked(variables: &[(&str, &str)]) -> (Site, String) {
    let site = Site::start_with(variables).await;
    let run = upload(&site, "(1.000000) can0 100#01\n", json!({})).await["run"]["id"].take();
    let link = text(&site.graphql(LOG, json!({ "id": run })).await["run"]["log"]["downloadUrl"]);
    (site, link)
}

async fn take(site: &Site, url: &str) -> Response {
    site.client.get(url).send().await.unwrap()
}

/// The refusal of a link.
async fn refused(site: &Site, url: &str) -> Value {
    let answer = take(site, url).await;
    assert_eq!(answer.status(), 403, "{url}");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["code"], "FORBIDDEN", "{url}");
    assert!(text(&body["hint"]).contains("GraphQL"), "{body}");
    body
}

fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// A link as the documentation says it is made.
fn signed(path_and_query: &str, until: u64) -> String {
    let joint = if path_and_query.contains('?') { '&' } else { '?' };
    let signed = format!("{path_and_query}{joint}expires={until}");
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(&signed).finalize();
    let hex: String = mac.into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{signed}&signature={hex}")
}

#[tokio::test]
async fn a_log_is_taken_by_its_link_whole_in_parts_and_as_headers() {
    let (site, link) = linked(&[]).await;
    assert!(link.starts_with(&site.url("/logs/log_")), "{link}");
    let whole = take(&site, &link).await;
    assert_eq!(whole.status(), 200);
    let tag = header(&whole, "etag").to_owned();
    assert_eq!(whole.text().await.unwrap(), "(1.000000) can0 100#01\n");
    let part = site.client.get(&link).header("range", "bytes=-4").send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.text().await.unwrap().as_str()), (206, "#01\n"));
    let head = site.client.head(&link).send().await.unwrap();
    assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, "23"));
    let known = site.client.get(&link).header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(known.status(), 304, "the link is no part of what the tag stands for");
}

#[tokio::test]
async fn a_link_that_was_changed_is_refused() {
    let (site, link) = linked(&[]).await;
    let (plain, marks) = link.split_once('?').unwrap();
    let (before, signature) = link.split_once("&signature=").unwrap();
    let until: u64 = before.rsplit_once('=').unwrap().1.parse().unwrap();
    let other = site.graphql("{ runs { nodes { log { id } } } }", json!({})).await;
    assert!(link.contains(&text(&other["runs"]["nodes"][0]["log"]["id"])));
    for changed in [
        format!("{}?{marks}", site.url("/lake")),
        format!("{plain}x?{marks}"),
        format!("{plain}?a=1&{marks}"),
        link.replace(&until.to_string(), &(until + 60).to_string()),
        format!("{before}&signature={}", signature.chars().rev().collect::<String>()),
        format!("{before}&signature={}", &signature[1..]),
        format!("{before}&signature="),
        format!("{link}&a=1"),
        format!("{link}&signature={signature}"),
        format!("{link}&expires={until}"),
        format!("{plain}?signature={signature}&expires={until}"),
        format!("{plain}?signature={signature}"),
        // What a shell leaves of a link without quotes.
        before.to_owned(),
    ] {
        refused(&site, &changed).await;
    }
    assert_eq!(take(&site, &link).await.status(), 200);
    assert_eq!(take(&site, plain).await.status(), 200, "without a signature nothing is checked");
}

#[tokio::test]
async fn a_link_has_its_time_and_its_installation() {
    let (site, link) = linked(&[("DATAVIEWER_SECRET", SECRET), ("DATAVIEWER_LINK_SECONDS", "60")]).await;
    let path = link.strip_prefix(&site.url("")).unwrap().split_once('?').unwrap().0.to_owned();
    let until: u64 = link.split_once("expires=").unwrap().1.split_once('&').unwrap().0.parse().unwrap();
    assert!((1..=60).contains(&(until.saturating_sub(now()))), "{link}");
    assert_eq!(link, site.url(&signed(&path, until)));
    for (ago, word) in [(1, "too old"), (86_400, "too old")] {
        let body = refused(&site, &site.url(&signed(&path, now() - ago))).await;
        assert!(text(&body["message"]).contains(word) && text(&body["expired"]).ends_with('Z'), "{body}");
    }
    let (_stranger, strange) = linked(&[("DATAVIEWER_SECRET", "a secret of somebody else")]).await;
    let marks = strange.split_once('?').unwrap().1;
    refused(&site, &format!("{}?{marks}", site.url(&path))).await;
    let limits = site.graphql("{ server { limits { linkSeconds } } }", json!({})).await;
    assert_eq!(limits["server"]["limits"]["linkSeconds"], 60.0);
}

#[tokio::test]
async fn message_files_are_listed_with_links() {
    let site = Site::start().await;
    let run = site.converted().await.to_string();
    let all = site.graphql(FILES, json!({ "id": run })).await["run"]["messageFiles"].take();
    let names: Vec<_> = (0..2).map(|n| text(&all["nodes"][n]["message"])).collect();
    assert_eq!((&all["totalCount"], names), (&json!(2), vec!["Engine".to_owned(), "Wheel".to_owned()]));
    let engine = &all["nodes"][0];
    assert_eq!(
        (&engine["bus"], &engine["frameId"], &engine["rows"]),
        (&json!("can0"), &json!(256), &json!("10000"))
    );
    let url = text(&engine["url"]);
    let whole = take(&site, &url).await;
    assert_eq!(
        (whole.status().as_u16(), header(&whole, "etag")),
        (200, &*format!("\"{}\"", text(&engine["sha256"])))
    );
    assert!(header(&whole, "content-disposition").contains(&text(&engine["fileName"])));
    let bytes = whole.bytes().await.unwrap();
    assert_eq!(bytes.len().to_string(), text(&engine["bytes"]));
    let part = site.client.get(&url).header("range", "bytes=-262144").send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.bytes().await.unwrap()), (206, bytes));
    refused(&site, &url.replace("Engine", "Wheel")).await;

    let first = site.graphql(FILES, json!({ "id": run, "first": 1 })).await["run"]["messageFiles"].take();
    assert_eq!(
        (&first["nodes"][0]["message"], &first["pageInfo"]["hasNextPage"]),
        (&json!("Engine"), &json!(true))
    );
    let after = json!({ "id": run, "first": 1, "after": first["pageInfo"]["endCursor"] });
    let second = site.graphql(FILES, after).await["run"]["messageFiles"].take();
    assert_eq!(
        (&second["nodes"][0]["message"], &second["pageInfo"]["hasNextPage"]),
        (&json!("Wheel"), &json!(false))
    );
    let wheel =
        site.graphql(FILES, json!({ "id": run, "message": "Wheel" })).await["run"]["messageFiles"].take();
    assert_eq!((&wheel["totalCount"], &wheel["nodes"][0]["message"]), (&json!(1), &json!("Wheel")));
    let (waiting, _) = site.run(crate::gateway::numbered(2)).await;
    let none = site.graphql(FILES, json!({ "id": waiting.to_string() })).await;
    assert_eq!(none["run"]["messageFiles"], Value::Null);
}

#[tokio::test]
async fn links_begin_with_the_public_address_where_there_is_one() {
    let (site, link) = linked(&[("DATAVIEWER_PUBLIC_URL", "https://logs.example.org/viewer/")]).await;
    let path = link.strip_prefix("https://logs.example.org/viewer").unwrap_or_else(|| panic!("{link}"));
    // As a proxy would pass it on that takes its own part off.
    assert_eq!(site.get(path).await.status(), 200);
    let other = [("host", "another.example.org")];
    assert_eq!(site.ask_for(Method::GET, path, &other).await.status(), 200);
}

platform::on_every_back_end! {
    TestDatabase::start:
    processes_that_start_at_once_have_one_key,
}

async fn processes_that_start_at_once_have_one_key(database: Result<TestDatabase, TestRuntimeError>) {
    let database = database.unwrap();
    let url = [("DATABASE_URL", database.url())];
    let sites = futures::future::join_all((0..4).map(|_| Site::start_with(&url))).await;
    let run = sites[0].converted().await.to_string();
    let links = sites.iter().map(|site| site.graphql(LOG, json!({ "id": run })));
    let links = futures::future::join_all(links).await;
    for (at, link) in links.iter().enumerate() {
        let link = text(&link["run"]["log"]["downloadUrl"]);
        let path = link.strip_prefix(&sites[at].url("")).unwrap();
        for site in &sites {
            // A log that nobody stored: its headers are known all the same.
            assert_eq!(site.ask_for(Method::HEAD, path, &[]).await.status(), 200, "{link}");
        }
    }
    let keys = entity::signing_key::Entity::find().count(database.read()).await.unwrap();
    assert_eq!(keys, 1);
}
