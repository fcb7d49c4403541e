//! Opening the database: the settings of each back end.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::{ConnectOptions, DatabaseConnection, DbErr};

use crate::{
    config::database::{DatabaseConfig, DatabaseLocation},
    storage::folder,
};

/// How long a statement waits for another process's lock, and a caller for a free connection.
const PATIENCE: Duration = Duration::from_secs(5);

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
    /// The database refused.
    #[error("the database {} cannot be opened: {source}", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// Why.
        source: DbErr,
    },
}

/// The connection for writing and those for reading.
pub(super) async fn open(
    config: &DatabaseConfig,
) -> Result<(DatabaseConnection, DatabaseConnection), ConnectError> {
    let DatabaseLocation::Sqlite(path) = &config.location;
    check_place(path)?;
    let refused = |source| ConnectError::Database { path: path.clone(), source };
    // The writer comes first: it makes the file and turns the write-ahead log on.
    let write = sea_orm::Database::connect(sqlite(path, 1, false)).await.map_err(refused)?;
    let read = sea_orm::Database::connect(sqlite(path, config.readers, true)).await.map_err(refused)?;
    Ok((write, read))
}

fn sqlite(path: &Path, connections: u32, read_only: bool) -> ConnectOptions {
    let path = path.to_owned();
    // The file's name is set below: in a URL some characters of it would mean something else.
    let mut options = ConnectOptions::new("sqlite:unnamed");
    options
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| {
            options
                .filename(&path)
                .create_if_missing(!read_only)
                .busy_timeout(PATIENCE)
                .foreign_keys(true)
                .pragma("journal_mode", "WAL")
                // NORMAL may lose the last commits when the power fails.
                .pragma("synchronous", "FULL")
                .pragma("query_only", if read_only { "ON" } else { "OFF" })
        });
    options
}

fn check_place(path: &Path) -> Result<(), ConnectError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let refused = |source| ConnectError::Folder { folder: folder.to_owned(), source };
    folder::make_private(folder).map_err(refused)?;
    match folder::network_file_system(folder).map_err(refused)? {
        Some(file_system) => Err(ConnectError::NetworkFileSystem { path: path.to_owned(), file_system }),
        None => Ok(()),
    }
}
