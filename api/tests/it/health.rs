//! Health, GraphiQL's assets, and the accept loop.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::probe::Server;

#[tokio::test]
async fn a_server_that_lives_is_ready() {
    let server = Server::start().await;
    assert_eq!(server.client.get(server.url("/livez")).send().await.unwrap().text().await.unwrap(), "ok\n");
    assert_eq!(server.client.get(server.url("/readyz")).send().await.unwrap().status(), 200);
    let verbose: Value =
        server.client.get(server.url("/readyz?verbose")).send().await.unwrap().json().await.unwrap();
    for dependency in ["database", "storage", "broker"] {
        assert_eq!(verbose[dependency]["state"], "ok", "{verbose}");
        assert!(verbose[dependency]["latencyMs"].is_u64() && verbose[dependency].get("error").is_none());
    }
}

#[tokio::test]
async fn the_contract_is_served_as_text() {
    let server = Server::start().await;
    let sent = server.client.get(server.url("/schema.graphql")).send().await.unwrap();
    assert!(sent.text().await.unwrap().contains("type Query"));
}

#[tokio::test]
async fn a_server_without_its_folders_is_not_ready() {
    let server = Server::start().await;
    std::fs::rename(server.runtime.folder().join("data"), server.runtime.folder().join("gone")).unwrap();
    let sent = server.client.get(server.url("/readyz?verbose")).send().await.unwrap();
    assert_eq!(sent.status(), 503);
    let told: Value = sent.json().await.unwrap();
    assert_eq!(told["storage"]["state"], "failing");
    assert_eq!(told["storage"]["error"], "the storage cannot be used", "no path of ours");
    assert_eq!(told["database"]["state"], "ok");
}

#[tokio::test]
async fn graphiql_comes_from_the_binary_alone() {
    let server = Server::start().await;
    let get = |path: &str| server.client.get(server.url(path));
    let page = get("/graphiql").send().await.unwrap();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'"));
    assert!(page.headers().get("content-encoding").is_none(), "this client takes no gzip");
    let tag = page.headers()["etag"].clone();
    assert_eq!(get("/graphiql").header("if-none-match", &tag).send().await.unwrap().status(), 304);
    let html = page.text().await.unwrap();
    let assets: Vec<&str> = html.split(['"', '\'']).filter_map(|text| text.strip_prefix("./")).collect();
    assert!(assets.len() >= 3, "{html}");
    for asset in assets {
        let packed = get(&format!("/{asset}")).header("accept-encoding", "gzip").send().await.unwrap();
        assert_eq!(
            (packed.status().as_u16(), &packed.headers()["content-encoding"]),
            (200, &"gzip".parse().unwrap())
        );
        let plain = get(&format!("/{asset}")).send().await.unwrap();
        assert!(plain.headers().get("content-encoding").is_none());
        assert!(plain.bytes().await.unwrap().len() >= packed.bytes().await.unwrap().len(), "{asset}");
    }
    assert!(!html.contains("//"), "{html}");
    assert_eq!(get("/graphiql/nothing.js").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask() {
    let server = Server::start().await;
    let sent = server.client.post(server.url("/graphql")).header("accept-encoding", "gzip");
    let query = "{ __schema { types { name description fields { name description } } } }";
    let sent = sent.json(&json!({ "query": query })).send().await.unwrap();
    assert_eq!(sent.headers()["content-encoding"], "gzip");
}

#[tokio::test]
async fn other_origins_are_told_nothing() {
    let server = Server::start().await;
    let sent = server.client.post(server.url("/graphql")).header("origin", "https://evil.example");
    let sent = sent.json(&json!({ "query": "{ hello }" })).send().await.unwrap();
    assert!(sent.headers().get("access-control-allow-origin").is_none());
}

/// The server hangs up by itself; the test waits for that and for nothing else.
#[tokio::test]
async fn who_says_nothing_is_hung_up_on() {
    let server = Server::start().await;
    assert!(hang_up(&server, b"").await.is_empty());
}

#[tokio::test]
async fn who_does_not_finish_a_request_is_hung_up_on() {
    let server = Server::start().await;
    let rest = hang_up(&server, b"GET /livez HTTP/1.1\r\nhost: x\r\n").await;
    assert!(!rest.contains(" 200 "), "{rest}");
    assert!(server.is_alive().await);
}

async fn hang_up(server: &Server, first: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(first).await.unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    String::from_utf8_lossy(&rest).into_owned()
}
