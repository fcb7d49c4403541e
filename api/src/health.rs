//! Whether the server lives, and whether what it depends on answers.

use std::{
    fmt::Display,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use platform::runtime::Runtime;
use sea_orm::ConnectionTrait;
use serde::Serialize;
use tokio::time::timeout;

use crate::fresh::Fresh;

/// How long a dependency may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long what was found is good for.
const FRESH: Duration = Duration::from_secs(1);

/// `GET /livez`: the process answers.
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// What the server depends on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Readiness {
    pub(crate) database: Condition,
    pub(crate) storage: Condition,
    pub(crate) broker: Condition,
}

/// How one dependency is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Condition {
    pub(crate) state: Health,
    /// What is wrong, for whoever may ask; the details are in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    latency_ms: u64,
}

/// How well it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Health {
    /// It answers.
    Ok,
    /// It does not, and everything goes on without it.
    Degraded,
    /// It does not, and little can be done without it.
    Failing,
}

/// A dependency, and what its silence means.
struct Dependency {
    name: &'static str,
    silence: Health,
    complaint: &'static str,
}

const DATABASE: Dependency =
    Dependency { name: "database", silence: Health::Failing, complaint: "the database does not answer" };
const STORAGE: Dependency =
    Dependency { name: "storage", silence: Health::Failing, complaint: "the storage cannot be used" };
/// Workers look into SQL every few seconds anyway, and subscriptions are healed from it: without the broker
/// everything is later, and nothing is lost. A server taken out of service for it would lose uploads instead.
const BROKER: Dependency = Dependency {
    name: "broker",
    silence: Health::Degraded,
    complaint: "the broker does not answer; jobs and progress come later",
};

impl Readiness {
    /// Asks everything at once.
    async fn of(runtime: &Runtime) -> Self {
        let database = DATABASE.ask(runtime.database.read().execute_unprepared("SELECT 1"));
        let storage = STORAGE.ask(runtime.storage.check());
        let broker = BROKER.ask(runtime.broker.ping());
        let (database, storage, broker) = tokio::join!(database, storage, broker);
        Self { database, storage, broker }
    }

    fn is_ready(&self) -> bool {
        ![&self.database, &self.storage, &self.broker].iter().any(|part| part.state == Health::Failing)
    }
}

/// Asks what the server depends on, at most once a second however many want to know: everybody may ask, and a look
/// into a bucket is a request of its own.
#[derive(Clone)]
pub(crate) struct Probe {
    runtime: Runtime,
    last: Arc<Fresh<Readiness>>,
}

impl Probe {
    pub(crate) fn new(runtime: Runtime) -> Self {
        Self { runtime, last: Arc::new(Fresh::new(FRESH)) }
    }

    /// What was found, a second ago at most.
    pub(crate) async fn readiness(&self) -> Readiness {
        self.last.get(Readiness::of(&self.runtime)).await
    }
}

impl Dependency {
    async fn ask<T, E: Display>(&self, answer: impl Future<Output = Result<T, E>>) -> Condition {
        let began = Instant::now();
        let trouble = match timeout(PATIENCE, answer).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("no answer in {} s", PATIENCE.as_secs())),
        };
        let latency_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        if let Some(error) = &trouble {
            tracing::warn!(
                dependency = self.name,
                error,
                duration_ms = latency_ms,
                "a dependency does not answer"
            );
        }
        let failed = trouble.is_some();
        let state = if failed { self.silence } else { Health::Ok };
        Condition { state, error: failed.then_some(self.complaint), latency_ms }
    }
}

/// `GET /readyz`: 200 when everything that it needs answers, else 503; `?verbose` tells of each.
pub(crate) async fn ready(State(probe): State<Probe>, RawQuery(query): RawQuery) -> Response {
    let readiness = probe.readiness().await;
    let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    match query.is_some_and(|query| query.split('&').any(|part| part.starts_with("verbose"))) {
        true => (status, Json(readiness)).into_response(),
        false if status == StatusCode::OK => "ok\n".into_response(),
        false => (status, "not ready; ask with ?verbose\n").into_response(),
    }
}
