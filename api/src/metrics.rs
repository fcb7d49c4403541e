//! `GET /metrics`: what was counted in this process, and what SQL and the dependencies say at this moment.

use std::{fmt::Write, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_TYPE, FORWARDED, HeaderName},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use entity::job::{self, Census, JobState};
use platform::{config::operations::MetricsAccess, runtime::Runtime};
use sea_orm::Iterable;
use tokio::time::timeout;

use crate::{
    fresh::Fresh,
    health::{Condition, Health, Probe, Readiness},
    transport::Peer,
};

/// How long a count of the jobs is good for: a scrape more often than this costs nothing.
const FRESH: Duration = Duration::from_secs(5);
/// How long counting the jobs may take.
const PATIENCE: Duration = Duration::from_secs(3);
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What `/metrics` needs.
#[derive(Clone)]
pub(crate) struct Scrape {
    runtime: Runtime,
    probe: Probe,
    counted: Arc<Fresh<Option<Census>>>,
}

impl Scrape {
    pub(crate) fn new(runtime: Runtime, probe: Probe) -> Self {
        Self { runtime, probe, counted: Arc::new(Fresh::new(FRESH)) }
    }

    /// The jobs, counted again when that was too long ago; `None` when the database does not say.
    async fn census(&self) -> Option<Census> {
        let counting = timeout(PATIENCE, job::census(self.runtime.database.read()));
        self.counted.get(async { counting.await.ok().and_then(Result::ok) }).await
    }
}

/// Everything, as Prometheus reads it.
pub(crate) async fn show(State(scrape): State<Scrape>) -> Response {
    let (readiness, census) = tokio::join!(scrape.probe.readiness(), scrape.census());
    let mut text = scrape.runtime.metrics.render();
    if let Some(census) = &census {
        jobs(&mut text, census);
    }
    dependencies(&mut text, &readiness);
    pools(&mut text, &scrape.runtime);
    ([(CONTENT_TYPE, TEXT)], text).into_response()
}

/// Middleware: whoever may not read the metrics finds nothing.
pub(crate) async fn guard(State(access): State<MetricsAccess>, request: Request, next: Next) -> Response {
    let allowed = match access {
        MetricsAccess::Everybody => true,
        MetricsAccess::Nobody => false,
        MetricsAccess::Local => {
            Peer::of(request.extensions()).is_loopback() && !is_forwarded(request.headers())
        }
    };
    if allowed { next.run(request).await } else { StatusCode::NOT_FOUND.into_response() }
}

/// Whether a proxy speaks for somebody else: its own address says nothing then.
fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED) || headers.contains_key(X_FORWARDED_FOR)
}

fn jobs(text: &mut String, census: &Census) {
    let counts = JobState::iter().map(|state| {
        let found = census.counts.iter().find(|(counted, _)| *counted == state);
        (format!("{{state=\"{}\"}}", name_of(state)), found.map_or(0.0, |(_, jobs)| *jobs as f64))
    });
    gauge(text, ("dataviewer_jobs", "Jobs by state, as SQL has them"), counts);
    let age = census.waiting_us as f64 / 1e6;
    let help = "How long the next job has waited for a worker";
    gauge(text, ("dataviewer_job_queue_age_seconds", help), [(String::new(), age)]);
}

fn name_of(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "queued",
        JobState::Running => "running",
        JobState::RetryWait => "retry_wait",
        JobState::Succeeded => "succeeded",
        JobState::Failed => "failed",
        JobState::Cancelled => "cancelled",
    }
}

fn dependencies(text: &mut String, readiness: &Readiness) {
    let up = |name: &str, condition: &Condition| {
        (format!("{{dependency=\"{name}\"}}"), f64::from(condition.state == Health::Ok))
    };
    let Readiness { database, storage, broker } = readiness;
    let all = [up("database", database), up("storage", storage), up("broker", broker)];
    gauge(text, ("dataviewer_dependency_up", "Whether what the service depends on answers"), all);
}

fn pools(text: &mut String, runtime: &Runtime) {
    let connections = runtime.database.pools().into_iter().flat_map(|pool| {
        let label = |state: &str| format!("{{pool=\"{}\",state=\"{state}\"}}", pool.kind);
        let busy = pool.open.saturating_sub(pool.idle);
        [(label("busy"), busy as f64), (label("idle"), pool.idle as f64)]
    });
    gauge(text, ("dataviewer_database_connections", "Connections to the database"), connections);
}

fn gauge(text: &mut String, (name, help): (&str, &str), values: impl IntoIterator<Item = (String, f64)>) {
    // Writing into a string cannot fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
    for (labels, value) in values {
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}
