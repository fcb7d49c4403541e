//! Objects first, then the rows.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use entity::job::{self, JobState};
use entity::portable::{self, PortableError};
use futures::{StreamExt, TryStreamExt, stream};
use miette::{IntoDiagnostic, Result, WrapErr};
use platform::database::{Database, TransactionError};
use platform::storage::{ObjectKey, Storage};
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use crate::cli::backup::Lines;
use crate::cli::backup::index::{self, CopiedObject};

/// Objects on their way at once.
const AT_ONCE: usize = 4;

/// Stores every object of the backup.
pub(super) async fn objects(folder: &Path, storage: &Storage) -> Result<()> {
    let mut lines = Lines::open(&index::objects(folder)).into_diagnostic()?;
    loop {
        let some = lines.next_some().into_diagnostic()?;
        if some.is_empty() {
            return Ok(());
        }
        let stored = stream::iter(&some).map(|line| store(folder, storage, line));
        stored.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    }
}

async fn store(folder: &Path, storage: &Storage, line: &str) -> Result<()> {
    let object: CopiedObject = serde_json::from_str(line).into_diagnostic()?;
    let key: ObjectKey = object.key.parse().into_diagnostic()?;
    storage.put_file(&key, &index::object(folder, &key)).await.into_diagnostic()?;
    Ok(())
}

/// Why the rows are not there.
#[derive(Debug, thiserror::Error)]
enum RowsError {
    #[error(transparent)]
    Row(#[from] PortableError),
    #[error(transparent)]
    File(#[from] io::Error),
}

impl From<DbErr> for RowsError {
    fn from(error: DbErr) -> Self {
        Self::Row(error.into())
    }
}

impl TransactionError for RowsError {
    fn database(&self) -> Option<&DbErr> {
        match self {
            Self::Row(PortableError::Database(error)) => Some(error),
            _ => None,
        }
    }
}

/// Puts every row of the backup in, all or none.
pub(super) async fn rows(folder: &Path, database: &Database) -> Result<()> {
    let folder = folder.to_owned();
    let filled = database.transaction(move |tx| {
        let folder = folder.clone();
        Box::pin(fill(tx, folder))
    });
    filled.await.into_diagnostic().wrap_err("the rows cannot be put into the database")
}

async fn fill(tx: &DatabaseTransaction, folder: PathBuf) -> Result<(), RowsError> {
    for table in portable::TABLES {
        let mut lines = Lines::open(&index::table(&folder, table))?;
        loop {
            let some = lines.next_some()?;
            if some.is_empty() {
                break;
            }
            portable::insert(tx, table, &some).await?;
        }
    }
    free_jobs(tx).await?;
    Ok(())
}

/// Whoever held a job when the backup was made holds it no more; that is no strike against it.
async fn free_jobs(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    let held = job::Entity::find().filter(job::Column::State.eq(JobState::Running)).all(tx).await?;
    let workers: BTreeSet<String> = held.into_iter().filter_map(|job| job.worker_id).collect();
    for worker in workers {
        job::release_worker(tx, &worker).await?;
    }
    Ok(())
}
