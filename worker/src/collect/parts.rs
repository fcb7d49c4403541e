//! Uploads into a bucket that were begun part by part and that nobody will complete: their writer died.

use std::time::Duration;

use entity::part_upload;
use platform::runtime::Runtime;
use platform::storage::{ObjectKey, StorageError};

use super::PAGE;
use crate::outcome::Outcome;

/// No upload takes this long, whoever owns it.
const ENDLESS: Duration = Duration::from_secs(8 * 86_400);

/// Aborts those that were to become an object of this name, which is garbage: its owner has been dead for longer
/// than any request lives, so that no part comes after. The inner error is the last that could not be aborted.
pub(super) async fn abort(runtime: &Runtime, name: &str) -> Outcome<Result<(), StorageError>> {
    let mut outcome = Ok(());
    for left in part_upload::of(runtime.database.read(), name, PAGE).await? {
        match end(runtime, &left).await {
            Ok(()) => forget(runtime, &left).await?,
            Err(error) => outcome = Err(error),
        }
    }
    Ok(outcome)
}

/// Aborts, as far as possible, those whose name never became garbage, as when the note of a completed upload could
/// not be removed; a bucket's lifecycle rule is for the rest.
pub(super) async fn sweep(runtime: &Runtime) -> Outcome<()> {
    for left in part_upload::stale(runtime.database.read(), ENDLESS, PAGE).await? {
        if let Err(error) = end(runtime, &left).await {
            tracing::warn!(%error, "the parts that a dead writer left are not removed");
        }
        forget(runtime, &left).await?;
    }
    Ok(())
}

async fn end(runtime: &Runtime, left: &part_upload::Model) -> Result<(), StorageError> {
    let name = left.object_key.as_str();
    let Ok(key) = name.parse::<ObjectKey>() else {
        tracing::error!(name, "what was to be uploaded by parts is no name of ours");
        return Ok(());
    };
    runtime.storage.abort_upload(&key, &left.upload_id).await?;
    tracing::info!(name, "the parts that a dead writer left are removed");
    Ok(())
}

async fn forget(runtime: &Runtime, left: &part_upload::Model) -> Outcome<()> {
    let id = left.id;
    runtime.database.transaction(move |tx| Box::pin(part_upload::forget(tx, id))).await?;
    Ok(())
}
