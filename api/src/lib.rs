//! The GraphQL gateway: everything a client can ask over HTTP.

mod download;
mod fresh;
mod graphiql;
pub mod graphql;
pub mod guard;
mod health;
mod link;
mod metrics;
mod router;
mod selection;
mod serve;
mod traffic;
pub mod transport;
pub mod upload;

pub use graphql::{register_default_dbc, schema_sdl};
use platform::runtime::Runtime;
pub use router::router_of;
pub use selection::Library;
pub use serve::{serve_operations, serve_schema};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

/// Every path of the API over one runtime.
pub fn router(runtime: Runtime) -> axum::Router {
    let library = Library::new(runtime);
    router_of(graphql::schema_of(&library), library, TaskTracker::new())
}

/// Serves the API on `listener` until the runtime's shutdown, then finishes what is under way.
pub async fn serve(runtime: Runtime, listener: TcpListener) {
    let library = Library::new(runtime);
    serve_schema(graphql::schema_of(&library), library, listener).await;
}
