//! Which conversions' objects nobody needs any more.

use std::{collections::HashMap, time::Duration};

use sea_orm::{Condition, DatabaseTransaction, DbErr, QueryOrder, QuerySelect, entity::prelude::*};

use super::{Column, ConversionState, Entity, Model, publish::move_on};
use crate::{
    clock,
    id::{ConversionId, JobId},
    job,
};

/// Up to `page` conversions whose objects may be removed: given up, replaced at least `grace` ago, or begun at
/// least `grace` ago by an attempt that is over. Never simply "all but the published one": that would remove the
/// running attempt.
///
/// # Errors
/// When the database refuses.
pub async fn collectable<C: ConnectionTrait>(
    conn: &C,
    grace: Duration,
    page: u64,
) -> Result<Vec<Model>, DbErr> {
    let before = clock::now(conn).await? - i64::try_from(grace.as_micros()).unwrap_or(i64::MAX);
    let left_behind = [ConversionState::Writing, ConversionState::Superseded, ConversionState::Orphan];
    let old = Entity::find()
        .filter(Column::State.is_in(left_behind))
        .filter(Column::StateAt.lte(before))
        .order_by_asc(Column::StateAt)
        .limit(page)
        .all(conn)
        .await?;
    let writing = old.iter().filter(|conversion| conversion.state == ConversionState::Writing);
    let jobs = jobs(conn, writing.map(|conversion| conversion.job_id).collect()).await?;
    let is_over = |conversion: &Model| {
        conversion.state != ConversionState::Writing
            || jobs
                .get(&conversion.job_id)
                .is_none_or(|job| job.state.is_terminal() || job.token > conversion.token)
    };
    Ok(old.into_iter().filter(is_over).collect())
}

/// The objects of a conversion that [`collectable`] named are removed.
///
/// # Errors
/// When the database refuses.
pub async fn collected(tx: &DatabaseTransaction, id: ConversionId) -> Result<bool, DbErr> {
    let gone = Condition::all().add(Column::Id.eq(id)).add(Column::State.ne(ConversionState::Published));
    Ok(move_on(tx, gone, ConversionState::Deleted).await? == 1)
}

async fn jobs<C: ConnectionTrait>(conn: &C, ids: Vec<JobId>) -> Result<HashMap<JobId, job::Model>, DbErr> {
    let jobs = job::Entity::find().filter(job::Column::Id.is_in(ids)).all(conn).await?;
    Ok(jobs.into_iter().map(|job| (job.id, job)).collect())
}
