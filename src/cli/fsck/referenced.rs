//! From the tables to the storage: is everything there that rows refer to, and is it what they say?

use std::collections::BTreeMap;

use entity::portable;
use futures::TryStreamExt;
use miette::{IntoDiagnostic, Result};
use platform::storage::{ObjectKey, Storage, StorageError, StorageErrorKind};
use serde_json::Value;

use super::report::{Finding, Kind, Reporter};
use crate::cli::content;
use crate::cli::inventory::{self, Owner, Wanted};
use crate::cli::places::Places;

/// Rows read at once; a conversion's manifest may have megabytes.
const PAGE: u64 = 50;

/// Looks at every object that a row refers to; with `deep` at its content too.
pub(super) async fn check(places: &Places, deep: bool, reporter: &mut Reporter) -> Result<()> {
    for table in inventory::TABLES {
        let mut after = None;
        loop {
            let page = portable::page(places.database.read(), table, after, PAGE).await.into_diagnostic()?;
            for row in &page.rows {
                match inventory::owner(table, row) {
                    Ok(Some(owner)) => look(places, (table, row), &owner, deep, reporter).await?,
                    Ok(None) => {}
                    Err(detail) => reporter.find(&contradiction(table, detail)),
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    Ok(())
}

fn contradiction(table: &str, detail: String) -> Finding {
    Finding { kind: Kind::Contradiction, subject: table.to_owned(), detail, repaired: false }
}

/// A row of a table, as its text.
type Row<'a> = (&'a str, &'a str);

async fn look(
    places: &Places,
    row: Row<'_>,
    owner: &Owner,
    deep: bool,
    reporter: &mut Reporter,
) -> Result<()> {
    let sizes = sizes(&places.storage, owner).await.into_diagnostic()?;
    let mut findings = compare_sizes(owner, &sizes);
    if deep {
        for wanted in owner.wanted.iter().filter(|wanted| sizes.contains_key(&wanted.key)) {
            findings.extend(compare_content(&places.storage, row, wanted).await.into_diagnostic()?);
        }
    }
    // A conversion may have been replaced, and a run purged, since the row was read.
    if !findings.is_empty() && !inventory::still_refers(&places.database, owner).await.into_diagnostic()? {
        return Ok(());
    }
    reporter.counts.referenced += owner.wanted.len() as u64;
    reporter.counts.bytes += sizes.values().sum::<u64>();
    findings.iter().for_each(|finding| reporter.find(finding));
    Ok(())
}

/// What is there of it.
async fn sizes(storage: &Storage, owner: &Owner) -> Result<BTreeMap<ObjectKey, u64>, StorageError> {
    if let Some((prefix, _)) = owner.alone_in {
        return storage.list(prefix).map_ok(|object| (object.key, object.bytes)).try_collect().await;
    }
    let mut sizes = BTreeMap::new();
    for wanted in &owner.wanted {
        match storage.head(&wanted.key).await {
            Ok(bytes) => drop(sizes.insert(wanted.key.clone(), bytes)),
            Err(error) if error.kind == StorageErrorKind::Missing => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sizes)
}

fn compare_sizes(owner: &Owner, sizes: &BTreeMap<ObjectKey, u64>) -> Vec<Finding> {
    let found = |kind, key: &ObjectKey, detail: String| Finding {
        kind,
        subject: key.to_string(),
        detail: format!("{detail} ({})", owner.name),
        repaired: false,
    };
    let mut findings = Vec::new();
    for Wanted { key, content } in &owner.wanted {
        match (sizes.get(key), content) {
            (None, _) => findings.push(found(Kind::Missing, key, "there is no such object".to_owned())),
            (Some(there), Some((bytes, _))) if there != bytes => {
                findings.push(found(Kind::WrongSize, key, format!("{there} bytes, not {bytes}")));
            }
            _ => {}
        }
    }
    for key in sizes.keys().filter(|key| !owner.wanted.iter().any(|wanted| wanted.key == **key)) {
        let detail = "it lies among the objects of a published conversion, whose manifest does not know it";
        findings.push(found(Kind::Unreferenced, key, detail.to_owned()));
    }
    let total: u64 = sizes.values().sum();
    if let Some((prefix, bytes)) = owner.alone_in
        && total != bytes
        && findings.is_empty()
    {
        let detail = format!("{total} bytes in all, not {bytes} ({})", owner.name);
        findings.push(Finding {
            kind: Kind::WrongSize,
            subject: prefix.to_string(),
            detail,
            repaired: false,
        });
    }
    findings
}

/// Reads the object whole.
async fn compare_content(
    storage: &Storage,
    row: Row<'_>,
    wanted: &Wanted,
) -> Result<Option<Finding>, StorageError> {
    let differs = |detail: String| {
        let subject = wanted.key.to_string();
        Some(Finding { kind: Kind::WrongContent, subject, detail, repaired: false })
    };
    let compared = match &wanted.content {
        Some((_, expected)) => content::hash(storage, &wanted.key).await.map(|content| {
            let sha256 = content.sha256;
            if sha256 == *expected { None } else { differs(format!("SHA-256 {sha256}, not {expected}")) }
        }),
        None => content::bytes(storage, &wanted.key).await.map(|bytes| {
            let same = same_json(row, &wanted.key, &bytes);
            if same { None } else { differs("it is not what the table holds of it".to_owned()) }
        }),
    };
    match compared {
        Err(error) if matches!(error.kind, StorageErrorKind::Corrupt) => Ok(differs(error.to_string())),
        // Gone since it was listed; its row changed before, so that nobody is told of this.
        Err(error) if error.kind == StorageErrorKind::Missing => Ok(differs("it vanished".to_owned())),
        other => other,
    }
}

/// Whether `manifest.json` or `report.json` says what the row says.
fn same_json((_, row): Row<'_>, key: &ObjectKey, bytes: &[u8]) -> bool {
    let ObjectKey::Conversion { file, .. } = key else { return false };
    let column = file.as_str().trim_end_matches(".json");
    let there = serde_json::from_slice::<Value>(bytes).ok();
    let row = serde_json::from_str::<Value>(row).ok();
    let known = row.and_then(|row| serde_json::from_str::<Value>(row.get(column)?.as_str()?).ok());
    there.is_some() && there == known
}
