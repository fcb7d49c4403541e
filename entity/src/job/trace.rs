//! The trace that a job belongs to.

use sea_orm::{ActiveValue::Set, DatabaseTransaction, DbErr, entity::prelude::*};

use super::{ActiveModel, Column, Entity, change::unchanged};
use crate::id::JobId;

/// Notes the trace that led to the job, as a `traceparent`, for the worker to go on with.
///
/// # Errors
/// When the database refuses.
pub async fn note_trace(tx: &DatabaseTransaction, id: JobId, trace: &str) -> Result<(), DbErr> {
    let values = ActiveModel { trace: Set(Some(trace.to_owned())), ..unchanged() };
    Entity::update_many().set(values).filter(Column::Id.eq(id)).exec(tx).await.map(drop)
}
