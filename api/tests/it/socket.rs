//! GraphQL over a WebSocket.

use std::time::Duration;

use api::transport::Patience;
use serde_json::json;
use tokio_tungstenite::tungstenite::{client::IntoClientRequest, http::HeaderValue};

use crate::probe::{Server, code};

#[tokio::test]
async fn a_subscription_ends_with_complete() {
    let server = Server::start().await;
    let mut socket = server.socket().await;
    socket.subscribe("1", "subscription { count(to: 2) }").await;
    for number in 0..2 {
        let next = socket.receive().await;
        assert_eq!(next, json!({ "type": "next", "id": "1", "payload": { "data": { "count": number } } }));
    }
    assert_eq!(socket.receive().await, json!({ "type": "complete", "id": "1" }));
}

#[tokio::test]
async fn a_panic_ends_only_its_operation() {
    let server = Server::start().await;
    let mut socket = server.socket().await;
    socket.subscribe("1", "subscription { panics }").await;
    assert_eq!(socket.receive().await["payload"]["data"]["panics"], 1);
    assert_eq!(code(&socket.receive().await["payload"]), "INTERNAL");
    assert_eq!(socket.receive().await, json!({ "type": "complete", "id": "1" }));
    socket.subscribe("2", "{ hello }").await;
    assert_eq!(socket.receive().await["payload"]["data"]["hello"], "world");
}

#[tokio::test]
async fn operations_of_a_socket_are_limited_and_their_places_come_back() {
    let server = Server::start_with(&[("DATAVIEWER_LIMIT_SOCKET_OPERATIONS", "1")]).await;
    let mut socket = server.socket().await;
    socket.subscribe("1", "subscription { silence }").await;
    socket.subscribe("2", "{ hello }").await;
    let refused = socket.receive().await;
    assert_eq!((&refused["id"], code(&refused["payload"])), (&json!("2"), "RATE_LIMITED"));
    assert_eq!(socket.receive().await["type"], "complete");
    socket.send(json!({ "type": "complete", "id": "1" })).await;
    assert_eq!(socket.receive().await, json!({ "type": "complete", "id": "1" }));
    socket.subscribe("3", "{ hello }").await;
    assert_eq!(socket.receive().await["payload"]["data"]["hello"], "world");
}

#[tokio::test]
async fn sockets_of_an_address_are_limited() {
    let server = Server::start_with(&[("DATAVIEWER_LIMIT_SOCKETS_PER_ADDRESS", "1")]).await;
    let _first = server.socket().await;
    let refused = connect(&server, None).await;
    assert_eq!(refused, 429);
}

#[tokio::test]
async fn pages_of_other_origins_open_no_socket() {
    let server = Server::start().await;
    let own = format!("http://{}", server.address);
    for (origin, status) in [("https://evil.example", 403), ("null", 403), (own.as_str(), 101)] {
        assert_eq!(connect(&server, Some(origin)).await, status, "{origin}");
    }
}

#[tokio::test]
async fn the_server_says_that_it_goes_away() {
    let server = Server::start().await;
    let mut socket = server.socket().await;
    socket.subscribe("1", "subscription { silence }").await;
    server.runtime.shutdown.cancel();
    assert_eq!(socket.closed().await, Some(1001));
}

#[tokio::test]
async fn a_socket_that_says_nothing_is_closed() {
    let patience = Patience { socket_init: Duration::from_millis(200), ..Patience::default() };
    let server = Server::start_patient(patience).await;
    let mut socket = server.unopened_socket().await;
    assert_eq!(socket.closed().await, Some(4408));
}

/// The status that an upgrade is answered with.
async fn connect(server: &Server, origin: Option<&str>) -> u16 {
    let mut request = format!("ws://{}/graphql", server.address).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    match tokio_tungstenite::connect_async(request).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}
