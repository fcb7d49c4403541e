//! The one way a job's row changes: compare, set, write the event.

use sea_orm::{
    ActiveValue::{NotSet, Set},
    DatabaseTransaction, DbErr, QueryOrder, QuerySelect,
    entity::prelude::*,
};

use super::{ActiveModel, Column, Entity, JobState, Model};
use crate::{id::JobId, job_event};

/// The row as its holder expects it, locked until the transaction ends; `None` when the holder was overtaken.
pub(crate) async fn held(tx: &DatabaseTransaction, id: JobId, token: i64) -> Result<Option<Model>, DbErr> {
    let job = locked(tx, id).await?;
    Ok(job.filter(|job| job.token == token && job.state == JobState::Running))
}

/// The row, locked until the transaction ends.
pub(super) async fn locked(tx: &DatabaseTransaction, id: JobId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).lock_exclusive().one(tx).await
}

/// Sets `values` if the row still has the state and token of `seen`, and writes the event that names `reason`.
/// Returns whether it did.
pub(super) async fn enter(
    tx: &DatabaseTransaction,
    seen: &Model,
    values: ActiveModel,
    reason: Option<&str>,
    now: i64,
) -> Result<bool, DbErr> {
    let state = *values.state.try_as_ref().unwrap_or(&seen.state);
    let token = *values.token.try_as_ref().unwrap_or(&seen.token);
    let updated = Entity::update_many()
        .set(values)
        .filter(Column::Id.eq(seen.id))
        .filter(Column::State.eq(seen.state))
        .filter(Column::Token.eq(seen.token))
        .exec(tx)
        .await?;
    if updated.rows_affected != 1 {
        return Ok(false);
    }
    record(
        tx,
        job_event::Model {
            job_id: seen.id,
            seq: 0,
            state,
            token,
            reason: reason.map(str::to_owned),
            at: now,
        },
    )
    .await?;
    Ok(true)
}

/// Writes the event under the job's next number. The caller has changed the row, so nobody else is at it.
pub(super) async fn record(tx: &DatabaseTransaction, event: job_event::Model) -> Result<(), DbErr> {
    let last: Option<i64> = job_event::Entity::find()
        .select_only()
        .column(job_event::Column::Seq)
        .filter(job_event::Column::JobId.eq(event.job_id))
        .order_by_desc(job_event::Column::Seq)
        .into_tuple()
        .one(tx)
        .await?;
    let event = job_event::Model { seq: last.unwrap_or(0) + 1, ..event };
    job_event::Entity::insert(job_event::ActiveModel::from(event).reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Values of a job that never changes again.
pub(super) fn closed(state: JobState, now: i64) -> ActiveModel {
    ActiveModel { finished_at: Set(Some(now)), active_key: Set(None), ..freed(state) }
}

/// Values of a job that waits again: for `delay` microseconds, or else with the place in the queue that it had.
pub(super) fn queued_again(job: &Model, now: i64, delay: i64) -> ActiveModel {
    queued(if delay == 0 { job.queued_at } else { now + delay })
}

/// Values of a job that waits to be claimed from `next_at` on.
pub(super) fn queued(next_at: i64) -> ActiveModel {
    ActiveModel { next_at: Set(next_at), notified_at: Set(None), ..freed(JobState::Queued) }
}

/// Values of a job that nobody holds.
pub(super) fn freed(state: JobState) -> ActiveModel {
    ActiveModel { state: Set(state), stage: Set(None), lease_until: Set(None), ..unchanged() }
}

/// Values that change nothing.
pub(super) fn unchanged() -> ActiveModel {
    ActiveModel { id: NotSet, ..<ActiveModel as ActiveModelTrait>::default() }
}
