//! The database's settings, and transactions that hold.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use platform::{
    config::database::{DatabaseConfig, DatabaseLocation},
    database::{Database, TransactionError, Work},
};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseTransaction, DbErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use tempfile::TempDir;
use tokio::sync::Notify;

async fn database(folder: &TempDir) -> Database {
    let config = DatabaseConfig {
        location: DatabaseLocation::Sqlite(folder.path().join("sub/x.db")),
        connections: 2,
        readers: 2,
    };
    let database = Database::connect(&config).await.unwrap();
    database.write().execute_unprepared("CREATE TABLE IF NOT EXISTS t (n INTEGER)").await.unwrap();
    database
}

async fn number<C: ConnectionTrait>(conn: &C, sql: &str) -> i64 {
    let row = conn.query_one_raw(Statement::from_string(conn.get_database_backend(), sql)).await.unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}

async fn rows(database: &Database) -> i64 {
    number(database.read(), "SELECT COUNT(*) FROM t").await
}

fn insert(tx: &DatabaseTransaction) -> Work<'_, (), DbErr> {
    Box::pin(async move { tx.execute_unprepared("INSERT INTO t VALUES (1)").await.map(|_| ()) })
}

#[tokio::test]
async fn settings_are_those_of_a_database_that_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let database = database(&folder).await;
    for conn in [database.read(), database.write()] {
        assert_eq!(number(conn, "PRAGMA synchronous").await, 2, "FULL");
        assert_eq!(number(conn, "PRAGMA foreign_keys").await, 1);
        assert_eq!(number(conn, "PRAGMA busy_timeout").await, 5000);
    }
    let mode = database
        .read()
        .query_one_raw(Statement::from_string(sea_orm::DbBackend::Sqlite, "PRAGMA journal_mode"));
    assert_eq!(mode.await.unwrap().unwrap().try_get_by_index::<String>(0).unwrap(), "wal");
}

#[tokio::test]
async fn readers_cannot_write() {
    let folder = TempDir::new().unwrap();
    let database = database(&folder).await;
    assert!(database.read().execute_unprepared("INSERT INTO t VALUES (1)").await.is_err());
}

#[tokio::test]
async fn a_transaction_is_whole_or_nothing() {
    #[derive(Debug)]
    enum Refusal {
        Mine,
        Database(#[expect(dead_code, reason = "shown by Debug when a test fails")] DbErr),
    }
    impl From<DbErr> for Refusal {
        fn from(error: DbErr) -> Self {
            Self::Database(error)
        }
    }
    impl TransactionError for Refusal {
        fn database(&self) -> Option<&DbErr> {
            None
        }
    }
    let folder = TempDir::new().unwrap();
    let database = database(&folder).await;
    database.transaction(insert).await.unwrap();
    assert_eq!(rows(&database).await, 1);
    let refused = database
        .transaction(|tx| {
            Box::pin(async move {
                insert(tx).await?;
                Err::<(), _>(Refusal::Mine)
            })
        })
        .await;
    assert!(matches!(refused, Err(Refusal::Mine)));
    assert_eq!(rows(&database).await, 1);
}

#[tokio::test]
async fn a_transaction_that_the_database_ended_takes_no_later_one_with_it() {
    let folder = TempDir::new().unwrap();
    let database = database(&folder).await;
    // As SQLite does on a full disk: the driver's own rollback finds nothing to roll back.
    let ended = database.transaction(|tx| {
        Box::pin(async move {
            tx.execute_unprepared("ROLLBACK").await?;
            Err::<(), _>(DbErr::Custom("the disk is full".to_owned()))
        })
    });
    ended.await.unwrap_err();
    let failed = database.transaction(|tx| {
        Box::pin(async move {
            insert(tx).await?;
            Err::<(), _>(DbErr::Custom("the disk is full".to_owned()))
        })
    });
    failed.await.unwrap_err();
    database.transaction(insert).await.unwrap();
    assert_eq!(rows(&database).await, 1, "committed for all to see");
}

#[tokio::test]
async fn writers_take_turns() {
    let folder = TempDir::new().unwrap();
    let database = database(&folder).await;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move { database.transaction(insert).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(rows(&database).await, 50);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_half() {
    let folder = TempDir::new().unwrap();
    let database = database(&folder).await;
    let (begun, go_on, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let caller = tokio::spawn({
        let (database, begun, go_on, done) = (database.clone(), begun.clone(), go_on.clone(), done.clone());
        async move {
            database
                .transaction(move |tx| {
                    let (begun, go_on, done) = (begun.clone(), go_on.clone(), done.clone());
                    Box::pin(async move {
                        insert(tx).await?;
                        begun.notify_one();
                        go_on.notified().await;
                        insert(tx).await?;
                        done.notify_one();
                        Ok::<_, DbErr>(())
                    })
                })
                .await
        }
    });
    begun.notified().await;
    caller.abort();
    go_on.notify_one();
    done.notified().await;
    // The one writer is free again only after the commit.
    database.transaction(insert).await.unwrap();
    assert_eq!(rows(&database).await, 3);
}

#[tokio::test]
async fn a_lock_held_elsewhere_is_waited_for() {
    let folder = TempDir::new().unwrap();
    let database = database(&folder).await;
    let path = folder.path().join("sub/x.db");
    let elsewhere =
        sea_orm::Database::connect(ConnectOptions::new(format!("sqlite:{}", path.display()))).await.unwrap();
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let lock = elsewhere.begin_with_options(options).await.unwrap();
    let writer = tokio::spawn({
        let database = database.clone();
        async move { database.transaction(insert).await }
    });
    assert_eq!(rows(&database).await, 0, "readers do not wait");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!writer.is_finished());
    lock.rollback().await.unwrap();
    writer.await.unwrap().unwrap();
    assert_eq!(rows(&database).await, 1);
}

#[tokio::test]
async fn a_busy_database_is_tried_again_five_times() {
    let folder = TempDir::new().unwrap();
    let database = database(&folder).await;
    let attempts = Arc::new(AtomicUsize::new(0));
    let path = folder.path().join("sub/x.db").display().to_string();
    let counted = attempts.clone();
    // A second connection that must wait for this very transaction: SQLite answers that it is busy.
    let outcome = database
        .transaction(move |_| {
            let (path, counted) = (path.clone(), counted.clone());
            Box::pin(async move {
                counted.fetch_add(1, Ordering::Relaxed);
                let mut options = ConnectOptions::new(format!("sqlite:{path}"));
                options.map_sqlx_sqlite_opts(|options| options.busy_timeout(Duration::ZERO));
                let other = sea_orm::Database::connect(options).await?;
                other.execute_unprepared("INSERT INTO t VALUES (1)").await.map(|_| ())
            })
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(attempts.load(Ordering::Relaxed), 5);
}

#[tokio::test]
async fn a_checkpoint_empties_the_journal() {
    let folder = TempDir::new().unwrap();
    let database = database(&folder).await;
    database.transaction(insert).await.unwrap();
    let journal = folder.path().join("sub/x.db-wal");
    assert!(journal.metadata().unwrap().len() > 0);
    database.checkpoint().await.unwrap();
    assert_eq!(journal.metadata().unwrap().len(), 0);
    assert_eq!(rows(&database).await, 1);
}
