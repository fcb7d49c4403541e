//! Uploads to test with.

use std::time::Duration;

use entity::id::UploadId;
use entity::run::NewRun;
use entity::upload::{self, Commit, CommitOutcome, NewUpload};
use platform::runtime::Runtime;
use platform::storage::ObjectKey;

/// An upload whose ten bytes are stored and that is not committed.
pub(crate) async fn receive(runtime: &Runtime, expires_in: Duration) -> UploadId {
    let id = UploadId::new();
    let (object_key, file_name) = (ObjectKey::Upload(id).to_string(), "log".to_owned());
    let new = NewUpload { id, object_key, file_name, expires_in };
    runtime.database.transaction(move |tx| Box::pin(upload::begin(tx, new.clone()))).await.unwrap();
    runtime.storage.put(&ObjectKey::Upload(id), "some bytes".into()).await.unwrap();
    id
}

/// A run whose job waits.
pub(crate) async fn queued(runtime: &Runtime) {
    let upload_id = receive(runtime, Duration::from_secs(600)).await;
    let run = NewRun { time_zone: "UTC".to_owned(), ..NewRun::default() };
    let sha256 = upload_id.to_string();
    let commit = Commit { upload_id, bytes: 10, sha256, run, as_new_run: false, idempotency_key: None };
    let outcome = runtime.database.transaction(move |tx| Box::pin(upload::commit(tx, commit.clone())));
    assert!(matches!(outcome.await.unwrap(), CommitOutcome::Committed(_)));
}
