//! The GraphQL gateway: everything a client can ask over HTTP.

mod download;
mod graphiql;
pub mod guard;
mod health;
mod router;
mod serve;
pub mod transport;
pub mod upload;

pub use router::router_of;
pub use serve::serve_schema;
