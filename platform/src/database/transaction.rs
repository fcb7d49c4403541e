//! One transaction, attempted until it is done or known to be impossible.

use std::{fmt, future::Future, pin::Pin};

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use tokio::task::JoinError;

use super::{failure, retry::Retry, story::told};

/// The work of one transaction. See [`super::Database::transaction`].
pub type Work<'tx, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'tx>>;

/// What may end a transaction without a commit: the database's error, or a reason of the caller's own.
pub trait TransactionError: From<DbErr> + fmt::Debug + Send + 'static {
    /// The database's error, if it was one: some are worth another attempt.
    fn database(&self) -> Option<&DbErr>;
}

impl TransactionError for DbErr {
    fn database(&self) -> Option<&DbErr> {
        Some(self)
    }
}

/// The outcome of a transaction's task.
pub(super) fn outcome<T, E: TransactionError>(ended: Result<Result<T, E>, JoinError>) -> Result<T, E> {
    match ended {
        Ok(outcome) => outcome,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is being torn down.
        Err(error) => Err(DbErr::Custom(error.to_string()).into()),
    }
}

/// How an attempt ended.
pub(super) enum Attempt<T, E> {
    /// It is committed, or impossible.
    Ended(Result<T, E>),
    /// It would have returned this, and the answer to COMMIT was lost.
    Unknown(T, DbErr),
}

impl<T, E: TransactionError> Attempt<T, E> {
    /// What a caller learns that cannot look.
    pub(super) fn unchecked(self) -> Result<T, E> {
        match self {
            Self::Ended(outcome) => outcome,
            Self::Unknown(_, lost) => Err(lost.into()),
        }
    }
}

/// Attempts until one is committed, impossible, or of unknown outcome.
pub(super) async fn attempts<T, E, F>(
    write: &DatabaseConnection,
    work: &F,
    retry: &mut Retry,
) -> Attempt<T, E>
where
    F: for<'tx> Fn(&'tx DatabaseTransaction) -> Work<'tx, T, E>,
    E: TransactionError,
{
    loop {
        match attempt(write, work).await {
            Attempt::Ended(Err(error)) if error.database().is_some_and(|cause| retry.is_worth(cause)) => {
                retry.pause().await;
            }
            outcome => return outcome,
        }
    }
}

/// As [`attempts`]; where the outcome is unknown, what `is_done` says decides.
pub(super) async fn checked_attempts<T, E, F, C>(
    write: &DatabaseConnection,
    work: &F,
    is_done: &C,
) -> Result<T, E>
where
    F: for<'tx> Fn(&'tx DatabaseTransaction) -> Work<'tx, T, E>,
    C: for<'db> Fn(&'db DatabaseConnection, &'db T) -> Work<'db, bool, E>,
    E: TransactionError,
{
    let mut retry = Retry::default();
    loop {
        let (value, lost) = match attempts(write, work, &mut retry).await {
            Attempt::Ended(outcome) => return outcome,
            Attempt::Unknown(value, lost) => (value, lost),
        };
        tracing::warn!(error = %lost, "looking whether a transaction was committed");
        // On a connection for writing: after a failover those for reading may see an older state.
        if looked(write, &value, is_done).await? {
            return Ok(value);
        }
        if retry.is_spent() {
            return Err(lost.into());
        }
        retry.pause().await;
    }
}

/// What `is_done` says, as soon as the database answers.
async fn looked<T, E, C>(write: &DatabaseConnection, value: &T, is_done: &C) -> Result<bool, E>
where
    C: for<'db> Fn(&'db DatabaseConnection, &'db T) -> Work<'db, bool, E>,
    E: TransactionError,
{
    let mut retry = Retry::default();
    loop {
        match is_done(write, value).await {
            Err(error) if error.database().is_some_and(|cause| retry.is_worth(cause)) => retry.pause().await,
            outcome => return outcome,
        }
    }
}

async fn attempt<T, E, F>(write: &DatabaseConnection, work: &F) -> Attempt<T, E>
where
    F: for<'tx> Fn(&'tx DatabaseTransaction) -> Work<'tx, T, E>,
    E: TransactionError,
{
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let tx = match told(write, "BEGIN", write.begin_with_options(options)).await {
        Ok(tx) => tx,
        Err(error) => return Attempt::Ended(Err(error.into())),
    };
    match work(&tx).await {
        Ok(value) => match told(write, "COMMIT", tx.commit()).await.map_err(failure::of_commit) {
            Ok(()) => Attempt::Ended(Ok(value)),
            Err(error) if failure::is_commit_unknown(&error) => Attempt::Unknown(value, error),
            Err(error) => Attempt::Ended(Err(error.into())),
        },
        Err(error) => {
            // What `work` ended with is what the caller needs to know; a lost connection rolls back as well.
            if let Err(rollback) = tx.rollback().await {
                tracing::debug!(error = %rollback, "a rollback was not answered");
            }
            Attempt::Ended(Err(error))
        }
    }
}
