//! Transactions that may also end with a refusal.

use platform::database::TransactionError;
use sea_orm::DbErr;

use super::error::Refusal;

/// Why a transaction ended without a commit.
#[derive(Debug)]
pub(crate) enum Aborted {
    /// The database; some of its errors are worth another attempt.
    Database(DbErr),
    /// What was found does not allow it.
    Refused(Refusal),
}

impl TransactionError for Aborted {
    fn database(&self) -> Option<&DbErr> {
        match self {
            Self::Database(error) => Some(error),
            Self::Refused(_) => None,
        }
    }
}

impl From<DbErr> for Aborted {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl From<Refusal> for Aborted {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Aborted> for Refusal {
    fn from(aborted: Aborted) -> Self {
        match aborted {
            Aborted::Database(error) => error.into(),
            Aborted::Refused(refusal) => refusal,
        }
    }
}
