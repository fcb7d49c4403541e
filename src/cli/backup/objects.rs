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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use entity::id::UploadId;
    use entity::run::{self, NewRun};
    use entity::upload::{self, Commit, CommitOutcome, Committed, NewUpload};
    use platform::testing::TestRuntime;

    use super::*;
    use crate::cli::backup::rows;

    async fn uploaded(runtime: &TestRuntime) -> Committed {
        let id = UploadId::new();
        let key = ObjectKey::Upload(id);
        runtime.storage.put(&key, "log".into()).await.unwrap();
        let new = NewUpload {
            id,
            object_key: key.to_string(),
            file_name: "log".to_owned(),
            expires_in: Duration::from_secs(60),
        };
        let mut meter = Meter::default();
        meter.take(b"log");
        let Content { sha256, .. } = meter.finish();
        let commit = Commit {
            upload_id: id,
            bytes: 3,
            sha256,
            run: NewRun { time_zone: "UTC".to_owned(), ..NewRun::default() },
            as_new_run: false,
            idempotency_key: None,
        };
        let committed = runtime.database.transaction(move |tx| {
            let (new, commit) = (new.clone(), commit.clone());
            Box::pin(async move {
                upload::begin(tx, new).await?;
                upload::commit(tx, commit).await
            })
        });
        let CommitOutcome::Committed(committed) = committed.await.unwrap() else { panic!("not committed") };
        committed
    }

    #[tokio::test]
    async fn an_object_that_was_purged_meanwhile_is_told_apart_from_one_that_is_lost() {
        let runtime = TestRuntime::start().await.unwrap();
        let places = Places { database: runtime.database.clone(), storage: runtime.storage.clone() };
        let made = uploaded(&runtime).await;
        let key = ObjectKey::Upload(made.upload_id);
        let folder = |name: &str| runtime.folder().join(name);
        for name in ["whole", "lost", "purged"] {
            rows::dump(&places.database, &folder(name)).await.unwrap();
        }
        let copied = copy(&places, &folder("whole")).await.unwrap().unwrap();
        assert_eq!(copied.lines, 1);

        runtime.storage.delete(&key).await.unwrap();
        let lost = copy(&places, &folder("lost")).await.unwrap_err();
        assert!(lost.to_string().contains("is missing from the storage"), "{lost}");

        let purge = runtime.database.transaction(move |tx| Box::pin(run::purge(tx, made.run_id)));
        purge.await.unwrap().unwrap();
        assert_eq!(copy(&places, &folder("purged")).await.unwrap(), Err(key));
    }
}
