//! From the first byte of an attempt to what readers see.

use sea_orm::{ActiveValue::Set, Condition, DatabaseTransaction, DbErr, entity::prelude::*};

use super::{ActiveModel, Column, ConversionState, Entity, Model, retime};
use crate::{
    clock,
    id::{ConversionId, JobId, RunId},
    job, run,
    signal::{self, RecordedSignal},
};

/// What an attempt made, all of it stored.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The attempt.
    pub conversion_id: ConversionId,
    /// Its job.
    pub job_id: JobId,
    /// The fencing token of the attempt.
    pub token: i64,
    /// The run.
    pub run_id: RunId,
    /// `manifest.json`.
    pub manifest: String,
    /// `report.json`.
    pub report: String,
    /// Size of all its objects.
    pub bytes: i64,
    /// Problems that the report counts.
    pub warning_count: i32,
    /// `RTC`, `RELATIVE` or `USER`.
    pub time_source: String,
    /// Time of the earliest frame.
    pub start_at: Option<i64>,
    /// Time of the latest frame.
    pub end_at: Option<i64>,
    /// What was recorded, in the manifest's order.
    pub signals: Vec<RecordedSignal>,
}

/// Registers an attempt before its first object is written, so that garbage always has an owner. `None` when the
/// job is not held with that token any more.
///
/// # Errors
/// When the database refuses.
pub async fn begin(
    tx: &DatabaseTransaction,
    job: &job::Model,
    id: ConversionId,
    key_prefix: &str,
) -> Result<Option<Model>, DbErr> {
    if job::still_held(tx, job.id, job.token).await?.is_none() {
        return Ok(None);
    }
    let now = clock::now(tx).await?;
    let conversion = Model {
        id,
        run_id: job.run_id,
        job_id: job.id,
        token: job.token,
        key_prefix: key_prefix.to_owned(),
        state: ConversionState::Writing,
        manifest: None,
        report: None,
        bytes: None,
        created_at: now,
        state_at: now,
    };
    Entity::insert(ActiveModel::from(conversion.clone()).reset_all()).exec_without_returning(tx).await?;
    Ok(Some(conversion))
}

/// Ends the job and shows its result, at once and whole. `false`, and nothing changed, when the holder was
/// overtaken or the job is to be cancelled: its own objects are garbage then.
///
/// # Errors
/// When the database refuses, or the attempt is not being written; nothing must be committed then.
pub async fn publish(tx: &DatabaseTransaction, publication: Publication) -> Result<bool, DbErr> {
    if !job::succeed(tx, publication.job_id, publication.token).await? {
        return Ok(false);
    }
    let now = clock::now(tx).await?;
    let moved = retime::by(tx, &publication).await?;
    show(tx, &publication, now).await?;
    let earlier = Condition::all()
        .add(Column::RunId.eq(publication.run_id))
        .add(Column::State.eq(ConversionState::Published))
        .add(Column::Id.ne(publication.conversion_id));
    move_on(tx, earlier, ConversionState::Superseded).await?;
    point_run(tx, &publication, now).await?;
    // Whoever adds an interval holds the run's row, so all there are can be seen from here on.
    if let Some(by) = moved {
        retime::move_own(tx, publication.run_id, by).await?;
    }
    signal::replace(tx, publication.run_id, publication.conversion_id, publication.signals).await?;
    Ok(true)
}

/// Moves the conversions that `from` selects to `state`; returns how many.
pub(super) async fn move_on(
    tx: &DatabaseTransaction,
    from: Condition,
    state: ConversionState,
) -> Result<u64, DbErr> {
    let values = ActiveModel { state: Set(state), state_at: Set(clock::now(tx).await?), ..unchanged() };
    Ok(Entity::update_many().set(values).filter(from).exec(tx).await?.rows_affected)
}

async fn show(tx: &DatabaseTransaction, publication: &Publication, now: i64) -> Result<(), DbErr> {
    let values = ActiveModel {
        state: Set(ConversionState::Published),
        state_at: Set(now),
        manifest: Set(Some(publication.manifest.clone())),
        report: Set(Some(publication.report.clone())),
        bytes: Set(Some(publication.bytes)),
        ..unchanged()
    };
    let updated = Entity::update_many()
        .set(values)
        .filter(Column::Id.eq(publication.conversion_id))
        .filter(Column::JobId.eq(publication.job_id))
        .filter(Column::Token.eq(publication.token))
        .filter(Column::State.eq(ConversionState::Writing))
        .exec(tx)
        .await?;
    // The job is held, so its attempt must be there: if not, the whole transaction is wrong.
    if updated.rows_affected == 1 { Ok(()) } else { Err(DbErr::RecordNotUpdated) }
}

async fn point_run(tx: &DatabaseTransaction, publication: &Publication, now: i64) -> Result<(), DbErr> {
    let values = run::ActiveModel {
        current_conversion_id: Set(Some(publication.conversion_id)),
        time_source: Set(Some(publication.time_source.clone())),
        start_at: Set(publication.start_at),
        end_at: Set(publication.end_at),
        warning_count: Set(publication.warning_count),
        updated_at: Set(now),
        ..<run::ActiveModel as ActiveModelTrait>::default()
    };
    let updated = run::Entity::update_many()
        .set(values)
        .filter(run::Column::Id.eq(publication.run_id))
        .exec(tx)
        .await?;
    if updated.rows_affected == 1 { Ok(()) } else { Err(DbErr::RecordNotUpdated) }
}

fn unchanged() -> ActiveModel {
    <ActiveModel as ActiveModelTrait>::default()
}
