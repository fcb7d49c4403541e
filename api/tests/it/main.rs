//! The API from outside: a real server on a free port, real SQLite, real files.
#![expect(clippy::unwrap_used, reason = "tests")]

mod gateway;
mod guard;
mod health;
mod lost_commit;
mod metrics;
mod probe;
mod schema;
mod socket;
mod transport;
mod upload;
