//! Empty databases on the servers that `deploy/servers.sh` started.

use std::{
    path::Path,
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, Statement};

use super::variable;

/// What the databases of tests are called: `dvtest_<process>_<number>`.
const PREFIX: &str = "dvtest_";

/// The URL of a new, empty database on the PostgreSQL server.
///
/// # Panics
/// When there is no such server, or it refuses.
pub async fn fresh_postgres() -> String {
    fresh("DATAVIEWER_TEST_POSTGRES", "SELECT datname FROM pg_database", " WITH (FORCE)").await
}

/// The URL of a new, empty database on the MariaDB server.
///
/// # Panics
/// When there is no such server, or it refuses.
pub async fn fresh_mariadb() -> String {
    fresh("DATAVIEWER_TEST_MARIADB", "SHOW DATABASES", "").await
}

async fn fresh(name: &str, databases: &str, force: &str) -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let server = variable(name);
    let made = format!("{PREFIX}{}_{}", process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    if let Err(error) = create(&server, &made, databases, force).await {
        panic!("{name}: no new database on the server: {error}");
    }
    let (server, _) = server.rsplit_once('/').unwrap_or((&server, ""));
    format!("{server}/{made}")
}

async fn create(server: &str, made: &str, databases: &str, force: &str) -> Result<(), DbErr> {
    let mut options = ConnectOptions::new(server);
    options.max_connections(1).sqlx_logging(false);
    let admin = Database::connect(options).await?;
    for left in left_behind(&admin, databases).await? {
        // Another test may be faster: what matters is that it goes.
        admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {left}{force}")).await.ok();
    }
    admin.execute_unprepared(&format!("CREATE DATABASE {made}")).await?;
    admin.close().await
}

/// Databases of test processes that ended: their disk space must not pile up.
async fn left_behind(admin: &DatabaseConnection, databases: &str) -> Result<Vec<String>, DbErr> {
    let rows = admin.query_all_raw(Statement::from_string(admin.get_database_backend(), databases)).await?;
    let names = rows.iter().map(|row| row.try_get_by_index::<String>(0)).collect::<Result<Vec<_>, _>>()?;
    Ok(names.into_iter().filter(|name| owner(name).is_some_and(is_gone)).collect())
}

fn owner(database: &str) -> Option<&str> {
    database.strip_prefix(PREFIX)?.split('_').next()
}

fn is_gone(process: &str) -> bool {
    !Path::new("/proc").join(process).exists()
}
