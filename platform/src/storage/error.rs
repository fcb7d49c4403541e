//! What goes wrong with stored objects, folded once.

use std::{error::Error, io, time::Duration};

/// An operation on a stored object failed.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {key}: {source}")]
pub struct StorageError {
    /// What was tried, e.g. `write`.
    pub operation: &'static str,
    /// The object's name, or a folder's.
    pub key: String,
    /// What to make of it.
    pub kind: StorageErrorKind,
    /// The cause; for the log, never for a client.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

/// What to make of a failed operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageErrorKind {
    /// There is no such object.
    Missing,
    /// No room is left.
    Full,
    /// We may not.
    Denied,
    /// The object is not what was stored: too short, or of another size.
    Corrupt,
    /// Anything else; another attempt may go better.
    Unavailable,
}

impl StorageError {
    pub(super) fn new(
        operation: &'static str,
        key: impl ToString,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        let source = source.into();
        Self { operation, key: key.to_string(), kind: kind(source.as_ref()), source }
    }

    /// No answer came in time.
    pub(super) fn late(operation: &'static str, key: &(impl ToString + ?Sized), after: Duration) -> Self {
        let source = format!("no answer within {} s", after.as_secs_f32()).into();
        Self { operation, key: key.to_string(), kind: StorageErrorKind::Unavailable, source }
    }

    pub(super) fn corrupt(operation: &'static str, key: impl ToString, what: String) -> Self {
        Self { operation, key: key.to_string(), kind: StorageErrorKind::Corrupt, source: what.into() }
    }
}

/// The cause lies at any depth: stores wrap the system's error in their own.
fn kind(error: &(dyn Error + 'static)) -> StorageErrorKind {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(object_store::Error::NotFound { .. }) = error.downcast_ref() {
            return StorageErrorKind::Missing;
        }
        if let Some(
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. },
        ) = error.downcast_ref()
        {
            return StorageErrorKind::Denied;
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            match error.kind() {
                io::ErrorKind::NotFound => return StorageErrorKind::Missing,
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => return StorageErrorKind::Full,
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    return StorageErrorKind::Denied;
                }
                _ => {}
            }
        }
        cause = error.source();
    }
    StorageErrorKind::Unavailable
}
