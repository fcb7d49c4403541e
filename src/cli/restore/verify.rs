//! Whether a backup is what was written: every file of it, and that the rows' objects are among them.

use std::collections::HashMap;
use std::path::Path;

use entity::portable;
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use platform::storage::ObjectKey;

use crate::cli::backup::Lines;
use crate::cli::backup::index::{self, CopiedObject, Index, Listing};
use crate::cli::content;
use crate::cli::inventory;

/// What is known of each object.
type Objects = HashMap<ObjectKey, (u64, String)>;

/// Reads the whole backup.
pub(super) async fn verify(folder: &Path, index: &Index) -> Result<()> {
    for table in portable::TABLES {
        let listing = index.tables.get(*table);
        let listing = listing.ok_or_else(|| miette!("the backup has no table `{table}`"))?;
        check_listing(&index::table(folder, table), listing).await?;
    }
    check_listing(&index::objects(folder), &index.objects).await?;
    let objects = check_objects(folder).await?;
    for table in inventory::TABLES {
        check_references(folder, table, &objects)?;
    }
    Ok(())
}

async fn check_listing(path: &Path, expected: &Listing) -> Result<()> {
    check_file(path, expected.bytes, &expected.sha256).await
}

async fn check_file(path: &Path, bytes: u64, sha256: &str) -> Result<()> {
    let missing = || format!("{} cannot be read", path.display());
    let found = content::of_file(path).await.into_diagnostic().wrap_err_with(missing)?;
    if (found.bytes, found.sha256.as_str()) == (bytes, sha256) {
        return Ok(());
    }
    let (there, hash) = (found.bytes, found.sha256);
    Err(miette!(
        "{} is damaged: {there} bytes with SHA-256 {hash}, not {bytes} with {sha256}",
        path.display()
    ))
}

async fn check_objects(folder: &Path) -> Result<Objects> {
    let mut objects = Objects::new();
    let mut lines = Lines::open(&index::objects(folder)).into_diagnostic()?;
    loop {
        let some = lines.next_some().into_diagnostic()?;
        if some.is_empty() {
            return Ok(objects);
        }
        for line in some {
            let object: CopiedObject = serde_json::from_str(&line).into_diagnostic()?;
            let key: ObjectKey = object.key.parse().into_diagnostic()?;
            check_file(&index::object(folder, &key), object.bytes, &object.sha256).await?;
            objects.insert(key, (object.bytes, object.sha256));
        }
    }
}

fn check_references(folder: &Path, table: &str, objects: &Objects) -> Result<()> {
    let mut lines = Lines::open(&index::table(folder, table)).into_diagnostic()?;
    loop {
        let some = lines.next_some().into_diagnostic()?;
        if some.is_empty() {
            return Ok(());
        }
        for line in some {
            let owner = inventory::owner(table, &line).map_err(|what| miette!("{what}"))?;
            for wanted in owner.into_iter().flat_map(|owner| owner.wanted) {
                let there = objects.get(&wanted.key);
                if there.is_none() || (wanted.content.is_some() && there != wanted.content.as_ref()) {
                    return Err(miette!(
                        "the backup lacks {}, which a row of `{table}` refers to",
                        wanted.key
                    ));
                }
            }
        }
    }
}
