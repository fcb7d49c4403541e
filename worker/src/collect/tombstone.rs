//! Removes what tombstones name, again and again until no writer can be late any more.

use std::time::Duration;

use entity::{blob, tombstone};
use platform::runtime::Runtime;
use platform::storage::StorageError;

use super::{PAGE, parts};
use crate::outcome::Outcome;

/// Sees to all names that are due. One that cannot be removed now holds up no other, and is due again after
/// `grace`.
pub(super) async fn sweep(runtime: &Runtime, grace: Duration) -> Outcome<()> {
    loop {
        let due = tombstone::due(runtime.database.read(), PAGE).await?;
        for seen in &due {
            match remove(runtime, &seen.object_key).await? {
                Ok(()) => removed(runtime, seen, grace).await?,
                Err(error) => {
                    tracing::warn!(%error, "garbage is left for later");
                    let seen = seen.clone();
                    let put_off = runtime.database.transaction(move |tx| {
                        let seen = seen.clone();
                        Box::pin(async move { tombstone::put_off(tx, &seen, grace).await })
                    });
                    put_off.await?;
                }
            }
        }
        if (due.len() as u64) < PAGE {
            return Ok(());
        }
    }
}

/// What was to become the object goes first: an object that is there tells of an upload that was completed.
async fn remove(runtime: &Runtime, name: &str) -> Outcome<Result<(), StorageError>> {
    let aborted = parts::abort(runtime, name).await?;
    Ok(runtime.storage.delete_named(name).await.and(aborted))
}

async fn removed(runtime: &Runtime, seen: &tombstone::Model, grace: Duration) -> Outcome<()> {
    let seen = seen.clone();
    let written = runtime.database.transaction(move |tx| {
        let seen = seen.clone();
        Box::pin(async move {
            blob::removed(tx, &seen.object_key).await?;
            tombstone::removed(tx, &seen, grace).await
        })
    });
    written.await?;
    Ok(())
}
