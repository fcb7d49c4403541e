//! `dataviewer backup DIR`: the rows as they are at one moment, and every object that they refer to, in a form
//! that any back end can be restored from. The service may run meanwhile.

pub(super) mod index;
mod lines;
mod objects;
mod rows;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use platform::config::Config;
use platform::storage::{ObjectKey, folder};

use super::places::Places;
use index::{Index, Listing};
pub(super) use lines::Lines;

/// Copy the database and every object it refers to into a folder
#[derive(Clone, Debug, Args)]
pub(crate) struct BackupArgs {
    /// The folder to write to; made if missing, refused if not empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Begun again this often when a run was purged while its objects were copied.
const ATTEMPTS: u32 = 3;

/// How one attempt ended.
enum Attempt {
    /// All of it is there.
    Whole(Index),
    /// An object that the rows refer to was removed meanwhile, as the rows say by now.
    Vanished(ObjectKey),
}

impl BackupArgs {
    pub(crate) async fn run(self, config: Config) -> Result<()> {
        let places = Places::open(&config).await?;
        prepare(&self.folder).into_diagnostic().wrap_err_with(|| self.folder.display().to_string())?;
        for _ in 0..ATTEMPTS {
            match self.attempt(&places).await? {
                Attempt::Whole(index) => {
                    places.database.close().await;
                    index.write(&self.folder).into_diagnostic()?;
                    super::say(&format!("{}: {}", self.folder.display(), index.summary()));
                    return Ok(());
                }
                Attempt::Vanished(key) => {
                    super::say(&format!("{key} was removed while it was to be copied; beginning again"));
                    clear(&self.folder).into_diagnostic()?;
                }
            }
        }
        Err(miette!("each of {ATTEMPTS} times an object was removed meanwhile; try again at a quieter hour"))
    }

    async fn attempt(&self, places: &Places) -> Result<Attempt> {
        let (created_at, tables) = rows::dump(&places.database, &self.folder).await?;
        let steps = migration::status(places.database.read()).await.into_diagnostic()?;
        let objects: Listing = match objects::copy(places, &self.folder).await? {
            Ok(listing) => listing,
            Err(vanished) => return Ok(Attempt::Vanished(vanished)),
        };
        let steps = steps.into_iter().map(|step| step.name).collect();
        Ok(Attempt::Whole(Index::new(created_at, steps, tables, objects)))
    }
}

/// Makes the folder, and refuses one that holds something.
fn prepare(folder: &Path) -> io::Result<()> {
    folder::make_private(folder)?;
    if fs::read_dir(folder)?.next().is_some() {
        return Err(io::Error::other("the folder is not empty"));
    }
    Ok(())
}

/// Removes what an attempt wrote: its log may be one that was purged since.
fn clear(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?
        } else {
            fs::remove_file(entry.path())?
        }
    }
    Ok(())
}
