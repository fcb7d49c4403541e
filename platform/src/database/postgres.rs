//! PostgreSQL's settings.

use futures::future::BoxFuture;
use sea_orm::{
    ConnectOptions, DbErr,
    sqlx::{
        self, ConnectOptions as _, Executor, Row,
        postgres::{PgConnectOptions, PgConnection},
    },
};

use super::connect::{driver, pool};
use crate::config::database::ServerUrl;

/// Nothing of ours takes longer; what does must end before it blocks everything else.
const SESSION: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
    SET idle_in_transaction_session_timeout = '30s'; \
    SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED";
const READ_ONLY: &str = "SET default_transaction_read_only = on";

pub(super) fn options(url: &ServerUrl, connections: u32, read_only: bool) -> Result<ConnectOptions, DbErr> {
    let server: PgConnectOptions = url.whole().parse().map_err(driver)?;
    let server = server.disable_statement_logging();
    let mut options = pool("postgres://unnamed", connections);
    options
        .map_sqlx_postgres_opts(move |_| server.clone())
        .map_sqlx_postgres_pool_opts(move |pool| {
            pool.after_connect(move |connection, _| Box::pin(prepare(connection, read_only)))
        })
        .map_sqlx_postgres_before_acquire(|connection, _| is_usable(connection));
    Ok(options)
}

async fn prepare(connection: &mut PgConnection, read_only: bool) -> Result<(), sqlx::Error> {
    connection.execute(SESSION).await?;
    if read_only {
        connection.execute(READ_ONLY).await?;
    }
    Ok(())
}

/// Whether the server answers and the connection is in no transaction. The driver does not notice a `BEGIN`
/// whose caller went away before the answer: whoever got the connection next would write into a transaction
/// that nobody commits.
fn is_usable(connection: &mut PgConnection) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
    Box::pin(async move {
        // As a simple query: then the two differ only where the transaction began with an earlier one.
        let row = connection.fetch_one("SELECT now() = statement_timestamp()").await?;
        row.try_get(0)
    })
}
