//! The statements in traces: what kind each was, on which table, how long it took, and never a value.

use std::time::Duration;

use sea_orm::{DatabaseConnection, DbBackend, DbErr};
use tokio::time::Instant;

use crate::trace;

/// The kinds that are told; whatever else there is goes by the name of `SQL`.
const KINDS: [&str; 6] = ["SELECT", "INSERT", "UPDATE", "DELETE", "BEGIN", "COMMIT"];
/// What the name of a table follows.
const BEFORE_TABLE: [&str; 3] = ["FROM", "INTO", "UPDATE"];

/// Tells of every statement on this connection as a part of the span that asks it.
pub(super) fn tell(connection: &mut DatabaseConnection) {
    let system = system(connection.get_database_backend());
    connection.set_metric_callback(move |statement| {
        let (kind, table) = (kind(&statement.statement.sql), table(&statement.statement.sql));
        trace::note_statement(trace::Statement {
            system,
            kind,
            table,
            took: statement.elapsed,
            failed: statement.failed,
        });
    });
}

/// Tells of what the driver does by itself: `BEGIN`, which waits for a connection and for SQLite's lock, and `COMMIT`.
pub(super) async fn told<T>(
    connection: &DatabaseConnection,
    kind: &'static str,
    asked: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, DbErr> {
    let began = Instant::now();
    let answered = asked.await;
    let took: Duration = began.elapsed();
    let (system, failed) = (system(connection.get_database_backend()), answered.is_err());
    trace::note_statement(trace::Statement { system, kind, table: None, took, failed });
    answered
}

fn system(back_end: DbBackend) -> &'static str {
    match back_end {
        DbBackend::Postgres => "postgresql",
        DbBackend::MySql => "mysql",
        _ => "sqlite",
    }
}

fn kind(sql: &str) -> &'static str {
    let first = sql.split_whitespace().next().unwrap_or_default();
    KINDS.into_iter().find(|kind| kind.eq_ignore_ascii_case(first)).unwrap_or("SQL")
}

/// The first table; only what can be the name of one.
fn table(sql: &str) -> Option<&str> {
    let mut words = sql.split_whitespace();
    words.find(|word| BEFORE_TABLE.iter().any(|before| before.eq_ignore_ascii_case(word)))?;
    let name = words.next()?.trim_matches(['"', '`']);
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_its_kind_and_its_table() {
        for (sql, expected) in [
            (r#"SELECT "job"."id" FROM "job" WHERE "id" = $1"#, ("SELECT", Some("job"))),
            ("INSERT INTO `job_event` (`id`) VALUES (?)", ("INSERT", Some("job_event"))),
            ("UPDATE \"run\" SET \"name\" = ?", ("UPDATE", Some("run"))),
            ("delete from blob", ("DELETE", Some("blob"))),
            ("SELECT 1", ("SELECT", None)),
            ("SELECT * FROM (SELECT 'secret') AS t", ("SELECT", None)),
            ("SELECT 'x' FROM 'secret'", ("SELECT", None)),
            ("PRAGMA wal_checkpoint(TRUNCATE)", ("SQL", None)),
            ("", ("SQL", None)),
        ] {
            assert_eq!((kind(sql), table(sql)), expected, "{sql}");
        }
    }
}
