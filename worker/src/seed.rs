//! Uploads to test with.

use std::time::Duration;

use entity::id::UploadId;
use entity::upload::{self, Commit, CommitOutcome, NewUpload};
use platform::runtime::Runtime;
use platform::storage::ObjectKey;
use platform::testing::seed;

/// An upload whose ten bytes are stored and that is not committed.
pub(crate) async fn receive(runtime: &Runtime, expires_in: Duration) -> UploadId {
    let id = UploadId::new();
    let new = NewUpload { expires_in, ..seed::receiving(id) };
    runtime.database.transaction(move |tx| Box::pin(upload::begin(tx, new.clone()))).await.unwrap();
    runtime.storage.put(&ObjectKey::Upload(id), "some bytes".into()).await.unwrap();
    id
}

/// A run whose job waits.
pub(crate) async fn queued(runtime: &Runtime) {
    let upload_id = receive(runtime, Duration::from_secs(600)).await;
    let commit = Commit { bytes: 10, ..seed::order(upload_id, &upload_id.to_string()) };
    let outcome = runtime.database.transaction(move |tx| Box::pin(upload::commit(tx, commit.clone())));
    assert!(matches!(outcome.await.unwrap(), CommitOutcome::Committed(_)));
}
