//! One process at a time: APIs and workers that start together all bring the schema up.

use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait,
};

use crate::MigrationError;

/// How often MariaDB and MySQL are asked for the turn; each time they wait five seconds.
const ATTEMPTS: u32 = 12;

/// A transaction during which nobody else migrates. On MariaDB and MySQL each change of the schema commits by
/// itself; on the others all of it is committed at the end, or nothing.
pub(crate) struct Turn(DatabaseTransaction);

impl Turn {
    /// Waits for the turn.
    pub(crate) async fn begin(db: &DatabaseConnection) -> Result<Self, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let tx = db.begin_with_options(options).await?;
        match tx.get_database_backend() {
            DbBackend::Postgres => postgres(&tx).await?,
            DbBackend::MySql => mysql(&tx).await?,
            _ => {}
        }
        Ok(Self(tx))
    }

    /// What to work with.
    pub(crate) fn connection(&self) -> &DatabaseTransaction {
        &self.0
    }

    /// Commits what went well, and lets the next in.
    pub(crate) async fn end<T>(self, outcome: Result<T, MigrationError>) -> Result<T, MigrationError> {
        if self.0.get_database_backend() == DbBackend::MySql {
            // It belongs to the connection, not to the transaction.
            self.0.execute_unprepared("DO RELEASE_LOCK(CONCAT('dataviewer ', MD5(DATABASE())))").await?;
        }
        match outcome {
            Ok(value) => {
                self.0.commit().await?;
                Ok(value)
            }
            Err(error) => {
                self.0.rollback().await?;
                Err(error)
            }
        }
    }
}

async fn postgres(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    // Waiting for others, and building an index, may take longer than anything else may.
    for sql in [
        "SET LOCAL statement_timeout = 0",
        "SET LOCAL lock_timeout = '60s'",
        "SELECT pg_advisory_xact_lock(7234316)",
    ] {
        tx.execute_unprepared(sql).await?;
    }
    Ok(())
}

async fn mysql(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    for _ in 0..ATTEMPTS {
        let lock = "SELECT GET_LOCK(CONCAT('dataviewer ', MD5(DATABASE())), 5) AS got";
        let row = tx.query_one_raw(Statement::from_string(DbBackend::MySql, lock)).await?;
        if row.is_some_and(|row| row.try_get::<Option<i64>>("", "got").is_ok_and(|got| got == Some(1))) {
            return Ok(());
        }
    }
    Err(DbErr::Custom("another process has been migrating for a minute".to_owned()))
}
