//! What a backup holds: `backup.json`, written last. A folder with it is a whole backup.
//!
//! ```text
//! backup.json            this index
//! tables/<table>.jsonl   a row a line, as JSON
//! objects.jsonl          an object a line: name, size, SHA-256
//! objects/<name>         the objects
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, Result, WrapErr, miette};
use platform::storage::ObjectKey;
use serde::{Deserialize, Serialize};

/// The form that this version writes and reads.
const FORMAT: u32 = 1;

const NAME: &str = "backup.json";
const UNFINISHED: &str = "backup.json.unfinished";

/// The content of `backup.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Index {
    format: u32,
    /// The version that wrote it.
    version: String,
    /// When the rows were as they are here, in microseconds since 1970-01-01T00:00:00Z.
    created_at: i64,
    /// The steps of the schema that the rows are of.
    pub(crate) steps: Vec<String>,
    /// The tables' files.
    pub(crate) tables: BTreeMap<String, Listing>,
    /// `objects.jsonl`.
    pub(crate) objects: Listing,
}

/// A file of lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Listing {
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

/// A line of `objects.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CopiedObject {
    pub(crate) key: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

impl Index {
    pub(super) fn new(
        created_at: i64,
        steps: Vec<String>,
        tables: BTreeMap<String, Listing>,
        objects: Listing,
    ) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { format: FORMAT, version, created_at, steps, tables, objects }
    }

    /// Makes the backup whole.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let unfinished = folder.join(UNFINISHED);
        let mut file = File::create(&unfinished)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        fs::rename(unfinished, folder.join(NAME))?;
        File::open(folder)?.sync_all()
    }

    /// Reads the index of a backup.
    ///
    /// # Errors
    /// When the folder holds no whole backup, or one of a form that this version does not know.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let text = fs::read(&path).into_diagnostic().wrap_err_with(|| {
            format!("{} is missing or cannot be read: the folder holds no whole backup", path.display())
        })?;
        let index: Self = serde_json::from_slice(&text)
            .into_diagnostic()
            .wrap_err_with(|| format!("{} is damaged, or of another version", path.display()))?;
        if index.format != FORMAT {
            return Err(miette!("{}: format {} is not known to this version", path.display(), index.format));
        }
        Ok(index)
    }

    /// For people.
    pub(crate) fn summary(&self) -> String {
        let rows: u64 = self.tables.values().map(|table| table.lines).sum();
        format!("{rows} rows and {} objects", self.objects.lines)
    }
}

/// Where a table's rows are.
pub(crate) fn table(folder: &Path, name: &str) -> PathBuf {
    folder.join("tables").join(format!("{name}.jsonl"))
}

/// Where the list of objects is.
pub(crate) fn objects(folder: &Path) -> PathBuf {
    folder.join("objects.jsonl")
}

/// Where an object is.
pub(crate) fn object(folder: &Path, key: &ObjectKey) -> PathBuf {
    folder.join("objects").join(key.to_string())
}
