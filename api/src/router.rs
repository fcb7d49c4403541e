//! Every HTTP path, on one screen.

use std::sync::LazyLock;

use async_graphql::Executor;
use axum::{
    Router,
    extract::Request,
    http::{
        Extensions, HeaderMap, HeaderValue, StatusCode, Version,
        header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use platform::runtime::Runtime;
use tokio_util::task::TaskTracker;
use tower_http::compression::CompressionLayer;

use crate::{
    download, graphiql,
    graphql::schema_sdl,
    health::{self, Probe},
    link,
    metrics::{self, Scrape},
    selection::Library,
    traffic,
    transport::{Endpoint, request_id},
};

/// The paths over a schema and the library it reads; what outlives a request is tracked by `tasks`.
pub fn router_of<E: Executor>(schema: E, library: Library, tasks: TaskTracker) -> Router {
    let runtime = library.runtime().clone();
    let endpoint = Endpoint::new(schema, runtime.clone(), tasks);
    let probe = Probe::new(runtime.clone());
    let access = from_fn_with_state(runtime.config.operations.metrics, metrics::guard);
    let downloads = download::routes().layer(from_fn_with_state(library.clone(), link::admit));
    let mut routes = Router::new().route("/schema.graphql", get(contract)).merge(downloads);
    if runtime.config.http.graphiql {
        routes =
            routes.route("/graphiql", get(graphiql::page)).route("/graphiql/{file}", get(graphiql::asset));
    }
    // No CORS layer: pages of other origins are told nothing.
    routes
        .with_state(library)
        .merge(endpoint.routes())
        .merge(health_of(probe.clone()))
        .merge(metrics_of(runtime, probe).layer(access))
        .layer(CompressionLayer::new().gzip(true).compress_when(is_json))
        .layer(from_fn(unsniffed))
        .layer(from_fn(traffic::observe))
        .layer(from_fn(request_id::assign))
}

/// What a process without the API answers, or the API at an address of its own: whether it lives, whether it can
/// work, and its metrics, for everybody who reaches that address.
pub(crate) fn operations_router(runtime: &Runtime) -> Router {
    let probe = Probe::new(runtime.clone());
    health_of(probe.clone())
        .merge(metrics_of(runtime.clone(), probe))
        .layer(from_fn(traffic::observe))
        .layer(from_fn(request_id::assign))
}

fn health_of(probe: Probe) -> Router {
    Router::new().route("/livez", get(health::live)).route("/readyz", get(health::ready)).with_state(probe)
}

fn metrics_of(runtime: Runtime, probe: Probe) -> Router {
    Router::new().route("/metrics", get(metrics::show)).with_state(Scrape::new(runtime, probe))
}

/// The contract as text, written once.
async fn contract() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(schema_sdl);
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], TEXT.as_str()).into_response()
}

async fn unsniffed(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// What is worth compressing: answers. Logs and assets are compact already, or are wanted byte for byte.
fn is_json(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/json") || kind.starts_with("application/graphql-response+json")
}
