//! Ending a job that nobody wants any more.

use sea_orm::{ActiveValue::Set, DatabaseTransaction, DbErr, entity::prelude::*};

use super::{
    ActiveModel, Column, Entity, JobState,
    change::{closed, enter, held, locked, unchanged},
};
use crate::{clock, id::JobId};

/// What became of the wish to cancel a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It was waiting and is cancelled.
    Cancelled,
    /// Its holder was asked; until it confirms, the job runs. It will not be published.
    Requested,
    /// It had ended.
    AlreadyTerminal,
    /// No such job.
    NotFound,
}

/// Cancels a waiting job; asks the holder of a running one to stop.
///
/// # Errors
/// When the database refuses.
pub async fn cancel(tx: &DatabaseTransaction, id: JobId) -> Result<CancelOutcome, DbErr> {
    let Some(job) = locked(tx, id).await? else { return Ok(CancelOutcome::NotFound) };
    if job.state.is_terminal() {
        return Ok(CancelOutcome::AlreadyTerminal);
    }
    if job.state == JobState::Running {
        Entity::update_many()
            .set(ActiveModel { cancel_requested: Set(true), ..unchanged() })
            .filter(Column::Id.eq(id))
            .filter(Column::Token.eq(job.token))
            .filter(Column::State.eq(JobState::Running))
            .exec(tx)
            .await?;
        return Ok(CancelOutcome::Requested);
    }
    let now = clock::now(tx).await?;
    enter(tx, &job, closed(JobState::Cancelled, now), None, now).await?;
    Ok(CancelOutcome::Cancelled)
}

/// The holder confirms that it stopped. Returns whether the job was still its own, and somebody had asked for it:
/// a job that nobody cancelled goes on.
///
/// # Errors
/// When the database refuses.
pub async fn cancelled(tx: &DatabaseTransaction, id: JobId, token: i64) -> Result<bool, DbErr> {
    let Some(job) = held(tx, id, token).await?.filter(|job| job.cancel_requested) else { return Ok(false) };
    let now = clock::now(tx).await?;
    enter(tx, &job, closed(JobState::Cancelled, now), None, now).await
}
