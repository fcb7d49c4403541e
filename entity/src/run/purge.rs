//! The end of a run and of all that was made for it.

use sea_orm::{DatabaseTransaction, DbErr, QuerySelect, entity::prelude::*, sea_query::Query};

use super::{Entity, Model};
use crate::{
    blob,
    conversion::{self, ConversionState},
    id::{JobId, RunId},
    interval::{self, Owner},
    job, job_event, marker, run_dbc, signal, tombstone, upload,
};

/// What a purge took away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// The run's jobs: whoever holds or watches one finds it gone.
    pub jobs: Vec<JobId>,
    /// Names of objects, and prefixes of names, that nobody refers to any more; tombstones name them.
    pub objects: Vec<String>,
    /// Size of these objects, as far as it was recorded.
    pub bytes: i64,
}

/// Removes the run's rows, and takes its log out of use unless another run is made of it. `None` when there is no
/// such run. An attempt under way is fenced by that: its job is not held any more.
///
/// # Errors
/// When the database refuses.
pub async fn purge(tx: &DatabaseTransaction, id: RunId) -> Result<Option<Purged>, DbErr> {
    let Some(run) = Entity::find_by_id(id).lock_exclusive().one(tx).await? else { return Ok(None) };
    let jobs = job::Entity::find().filter(job::Column::RunId.eq(id)).lock_exclusive().all(tx).await?;
    let mut purged = Purged { jobs: jobs.into_iter().map(|job| job.id).collect(), ..Purged::default() };
    bury_conversions(tx, id, &mut purged).await?;
    remove_rows(tx, &run).await?;
    if let Some(blob) = blob::release(tx, run.blob_id).await? {
        purged.bytes += blob.bytes;
        purged.objects.push(blob.object_key);
    }
    Ok(Some(purged))
}

async fn bury_conversions(tx: &DatabaseTransaction, id: RunId, purged: &mut Purged) -> Result<(), DbErr> {
    let stored = conversion::Entity::find()
        .filter(conversion::Column::RunId.eq(id))
        .filter(conversion::Column::State.ne(ConversionState::Deleted))
        .all(tx)
        .await?;
    for conversion in stored {
        tombstone::bury(tx, &conversion.key_prefix).await?;
        purged.bytes += conversion.bytes.unwrap_or_default();
        purged.objects.push(conversion.key_prefix);
    }
    Ok(())
}

/// Children before parents.
async fn remove_rows(tx: &DatabaseTransaction, run: &Model) -> Result<(), DbErr> {
    let id = run.id;
    let jobs = Query::select()
        .column(job::Column::Id)
        .from(job::Entity)
        .and_where(job::Column::RunId.eq(id))
        .to_owned();
    interval::remove_all(tx, Owner::Run(id)).await?;
    marker::remove_all(tx, Owner::Run(id)).await?;
    signal::Entity::delete_many().filter(signal::Column::RunId.eq(id)).exec(tx).await?;
    conversion::Entity::delete_many().filter(conversion::Column::RunId.eq(id)).exec(tx).await?;
    job_event::Entity::delete_many().filter(job_event::Column::JobId.in_subquery(jobs)).exec(tx).await?;
    job::Entity::delete_many().filter(job::Column::RunId.eq(id)).exec(tx).await?;
    run_dbc::Entity::delete_many().filter(run_dbc::Column::RunId.eq(id)).exec(tx).await?;
    upload::Entity::delete_many().filter(upload::Column::RunId.eq(id)).exec(tx).await?;
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}
