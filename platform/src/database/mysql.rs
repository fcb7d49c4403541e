//! MariaDB's and MySQL's settings.

use futures::future::BoxFuture;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement,
    sqlx::{
        self, ConnectOptions as _, Executor,
        mysql::{MySqlConnectOptions, MySqlConnection},
    },
};

use super::connect::{driver, pool};
use crate::config::database::ServerUrl;

/// Nothing is cut or guessed, nothing waits for ever. Their names differ: the first comment is read by MariaDB
/// only, the second by MySQL only.
const SESSION: &str = "SET SESSION innodb_lock_wait_timeout = 5, \
    sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' \
    /*M!100300 , max_statement_time = 10, idle_transaction_timeout = 30 */ /*!80000 , max_execution_time = 10000 */";
/// MariaDB's default.
const LEAST_PACKET: i64 = 16 << 20;
const READ_AND_WRITE: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE";
const READ_ONLY: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY";

pub(super) fn options(url: &ServerUrl, connections: u32, read_only: bool) -> Result<ConnectOptions, DbErr> {
    let server: MySqlConnectOptions = url.whole().parse().map_err(driver)?;
    let server = server.charset("utf8mb4").disable_statement_logging();
    let mut options = pool("mysql://unnamed", connections);
    options
        .map_sqlx_mysql_opts(move |_| server.clone())
        .map_sqlx_mysql_pool_opts(move |pool| {
            pool.after_connect(move |connection, _| Box::pin(prepare(connection, read_only)))
        })
        .map_sqlx_mysql_before_acquire(|connection, _| is_usable(connection));
    Ok(options)
}

async fn prepare(connection: &mut MySqlConnection, read_only: bool) -> Result<(), sqlx::Error> {
    connection.execute(SESSION).await?;
    connection.execute(if read_only { READ_ONLY } else { READ_AND_WRITE }).await?;
    Ok(())
}

/// Says so where the server takes less in one statement than a large conversion needs: the driver learns it only
/// by the connection's end.
pub(super) async fn check(connection: &DatabaseConnection) -> Result<(), DbErr> {
    let most =
        Statement::from_string(DbBackend::MySql, "SELECT CAST(@@max_allowed_packet AS SIGNED) AS most");
    let row = connection.query_one_raw(most).await?;
    let most: i64 = row.map_or(Ok(0), |row| row.try_get("", "most"))?;
    if most < LEAST_PACKET {
        tracing::warn!(
            max_allowed_packet = most,
            "the database server takes too little in one statement: logs of many \
            signals cannot be published; set its max_allowed_packet to 64M"
        );
    }
    Ok(())
}

/// Whether the server answers. It leaves a transaction whose caller went away before `BEGIN` was answered: the
/// driver does not notice it.
fn is_usable(connection: &mut MySqlConnection) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
    Box::pin(async move { connection.execute("ROLLBACK").await.map(|_| true) })
}
