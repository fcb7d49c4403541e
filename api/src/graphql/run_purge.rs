//! `purgeRun`.

use async_graphql::{Context, ID, SimpleObject, Union};
use entity::{
    id::RunId,
    run::{self, DeleteOutcome, Purged},
};
use platform::runtime::Runtime;

use super::{
    error::{Answer, Refusal},
    input,
    problem::Refused,
    runtime,
    scalar::Int64,
    transact::Aborted,
};

/// A run was purged: nothing of it is left.
#[derive(Debug, SimpleObject)]
pub(crate) struct PurgeRunPayload {
    /// The id it had.
    id: ID,
    /// Bytes that its results took, and its log too unless another run is made of it.
    freed_bytes: Int64,
}

/// What `purgeRun` answers.
#[derive(Union)]
pub(crate) enum PurgeRunResult {
    Purged(PurgeRunPayload),
    Refused(Refused),
}

/// Removes a run for good: its rows at once, its objects after.
pub(crate) async fn purge(ctx: &Context<'_>, id: &ID) -> Answer<PurgeRunPayload> {
    let id: RunId = input::id(id, "id")?;
    let runtime = runtime(ctx);
    // Hidden first: its job is cancelled, and whoever watches it hears so while the job can still be read.
    hide(runtime, id).await?;
    let purged = runtime
        .database
        .transaction::<_, Aborted, _>(move |tx| Box::pin(async move { Ok(run::purge(tx, id).await?) }));
    let purged = purged.await?.ok_or_else(|| missing(id))?;
    for job in &purged.jobs {
        runtime.broker.notify_changed(*job).await;
    }
    remove(runtime, id, &purged).await;
    Ok(PurgeRunPayload { id: ID(id.to_string()), freed_bytes: Int64(purged.bytes) })
}

async fn hide(runtime: &Runtime, id: RunId) -> Answer<()> {
    let hidden = runtime
        .database
        .transaction::<_, Aborted, _>(move |tx| Box::pin(async move { Ok(run::delete(tx, id).await?) }));
    match hidden.await? {
        DeleteOutcome::NotFound => Err(missing(id)),
        DeleteOutcome::Done { cancelled: Some(job) } => {
            runtime.broker.notify_changed(job).await;
            Ok(())
        }
        DeleteOutcome::Done { cancelled: None } | DeleteOutcome::Unchanged => Ok(()),
    }
}

/// What cannot be removed now is named by a tombstone, and collected later.
async fn remove(runtime: &Runtime, id: RunId, purged: &Purged) {
    for name in &purged.objects {
        if let Err(error) = runtime.storage.delete_named(name).await {
            tracing::warn!(%error, run.id = %id, "an object of a purged run is left for the collector");
        }
    }
    tracing::info!(run.id = %id, size_bytes = purged.bytes, "run purged");
}

fn missing(id: RunId) -> Refusal {
    Refusal::not_found("run", id).at("id")
}
