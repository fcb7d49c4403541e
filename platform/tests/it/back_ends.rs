//! Transactions on every back end: what holds on a file holds on a server.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use entity::{
    blob,
    id::{JobId, UploadId},
    job, run,
    upload::CommitOutcome,
};
use platform::{
    database::{Database, Work, is_commit_unknown, is_passing},
    testing::{BackEnd, Proxy, TestDatabase, seed},
};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait, PaginatorTrait, Statement,
    TransactionTrait,
};

platform::on_every_back_end! {
    started:
    readers_cannot_write,
    fifty_uploads_of_one_file_are_one_log,
    eight_claimers_share_thirty_jobs,
    a_lock_that_is_held_too_long_is_a_passing_trouble,
    a_row_that_is_there_stays_refused,
}

async fn started(back_end: BackEnd) -> TestDatabase {
    TestDatabase::start(back_end).await.unwrap()
}

async fn number<C: ConnectionTrait>(conn: &C, sql: &str) -> i64 {
    let row = conn.query_one_raw(Statement::from_string(conn.get_database_backend(), sql)).await.unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}

async fn text(conn: &DatabaseConnection, sql: &str) -> String {
    let row = conn.query_one_raw(Statement::from_string(conn.get_database_backend(), sql)).await.unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}

async fn with_table(database: &Database) {
    database.write().execute_unprepared("CREATE TABLE t (n INTEGER)").await.unwrap();
}

async fn rows(database: &Database) -> i64 {
    number(database.read(), "SELECT COUNT(*) FROM t").await
}

fn insert(tx: &DatabaseTransaction) -> Work<'_, (), DbErr> {
    Box::pin(async move { tx.execute_unprepared("INSERT INTO t VALUES (1)").await.map(|_| ()) })
}

async fn readers_cannot_write(database: TestDatabase) {
    with_table(&database).await;
    assert!(database.read().execute_unprepared("INSERT INTO t VALUES (1)").await.is_err());
    database.transaction(insert).await.unwrap();
    assert_eq!(rows(&database).await, 1);
}

async fn fifty_uploads_of_one_file_are_one_log(database: TestDatabase) {
    let uploads: Vec<_> = (0..50)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move { sent(&database, "a").await })
        })
        .collect();
    let mut duplicates = 0;
    for upload in uploads {
        let CommitOutcome::Committed(committed) = upload.await.unwrap() else { panic!("not committed") };
        duplicates += usize::from(committed.duplicate);
    }
    assert_eq!(duplicates, 49);
    assert_eq!(blob::Entity::find().count(database.read()).await.unwrap(), 1);
    assert_eq!(run::Entity::find().count(database.read()).await.unwrap(), 1);
}

async fn sent(database: &Database, sha256: &str) -> CommitOutcome {
    seed::commit(database, seed::order(UploadId::new(), sha256)).await.unwrap()
}

async fn eight_claimers_share_thirty_jobs(database: TestDatabase) {
    for log in 0..30 {
        sent(&database, &log.to_string()).await;
    }
    let claimers: Vec<_> = (0..8)
        .map(|number| {
            let database = database.clone();
            tokio::spawn(async move { claimed(&database, &format!("w{number}")).await })
        })
        .collect();
    let mut all = HashSet::new();
    for claimer in claimers {
        for (id, token) in claimer.await.unwrap() {
            assert!(all.insert(id), "claimed twice");
            assert_eq!(token, 1);
        }
    }
    // Whoever met others at the last jobs saw none that was free.
    all.extend(claimed(&database, "last").await.into_iter().map(|(id, _)| id));
    assert_eq!(all.len(), 30);
}

/// Everything that this worker gets, with its tokens.
async fn claimed(database: &Database, worker: &str) -> Vec<(JobId, i64)> {
    let (mut all, worker) = (Vec::new(), worker.to_owned());
    loop {
        let worker = worker.clone();
        let claim = database.transaction::<_, DbErr, _>(move |tx| {
            let worker = worker.clone();
            Box::pin(async move { job::claim(tx, &worker, Duration::from_secs(30)).await })
        });
        let Some(job) = claim.await.unwrap() else { return all };
        all.push((job.id, job.token));
    }
}

