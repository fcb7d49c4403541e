//! Brings a log and its DBCs into the execution's room, and makes sure that they are what was received.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use entity::job::ConvertPayload;
use entity::{blob, dbc};
use platform::storage::{Expected, LocalFile, ObjectKey};
use sea_orm::EntityTrait;

use super::command;
use crate::execution::Execution;
use crate::outcome::{Outcome, Setback};
use crate::scratch::Room;
use crate::trouble::{Trouble, TroubleKind};

/// An object and what its row says of it.
struct Wanted {
    key: ObjectKey,
    expected: Expected,
}

impl Wanted {
    fn of(key: &str, bytes: i64, sha256: String) -> Outcome<Self> {
        let unknown = |_| damaged(format!("{key} is not one of our object keys"));
        let expected = Expected { bytes: u64::try_from(bytes).unwrap_or_default(), sha256 };
        Ok(Self { key: key.parse().map_err(unknown)?, expected })
    }
}

/// The payload's log and DBCs, under the names that the converter's command line gives them.
pub(super) async fn fetch(execution: &Execution, payload: &ConvertPayload, room: &Room) -> Outcome<()> {
    let log = log(execution, payload).await?;
    execution.tracker.expect(i64::try_from(log.expected.bytes).unwrap_or(i64::MAX));
    bring(execution, &log, room.path(command::LOG)).await?;
    for (n, bound) in payload.dbcs.iter().enumerate() {
        let found =
            dbc::Entity::find_by_id(bound.dbc_id).one(execution.worker.runtime.database.read()).await?;
        let row = found.ok_or_else(|| damaged(format!("{} has no row", bound.dbc_id)))?;
        let dbc = Wanted::of(&row.object_key, row.bytes, row.sha256)?;
        bring(execution, &dbc, room.path(&command::dbc(n))).await?;
    }
    Ok(())
}

async fn log(execution: &Execution, payload: &ConvertPayload) -> Outcome<Wanted> {
    let found =
        blob::Entity::find_by_id(payload.blob_id).one(execution.worker.runtime.database.read()).await?;
    let row = found.ok_or_else(|| damaged(format!("{} has no row", payload.blob_id)))?;
    Wanted::of(&row.object_key, row.bytes, row.sha256)
}

async fn bring(execution: &Execution, wanted: &Wanted, path: PathBuf) -> Outcome<()> {
    let storage = &execution.worker.runtime.storage;
    let file = storage.local_file(&wanted.key, Some(&wanted.expected)).await?;
    // A link costs nothing and outlives a deletion of the original.
    if fs::hard_link(file.path(), &path).is_ok() {
        return Ok(());
    }
    let copied = tokio::task::spawn_blocking(move || copy(file, path)).await.map_err(io::Error::other)??;
    match copied == wanted.expected.bytes {
        true => Ok(()),
        false => Err(damaged(format!("{} ended at {copied} bytes while it was copied", wanted.key))),
    }
}

fn copy(mut file: LocalFile, path: PathBuf) -> io::Result<u64> {
    io::copy(&mut file, &mut File::create_new(path)?)
}

fn damaged(detail: String) -> Setback {
    Trouble::new(TroubleKind::Damaged, detail).into()
}
