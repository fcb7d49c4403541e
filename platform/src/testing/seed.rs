//! Rows as an upload makes them, of a log that nobody stored.

use std::time::Duration;

use entity::{
    id::UploadId,
    run::NewRun,
    upload::{self, Commit, CommitOutcome, NewUpload},
};
use sea_orm::DbErr;

use crate::{database::Database, storage::ObjectKey};

/// The row of a log `LOG00011.CSV` that is being received.
#[must_use]
pub fn receiving(id: UploadId) -> NewUpload {
    NewUpload {
        id,
        object_key: ObjectKey::Upload(id).to_string(),
        file_name: "LOG00011.CSV".to_owned(),
        expires_in: Duration::from_secs(86_400),
    }
}

/// The commit of a log of three bytes with this SHA-256, for a run of which nothing is known.
#[must_use]
pub fn order(id: UploadId, sha256: &str) -> Commit {
    Commit {
        upload_id: id,
        bytes: 3,
        sha256: sha256.to_owned(),
        run: NewRun { time_zone: "UTC".to_owned(), ..NewRun::default() },
        as_new_run: false,
        idempotency_key: None,
    }
}

/// Begins that upload and commits it.
///
/// # Errors
/// When the database refuses.
pub async fn commit(database: &Database, commit: Commit) -> Result<CommitOutcome, DbErr> {
    let new = receiving(commit.upload_id);
    database.transaction::<_, DbErr, _>(move |tx| Box::pin(upload::begin(tx, new.clone()))).await?;
    database.transaction(move |tx| Box::pin(upload::commit(tx, commit.clone()))).await
}
