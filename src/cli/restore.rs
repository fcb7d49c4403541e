//! `dataviewer restore DIR`: a backup into an empty installation, whatever its back ends. Everything is verified
//! first; the rows come last and in one transaction, so that nothing is seen before all of it is there.

mod fill;
mod verify;

use std::path::PathBuf;

use clap::Args;
use entity::portable;
use futures::TryStreamExt;
use miette::{IntoDiagnostic, Result, miette};
use platform::config::Config;
use platform::database::Database;
use platform::storage::{KeyPrefix, Storage};

use super::backup::index::Index;

/// Bring a backup back, into an empty database and an empty storage
#[derive(Clone, Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The folder that `dataviewer backup` wrote
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl RestoreArgs {
    pub(crate) async fn run(self, config: Config) -> Result<()> {
        let index = Index::read(&self.folder)?;
        let database = Database::connect(&config.database).await.into_diagnostic()?;
        migration::up(database.write()).await.into_diagnostic()?;
        check_steps(&database, &index).await?;
        let storage = Storage::open(&config.storage).into_diagnostic()?.noting_in(&database);
        refuse_unless_empty(&database, &storage).await?;
        verify::verify(&self.folder, &index).await?;
        fill::objects(&self.folder, &storage).await?;
        fill::rows(&self.folder, &database).await?;
        database.close().await;
        super::say(&format!("{}: {} are back", self.folder.display(), index.summary()));
        Ok(())
    }
}

/// The rows must be of this version's tables.
async fn check_steps(database: &Database, index: &Index) -> Result<()> {
    let known = migration::status(database.read()).await.into_diagnostic()?;
    match index.steps.iter().find(|step| !known.iter().any(|known| known.name == **step)) {
        Some(step) => Err(miette!("the backup is of a newer version: it knows the step `{step}`")),
        None => Ok(()),
    }
}

async fn refuse_unless_empty(database: &Database, storage: &Storage) -> Result<()> {
    for table in portable::TABLES {
        let page = portable::page(database.read(), table, None, 1).await.into_diagnostic()?;
        if !page.rows.is_empty() {
            return Err(miette!("the database is not empty: its table `{table}` has rows"));
        }
    }
    for prefix in [KeyPrefix::Uploads, KeyPrefix::Dbcs, KeyPrefix::Runs] {
        let mut listed = std::pin::pin!(storage.list(prefix));
        if let Some(object) = listed.try_next().await.into_diagnostic()? {
            return Err(miette!(
                help =
                    "after a restore that broke off, `dataviewer fsck --repair --older-than 0s` removes them",
                "the storage is not empty: it has {}",
                object.key
            ));
        }
    }
    Ok(())
}
