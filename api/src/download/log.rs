//! Raw logs, byte for byte.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, Method},
};
use entity::{blob, id::BlobId, run};
use platform::{runtime::Runtime, storage::Expected};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{
    refusal::Taken,
    reply::{Asked, Stored},
};
use crate::graphql::{Answer, Refusal};

/// `GET /logs/{id}`: the whole log, or the one range asked for.
pub(super) async fn log(
    State(runtime): State<Runtime>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Taken {
    let log = named(&runtime, &id).await?;
    match log.deliver(&runtime.storage, Asked { method: &method, headers: &headers }).await {
        Ok(response) => Ok(response),
        Err(error) => {
            // Purged since it was looked up?
            named(&runtime, &id).await?;
            tracing::error!(%error, log.id = id, "stored log not readable");
            Err(Refusal::storage("a stored log is not readable").into())
        }
    }
}

async fn named(runtime: &Runtime, id: &str) -> Answer<Stored> {
    let found = match id.parse() {
        Ok(id) => find(runtime, id).await?,
        Err(_) => None,
    };
    found.ok_or_else(|| Refusal::not_found("log", id))
}

/// The log, under the name that its newest run has it under.
async fn find(runtime: &Runtime, id: BlobId) -> Answer<Option<Stored>> {
    let db = runtime.database.read();
    let blob = blob::Entity::find_by_id(id).filter(blob::Column::State.eq(blob::BlobState::Present));
    let runs = run::Entity::find()
        .filter(run::Column::BlobId.eq(id))
        .filter(run::Column::DeletedAt.is_null())
        .order_by_desc(run::Column::CreatedAt);
    // A log is readable through a run: with its last run deleted, it is gone for readers.
    let (Some(blob), Some(run)) = (blob.one(db).await?, runs.one(db).await?) else { return Ok(None) };
    let stored = |key| Stored {
        key,
        is: Expected { bytes: u64::try_from(blob.bytes).unwrap_or_default(), sha256: blob.sha256 },
        file_name: run.file_name,
        media_type: "application/octet-stream",
    };
    Ok(blob.object_key.parse().ok().map(stored))
}
