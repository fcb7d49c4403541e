//! Whether the server lives, and whether it can work.

use axum::{
    Json,
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use platform::runtime::Runtime;
use sea_orm::ConnectionTrait;
use serde::Serialize;

/// `GET /livez`: the process answers.
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

#[derive(Serialize)]
struct Readiness {
    database: Condition,
    storage: Condition,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Condition {
    Ok,
    Failing,
}

/// `GET /readyz`: 200 when everything it needs answers, else 503; `?verbose` names each.
pub(crate) async fn ready(State(runtime): State<Runtime>, RawQuery(query): RawQuery) -> Response {
    let (database, storage) = tokio::join!(database(&runtime), storage(&runtime));
    let readiness = Readiness { database, storage };
    let status = match [database, storage].contains(&Condition::Failing) {
        false => StatusCode::OK,
        true => StatusCode::SERVICE_UNAVAILABLE,
    };
    match query.is_some_and(|query| query.split('&').any(|part| part.starts_with("verbose"))) {
        true => (status, Json(readiness)).into_response(),
        false if status == StatusCode::OK => "ok\n".into_response(),
        false => (status, "not ready; ask with ?verbose\n").into_response(),
    }
}

async fn database(runtime: &Runtime) -> Condition {
    condition("database", runtime.database.read().execute_unprepared("SELECT 1").await)
}

async fn storage(runtime: &Runtime) -> Condition {
    condition("storage", runtime.storage.free_upload_bytes().await)
}

fn condition<T, E: std::fmt::Display>(part: &str, outcome: Result<T, E>) -> Condition {
    match outcome {
        Ok(_) => Condition::Ok,
        Err(error) => {
            tracing::error!(part, "not ready: {error}");
            Condition::Failing
        }
    }
}
