//! Reading many rows as they were at one moment.

use sea_orm::{AccessMode, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, TransactionTrait};

use super::Database;

impl Database {
    /// A transaction for reading: all its queries see the database as it was at the first one. Dropping it ends it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let read = self.read();
        match read.get_database_backend() {
            // Every read transaction of SQLite's write-ahead log is a snapshot.
            DbBackend::Sqlite => read.begin().await,
            _ => {
                let (isolation, mode) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
                read.begin_with_config(Some(isolation), Some(mode)).await
            }
        }
    }
}
