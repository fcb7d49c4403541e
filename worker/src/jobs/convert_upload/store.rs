//! Stores a verified output under a prefix that no other execution ever uses.

use entity::conversion;
use entity::id::ConversionId;
use futures::{StreamExt, TryStreamExt, stream};
use platform::storage::{FileName, KeyPrefix, ObjectKey};

use super::command;
use super::verify::Output;
use crate::execution::Execution;
use crate::outcome::{Outcome, Setback};
use crate::scratch::Room;
use crate::stop::StopReason;

/// Files on their way at once.
const AT_ONCE: usize = 4;

/// The row that owns the prefix, before its first object.
pub(super) async fn begin(execution: &Execution) -> Outcome<conversion::Model> {
    // A new id for every question: one whose answer was lost leaves a row, which the collector removes.
    let begun = execution.insist(|| {
        let (id, job) = (ConversionId::new(), execution.job.clone());
        let prefix = KeyPrefix::Conversion { run: job.run_id, conversion: id }.to_string();
        execution.worker.runtime.database.transaction(move |tx| {
            let (job, prefix) = (job.clone(), prefix.clone());
            Box::pin(async move { conversion::begin(tx, &job, id, &prefix).await })
        })
    });
    begun.await?.ok_or(Setback::Stopped(StopReason::Lost))
}

/// Puts every file under the prefix, the manifest last.
pub(super) async fn store(
    execution: &Execution,
    conversion: &conversion::Model,
    room: &Room,
    output: &Output,
) -> Outcome<()> {
    let storage = &execution.worker.runtime.storage;
    let put = |name: &FileName| {
        let path = room.path(command::OUT).join(name.as_str());
        let key =
            ObjectKey::Conversion { run: conversion.run_id, conversion: conversion.id, file: name.clone() };
        async move { storage.put_file(&key, &path).await }
    };
    stream::iter(&output.files).map(put).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
    put(&output.manifest_name).await?;
    Ok(())
}

/// Removes what was stored of a conversion that was not published. What cannot be removed now is garbage
/// with an owner's row, and collected later.
pub(super) async fn discard(execution: &Execution, conversion: &conversion::Model) {
    if let Err(setback) = crate::collect::discard(&execution.worker.runtime, conversion).await {
        tracing::warn!(?setback, "an unpublished conversion stays behind for the collector");
    }
}