/// One attempt, without the retries: they would wait five times as long.
async fn a_lock_that_is_held_too_long_is_a_passing_trouble(database: TestDatabase) {
    with_table(&database).await;
    database.transaction(insert).await.unwrap();
    let other = TestDatabase::connect(database.url()).await.unwrap();
    let lock = database.write().begin().await.unwrap();
    lock.execute_unprepared("UPDATE t SET n = 2").await.unwrap();
    let refusal = other.write().execute_unprepared("UPDATE t SET n = 3").await.unwrap_err();
    assert!(is_passing(&refusal) && !is_commit_unknown(&refusal), "{refusal}");
    lock.rollback().await.unwrap();
    other.write().execute_unprepared("UPDATE t SET n = 3").await.unwrap();
}

async fn a_row_that_is_there_stays_refused(database: TestDatabase) {
    database.write().execute_unprepared("CREATE TABLE u (n INTEGER PRIMARY KEY)").await.unwrap();
    database.write().execute_unprepared("INSERT INTO u VALUES (1)").await.unwrap();
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = attempts.clone();
    let outcome = database
        .transaction::<_, DbErr, _>(move |tx| {
            counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move { tx.execute_unprepared("INSERT INTO u VALUES (1)").await.map(|_| ()) })
        })
        .await;
    assert!(outcome.is_err_and(|error| !is_passing(&error)));
    assert_eq!(attempts.load(Ordering::Relaxed), 3, "twice it might have been a race");
}

