//! The database's clock: the only one that leases, deadlines and the order of events are measured by.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// Now, in microseconds since 1970-01-01T00:00:00Z (SQLite: in steps of a millisecond).
///
/// # Errors
/// When the database does not answer.
pub async fn now<C: ConnectionTrait>(conn: &C) -> Result<i64, DbErr> {
    let backend = conn.get_database_backend();
    let sql = match backend {
        DbBackend::Sqlite => "SELECT CAST(ROUND(unixepoch('now', 'subsec') * 1000) AS INTEGER) * 1000 AS now",
        DbBackend::MySql => "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) AS now",
        DbBackend::Postgres => {
            "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now"
        }
        _ => return Err(DbErr::BackendNotSupported { db: backend.as_str(), ctx: "clock" }),
    };
    let row = conn.query_one_raw(Statement::from_string(backend, sql)).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("clock".to_owned()))?.try_get("", "now")
}
