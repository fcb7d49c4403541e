//! SQLite's settings.

use std::{path::Path, time::Duration};

use futures::future::BoxFuture;
use sea_orm::{
    ConnectOptions,
    sqlx::{self, Connection, sqlite::SqliteConnection},
};

use super::connect::{ConnectError, PATIENCE, pool};
use crate::storage::folder;

/// How long a writer waits for its turn: there is one at a time, and a slow disk takes its time over each.
const TURN: Duration = Duration::from_secs(10);

pub(super) fn options(path: &Path, connections: u32, read_only: bool) -> ConnectOptions {
    let path = path.to_owned();
    let mut options = pool("sqlite:unnamed", connections);
    options
        .acquire_timeout(TURN)
        .idle_timeout(None)
        .max_lifetime(None)
        .map_sqlx_sqlite_opts(move |options| {
            options
                .filename(&path)
                .create_if_missing(!read_only)
                .busy_timeout(PATIENCE)
                .foreign_keys(true)
                .pragma("journal_mode", "WAL")
                // NORMAL may lose the last commits when the power fails.
                .pragma("synchronous", "FULL")
                // Pages (16 MiB of them) that need not be read again: the rows of some 10,000 runs.
                .pragma("cache_size", "-16384")
                .pragma("query_only", if read_only { "ON" } else { "OFF" })
        })
        .map_sqlx_sqlite_before_acquire(|connection, _| is_usable(connection));
    options
}

/// Whether the connection is in no transaction. On a full disk SQLite ends one by itself, and the driver goes on
/// counting it: what came later would only be a part of it, and never be committed.
fn is_usable(connection: &mut SqliteConnection) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
    Box::pin(async move {
        // A rollback that nobody waited for is done when this is answered.
        connection.ping().await?;
        Ok(!connection.is_in_transaction())
    })
}

/// Whether a database may lie there; makes its folder.
pub(super) fn check_place(path: &Path) -> Result<(), ConnectError> {
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