#[tokio::test]
async fn postgres_is_told_to_end_what_takes_too_long() {
    let database = started(BackEnd::Postgres).await;
    for conn in [database.read(), database.write()] {
        for (setting, value) in [
            ("statement_timeout", "10s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "30s"),
            ("transaction_isolation", "read committed"),
        ] {
            assert_eq!(text(conn, &format!("SHOW {setting}")).await, value, "{setting}");
        }
    }
}

#[tokio::test]
async fn mariadb_is_told_to_end_what_takes_too_long() {
    let database = started(BackEnd::Mariadb).await;
    for conn in [database.read(), database.write()] {
        assert_eq!(number(conn, "SELECT CAST(@@max_statement_time AS SIGNED)").await, 10);
        assert_eq!(number(conn, "SELECT CAST(@@innodb_lock_wait_timeout AS SIGNED)").await, 5);
        assert_eq!(number(conn, "SELECT CAST(@@idle_transaction_timeout AS SIGNED)").await, 30);
        assert_eq!(text(conn, "SELECT @@tx_isolation").await, "READ-COMMITTED");
        assert!(text(conn, "SELECT @@sql_mode").await.contains("STRICT_ALL_TABLES"));
        assert_eq!(text(conn, "SELECT @@character_set_connection").await, "utf8mb4");
    }
}

/// `BEGIN` is sent and its caller goes away: the driver gives the connection back as if nothing were.
#[tokio::test]
async fn a_begin_whose_caller_went_away_leaves_no_transaction() {
    for back_end in [BackEnd::Postgres, BackEnd::Mariadb] {
        let database = one_writer(back_end).await;
        with_table(&database).await;
        let mut poisoned = 0;
        for polls in 1..40 {
            let mut begin = Box::pin(database.write().begin());
            for _ in 0..polls {
                if futures::poll!(&mut begin).is_ready() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            drop(begin);
            poisoned += open_transactions(&database, back_end).await;
            database.write().execute_unprepared("INSERT INTO t VALUES (1)").await.unwrap();
            // Another connection sees it: it was committed by itself.
            assert_eq!(rows(&database).await, polls, "{back_end:?}");
        }
        // MariaDB's view of itself is too late to be counted on.
        assert!(poisoned > 0 || back_end == BackEnd::Mariadb, "the test has met what it is for");
    }
}

async fn one_writer(back_end: BackEnd) -> Database {
    let folder = tempfile::TempDir::new().unwrap();
    let url = back_end.fresh(folder.path()).await;
    let variables = [("DATABASE_URL", url.as_str()), ("DATAVIEWER_DATABASE_CONNECTIONS", "1")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = platform::config::Config::from_variables(variables).unwrap();
    Database::connect(&config.database).await.unwrap()
}

async fn open_transactions(database: &Database, back_end: BackEnd) -> i64 {
    if back_end == BackEnd::Mariadb {
        return 0;
    }
    let sql = "SELECT COUNT(*) FROM pg_stat_activity \
               WHERE datname = current_database() AND state = 'idle in transaction'";
    number(database.read(), sql).await
}

/// A database behind a proxy, and the bytes by which a COMMIT is answered.
async fn behind_a_proxy(back_end: BackEnd) -> (TestDatabase, Database, Arc<Proxy>, &'static [u8]) {
    let direct = started(back_end).await;
    with_table(&direct).await;
    let (before, after) = direct.url().rsplit_once('@').unwrap();
    let (server, name) = after.split_once('/').unwrap();
    let proxy = Proxy::to(server.parse::<SocketAddr>().unwrap()).await.unwrap();
    let through = TestDatabase::connect(&format!("{before}@{}/{name}", proxy.addr())).await.unwrap();
    let answer: &[u8] = match back_end {
        BackEnd::Postgres => b"COMMIT\0",
        // OK, nothing changed, and no transaction is open any more.
        _ => &[7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0],
    };
    (direct, through, Arc::new(proxy), answer)
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_told_apart() {
    for back_end in [BackEnd::Postgres, BackEnd::Mariadb] {
        let (direct, through, proxy, answer) = behind_a_proxy(back_end).await;
        let cut = proxy.clone();
        let outcome = through
            .transaction::<_, DbErr, _>(move |tx| {
                let cut = cut.clone();
                Box::pin(async move {
                    insert(tx).await?;
                    cut.lose_answer(answer);
                    Ok(())
                })
            })
            .await;
        assert!(outcome.is_err_and(|error| is_commit_unknown(&error) && is_passing(&error)), "{back_end:?}");
        assert_eq!((proxy.strikes(), rows(&direct).await), (1, 1), "it was committed on {back_end:?}");
    }
}

#[tokio::test]
async fn a_checked_transaction_is_done_once_whatever_is_lost() {
    for back_end in [BackEnd::Postgres, BackEnd::Mariadb] {
        for commits in [true, false] {
            let (direct, through, proxy, answer) = behind_a_proxy(back_end).await;
            let attempts = Arc::new(AtomicUsize::new(0));
            let (cut, counted) = (proxy.clone(), attempts.clone());
            let outcome = through
                .transaction_checked::<_, DbErr, _, _>(
                    move |tx| {
                        let (cut, first) = (cut.clone(), counted.fetch_add(1, Ordering::Relaxed) == 0);
                        Box::pin(async move {
                            insert(tx).await?;
                            match (first, commits) {
                                (true, true) => cut.lose_answer(answer),
                                (true, false) => cut.reset(),
                                _ => {}
                            }
                            Ok(())
                        })
                    },
                    |conn, ()| Box::pin(async { Ok(number(conn, "SELECT COUNT(*) FROM t").await == 1) }),
                )
                .await;
            outcome.unwrap();
            assert_eq!(rows(&direct).await, 1, "{back_end:?}, committed at first: {commits}");
            assert_eq!(attempts.load(Ordering::Relaxed), if commits { 1 } else { 2 }, "{back_end:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_lost_before_the_commit_costs_an_attempt() {
    for back_end in [BackEnd::Postgres, BackEnd::Mariadb] {
        let (direct, through, proxy, _) = behind_a_proxy(back_end).await;
        let first = Arc::new(AtomicUsize::new(0));
        let outcome = through
            .transaction::<_, DbErr, _>(move |tx| {
                let (cut, first) = (proxy.clone(), first.fetch_add(1, Ordering::Relaxed) == 0);
                Box::pin(async move {
                    if first {
                        cut.reset();
                    }
                    insert(tx).await
                })
            })
            .await;
        outcome.unwrap();
        assert_eq!(rows(&direct).await, 1, "{back_end:?}");
    }
}
