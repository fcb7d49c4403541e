//! Limits on documents: each exceeded once.

use std::fmt::Write;

use serde_json::json;

use super::Api;

#[tokio::test]
async fn a_document_beyond_a_limit_is_refused_with_its_code() {
    let api = Api::start().await;
    let many = |count: usize, text: &dyn Fn(usize) -> String| (0..count).map(text).collect::<String>();
    let fragments = many(25, &|n| format!("fragment F{n} on Query {{ ...F{0} ...F{0} }} ", n + 1));
    let deep = "run { job { ".repeat(8) + "id" + &" } }".repeat(8);
    for (query, code) in [
        ("{ runs(".to_owned(), "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        ("{ runs(first: \"x\") { totalCount } }".to_owned(), "GRAPHQL_VALIDATION_FAILED"),
        (
            "subscription { ...F } fragment F on Subscription { a: __typename b: __typename }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (format!("{{ jobs {{ nodes {{ {deep} }} }} }}"), "QUERY_TOO_DEEP"),
        (
            "{ runs(first: 500) { nodes { signals(first: 500) { nodes { id } } } } }".to_owned(),
            "QUERY_TOO_COMPLEX",
        ),
        ("{ runs(first: 2000000000) { nodes { id } } }".to_owned(), "QUERY_TOO_COMPLEX"),
        (format!("{{ server {{ {} }} }}", many(31, &|n| format!("v{n}: version "))), "QUERY_TOO_COMPLEX"),
        (format!("{{ {} }}", many(31, &|n| format!("t{n}: __typename "))), "QUERY_TOO_COMPLEX"),
        (format!("{{ {} }}", "__typename ".repeat(21)), "QUERY_TOO_COMPLEX"),
        (format!("{{ server {{ version {} }} }}", "@skip(if: false) ".repeat(11)), "QUERY_TOO_COMPLEX"),
        (format!("{{ ...F0 }} {fragments} fragment F25 on Query {{ __typename }}"), "QUERY_TOO_COMPLEX"),
    ] {
        assert_eq!(api.refusal(&query, json!({})).await, code, "{query}");
    }
}

#[tokio::test]
async fn at_most_20_errors_are_returned() {
    let api = Api::start().await;
    let mut query = "{ server {".to_owned();
    for n in 0..100 {
        write!(query, " nothing{n}").unwrap();
    }
    let answer = api.answer(&(query + " } }"), json!({})).await;
    assert_eq!(answer["errors"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn engine_errors_about_input_have_a_code() {
    let api = Api::start().await;
    let query = "query($t: DateTime!) { runs(filter: { overlaps: { from: $t, to: $t } }) { totalCount } }";
    let code = api.refusal(query, json!({ "t": "yesterday" })).await;
    assert!(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&code.as_str()), "{code}");
    assert_eq!(api.refusal("{ run(id: \"1\") { id } }", json!({})).await, "BAD_USER_INPUT");
}
