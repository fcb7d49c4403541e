//! The SQL database: connections for reading, and transactions for writing.
//!
//! SQLite has one writer: all writes take turns on one connection, and every transaction takes the write
//! lock when it begins, so that none fails half-way because another was faster.

mod connect;
mod pool;
mod retry;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

pub use connect::ConnectError;
pub use pool::Pool;
use retry::Retry;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use crate::config::database::DatabaseConfig;

/// The work of one transaction. See [`Database::transaction`].
pub type Work<'tx, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'tx>>;

/// What may end a transaction without a commit: the database's error, or a reason of the caller's own.
pub trait TransactionError: From<DbErr> + fmt::Debug + Send + 'static {
    /// The database's error, if it was one: some are worth another attempt.
    fn database(&self) -> Option<&DbErr>;
}

impl TransactionError for DbErr {
    fn database(&self) -> Option<&DbErr> {
        Some(self)
    }
}

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
    /// the database was busy, `work` is run again from its start, five times in all.
    ///
    /// # Errors
    /// What `work` ends with, or the database's error at begin or commit.
    pub async fn transaction<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'tx> Fn(&'tx DatabaseTransaction) -> Work<'tx, T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: TransactionError,
    {
        let write = self.write.clone();
        let work = Arc::new(work);
        let task = tokio::spawn(async move {
            let mut retry = Retry::default();
            loop {
                match attempt(&write, work.as_ref()).await {
                    Err(error) if error.database().is_some_and(|cause| retry.is_worth(cause)) => {
                        retry.pause().await;
                    }
                    outcome => return outcome,
                }
            }
        });
        match task.await {
            Ok(outcome) => outcome,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is being torn down.
            Err(error) => Err(DbErr::Custom(error.to_string()).into()),
        }
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

async fn attempt<T, E, F>(write: &DatabaseConnection, work: &F) -> Result<T, E>
where
    F: for<'tx> Fn(&'tx DatabaseTransaction) -> Work<'tx, T, E>,
    E: TransactionError,
{
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let tx = write.begin_with_options(options).await?;
    match work(&tx).await {
        Ok(value) => {
            tx.commit().await?;
            Ok(value)
        }
        Err(error) => {
            // What `work` ended with is what the caller needs to know; a lost connection rolls back as well.
            if let Err(rollback) = tx.rollback().await {
                tracing::debug!(error = %rollback, "a rollback was not answered");
            }
            Err(error)
        }
    }
}
