//! The steps against real SQLite files.
#![expect(clippy::unwrap_used, reason = "tests")]

use migration::{MigrationError, Step};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};

async fn empty() -> DatabaseConnection {
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.sqlx_logging(false).max_connections(1);
    Database::connect(options).await.unwrap()
}

async fn tables(db: &DatabaseConnection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "name").unwrap()).collect()
}

fn steps(applied: bool) -> Vec<Step> {
    ["0001_tables", "0002_places"].map(|name| Step { name: name.to_owned(), applied }).to_vec()
}

#[tokio::test]
async fn up_and_down_and_up_again() {
    let db = empty().await;
    migration::up(&db).await.unwrap();
    let made = tables(&db).await;
    assert_eq!(made.len(), 16, "{made:?}");
    migration::down(&db, 2).await.unwrap();
    assert_eq!(tables(&db).await, ["dataviewer_migration"]);
    migration::up(&db).await.unwrap();
    migration::up(&db).await.unwrap();
    assert_eq!(tables(&db).await, made);
}

#[tokio::test]
async fn status_changes_nothing() {
    let db = empty().await;
    assert_eq!(migration::status(&db).await.unwrap(), steps(false));
    assert_eq!(tables(&db).await, Vec::<String>::new());
    migration::up(&db).await.unwrap();
    assert_eq!(migration::status(&db).await.unwrap(), steps(true));
}

#[tokio::test]
async fn the_original_installation_is_refused_and_left_alone() {
    let db = empty().await;
    db.execute_unprepared("CREATE TABLE datarunmeta (id INTEGER PRIMARY KEY)").await.unwrap();
    let refusal = migration::up(&db).await.unwrap_err();
    assert!(matches!(refusal, MigrationError::Original { table: "datarunmeta" }), "{refusal}");
    assert_eq!(tables(&db).await, ["datarunmeta"]);
}

#[tokio::test]
async fn a_table_of_ours_that_we_did_not_make_is_refused() {
    let db = empty().await;
    db.execute_unprepared("CREATE TABLE job (id INTEGER PRIMARY KEY)").await.unwrap();
    let refusal = migration::up(&db).await.unwrap_err();
    assert!(matches!(refusal, MigrationError::Foreign { table: "job" }), "{refusal}");
    assert_eq!(tables(&db).await, ["job"]);
}

#[tokio::test]
async fn a_newer_versions_database_is_refused() {
    let db = empty().await;
    migration::up(&db).await.unwrap();
    db.execute_unprepared("INSERT INTO dataviewer_migration VALUES ('0999_later', 0)").await.unwrap();
    let refusal = migration::up(&db).await.unwrap_err();
    assert!(matches!(&refusal, MigrationError::Newer { step } if step == "0999_later"), "{refusal}");
}

#[tokio::test]
async fn other_tables_in_the_same_database_do_not_matter() {
    let db = empty().await;
    db.execute_unprepared("CREATE TABLE somebody_elses (id INTEGER PRIMARY KEY)").await.unwrap();
    migration::up(&db).await.unwrap();
}
