//! The steps against real databases of every back end.
#![expect(clippy::unwrap_used, reason = "tests")]

use migration::{MigrationError, Step};
use platform::{
    database::Database,
    testing::{BackEnd, TestDatabase},
};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tempfile::TempDir;

platform::on_every_back_end! {
    Empty::on:
    up_and_down_and_up_again,
    status_changes_nothing,
    the_original_installation_is_refused_and_left_alone,
    a_table_of_ours_that_we_did_not_make_is_refused,
    a_newer_versions_database_is_refused,
    other_tables_in_the_same_database_do_not_matter,
    several_processes_may_start_at_once,
    a_start_that_stopped_half_way_is_told_apart,
}

/// A database with nothing in it.
struct Empty {
    url: String,
    database: Database,
    _folder: TempDir,
}

impl Empty {
    async fn on(back_end: BackEnd) -> Self {
        let folder = TempDir::new().unwrap();
        let url = back_end.fresh(folder.path()).await;
        Self { database: TestDatabase::connect(&url).await.unwrap(), url, _folder: folder }
    }

    fn db(&self) -> &DatabaseConnection {
        self.database.write()
    }

    async fn execute(&self, sql: &str) {
        self.db().execute_unprepared(sql).await.unwrap();
    }
}

async fn tables(db: &DatabaseConnection) -> Vec<String> {
    let sql = match db.get_database_backend() {
        DbBackend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
        DbBackend::Postgres => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        }
        _ => "SHOW TABLES",
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    let mut names: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    names.sort_unstable();
    names
}

fn steps(applied: bool) -> Vec<Step> {
    [
        "0001_tables",
        "0002_places",
        "0003_parts",
        "0004_days",
        "0005_derived_signals",
        "0006_catalog",
        "0007_signing_key",
    ]
    .map(|name| Step { name: name.to_owned(), applied })
    .to_vec()
}

async fn up_and_down_and_up_again(empty: Empty) {
    let db = empty.db();
    migration::up(db).await.unwrap();
    let made = tables(db).await;
    assert_eq!(made.len(), 22, "{made:?}");
    for left in [21, 20, 19, 17, 16, 13] {
        migration::down(db, 1).await.unwrap();
        assert_eq!(tables(db).await.len(), left);
    }
    migration::down(db, 1).await.unwrap();
    assert_eq!(tables(db).await, ["dataviewer_migration"]);
    migration::up(db).await.unwrap();
    migration::up(db).await.unwrap();
    assert_eq!(tables(db).await, made);
}

async fn status_changes_nothing(empty: Empty) {
    let db = empty.db();
    assert_eq!(migration::status(db).await.unwrap(), steps(false));
    assert_eq!(tables(db).await, Vec::<String>::new());
    migration::up(db).await.unwrap();
    assert_eq!(migration::status(db).await.unwrap(), steps(true));
    assert_eq!(migration::status(empty.database.read()).await.unwrap(), steps(true));
}

async fn the_original_installation_is_refused_and_left_alone(empty: Empty) {
    empty.execute("CREATE TABLE datarunmeta (id INTEGER PRIMARY KEY)").await;
    let refusal = migration::up(empty.db()).await.unwrap_err();
    assert!(matches!(refusal, MigrationError::Original { table: "datarunmeta" }), "{refusal}");
    assert_eq!(tables(empty.db()).await, ["datarunmeta"]);
}

async fn a_table_of_ours_that_we_did_not_make_is_refused(empty: Empty) {
    empty.execute("CREATE TABLE job (id INTEGER PRIMARY KEY)").await;
    let refusal = migration::up(empty.db()).await.unwrap_err();
    assert!(matches!(refusal, MigrationError::Foreign { table: "job" }), "{refusal}");
    assert_eq!(tables(empty.db()).await, ["job"]);
}

async fn a_newer_versions_database_is_refused(empty: Empty) {
    migration::up(empty.db()).await.unwrap();
    empty.execute("INSERT INTO dataviewer_migration VALUES ('0999_later', 0)").await;
    let refusal = migration::up(empty.db()).await.unwrap_err();
    assert!(matches!(&refusal, MigrationError::Newer { step } if step == "0999_later"), "{refusal}");
}

async fn other_tables_in_the_same_database_do_not_matter(empty: Empty) {
    empty.execute("CREATE TABLE somebody_elses (id INTEGER PRIMARY KEY)").await;
    migration::up(empty.db()).await.unwrap();
}

async fn several_processes_may_start_at_once(empty: Empty) {
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let url = empty.url.clone();
            tokio::spawn(async move {
                let database = TestDatabase::connect(&url).await.unwrap();
                migration::up(database.write()).await
            })
        })
        .collect();
    for start in starts {
        start.await.unwrap().unwrap();
    }
    assert_eq!(migration::status(empty.db()).await.unwrap(), steps(true));
}

/// Only where a change of the schema commits by itself: the others take a step back as a whole.
async fn a_start_that_stopped_half_way_is_told_apart(empty: Empty) {
    migration::up(empty.db()).await.unwrap();
    empty.execute("DELETE FROM dataviewer_migration WHERE version = '0002_places'").await;
    let refusal = migration::up(empty.db()).await.unwrap_err();
    match empty.db().get_database_backend() {
        DbBackend::MySql => assert!(matches!(refusal, MigrationError::Interrupted { .. }), "{refusal}"),
        _ => assert!(matches!(refusal, MigrationError::Foreign { .. }), "{refusal}"),
    }
}
