//! From the storage to the tables: does somebody refer to everything that is there?

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use entity::blob::BlobState;
use entity::conversion::ConversionState;
use entity::id::{ConversionId, UploadId};
use entity::upload::UploadState;
use entity::{blob, clock, conversion, dbc, tombstone, upload};
use futures::TryStreamExt;
use miette::{IntoDiagnostic, Result};
use platform::storage::{Found, KeyPrefix, ObjectKey};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::age;
use super::report::{Finding, Kind, Reporter};
use crate::cli::places::Places;

/// What to do with what nothing refers to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) older_than: Duration,
    pub(super) repair: bool,
}

/// Names asked about at once.
const BATCH: usize = 200;

/// Looks at everything that is stored. Rows come before their objects, so that what is listed first and asked about
/// then has its row, unless it never had one.
pub(super) async fn check(places: &Places, limit: Limit, reporter: &mut Reporter) -> Result<()> {
    for prefix in [KeyPrefix::Dbcs, KeyPrefix::Uploads, KeyPrefix::Runs] {
        let mut found = std::pin::pin!(places.storage.survey(prefix));
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(found) = found.try_next().await.into_diagnostic()? {
            batch.push(found);
            if batch.len() == BATCH {
                judge(places, std::mem::take(&mut batch), limit, reporter).await?;
            }
        }
        judge(places, batch, limit, reporter).await?;
    }
    Ok(())
}

async fn judge(places: &Places, batch: Vec<Found>, limit: Limit, reporter: &mut Reporter) -> Result<()> {
    let keys = batch.iter().filter_map(|found| match found {
        Found::Object(listed) => Some(&listed.key),
        Found::Staging { key, .. } => Some(key),
        Found::Foreign(_) => None,
    });
    let (owners, now) = owners(places, keys.collect()).await.into_diagnostic()?;
    for found in batch {
        let (key, staging) = match found {
            Found::Foreign(_) => {
                reporter.counts.foreign += 1;
                continue;
            }
            Found::Object(listed) => (listed.key, None),
            Found::Staging { key, path } => (key, Some(path)),
        };
        match owners.get(&key).copied() {
            Some(Use::UnderWay) => reporter.counts.under_way += 1,
            Some(Use::Garbage) => reporter.counts.garbage += 1,
            Some(Use::Read) if staging.is_none() => {}
            _ if age::of(&key, now).is_none_or(|age| age < limit.older_than) => reporter.counts.young += 1,
            _ => reporter.find(&stray(places, key, staging, limit.repair).await?),
        }
    }
    Ok(())
}

async fn stray(
    places: &Places,
    key: ObjectKey,
    staging: Option<std::path::PathBuf>,
    repair: bool,
) -> Result<Finding> {
    let (kind, detail) = match staging {
        Some(_) => (Kind::Staging, "a writer that is gone left it"),
        None => (Kind::Unreferenced, "nothing refers to it"),
    };
    if repair {
        let removed = match staging {
            Some(path) => places.storage.remove_staging(&key, path).await,
            None => places.storage.delete(&key).await,
        };
        removed.into_diagnostic()?;
    }
    Ok(Finding { kind, subject: key.to_string(), detail: detail.to_owned(), repaired: repair })
}

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Readers may see it.
    Read,
    /// It is being written.
    UnderWay,
    /// The collector will remove it.
    Garbage,
}

/// What becomes of these objects, as far as a row says so, and the time.
pub(super) async fn owners(
    places: &Places,
    keys: Vec<&ObjectKey>,
) -> Result<(HashMap<ObjectKey, Use>, i64), DbErr> {
    let read = places.database.read();
    let mut owners = HashMap::new();
    let (mut names, mut attempts) = (HashSet::new(), HashSet::new());
    for key in &keys {
        match key {
            ObjectKey::Conversion { run, conversion, .. } => {
                attempts.insert(*conversion);
                names.insert(KeyPrefix::Conversion { run: *run, conversion: *conversion }.to_string());
            }
            other => drop(names.insert(other.to_string())),
        }
    }
    let named = named(places, names).await?;
    let attempts = self::attempts(places, attempts).await?;
    for key in keys {
        let known = match key {
            ObjectKey::Conversion { run, conversion, .. } => {
                let prefix = KeyPrefix::Conversion { run: *run, conversion: *conversion }.to_string();
                attempts.get(conversion).or_else(|| named.get(&prefix))
            }
            other => named.get(&other.to_string()),
        };
        owners.extend(known.map(|used| (key.clone(), *used)));
    }
    Ok((owners, clock::now(read).await?))
}

/// Logs, DBCs and tombstones by name.
async fn named(places: &Places, names: HashSet<String>) -> Result<HashMap<String, Use>, DbErr> {
    let read = places.database.read();
    let names: Vec<String> = names.into_iter().collect();
    let mut known = HashMap::new();
    let buried = tombstone::Entity::find().filter(tombstone::Column::ObjectKey.is_in(names.clone()));
    known.extend(buried.all(read).await?.into_iter().map(|row| (row.object_key, Use::Garbage)));
    let uploads = upload::Entity::find()
        .filter(upload::Column::Id.is_in(names.iter().filter_map(|name| upload_id(name))))
        .filter(upload::Column::State.eq(UploadState::Receiving));
    known.extend(uploads.all(read).await?.into_iter().map(|row| (row.object_key, Use::UnderWay)));
    let dbcs = dbc::Entity::find().filter(dbc::Column::ObjectKey.is_in(names.clone()));
    known.extend(dbcs.all(read).await?.into_iter().map(|row| (row.object_key, Use::Read)));
    let logs = blob::Entity::find().filter(blob::Column::ObjectKey.is_in(names));
    known.extend(logs.all(read).await?.into_iter().filter_map(|row| match row.state {
        BlobState::Present => Some((row.object_key, Use::Read)),
        BlobState::Deleting => Some((row.object_key, Use::Garbage)),
        BlobState::Deleted => None,
    }));
    Ok(known)
}

/// An upload's object is named by its id.
fn upload_id(name: &str) -> Option<UploadId> {
    match name.parse() {
        Ok(ObjectKey::Upload(id)) => Some(id),
        _ => None,
    }
}

/// Conversions by id. A deleted one leaves it to its tombstone.
async fn attempts(places: &Places, ids: HashSet<ConversionId>) -> Result<HashMap<ConversionId, Use>, DbErr> {
    let rows: Vec<(ConversionId, ConversionState)> = conversion::Entity::find()
        .select_only()
        .columns([conversion::Column::Id, conversion::Column::State])
        .filter(conversion::Column::Id.is_in(ids))
        .into_tuple()
        .all(places.database.read())
        .await?;
    let used = |state| match state {
        ConversionState::Published => Some(Use::Read),
        ConversionState::Writing => Some(Use::UnderWay),
        ConversionState::Superseded | ConversionState::Orphan => Some(Use::Garbage),
        ConversionState::Deleted => None,
    };
    Ok(rows.into_iter().filter_map(|(id, state)| Some((id, used(state)?))).collect())
}
