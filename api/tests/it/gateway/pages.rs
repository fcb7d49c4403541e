//! Pages of runs.

use serde_json::{Value, json};

use super::{Api, numbered};

/// Runs by their number.
pub(super) const PAGE: &str =
    "query($first: Int, $after: String, $last: Int, $before: String, $filter: RunFilter) {
    runs(first: $first, after: $after, last: $last, before: $before, filter: $filter,
         orderBy: { field: NUMBER, direction: ASC }) {
        totalCount nodes { number } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

impl Api {
    /// A page of runs.
    pub(super) async fn page(&self, variables: Value) -> Value {
        self.ask(PAGE, variables).await["runs"].take()
    }
}

/// The numbers on it.
pub(super) fn numbers(page: &Value) -> Vec<i64> {
    page["nodes"].as_array().unwrap().iter().map(|run| run["number"].as_i64().unwrap_or(-1)).collect()
}

#[tokio::test]
async fn pages_go_forward_and_back() {
    let api = Api::start().await;
    for number in [3, 1, 5, 2, 4] {
        api.run(numbered(number)).await;
    }
    let first = api.page(json!({ "first": 2 })).await;
    assert_eq!((numbers(&first), &first["totalCount"]), (vec![1, 2], &json!(5)));
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    assert_eq!(first["pageInfo"]["hasPreviousPage"], false);
    let rest = api.page(json!({ "first": 3, "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!((numbers(&rest), &rest["pageInfo"]["hasNextPage"]), (vec![3, 4, 5], &json!(false)));
    let back = api.page(json!({ "last": 2, "before": rest["pageInfo"]["endCursor"] })).await;
    assert_eq!((numbers(&back), &back["pageInfo"]["hasPreviousPage"]), (vec![3, 4], &json!(true)));
    let last = api.page(json!({ "last": 1 })).await;
    assert_eq!((numbers(&last), &last["pageInfo"]["hasNextPage"]), (vec![5], &json!(false)));
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused() {
    let api = Api::start().await;
    api.run(numbered(1)).await;
    let wrong = [
        json!({ "first": 501 }),
        json!({ "first": -1 }),
        json!({ "first": 1, "last": 1 }),
        json!({ "first": 1, "after": "no cursor" }),
        // "created:1:0…": the cursor of another order.
        json!({ "first": 1, "after": "Y3JlYXRlZDoxOjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw" }),
    ];
    for variables in wrong {
        assert_eq!(api.refusal(PAGE, variables.clone()).await, "BAD_USER_INPUT", "{variables}");
    }
    assert_eq!(numbers(&api.page(json!({ "first": 500 })).await), [1]);
}
