//! What a database error means for the caller: whether it passes by itself, and whether a commit was made.

use std::sync::Arc;

use sea_orm::{
    ConnAcquireErr, DbErr, RuntimeErr, SqlxError, SqlxMySqlError, SqlxSqliteError, sqlx::error::DatabaseError,
};

/// The answer to COMMIT was lost: the transaction was made, or it was not. See [`is_commit_unknown`].
#[derive(Debug, thiserror::Error)]
#[error("the answer to COMMIT was lost: {0}")]
struct CommitUnknown(DbErr);

/// Whether the transaction may have been committed although it ended with an error: read what became of it
/// before doing it again, and before telling anybody that it failed.
#[must_use]
pub fn is_commit_unknown(error: &DbErr) -> bool {
    matches!(cause(error), Some(SqlxError::AnyDriverError(cause)) if cause.is::<CommitUnknown>())
}

/// Whether the same may go well later: the database does not answer, is busy, or took too long.
#[must_use]
pub fn is_passing(error: &DbErr) -> bool {
    matches!(error, DbErr::ConnectionAcquire(_))
        || is_commit_unknown(error)
        || is_lost(error)
        || is_contention(error)
        || has_run_out(error)
}

/// Whether a text of the caller's is none that the database can hold or compare with: it is too long, or has a
/// letter that PostgreSQL refuses (NUL).
#[must_use]
pub fn is_refused_text(error: &DbErr) -> bool {
    answered(error).is_some_and(|error| match number(error) {
        Some(number) => matches!(number, 1366 | 1406),
        None => matches!(sqlstate(error).as_deref(), Some("22001" | "22021")),
    })
}

/// Whether another attempt may go well at once.
pub(super) fn is_worth_repeating(error: &DbErr) -> bool {
    is_lost(error) || is_contention(error)
}

/// Whether somebody else inserted the same meanwhile: the next attempt will see it.
pub(super) fn is_duplicate(error: &DbErr) -> bool {
    answered(error).is_some_and(DatabaseError::is_unique_violation)
}

/// The error of a COMMIT, marked where it says nothing about what became of the transaction.
pub(super) fn of_commit(error: DbErr) -> DbErr {
    let is_certain = answered(&error).is_some_and(|_| !is_lost(&error) && !is_failing_disk(&error));
    if is_certain {
        return error;
    }
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(SqlxError::AnyDriverError(Box::new(CommitUnknown(error))))))
}

/// The connection is gone, and with it what was not committed.
fn is_lost(error: &DbErr) -> bool {
    match cause(error) {
        Some(SqlxError::Io(_) | SqlxError::Protocol(_) | SqlxError::WorkerCrashed) => true,
        Some(SqlxError::BeginFailed) => true,
        Some(SqlxError::Database(error)) => match number(error.as_ref()) {
            // The server shuts down, or ended the connection.
            Some(1053 | 1152 | 1158..=1161 | 1184 | 1927 | 4031) => true,
            Some(_) => false,
            None => sqlstate(error.as_ref())
                .is_some_and(|state| state.starts_with("08") || state.starts_with("57P") || state == "25P03"),
        },
        _ => matches!(error, DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
    }
}

/// Busy or locked (SQLite), serialisation failure or deadlock (PostgreSQL, MariaDB).
pub(super) fn is_contention(error: &DbErr) -> bool {
    let Some(error) = answered(error) else { return false };
    match (sqlite(error), number(error)) {
        // The extended codes keep the primary one in the low byte: 5 is busy, 6 is locked.
        (Some(code), _) => matches!(code & 0xFF, 5 | 6),
        // Lock wait timeout, deadlock, the row changed since it was read.
        (_, Some(number)) => matches!(number, 1205 | 1213 | 1020),
        _ => matches!(sqlstate(error).as_deref(), Some("40001" | "40P01")),
    }
}

/// Time, space or connections ran out.
fn has_run_out(error: &DbErr) -> bool {
    let Some(error) = answered(error) else { return false };
    match (sqlite(error), number(error)) {
        (Some(code), _) => matches!(code & 0xFF, 13),
        (_, Some(number)) => matches!(number, 1040 | 1021 | 1114 | 1203 | 1317 | 1969 | 3024),
        _ => sqlstate(error)
            .is_some_and(|state| matches!(state.as_str(), "55P03" | "57014") || state.starts_with("53")),
    }
}

/// SQLite could not write or sync: what of it is on disk, nobody knows.
fn is_failing_disk(error: &DbErr) -> bool {
    answered(error).and_then(sqlite).is_some_and(|code| code & 0xFF == 10)
}

fn cause(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause),
        _ => None,
    }
}

/// What the database itself answered, if it did.
fn answered(error: &DbErr) -> Option<&dyn DatabaseError> {
    cause(error)?.as_database_error()
}

fn sqlite(error: &dyn DatabaseError) -> Option<u32> {
    error.try_downcast_ref::<SqlxSqliteError>()?.code()?.parse().ok()
}

fn number(error: &dyn DatabaseError) -> Option<u16> {
    error.try_downcast_ref::<SqlxMySqlError>().map(SqlxMySqlError::number)
}

fn sqlstate(error: &dyn DatabaseError) -> Option<String> {
    match sqlite(error) {
        Some(_) => None,
        None => error.code().map(std::borrow::Cow::into_owned),
    }
}
