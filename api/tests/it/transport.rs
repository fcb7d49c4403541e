//! GraphQL over plain HTTP.

use serde_json::{Value, json};

use crate::probe::{Server, code};

#[tokio::test]
async fn every_error_has_code_and_request_id() {
    let server = Server::start().await;
    for (query, expected) in [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ hello", "GRAPHQL_PARSE_FAILED"),
        ("{ echo(number: 5000000000) }", "BAD_USER_INPUT"),
        ("query($n: Int!) { echo(number: $n) }", "BAD_USER_INPUT"),
        ("{ panics }", "INTERNAL"),
        ("{ fails }", "INTERNAL"),
    ] {
        let sent = server.client.post(server.url("/graphql")).header("x-request-id", "mine-1");
        let sent = sent.json(&json!({ "query": query })).send().await.unwrap();
        assert_eq!(sent.headers()["x-request-id"], "mine-1");
        let answer: Value = sent.json().await.unwrap();
        assert_eq!(
            answer["errors"][0]["extensions"],
            json!({ "code": expected, "requestId": "mine-1" }),
            "{answer}"
        );
        assert!(!answer.to_string().contains("secret"), "{answer}");
    }
    assert!(server.is_alive().await);
}

#[tokio::test]
async fn a_request_id_that_would_break_a_log_line_is_replaced() {
    let server = Server::start().await;
    for given in ["", "two words", &"x".repeat(129)] {
        let sent =
            server.client.get(server.url("/livez")).header("x-request-id", given).send().await.unwrap();
        let made = sent.headers()["x-request-id"].to_str().unwrap();
        assert_eq!(made.len(), 36, "{given:?} gave {made:?}");
    }
}

#[tokio::test]
async fn only_json_is_read_and_only_one_operation() {
    let server = Server::start().await;
    let post = |kind: &'static str, body: &'static str| {
        server.client.post(server.url("/graphql")).header("content-type", kind).body(body).send()
    };
    for (kind, body, status, expected) in [
        ("text/plain", r#"{"query":"{hello}"}"#, 415, "BAD_USER_INPUT"),
        ("application/x-www-form-urlencoded", "query={hello}", 415, "BAD_USER_INPUT"),
        ("application/json", r#"[{"query":"{hello}"}]"#, 400, "BATCH_NOT_ALLOWED"),
        ("application/json", "[]", 400, "BATCH_NOT_ALLOWED"),
        ("application/json", "{}", 400, "BAD_USER_INPUT"),
        ("application/json", "{", 400, "BAD_USER_INPUT"),
        ("application/json", r#"{"query":"subscription { silence }"}"#, 400, "BAD_USER_INPUT"),
        ("application/json; charset=utf-8", r#"{"query":"{hello}","more":1}"#, 200, "none"),
    ] {
        let sent = post(kind, body).await.unwrap();
        assert_eq!(sent.status(), status, "{kind} {body}");
        assert_eq!(code(&sent.json().await.unwrap()), expected, "{kind} {body}");
    }
}

#[tokio::test]
async fn get_runs_queries_only() {
    let server = Server::start().await;
    let get = |query: &'static str| server.get(&[("query", query)]).send();
    let answer: Value = get("{ hello }").await.unwrap().json().await.unwrap();
    assert_eq!(answer, json!({ "data": { "hello": "world" } }));
    for query in [
        "mutation { ignore(file: \"x\") }",
        "mutation Named { ignore(file: \"x\") }",
        "subscription { silence }",
    ] {
        let sent = get(query).await.unwrap();
        assert_eq!((sent.status().as_u16(), &sent.headers()["allow"]), (405, &"POST".parse().unwrap()));
    }
    let with = [("query", "query($n: Int!) { echo(number: $n) }"), ("variables", r#"{"n":7}"#)];
    let sent = server.get(&with).send().await.unwrap();
    assert_eq!(sent.json::<Value>().await.unwrap()["data"]["echo"], 7);
}

#[tokio::test]
async fn the_answer_comes_as_it_is_accepted() {
    let server = Server::start().await;
    let ask = |accept: &'static str, query: &'static str| {
        let sent = server.client.post(server.url("/graphql")).header("accept", accept);
        sent.json(&json!({ "query": query })).send()
    };
    let new = "application/graphql-response+json";
    for (accept, query, status, kind) in [
        (new, "{ hello }", 200, new),
        (new, "{ nothing }", 400, new),
        ("application/json", "{ nothing }", 200, "application/json"),
        ("text/html, */*;q=0.8", "{ hello }", 200, "application/json"),
        ("text/html", "{ hello }", 406, "application/json"),
    ] {
        let sent = ask(accept, query).await.unwrap();
        assert_eq!(sent.status(), status, "{accept} {query}");
        assert!(sent.headers()["content-type"].to_str().unwrap().starts_with(kind));
        assert_eq!(sent.headers()["x-content-type-options"], "nosniff");
        let answer: Value = sent.json().await.unwrap();
        assert_eq!(answer.get("data").is_some(), query == "{ hello }" && status == 200);
    }
}

#[tokio::test]
async fn an_operation_that_takes_too_long_ends() {
    let server = Server::start_with(&[("DATAVIEWER_LIMIT_OPERATION_SECONDS", "1")]).await;
    assert_eq!(code(&server.ask("{ never }").await), "TIMEOUT");
    let mut socket = server.socket().await;
    socket.subscribe("1", "{ never }").await;
    assert_eq!(code(&socket.receive().await["payload"]), "TIMEOUT");
}

#[tokio::test]
async fn at_most_twenty_errors_are_answered() {
    let server = Server::start().await;
    let answer =
        server.ask(&format!("{{ {} }}", (0..100).map(|n| format!("x{n} ")).collect::<String>())).await;
    assert_eq!(answer["errors"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn introspection_goes_with_graphiql() {
    let on = Server::start().await;
    assert_eq!(
        on.ask("{ __schema { queryType { name } } }").await["data"]["__schema"]["queryType"]["name"],
        "Query"
    );
    assert_eq!(on.client.get(on.url("/graphiql")).send().await.unwrap().status(), 200);
    let off = Server::start_with(&[("DATAVIEWER_GRAPHIQL", "off")]).await;
    assert_eq!(off.ask("{ __schema { queryType { name } } }").await["data"]["__schema"], Value::Null);
    assert_eq!(off.client.get(off.url("/graphiql")).send().await.unwrap().status(), 404);
}
