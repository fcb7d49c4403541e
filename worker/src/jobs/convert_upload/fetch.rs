//! Brings a log and its DBCs into the execution's room, and makes sure that they are what was received.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use entity::job::ConvertPayload;
use entity::{blob, dbc};
use platform::storage::ObjectKey;
use sea_orm::EntityTrait;

use super::command;
use super::verify::hash;
use crate::execution::Execution;
use crate::outcome::{Outcome, Setback};
use crate::scratch::Room;
use crate::trouble::{Trouble, TroubleKind};

/// An object and what its row says of it.
struct Expected {
    key: String,
    bytes: i64,
    sha256: String,
}

/// The payload's log and DBCs, under the names that the converter's command line gives them.
pub(super) async fn fetch(execution: &Execution, payload: &ConvertPayload, room: &Room) -> Outcome<()> {
    let log = log(execution, payload).await?;
    execution.tracker.expect(log.bytes);
    bring(execution, log, room, command::LOG).await?;
    for (n, bound) in payload.dbcs.iter().enumerate() {
        let found =
            dbc::Entity::find_by_id(bound.dbc_id).one(execution.worker.runtime.database.read()).await?;
        let row = found.ok_or_else(|| damaged(format!("{} has no row", bound.dbc_id)))?;
        let dbc = Expected { key: row.object_key, bytes: row.bytes, sha256: row.sha256 };
        bring(execution, dbc, room, &command::dbc(n)).await?;
    }
    Ok(())
}

async fn log(execution: &Execution, payload: &ConvertPayload) -> Outcome<Expected> {
    let found =
        blob::Entity::find_by_id(payload.blob_id).one(execution.worker.runtime.database.read()).await?;
    let row = found.ok_or_else(|| damaged(format!("{} has no row", payload.blob_id)))?;
    Ok(Expected { key: row.object_key, bytes: row.bytes, sha256: row.sha256 })
}

async fn bring(execution: &Execution, expected: Expected, room: &Room, name: &str) -> Outcome<()> {
    let key: ObjectKey = expected
        .key
        .parse()
        .map_err(|_| damaged(format!("{} is not one of our object keys", expected.key)))?;
    let storage = &execution.worker.runtime.storage;
    let path = room.path(name);
    // A link costs nothing and outlives a deletion of the original.
    let linked = storage.local_path(&key).is_some_and(|original| fs::hard_link(original, &path).is_ok());
    if !linked {
        storage.fetch_to(&key, &path).await?;
    }
    let stop = execution.stop.clone();
    let hashed = tokio::task::spawn_blocking(move || hash_file(&path, || stop.reason().is_none())).await;
    let (bytes, sha256) = hashed.map_err(io::Error::other)??;
    if u64::try_from(expected.bytes) == Ok(bytes) && expected.sha256 == sha256 {
        return Ok(());
    }
    Err(damaged(format!(
        "{key}: {bytes} bytes with SHA-256 {sha256}, not {} with {}",
        expected.bytes, expected.sha256
    )))
}

fn damaged(detail: String) -> Setback {
    Trouble::new(TroubleKind::Damaged, detail).into()
}

fn hash_file(path: &Path, go_on: impl Fn() -> bool) -> io::Result<(u64, String)> {
    hash(&mut File::open(path)?, go_on)
}
