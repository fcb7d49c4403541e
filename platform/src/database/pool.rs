//! How busy the connections are.

use sea_orm::{DatabaseConnection, DbBackend};

use super::Database;

/// The connections of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// `read` or `write`.
    pub kind: &'static str,
    /// Those that are open.
    pub open: u64,
    /// Those of them that nobody uses.
    pub idle: u64,
}

impl Database {
    /// The connections for reading and those for writing.
    #[must_use]
    pub fn pools(&self) -> [Pool; 2] {
        [pool("read", &self.read), pool("write", &self.write)]
    }
}

fn pool(kind: &'static str, connection: &DatabaseConnection) -> Pool {
    let (open, idle) = match connection.get_database_backend() {
        DbBackend::Sqlite => {
            let pool = connection.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        }
        DbBackend::Postgres => {
            let pool = connection.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        }
        DbBackend::MySql => {
            let pool = connection.get_mysql_connection_pool();
            (pool.size(), pool.num_idle())
        }
        _ => (0, 0),
    };
    Pool { kind, open: open.into(), idle: idle as u64 }
}
