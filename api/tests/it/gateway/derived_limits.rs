//! Every limit of expressions, exceeded.

use serde_json::{Value, json};

use super::Api;

const LIMITS: [(&str, &str); 8] = [
    ("DATAVIEWER_LIMIT_DERIVED_SIGNALS", "4"),
    ("DATAVIEWER_LIMIT_EXPRESSION_BYTES", "60"),
    ("DATAVIEWER_LIMIT_EXPRESSION_TOKENS", "20"),
    ("DATAVIEWER_LIMIT_EXPRESSION_NODES", "9"),
    ("DATAVIEWER_LIMIT_EXPRESSION_DEPTH", "3"),
    ("DATAVIEWER_LIMIT_EXPRESSION_CHAIN", "3"),
    ("DATAVIEWER_LIMIT_EXPRESSION_TOTAL_NODES", "15"),
    ("DATAVIEWER_LIMIT_EXPRESSION_MESSAGES", "2"),
];

async fn check(api: &Api, text: &str, run: Value) -> Value {
    let query = "query($e: String!, $run: ID) { checkExpression(expression: $e, run: $run) {
        ok problem { reason message derivedSignal } } }";
    api.ask(query, json!({ "e": text, "run": run })).await["checkExpression"].take()
}

#[tokio::test]
async fn an_expression_beyond_a_limit_is_refused() {
    let api = Api::start_with(&LIMITS).await;
    let fine = "1 + 2 + 3 + 4 + 5";
    assert_eq!(check(&api, fine, Value::Null).await["ok"], true);
    for (text, told) in [
        (format!("{}1", " ".repeat(60)), "61 bytes; 60 are allowed"),
        ("((1)) + ((1)) + ((1)) + ((1))".to_owned(), "more than 20 words"),
        (format!("{fine} + 6"), "more than 9 operands"),
        ("((((1))))".to_owned(), "3"),
    ] {
        let problem = check(&api, &text, Value::Null).await["problem"].take();
        assert_eq!(problem["reason"], "TOO_COMPLEX", "{text}: {problem}");
        assert!(problem["message"].as_str().unwrap().contains(told), "{text}: {problem}");
    }
}

#[tokio::test]
async fn derived_signals_beyond_a_limit_are_refused() {
    let api = Api::start_with(&LIMITS).await;
    api.derived("a", "Speed + 1 + 2").await;
    api.derived("b", "a + a + 1 + 2").await;
    api.derived("c", "b").await;
    let input = json!({ "name": "d", "expression": "c" });
    let fields = "derivedSignal { id } } ... on ExpressionRefused { problem { reason message }";
    let long = api.mutate("createDerivedSignal", fields, input).await;
    assert_eq!((&long["code"], &long["problem"]["reason"]), (&json!("EXPRESSION"), &json!("TOO_COMPLEX")));
    let input = json!({ "name": "d", "expression": "b + 1 + 2 + 3" });
    let large = api.mutate("createDerivedSignal", fields, input).await;
    assert!(large["problem"]["message"].as_str().unwrap().contains("15 operations"), "{large}");
    api.derived("d", "1").await;
    let input = json!({ "name": "e", "expression": "1" });
    assert_eq!(api.mutate("createDerivedSignal", fields, input).await["code"], "CONFLICT");
}

#[tokio::test]
async fn a_change_that_makes_others_too_complex_is_refused() {
    let api = Api::start_with(&LIMITS).await;
    let a = api.derived("a", "Speed").await;
    api.derived("b", "a + 1 + 2 + 3 + 4").await;
    let fields = "derivedSignal { id } } ... on ExpressionRefused { problem { reason message }";
    let input = json!({ "id": a, "expression": "Speed + 1 + 2 + 3" });
    let refused = api.mutate("updateDerivedSignal", fields, input).await;
    assert_eq!(refused["problem"]["reason"], "TOO_COMPLEX");
    assert!(refused["problem"]["message"].as_str().unwrap().starts_with("b uses it"), "{refused}");
}

#[tokio::test]
async fn signals_of_too_many_messages_are_not_joined() {
    let api = Api::start_with(&LIMITS).await;
    let run = api.recorded(1, &[("A", "a", 1), ("B", "b", 1), ("C", "c", 1)]).await.to_string();
    assert_eq!(check(&api, "a + b", json!(run)).await["ok"], true);
    let problem = check(&api, "a + b + c", json!(run)).await["problem"].take();
    assert_eq!(
        (&problem["reason"], &problem["message"]),
        (&json!("TOO_COMPLEX"), &json!("signals of more than 2 messages"))
    );
}

#[tokio::test]
async fn the_limits_can_be_read() {
    let api = Api::start_with(&LIMITS).await;
    let query =
        "{ server { limits { derivedSignals expressionBytes expressionTokens expressionNodes expressionDepth
        expressionChain expressionTotalNodes expressionMessages expressionWindowSamples expressionRows } } }";
    let limits = api.ask(query, json!({})).await["server"]["limits"].take();
    let expected = json!({
        "derivedSignals": "4", "expressionBytes": "60", "expressionTokens": "20", "expressionNodes": "9",
        "expressionDepth": "3", "expressionChain": "3", "expressionTotalNodes": "15", "expressionMessages": "2",
        "expressionWindowSamples": "1000000", "expressionRows": "50000000",
    });
    assert_eq!(limits, expected);
}
