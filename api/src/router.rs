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
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
};
use platform::runtime::Runtime;
use tokio_util::task::TaskTracker;
use tower_http::compression::CompressionLayer;

use crate::{
    download, graphiql,
    graphql::schema_sdl,
    health,
    transport::{Endpoint, request_id},
};

/// The paths over a schema; what outlives a request is tracked by `tasks`.
pub fn router_of<E: Executor>(schema: E, runtime: Runtime, tasks: TaskTracker) -> Router {
    let endpoint = Endpoint::new(schema, runtime.clone(), tasks);
    let mut routes = Router::new()
        .route("/schema.graphql", get(contract))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/logs/{id}", get(download::log));
    if runtime.config.http.graphiql {
        routes =
            routes.route("/graphiql", get(graphiql::page)).route("/graphiql/{file}", get(graphiql::asset));
    }
    // No CORS layer: pages of other origins are told nothing.
    routes
        .with_state(runtime)
        .merge(endpoint.routes())
        .layer(CompressionLayer::new().gzip(true).compress_when(is_json))
        .layer(from_fn(unsniffed))
        .layer(from_fn(request_id::assign))
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
