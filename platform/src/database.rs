//! The SQL database: connections for reading, and transactions for writing.
//!
//! SQLite has one writer: all writes take turns on one connection, and every transaction takes the write
//! lock when it begins, so that none fails half-way because another was faster. A server has a pool for writing
//! and one for reading, so that reading never keeps a worker from saying that it lives.

mod connect;
mod failure;
mod mysql;
mod pool;
mod postgres;
mod retry;
mod snapshot;
mod sqlite;
mod story;
mod tls;
mod transaction;

use std::time::Duration;

pub use connect::ConnectError;
pub use failure::{is_commit_unknown, is_passing, is_refused_text};
pub use pool::Pool;
use retry::Retry;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
pub use transaction::{TransactionError, Work};
use transaction::{attempts, checked_attempts, outcome};

use crate::config::database::DatabaseConfig;

/// How often SQLite's write-ahead log is folded into the database file: readers may keep it from shrinking by
/// itself.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(3600);

/// The SQL database.
#[derive(Clone, Debug)]
pub struct Database {
    read: DatabaseConnection,
    write: DatabaseConnection,
}

impl Database {
    /// Opens the database, and makes it when it does not exist. Migrates nothing.
    ///
    /// # Errors
    /// [`ConnectError`] when it cannot be opened or must not be where it is.
    pub async fn connect(config: &DatabaseConfig) -> Result<Self, ConnectError> {
        let (write, read) = connect::open(config).await?;
        Ok(Self { read, write })
    }

    /// For queries outside a transaction. Writing through it fails.
    #[must_use]
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For the migrations. Everything else that writes goes through [`Database::transaction`].
    #[must_use]
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Runs `work` in a transaction and commits it when it ends well; otherwise nothing of it remains.
    ///
    /// It runs in a task of its own: a caller that goes away never leaves a transaction half-done. When
    /// the database was busy, went away before the commit, or somebody inserted the same row meanwhile, `work`
    /// is run again from its start, five times in all; not after it waited five seconds for another's lock.
    ///
    /// `work` awaits nothing but `tx`: on SQLite it holds up every other writer of the host.
    ///
    /// # Errors
    /// What `work` ends with, or the database's error at begin or commit. When [`is_commit_unknown`] says so,
    /// the transaction may have been committed all the same: look before telling anybody that it failed, or use
    /// [`Database::transaction_checked`].
    pub async fn transaction<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'tx> Fn(&'tx DatabaseTransaction) -> Work<'tx, T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: TransactionError,
    {
        let write = self.write.clone();
        let working = async move { attempts(&write, &work, &mut Retry::default()).await.unchecked() };
        outcome(tokio::spawn(working.in_current_span()).await)
    }

    /// As [`Database::transaction`], for work that must not be done twice nor be given up for lost: when the
    /// answer to COMMIT was lost, `is_done` looks whether the database holds what `work` returned. If so, that
    /// is the outcome; if not, `work` is run again.
    ///
    /// # Errors
    /// As [`Database::transaction`]; its outcome is unknown only if the database cannot be asked either.
    pub async fn transaction_checked<T, E, F, C>(&self, work: F, is_done: C) -> Result<T, E>
    where
        F: for<'tx> Fn(&'tx DatabaseTransaction) -> Work<'tx, T, E> + Send + Sync + 'static,
        C: for<'db> Fn(&'db DatabaseConnection, &'db T) -> Work<'db, bool, E> + Send + Sync + 'static,
        T: Send + Sync + 'static,
        E: TransactionError,
    {
        let write = self.write.clone();
        let working = async move { checked_attempts(&write, &work, &is_done).await };
        outcome(tokio::spawn(working.in_current_span()).await)
    }

    /// Looks after the database until `shutdown`: SQLite's write-ahead log is folded into its file every hour.
    pub async fn tend(self, shutdown: CancellationToken) {
        let tending = async {
            loop {
                tokio::time::sleep(CHECKPOINT_EVERY).await;
                if let Err(error) = self.checkpoint().await {
                    tracing::warn!(%error, "the database's journal was not folded into its file");
                }
            }
        };
        shutdown.run_until_cancelled(tending).await;
    }

    /// Folds SQLite's write-ahead log into the database file and empties it, as far as readers allow. Other back
    /// ends look after themselves.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn checkpoint(&self) -> Result<(), DbErr> {
        if self.write.get_database_backend() == DbBackend::Sqlite {
            self.write.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        }
        Ok(())
    }

    /// Closes all connections; SQLite's journal is folded into its file.
    pub async fn close(self) {
        for connection in [self.read, self.write] {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "a database connection did not close cleanly");
            }
        }
    }
}
