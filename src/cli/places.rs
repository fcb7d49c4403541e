//! Database and storage of an installation that is there already, for the roles that look after it. They need no
//! broker, and make nothing where nothing is.

use miette::{IntoDiagnostic, Result, miette};
use platform::config::Config;
use platform::config::database::DatabaseLocation;
use platform::database::Database;
use platform::storage::Storage;

/// Where an installation keeps what it has.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) database: Database,
    pub(crate) storage: Storage,
}

impl Places {
    /// Opens them.
    ///
    /// # Errors
    /// When there is no database, or not one of this version, or a place cannot be used.
    pub(crate) async fn open(config: &Config) -> Result<Self> {
        if let DatabaseLocation::Sqlite(path) = &config.database.location
            && !path.exists()
        {
            return Err(miette!("there is no database {}", path.display()));
        }
        let database = Database::connect(&config.database).await.into_diagnostic()?;
        let steps = migration::status(database.read()).await.into_diagnostic()?;
        if let Some(missing) = steps.iter().find(|step| !step.applied) {
            let name = &missing.name;
            return Err(miette!("the database lacks the step `{name}`: run `dataviewer migrate up` first"));
        }
        let storage = Storage::open(&config.storage).into_diagnostic()?.noting_in(&database);
        Ok(Self { database, storage })
    }
}
