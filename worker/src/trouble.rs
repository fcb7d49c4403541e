//! Passing troubles: not the log's fault, so its job is tried again. What the user is told of them says whose
//! trouble it is, and names no path and no internal detail.

use std::fmt;
use std::io;

use canlog::failure::{Failure, FailureCode};
use platform::storage::{StorageError, StorageErrorKind};
use sea_orm::DbErr;

/// A passing trouble.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(crate) kind: TroubleKind,
    /// What happened, for our log only.
    detail: String,
}

/// Whose trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TroubleKind {
    /// The storage does not answer.
    Storage,
    /// The storage, or a disk, refuses us: somebody has to change a setting.
    Denied,
    /// What is stored is not what was received, or is gone.
    Damaged,
    /// A disk is full.
    Full,
    /// The database does not answer.
    Database,
    /// This machine has something else too little of.
    Machine,
}

impl Trouble {
    pub(crate) fn new(kind: TroubleKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// What the user is told while the job waits.
    pub(crate) fn told(&self) -> Failure {
        let (message, hint) = self.kind.sentences();
        Failure {
            code: FailureCode::StorageUnavailable,
            message: message.to_owned(),
            hint: Some(format!("Nothing is lost; {hint}")),
            line: None,
        }
    }
}

impl TroubleKind {
    /// What is wrong, and what happens next.
    fn sentences(self) -> (&'static str, &'static str) {
        match self {
            Self::Storage => ("the server's storage does not answer", "it is tried again."),
            Self::Denied => (
                "the server's storage denies access (access denied)",
                "it is tried again; whoever runs the server has to grant access.",
            ),
            Self::Damaged => (
                "the stored log or DBC is damaged or gone (corrupt object)",
                "it is tried again; `dataviewer fsck --deep` on the server names the object.",
            ),
            Self::Full => ("a disk of the server is full", "it is tried again when there is room."),
            Self::Database => ("the server's database does not answer", "it is tried again."),
            Self::Machine => ("the server could not do it at the moment", "it is tried again."),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.detail)
    }
}

impl From<DbErr> for Trouble {
    fn from(error: DbErr) -> Self {
        Self::new(TroubleKind::Database, error.to_string())
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => TroubleKind::Full,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => TroubleKind::Denied,
            _ => TroubleKind::Machine,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<StorageError> for Trouble {
    fn from(error: StorageError) -> Self {
        let kind = match error.kind {
            StorageErrorKind::Missing | StorageErrorKind::Corrupt => TroubleKind::Damaged,
            StorageErrorKind::Full => TroubleKind::Full,
            StorageErrorKind::Denied => TroubleKind::Denied,
            StorageErrorKind::Unavailable => TroubleKind::Storage,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_is_told_apart_and_no_detail_leaves() {
        let cases = [
            (io::ErrorKind::StorageFull, "is full"),
            (io::ErrorKind::QuotaExceeded, "is full"),
            (io::ErrorKind::PermissionDenied, "access denied"),
            (io::ErrorKind::ReadOnlyFilesystem, "access denied"),
            (io::ErrorKind::OutOfMemory, "at the moment"),
        ];
        for (kind, words) in cases {
            let trouble = Trouble::from(io::Error::new(kind, "/srv/secret"));
            let told = trouble.told();
            assert!(told.message.contains(words), "{kind:?}: {told}");
            assert!(!format!("{told:?}").contains("/srv"), "{told:?}");
            assert!(trouble.to_string().contains("/srv/secret"));
        }
        assert!(Trouble::from(DbErr::Custom("x".to_owned())).told().message.contains("database"));
    }
}
