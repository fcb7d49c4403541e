//! The guard in front of the parser, over every way in.

use serde_json::json;

use crate::probe::{Server, code};

const BOMBS: [usize; 2] = [4 << 10, 1 << 20];

#[tokio::test]
async fn brackets_do_not_take_the_server_down() {
    let server = Server::start().await;
    for size in BOMBS {
        let bomb = "[".repeat(size);
        for query in [bomb.clone(), format!("{{ echo(number: {bomb}"), format!("query($a: [Int] = {bomb}")] {
            let (_, answer) = server.post(&json!({ "query": query })).await;
            let expected = if size > 256 << 10 { "PAYLOAD_TOO_LARGE" } else { "QUERY_TOO_DEEP" };
            assert_eq!(code(&answer), expected);
        }
        let body = format!(r#"{{"query":"{{hello}}","variables":{{"a":{bomb}"#);
        let sent = server.client.post(server.url("/graphql")).header("content-type", "application/json");
        let answer = sent.body(body).send().await.unwrap().json().await.unwrap();
        assert_eq!(code(&answer), if size > 256 << 10 { "PAYLOAD_TOO_LARGE" } else { "QUERY_TOO_DEEP" });
    }
    assert!(server.is_alive().await);
}

#[tokio::test]
async fn brackets_in_an_address_do_not_either() {
    let server = Server::start().await;
    let bomb = "[".repeat(4 << 10);
    for parameters in [("query", bomb.as_str(), ""), ("query", "{hello}", bomb.as_str())] {
        let (name, query, variables) = parameters;
        let sent = server.get(&[(name, query), ("variables", variables)]).send().await.unwrap();
        assert_eq!(code(&sent.json().await.unwrap()), "QUERY_TOO_DEEP");
    }
    assert!(server.is_alive().await);
}

#[tokio::test]
async fn nor_over_a_socket() {
    let server = Server::start().await;
    for size in BOMBS {
        let bomb = "[".repeat(size);
        for text in [
            json!({ "type": "subscribe", "id": "1", "payload": { "query": bomb } }).to_string(),
            format!(
                r#"{{"id":"1","type":"subscribe","payload":{{"query":"{{hello}}","variables":{{"a":{bomb}"#
            ),
            format!(r#"{{"id":"1","type":"start","payload":{bomb}{}}}"#, "]".repeat(size)),
        ] {
            let mut socket = server.socket().await;
            socket.send_text(text).await;
            if size > 256 << 10 {
                socket.closed().await;
            } else {
                let answer = socket.receive().await;
                let payload =
                    if answer["type"] == "error" { &answer["payload"] } else { &answer["payload"]["errors"] };
                assert_eq!(payload[0]["extensions"]["code"], "QUERY_TOO_DEEP", "{answer}");
            }
        }
    }
    assert!(server.is_alive().await);
}

#[tokio::test]
async fn a_socket_goes_on_after_a_refused_message() {
    let server = Server::start().await;
    let mut socket = server.socket().await;
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    socket
        .send_text(format!(r#"{{"type":"subscribe","id":"deep","payload":{{"query":"{{hello}}","variables":{{"a":{deep}}}}}}}"#))
        .await;
    let refused = socket.receive().await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("deep")));
    socket.subscribe("next", "{ hello }").await;
    assert_eq!(socket.receive().await["payload"]["data"]["hello"], "world");
}

#[tokio::test]
async fn each_limit_has_its_code() {
    let server = Server::start_with(&[
        ("DATAVIEWER_LIMIT_DOCUMENT_BYTES", "1KiB"),
        ("DATAVIEWER_LIMIT_TOKENS", "40"),
        ("DATAVIEWER_LIMIT_NESTING", "5"),
        ("DATAVIEWER_LIMIT_BODY_BYTES", "8KiB"),
    ])
    .await;
    let long = format!("{{ hello }} # {}", "x".repeat(1 << 10));
    assert_eq!(code(&server.ask(&long).await), "QUERY_TOO_LARGE");
    assert_eq!(code(&server.ask(&format!("{{ {} }}", "hello ".repeat(40))).await), "QUERY_TOO_COMPLEX");
    assert_eq!(code(&server.ask("{ a { b { c { d { e { f } } } } } }").await), "QUERY_TOO_DEEP");
    let (_, deep) = server.post(&json!({ "query": "{hello}", "variables": { "a": [[[[[1]]]]] } })).await;
    assert_eq!(code(&deep), "QUERY_TOO_DEEP");
    let (status, large) =
        server.post(&json!({ "query": "{hello}", "variables": { "a": "x".repeat(8 << 10) } })).await;
    assert_eq!((status, code(&large)), (413, "PAYLOAD_TOO_LARGE"));
    assert_eq!(code(&server.ask("{ hello(a: \"").await), "GRAPHQL_PARSE_FAILED");
    assert!(server.is_alive().await);
}
