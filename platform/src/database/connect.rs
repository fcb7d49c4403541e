//! Opening the database: what every back end has in common.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use sea_orm::{ConnectOptions, DatabaseConnection, DbErr, RuntimeErr, SqlxError};

use tokio::time::{Instant, sleep};

use super::{failure::is_contention, mysql, postgres, sqlite, story, tls};
use crate::config::database::{DatabaseConfig, DatabaseLocation};

/// How long a statement waits for another's lock, and a caller for a free connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Between two attempts at a file that another process is just making.
const AGAIN: Duration = Duration::from_millis(20);

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Its folder cannot be made or looked at.
    #[error("the folder {} of the database cannot be used: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// SQLite's locks do not hold on network file systems.
    #[error(
        "the database {} lies on a network file system ({file_system}), where SQLite's locks do not hold; \
         put it on a local disk",
        path.display()
    )]
    NetworkFileSystem {
        /// The database file.
        path: PathBuf,
        /// What it lies on.
        file_system: &'static str,
    },
    /// The file of the authority that the server is known by cannot be used.
    #[error("the database {place} cannot be opened: its authority is not known: {problem}")]
    Authority {
        /// Host and name of the database; no password.
        place: String,
        /// Why, with the file's name.
        problem: String,
    },
    /// The server did not prove that it is the one that was meant.
    #[error(
        "the database {place} cannot be opened: {problem}; name the authority that signed its certificate by \
         `sslrootcert` (PostgreSQL) or `ssl_ca` (MariaDB, MySQL), and the host as the certificate does"
    )]
    Untrusted {
        /// Host and name of the database; no password.
        place: String,
        /// What its certificate lacks.
        problem: String,
    },
    /// The database refused, or does not answer.
    #[error("the database {place} cannot be opened: {source}")]
    Database {
        /// The database file, or host and name of the database; no password.
        place: String,
        /// Why.
        source: DbErr,
    },
}

/// The connections for writing and those for reading.
pub(super) async fn open(
    config: &DatabaseConfig,
) -> Result<(DatabaseConnection, DatabaseConnection), ConnectError> {
    let (write, read) = match &config.location {
        DatabaseLocation::Sqlite(path) => {
            sqlite::check_place(path)?;
            (Ok(sqlite::options(path, 1, false)), Ok(sqlite::options(path, config.readers, true)))
        }
        DatabaseLocation::Postgres(url) => {
            tls::check(url)?;
            (postgres::options(url, config.connections, false), postgres::options(url, config.readers, true))
        }
        DatabaseLocation::Mysql(url) => {
            tls::check(url)?;
            (mysql::options(url, config.connections, false), mysql::options(url, config.readers, true))
        }
    };
    let place = || config.location.to_string();
    let refused = |source: DbErr| match tls::refusal(&source) {
        Some(problem) => ConnectError::Untrusted { place: place(), problem },
        None => ConnectError::Database { place: place(), source },
    };
    // The writer comes first: it makes SQLite's file and turns the write-ahead log on.
    let write = connected(write).await.map_err(refused)?;
    let read = connected(read).await.map_err(refused)?;
    if let DatabaseLocation::Mysql(_) = config.location {
        mysql::check(&read).await.map_err(refused)?;
    }
    Ok((write, read))
}

/// Two processes that meet at a new SQLite file refuse each other while it gets its write-ahead log: for that
/// SQLite itself does not wait.
async fn connected(options: Result<ConnectOptions, DbErr>) -> Result<DatabaseConnection, DbErr> {
    let (options, deadline) = (options?, Instant::now() + PATIENCE);
    loop {
        match sea_orm::Database::connect(options.clone()).await {
            Err(error) if is_contention(&error) && Instant::now() < deadline => sleep(AGAIN).await,
            Ok(mut connection) => {
                story::tell(&mut connection);
                return Ok(connection);
            }
            refused => return refused,
        }
    }
}

/// A pool's options. `url` names the back end only: where and how to connect is set by the back end's own
/// options, for this text reaches traces.
pub(super) fn pool(url: &'static str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        // Many processes share a server's connections: what a burst opened is given back soon.
        .idle_timeout(Duration::from_secs(60))
        // Each back end has its own check instead, where it needs one.
        .test_before_acquire(false)
        .sqlx_logging(false);
    options
}

/// An error of the driver below the ORM.
pub(super) fn driver(error: SqlxError) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}
