//! Removes what tombstones name, again and again until no writer can be late any more.

use std::time::Duration;

use entity::{blob, tombstone};
use platform::runtime::Runtime;

use super::PAGE;
use crate::outcome::Outcome;

/// Sees to all names that are due. One that cannot be removed now holds up no other, and is due again after
/// `grace`.
pub(super) async fn sweep(runtime: &Runtime, grace: Duration) -> Outcome<()> {
    loop {
        let due = tombstone::due(runtime.database.read(), PAGE).await?;
        for seen in &due {
            match runtime.storage.delete_named(&seen.object_key).await {
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
