//! The SQL database.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `DATABASE_URL` | as SQLAlchemy reads it: `sqlite:///relative.db`, `sqlite:////absolute.db`, `postgresql://user:password@host/database`, `mysql://user:password@host/database`; a driver after `+` does not matter | `dataviewer.db` in the data folder, SQLite |
//! | `DATAVIEWER_DATABASE_CONNECTIONS` | connections for writing to a PostgreSQL, MariaDB or MySQL server; SQLite has one writer | 8 |
//! | `DATAVIEWER_DATABASE_READERS` | connections for reading | 4 |
//!
//! Parameters of a server's URL: `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `application_name`, `host` (a
//! socket's folder), `client_encoding` (PostgreSQL); `charset`, `ssl_mode`, `ssl_ca`, `ssl_cert`, `ssl_key`,
//! `ssl_verify_cert`, `ssl_verify_identity`, `ssl_disabled`, `unix_socket` (MariaDB and MySQL). Who names an
//! authority (`sslrootcert`, `ssl_ca`) has the server's certificate checked against it, whatever mode is named
//! beside it; of several modes the strictest holds.

mod address;
mod parameter;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::{ConfigError, storage::StorageConfig, variables::Variables};

/// The SQL database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseConfig {
    /// Where it is.
    pub location: DatabaseLocation,
    /// Connections for writing to a server.
    pub connections: u32,
    /// Connections for reading.
    pub readers: u32,
}

/// Where the database is. One variant a back end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseLocation {
    /// A SQLite file on this host; made when it does not exist.
    Sqlite(PathBuf),
    /// A database on a PostgreSQL server.
    Postgres(ServerUrl),
    /// A database on a MariaDB or MySQL server.
    Mysql(ServerUrl),
}

/// The URL of a database on a server, in the drivers' own spelling. It may hold a password: shown, it is only
/// the place.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl {
    whole: String,
    place: String,
    authority: Option<PathBuf>,
}

impl ServerUrl {
    /// The whole URL, for the driver alone.
    pub(crate) fn whole(&self) -> &str {
        &self.whole
    }

    /// The PEM file of the authority that the server is known by.
    pub(crate) fn authority(&self) -> Option<&Path> {
        self.authority.as_deref()
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerUrl({})", self.place)
    }
}

impl fmt::Display for DatabaseLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) | Self::Mysql(url) => write!(f, "{url}"),
        }
    }
}

impl DatabaseConfig {
    pub(super) fn read(variables: &mut Variables, storage: &StorageConfig) -> Result<Self, ConfigError> {
        let location = variables.read("DATABASE_URL", location)?;
        let connections = variables.number("DATAVIEWER_DATABASE_CONNECTIONS", 8, (1, 1_000))?;
        let readers = variables.number("DATAVIEWER_DATABASE_READERS", 4, (1, 1_000))?;
        Ok(Self {
            location: location
                .unwrap_or_else(|| DatabaseLocation::Sqlite(storage.data_folder.join("dataviewer.db"))),
            connections: u32::try_from(connections).unwrap_or(8),
            readers: u32::try_from(readers).unwrap_or(4),
        })
    }
}

/// Complaints never quote the URL: it may hold a password.
fn location(url: &str) -> Result<DatabaseLocation, String> {
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(
            "expected a URL such as `sqlite:///relative.db` or `postgresql://user:password@host/database`"
                .to_owned(),
        );
    };
    let backend = scheme.split_once('+').map_or(scheme, |(backend, _driver)| backend);
    match backend {
        "sqlite" => sqlite(rest).map(DatabaseLocation::Sqlite),
        "postgres" | "postgresql" => {
            address::read(&parameter::POSTGRES, rest).map(DatabaseLocation::Postgres)
        }
        "mysql" | "mariadb" => address::read(&parameter::MYSQL, rest).map(DatabaseLocation::Mysql),
        _ => Err(
            "it begins with the name of no back end; there are `sqlite`, `postgresql`, `mysql`, `mariadb`"
                .to_owned(),
        ),
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
