//! The objects that the rows refer to.

use std::path::Path;

use futures::{StreamExt, TryStreamExt, stream};
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use platform::storage::{ObjectKey, Storage, StorageErrorKind};
use tokio::fs;
use tokio::io::AsyncWriteExt;

use super::Lines;
use super::index::{self, CopiedObject, Listing};
use super::lines::LineWriter;
use crate::cli::content::{self, Content, Meter};
use crate::cli::inventory::{self, Owner, Wanted};
use crate::cli::places::Places;

/// Objects on their way at once.
const AT_ONCE: usize = 4;

/// Copies every object that the written rows refer to, and lists them. The inner error is an object that was removed
/// meanwhile because nothing refers to it any more.
pub(super) async fn copy(places: &Places, folder: &Path) -> Result<Result<Listing, ObjectKey>> {
    let mut list = LineWriter::create(&index::objects(folder)).into_diagnostic()?;
    for table in inventory::TABLES {
        let mut rows = Lines::open(&index::table(folder, table)).into_diagnostic()?;
        loop {
            let some = rows.next_some().into_diagnostic()?;
            if some.is_empty() {
                break;
            }
            for row in some {
                let owner = inventory::owner(table, &row).map_err(|what| miette!("{what}"))?;
                let Some(owner) = owner else { continue };
                match copy_all(places, &owner, folder).await? {
                    Ok(copied) => copied
                        .iter()
                        .try_for_each(|object| list.write(&serde_json::to_string(object)?))
                        .into_diagnostic()?,
                    Err(vanished) => return Ok(Err(vanished)),
                }
            }
        }
    }
    Ok(Ok(list.finish().into_diagnostic()?))
}

async fn copy_all(
    places: &Places,
    owner: &Owner,
    folder: &Path,
) -> Result<Result<Vec<CopiedObject>, ObjectKey>> {
    let copies = stream::iter(&owner.wanted).map(|wanted| copy_one(&places.storage, wanted, folder));
    let copied: Vec<Option<CopiedObject>> = copies.buffered(AT_ONCE).try_collect().await?;
    if let Some(at) = copied.iter().position(Option::is_none) {
        let key = &owner.wanted[at].key;
        if inventory::still_refers(&places.database, owner).await.into_diagnostic()? {
            return Err(miette!("{key} is missing from the storage ({}); see `dataviewer fsck`", owner.name));
        }
        return Ok(Err(key.clone()));
    }
    Ok(Ok(copied.into_iter().flatten().collect()))
}

/// `None` when there is no such object.
async fn copy_one(storage: &Storage, wanted: &Wanted, folder: &Path) -> Result<Option<CopiedObject>> {
    let key = &wanted.key;
    let mut parts = match content::parts(storage, key).await {
        Ok(parts) => std::pin::pin!(parts),
        Err(error) if error.kind == StorageErrorKind::Missing => return Ok(None),
        Err(error) => return Err(error).into_diagnostic(),
    };
    let path = index::object(folder, key);
    let refused = || format!("{} cannot be written", path.display());
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).await.into_diagnostic().wrap_err_with(refused)?;
    }
    let mut file = fs::File::create_new(&path).await.into_diagnostic().wrap_err_with(refused)?;
    let mut meter = Meter::default();
    while let Some(part) = parts.try_next().await.into_diagnostic()? {
        meter.take(&part);
        file.write_all(&part).await.into_diagnostic().wrap_err_with(refused)?;
    }
    file.flush().await.into_diagnostic().wrap_err_with(refused)?;
    file.sync_all().await.into_diagnostic().wrap_err_with(refused)?;
    let Content { bytes, sha256 } = meter.finish();
    match &wanted.content {
        Some(expected) if *expected != (bytes, sha256.clone()) => Err(miette!(
            "{key} is damaged in the storage: {bytes} bytes with SHA-256 {sha256}, not {} with {}; see \
                 `dataviewer fsck --deep`",
            expected.0,
            expected.1
        )),
        _ => Ok(Some(CopiedObject { key: key.to_string(), bytes, sha256 })),
    }
}
