//! One test on every back end.

use std::{ops::Deref, path::Path};

use tempfile::TempDir;

use super::{TestRuntimeError, servers};
use crate::{config::Config, database::Database, runtime::StartError};

/// Makes each function a test a back end: `postgres::a_function`. Each is called with what `$start` makes of the
/// [`BackEnd`].
#[macro_export]
macro_rules! on_every_back_end {
    ($start:path: $($test:ident),* $(,)?) => {
        $crate::on_back_end! { sqlite, Sqlite, $start: $($test)* }
        $crate::on_back_end! { postgres, Postgres, $start: $($test)* }
        $crate::on_back_end! { mariadb, Mariadb, $start: $($test)* }
    };
}

/// Part of [`on_every_back_end`].
#[macro_export]
#[doc(hidden)]
macro_rules! on_back_end {
    ($module:ident, $back_end:ident, $start:path: $($test:ident)*) => {
        mod $module {
            use super::*;
            $(
                #[tokio::test]
                async fn $test() {
                    let given = $start($crate::testing::BackEnd::$back_end).await;
                    // In a box: a deep future would meet the compiler's limits.
                    Box::pin(super::$test(given)).await;
                }
            )*
        }
    };
}

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackEnd {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
    /// A server.
    Mariadb,
}

impl BackEnd {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mariadb];

    /// The `DATABASE_URL` of a new, empty database; a file lies in `folder`.
    ///
    /// # Panics
    /// When its server does not run.
    pub async fn fresh(self, folder: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite:///{}", folder.join("dataviewer.db").display()),
            Self::Postgres => servers::fresh_postgres().await,
            Self::Mariadb => servers::fresh_mariadb().await,
        }
    }
}

/// A database with our tables and nothing in them.
#[derive(Debug)]
pub struct TestDatabase {
    database: Database,
    url: String,
    _folder: TempDir,
}

impl TestDatabase {
    /// A new one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn start(on: BackEnd) -> Result<Self, TestRuntimeError> {
        let folder = TempDir::new()?;
        let url = on.fresh(folder.path()).await;
        let database = Self::connect(&url).await?;
        migration::up(database.write()).await?;
        Ok(Self { database, url, _folder: folder })
    }

    /// Connections to the database of that URL, with our settings. Migrates nothing.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn connect(url: &str) -> Result<Database, TestRuntimeError> {
        let config = Config::from_variables([("DATABASE_URL".to_owned(), url.to_owned())])?;
        Ok(Database::connect(&config.database).await.map_err(StartError::from)?)
    }

    /// Its `DATABASE_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Deref for TestDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}
