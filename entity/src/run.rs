//! Runs: one drive each.

mod purge;

use std::ops::Range;

pub use purge::{Purged, purge};
use sea_orm::{ActiveValue::Set, Condition, DatabaseTransaction, DbErr, QueryOrder, entity::prelude::*};

use crate::{
    clock,
    id::{BlobId, ConversionId, JobId, RunId, TestDayId, VehicleId},
    job::{self, DbcBinding},
    run_dbc,
};

/// One drive.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "run")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RunId,
    /// The stored log it is made of.
    pub blob_id: BlobId,
    /// The log's name as the uploader had it: display text, never a path.
    pub file_name: String,
    /// The run's number on its day.
    pub number: Option<i32>,
    /// Its name.
    pub name: Option<String>,
    /// What kind of drive (Endurance, Skidpad …).
    pub kind: Option<String>,
    /// Free text.
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// Where it was driven.
    pub location: Option<String>,
    /// Who drove.
    pub driver: Option<String>,
    /// JSON list of words.
    #[sea_orm(column_type = "Text")]
    pub tags: String,
    /// The car.
    pub vehicle_id: Option<VehicleId>,
    /// The day it belongs to.
    pub test_day_id: Option<TestDayId>,
    /// The IANA zone its logger's clock was set to.
    pub time_zone: String,
    /// `RTC`, `RELATIVE` or `USER`; null before the first conversion.
    pub time_source: Option<String>,
    /// Microseconds that a person adds to the log's own times from the next conversion on, never 0; null when they
    /// are taken as they are.
    pub time_shift: Option<i64>,
    /// Time of the earliest frame; null before the first conversion.
    pub start_at: Option<i64>,
    /// Time of the latest frame, which is of the run.
    pub end_at: Option<i64>,
    /// Problems that the current conversion's report counts.
    pub warning_count: i32,
    /// What readers see.
    pub current_conversion_id: Option<ConversionId>,
    /// When it was created.
    pub created_at: i64,
    /// When it last changed.
    pub updated_at: i64,
    /// When it was deleted; it can be restored.
    pub deleted_at: Option<i64>,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether it was under way in `window`, whose end is not in it: what [`under_way`] says in SQL.
    #[must_use]
    pub fn is_under_way(&self, window: &Range<i64>) -> bool {
        let within = |(start, end): (i64, i64)| start < window.end && end >= window.start;
        !window.is_empty() && self.start_at.zip(self.end_at).is_some_and(within)
    }
}

/// Runs that were under way in `window` (microseconds), whose end is not in it. Not those that were never converted.
///
/// A run's latest frame is of the run, so that one which ends where the window begins has a sample in it; a run that
/// begins where the window ends has none.
#[must_use]
pub fn under_way(window: &Range<i64>) -> Condition {
    Condition::all().add(Column::StartAt.lt(window.end)).add(Column::EndAt.gte(window.start))
}

/// A run to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRun {
    /// The run's number on its day.
    pub number: Option<i32>,
    /// Its name.
    pub name: Option<String>,
    /// What kind of drive.
    pub kind: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Where it was driven.
    pub location: Option<String>,
    /// Who drove.
    pub driver: Option<String>,
    /// Words.
    pub tags: Vec<String>,
    /// The car.
    pub vehicle_id: Option<VehicleId>,
    /// The day it belongs to.
    pub test_day_id: Option<TestDayId>,
    /// The IANA zone its logger's clock was set to.
    pub time_zone: String,
    /// Its DBCs, in the order they are asked.
    pub dbcs: Vec<DbcBinding>,
}

/// Makes a run of a stored log.
///
/// # Errors
/// When the database refuses, also because a vehicle, test day or DBC does not exist.
pub async fn insert(
    tx: &DatabaseTransaction,
    blob_id: BlobId,
    file_name: &str,
    new: &NewRun,
) -> Result<Model, DbErr> {
    let now = clock::now(tx).await?;
    let run = Model {
        id: RunId::new(),
        blob_id,
        file_name: file_name.to_owned(),
        number: new.number,
        name: new.name.clone(),
        kind: new.kind.clone(),
        description: new.description.clone(),
        location: new.location.clone(),
        driver: new.driver.clone(),
        tags: serde_json::to_string(&new.tags).map_err(|error| DbErr::Json(error.to_string()))?,
        vehicle_id: new.vehicle_id,
        test_day_id: new.test_day_id,
        time_zone: new.time_zone.clone(),
        time_source: None,
        time_shift: None,
        start_at: None,
        end_at: None,
        warning_count: 0,
        current_conversion_id: None,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    Entity::insert(ActiveModel::from(run.clone()).reset_all()).exec_without_returning(tx).await?;
    run_dbc::replace(tx, run.id, &new.dbcs).await?;
    Ok(run)
}

/// The newest run of a stored log that is not deleted.
///
/// # Errors
/// When the database refuses.
pub async fn of_blob<C: ConnectionTrait>(conn: &C, blob: BlobId) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::BlobId.eq(blob))
        .filter(Column::DeletedAt.is_null())
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .one(conn)
        .await
}

/// What became of the wish to delete or restore a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteOutcome {
    /// It is done now.
    Done {
        /// The run's active job, which was cancelled or asked to stop.
        cancelled: Option<JobId>,
    },
    /// It was so before.
    Unchanged,
    /// No such run.
    NotFound,
}

/// Hides the run; its log and its conversions stay until it is purged. Its active job is cancelled.
///
/// # Errors
/// When the database refuses.
pub async fn delete(tx: &DatabaseTransaction, id: RunId) -> Result<DeleteOutcome, DbErr> {
    let now = clock::now(tx).await?;
    if !mark(tx, id, Some(now), Column::DeletedAt.is_null()).await? {
        return unchanged(tx, id).await;
    }
    let active = job::active(tx, id).await?.map(|job| job.id);
    if let Some(job) = active {
        job::cancel(tx, job).await?;
    }
    Ok(DeleteOutcome::Done { cancelled: active })
}

/// Shows a deleted run again, as it was.
///
/// # Errors
/// When the database refuses.
pub async fn restore(tx: &DatabaseTransaction, id: RunId) -> Result<DeleteOutcome, DbErr> {
    match mark(tx, id, None, Column::DeletedAt.is_not_null()).await? {
        true => Ok(DeleteOutcome::Done { cancelled: None }),
        false => unchanged(tx, id).await,
    }
}

async fn mark(
    tx: &DatabaseTransaction,
    id: RunId,
    deleted_at: Option<i64>,
    expected: sea_orm::sea_query::SimpleExpr,
) -> Result<bool, DbErr> {
    let values = ActiveModel {
        deleted_at: Set(deleted_at),
        updated_at: Set(clock::now(tx).await?),
        ..<ActiveModel as ActiveModelTrait>::default()
    };
    let updated =
        Entity::update_many().set(values).filter(Column::Id.eq(id)).filter(expected).exec(tx).await?;
    Ok(updated.rows_affected == 1)
}

async fn unchanged(tx: &DatabaseTransaction, id: RunId) -> Result<DeleteOutcome, DbErr> {
    let found = Entity::find_by_id(id).one(tx).await?;
    Ok(found.map_or(DeleteOutcome::NotFound, |_| DeleteOutcome::Unchanged))
}
