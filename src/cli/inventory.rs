//! The objects that rows refer to, and what the rows know of them.

use canlog::manifest::Manifest;
use entity::conversion::ConversionState;
use entity::{blob, conversion};
use platform::database::Database;
use platform::storage::{FileName, KeyPrefix, ObjectKey};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter};
use serde::Deserialize;
use uuid::Uuid;

/// The tables whose rows refer to objects.
pub(crate) const TABLES: [&str; 3] = ["dbc", "blob", "conversion"];

/// An object that a row refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) key: ObjectKey,
    /// Size and SHA-256 (hex), where the row knows them.
    pub(crate) content: Option<(u64, String)>,
}

/// A row and the objects it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// The row, as a person finds it.
    pub(crate) name: String,
    pub(crate) wanted: Vec<Wanted>,
    /// Where all the objects are, and their size together, when nothing else is there.
    pub(crate) alone_in: Option<(KeyPrefix, u64)>,
}

#[derive(Deserialize)]
struct Stored {
    id: Uuid,
    /// A DBC has none: it is always there.
    state: Option<String>,
    object_key: String,
    bytes: u64,
    sha256: String,
}

#[derive(Deserialize)]
struct Converted {
    id: Uuid,
    run_id: Uuid,
    state: String,
    manifest: Option<String>,
    bytes: Option<u64>,
}

/// What the row `line` of `table`, as [`entity::portable`] writes it, refers to; `None` when it is to nothing.
///
/// # Errors
/// When the row makes no sense; the text says why.
pub(crate) fn owner(table: &str, line: &str) -> Result<Option<Owner>, String> {
    if table == "conversion" { converted(parse(table, line)?) } else { stored(table, parse(table, line)?) }
}

fn parse<'a, T: Deserialize<'a>>(table: &str, line: &'a str) -> Result<T, String> {
    serde_json::from_str(line).map_err(|error| format!("a row of {table} cannot be read: {error}"))
}

fn stored(table: &str, row: Stored) -> Result<Option<Owner>, String> {
    if row.state.is_some_and(|state| state != "PRESENT") {
        return Ok(None);
    }
    let name = format!("{table} {}", row.id);
    let key = row.object_key.parse().map_err(|error| format!("{name}: {error}"))?;
    let wanted = vec![Wanted { key, content: Some((row.bytes, row.sha256)) }];
    Ok(Some(Owner { name, wanted, alone_in: None }))
}

fn converted(row: Converted) -> Result<Option<Owner>, String> {
    if row.state != "PUBLISHED" {
        return Ok(None);
    }
    let name = format!("conversion {}", row.id);
    let odd = |what: String| format!("{name}: {what}");
    let (Some(manifest), Some(bytes)) = (row.manifest, row.bytes) else {
        return Err(odd("it is published without a manifest".to_owned()));
    };
    let manifest: Manifest = serde_json::from_str(&manifest)
        .map_err(|error| odd(format!("its manifest cannot be read: {error}")))?;
    let (run, conversion) = (entity::id::RunId(row.run_id), entity::id::ConversionId(row.id));
    let mut wanted = Vec::with_capacity(2 * manifest.messages.len() + 2);
    let mut want = |file: &str, content| -> Result<(), String> {
        let file: FileName = file.parse().map_err(|error| odd(format!("{error}")))?;
        wanted.push(Wanted { key: ObjectKey::Conversion { run, conversion, file }, content });
        Ok(())
    };
    for message in manifest.messages {
        let overview = message.overview;
        want(&message.file, Some((message.bytes, message.sha256)))?;
        want(&overview.file, Some((overview.bytes, overview.sha256)))?;
    }
    want("report.json", None)?;
    want("manifest.json", None)?;
    Ok(Some(Owner { name, wanted, alone_in: Some((KeyPrefix::Conversion { run, conversion }, bytes)) }))
}

/// Whether the row still refers to its objects: a conversion may have been replaced, or a run purged, since.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn still_refers(database: &Database, owner: &Owner) -> Result<bool, DbErr> {
    let read = database.read();
    let found = match owner.wanted.first().map(|wanted| &wanted.key) {
        None | Some(ObjectKey::Dbc(_)) => return Ok(true),
        Some(key @ ObjectKey::Upload(_)) => {
            blob::Entity::find()
                .filter(blob::Column::ObjectKey.eq(key.to_string()))
                .filter(blob::Column::State.eq(blob::BlobState::Present))
                .count(read)
                .await?
        }
        Some(ObjectKey::Conversion { conversion, .. }) => {
            conversion::Entity::find_by_id(*conversion)
                .filter(conversion::Column::State.eq(ConversionState::Published))
                .count(read)
                .await?
        }
    };
    Ok(found > 0)
}
