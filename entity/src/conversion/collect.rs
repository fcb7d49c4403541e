//! Which conversions' objects nobody needs any more.

use std::time::Duration;

use sea_orm::{
    Condition, DatabaseTransaction, DbErr, ExprTrait, QueryOrder, QuerySelect, entity::prelude::*,
    sea_query::Query,
};

use super::{Column, ConversionState, Entity, Model, publish::move_on};
use crate::{clock, job, job::JobState, tombstone};

/// Takes up to `page` conversions out of use whose objects nobody needs, and names these objects in tombstones;
/// returns them. Those are: given up, replaced at least `grace` ago, or begun at least `grace` ago by an attempt
/// that is over. Never simply "all but the published one": that would remove the running attempt.
///
/// # Errors
/// When the database refuses.
pub async fn collect(tx: &DatabaseTransaction, grace: Duration, page: u64) -> Result<Vec<Model>, DbErr> {
    let before = clock::now(tx).await?.saturating_sub(i64::try_from(grace.as_micros()).unwrap_or(i64::MAX));
    let found = Entity::find()
        .filter(left_behind())
        .filter(Column::StateAt.lte(before))
        .order_by_asc(Column::StateAt)
        .limit(page)
        .all(tx)
        .await?;
    let mut collected = Vec::with_capacity(found.len());
    for conversion in found {
        let unchanged =
            Condition::all().add(Column::Id.eq(conversion.id)).add(Column::State.eq(conversion.state));
        if move_on(tx, unchanged, ConversionState::Deleted).await? == 1 {
            tombstone::bury(tx, &conversion.key_prefix).await?;
            collected.push(conversion);
        }
    }
    Ok(collected)
}

/// Gives an attempt up that its maker will not publish. Returns whether its objects may be removed: not when it
/// was published, or replaced since. One that somebody else gave up, or whose run was purged, is named again,
/// because its maker may have written since.
///
/// # Errors
/// When the database refuses.
pub async fn discard(tx: &DatabaseTransaction, conversion: &Model) -> Result<bool, DbErr> {
    let writing =
        Condition::all().add(Column::Id.eq(conversion.id)).add(Column::State.eq(ConversionState::Writing));
    if move_on(tx, writing, ConversionState::Orphan).await? == 0 {
        let found = Entity::find_by_id(conversion.id).one(tx).await?;
        let is_read =
            |row: Model| matches!(row.state, ConversionState::Published | ConversionState::Superseded);
        if found.is_some_and(is_read) {
            return Ok(false);
        }
    }
    tombstone::bury(tx, &conversion.key_prefix).await?;
    Ok(true)
}

/// Given up, replaced, or of an attempt that is over.
fn left_behind() -> Condition {
    let over = Condition::any()
        .add(job::Column::State.is_in([JobState::Succeeded, JobState::Failed, JobState::Cancelled]))
        .add(Expr::col((job::Entity, job::Column::Token)).gt(Expr::col((Entity, Column::Token))));
    let attempt_is_over = Query::select()
        .expr(Expr::val(1))
        .from(job::Entity)
        .and_where(Expr::col((job::Entity, job::Column::Id)).equals((Entity, Column::JobId)))
        .cond_where(over)
        .to_owned();
    let dead =
        Condition::all().add(Column::State.eq(ConversionState::Writing)).add(Expr::exists(attempt_is_over));
    Condition::any()
        .add(Column::State.is_in([ConversionState::Superseded, ConversionState::Orphan]))
        .add(dead)
}
