//! Real servers for tests: those that `deploy/servers.sh` started for all of them, and those that a test starts
//! for itself.
//!
//! A test that needs a server fails where there is none: it never passes unheard.

mod certificate;
mod database;
mod mariadb;
mod postgres;
mod program;
mod redis;
mod s3;

pub use certificate::Authority;
pub use database::{fresh_mariadb, fresh_postgres};
pub use mariadb::MariadbServer;
pub use postgres::PostgresServer;
pub use program::{Program, ServerError};
pub use redis::RedisServer;
pub use s3::{S3_KEY, S3_SECRET, S3Server};

/// The value of a variable that `deploy/servers.sh` sets.
///
/// # Panics
/// When it is unset: the test cannot run then.
#[must_use]
pub fn variable(name: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "says where a test's servers are, configures nothing")]
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is unset: this test needs a real server; run it by `bash deploy/servers.sh run cargo test`")
    })
}
