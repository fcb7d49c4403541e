//! The SQL database.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `DATABASE_URL` | `sqlite:///relative.db`, `sqlite:////absolute.db` (as SQLAlchemy reads them), or `sqlite:path` | `dataviewer.db` in the data folder |
//! | `DATAVIEWER_DATABASE_READERS` | connections for reading | 4 |
//!
//! Other back ends are refused: this version has SQLite only.

use std::path::PathBuf;

use super::{ConfigError, storage::StorageConfig, variables::Variables};

/// The SQL database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseConfig {
    /// Where it is.
    pub location: DatabaseLocation,
    /// Connections for reading.
    pub readers: u32,
}

/// Where the database is. One variant a back end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseLocation {
    /// A SQLite file on this host; made when it does not exist.
    Sqlite(PathBuf),
}

impl DatabaseConfig {
    pub(super) fn read(variables: &mut Variables, storage: &StorageConfig) -> Result<Self, ConfigError> {
        let location = variables.read("DATABASE_URL", location)?;
        Ok(Self {
            location: location
                .unwrap_or_else(|| DatabaseLocation::Sqlite(storage.data_folder.join("dataviewer.db"))),
            readers: u32::try_from(variables.number("DATAVIEWER_DATABASE_READERS", 4, (1, 64))?).unwrap_or(4),
        })
    }
}

/// Complaints never quote the URL: it may hold a password.
fn location(url: &str) -> Result<DatabaseLocation, String> {
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err("expected a URL such as `sqlite:///relative.db` or `sqlite:////absolute.db`".to_owned());
    };
    let backend = scheme.split_once('+').map_or(scheme, |(backend, _driver)| backend);
    match backend {
        "sqlite" => sqlite(rest).map(DatabaseLocation::Sqlite),
        "mysql" | "mariadb" | "postgres" | "postgresql" => Err(format!(
            "this version has no {backend} back end yet; unset it, or use `sqlite:///relative.db`"
        )),
        _ => Err(format!("no back end is called `{backend}`; use `sqlite:///relative.db`")),
    }
}

/// What stands after `sqlite:`. Three slashes lead a relative path and four an absolute one, as SQLAlchemy
/// has it; one slash or none is the plain path.
fn sqlite(rest: &str) -> Result<PathBuf, String> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !matches!(query, "" | "mode=rwc" | "mode=rw") {
        return Err("parameters after `?` are not known, except `mode=rwc`".to_owned());
    }
    let path = match path.strip_prefix("//") {
        Some(after) => after.strip_prefix('/').ok_or_else(|| {
            "expected three slashes before a relative path, four before an absolute one".to_owned()
        })?,
        None => path,
    };
    match path {
        "" | ":memory:" => Err("a database in memory would lose every upload; name a file".to_owned()),
        path => Ok(PathBuf::from(path)),
    }
}
