//! What a run has of its own moves along when a conversion moves its times.

use sea_orm::{DatabaseTransaction, DbErr, QuerySelect, entity::prelude::*, sea_query::ExprTrait};

use super::{Publication, applied};
use crate::{
    id::RunId,
    interval::{self, Owner},
    job::ConvertPayload,
    marker, run,
};

/// By how many microseconds the publication moves the run's times; `None` when it does not. The run stays as it is
/// until the transaction ends.
pub(super) async fn by(tx: &DatabaseTransaction, publication: &Publication) -> Result<Option<i64>, DbErr> {
    let run = run::Entity::find_by_id(publication.run_id).lock_exclusive().one(tx).await?;
    let Some(run) = run else { return Ok(None) };
    let Some(before) = applied(tx, &run).await? else { return Ok(None) };
    let Some(after) = super::asked(tx, publication.job_id).await? else { return Ok(None) };
    let starts = run.start_at.zip(publication.start_at);
    Ok(difference(&before, &after, starts).filter(|by| *by != 0))
}

/// Where the zone is another, the log's own times are, too; else only the shift counts: another version may find
/// an earlier frame.
fn difference(before: &ConvertPayload, after: &ConvertPayload, starts: Option<(i64, i64)>) -> Option<i64> {
    if before.time_zone == after.time_zone {
        return after.shift.unwrap_or(0).checked_sub(before.shift.unwrap_or(0));
    }
    starts.and_then(|(before, after)| after.checked_sub(before))
}

/// Moves the run's own intervals and markers; those of test days stay.
pub(super) async fn move_own(tx: &DatabaseTransaction, run: RunId, by: i64) -> Result<(), DbErr> {
    let owner = Owner::Run(run);
    interval::Entity::update_many()
        .col_expr(interval::Column::StartAt, Expr::col(interval::Column::StartAt).add(by))
        .col_expr(interval::Column::EndAt, Expr::col(interval::Column::EndAt).add(by))
        .filter(interval::of(owner))
        .exec(tx)
        .await?;
    marker::Entity::update_many()
        .col_expr(marker::Column::At, Expr::col(marker::Column::At).add(by))
        .filter(marker::of(owner))
        .exec(tx)
        .await?;
    Ok(())
}
