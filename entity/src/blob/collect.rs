//! Stored logs that no run is made of.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set, DatabaseTransaction, DbErr, ExprTrait, QueryOrder, QuerySelect, entity::prelude::*,
    sea_query::Query,
};

use super::{ActiveModel, BlobState, Column, Entity, Model};
use crate::{clock, id::BlobId, run, tombstone};

/// Takes up to `page` logs out of use that no run, deleted ones included, is made of and that are older than
/// `age`; returns them. Tombstones name their objects.
///
/// # Errors
/// When the database refuses.
pub async fn collect(tx: &DatabaseTransaction, age: Duration, page: u64) -> Result<Vec<Model>, DbErr> {
    let before = clock::now(tx).await?.saturating_sub(i64::try_from(age.as_micros()).unwrap_or(i64::MAX));
    let in_use = Query::select()
        .expr(Expr::val(1))
        .from(run::Entity)
        .and_where(Expr::col((run::Entity, run::Column::BlobId)).equals((Entity, Column::Id)))
        .to_owned();
    let unused = Entity::find()
        .filter(Column::State.eq(BlobState::Present))
        .filter(Column::CreatedAt.lte(before))
        .filter(Expr::exists(in_use).not())
        .order_by_asc(Column::CreatedAt)
        .limit(page)
        .all(tx)
        .await?;
    let mut released = Vec::with_capacity(unused.len());
    for blob in unused {
        released.extend(release(tx, blob.id).await?);
    }
    Ok(released)
}

/// Takes the log out of use, unless some run is made of it; a tombstone names its object. Locks the row first and
/// looks at the runs after: an upload of the same bytes either made its run before, or finds the log gone and
/// brings its own object.
pub(crate) async fn release(tx: &DatabaseTransaction, id: BlobId) -> Result<Option<Model>, DbErr> {
    let present = Column::State.eq(BlobState::Present);
    let Some(blob) = Entity::find_by_id(id).filter(present).lock_exclusive().one(tx).await? else {
        return Ok(None);
    };
    // A locking read: under MariaDB's isolation a plain one would show the runs as they were at the start.
    let user = run::Entity::find().filter(run::Column::BlobId.eq(id)).lock_shared().one(tx).await?;
    if user.is_some() {
        return Ok(None);
    }
    enter(tx, Column::Id.eq(id), BlobState::Present, BlobState::Deleting).await?;
    tombstone::bury(tx, &blob.object_key).await?;
    Ok(Some(Model { state: BlobState::Deleting, ..blob }))
}

/// The object of this name is gone: so is the log that was stored in it, unless it came again with another.
///
/// # Errors
/// When the database refuses.
pub async fn removed(tx: &DatabaseTransaction, object_key: &str) -> Result<bool, DbErr> {
    enter(tx, Column::ObjectKey.eq(object_key), BlobState::Deleting, BlobState::Deleted).await
}

async fn enter(tx: &DatabaseTransaction, which: Expr, from: BlobState, to: BlobState) -> Result<bool, DbErr> {
    let values = ActiveModel { state: Set(to), ..<ActiveModel as ActiveModelTrait>::default() };
    let updated =
        Entity::update_many().set(values).filter(which).filter(Column::State.eq(from)).exec(tx).await?;
    Ok(updated.rows_affected == 1)
}
