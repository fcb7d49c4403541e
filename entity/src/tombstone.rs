//! Objects that must go, each named in the transaction that made it garbage.
//!
//! A name stays for a week and its objects are removed again and again meanwhile: a writer that was paused may
//! land bytes long after it was given up. Names of objects are never used twice, so this removes nothing new.

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set, Condition, DatabaseTransaction, DbErr, QueryOrder, QuerySelect, entity::prelude::*,
    sea_query::OnConflict,
};

use crate::clock;

/// The name of an object, or of all objects under a prefix, that must go.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tombstone")]
pub struct Model {
    /// `uploads/<uuid>`, or a conversion's prefix.
    #[sea_orm(primary_key, auto_increment = false)]
    pub object_key: String,
    /// When to remove it (again).
    pub delete_after: i64,
    /// When it became garbage.
    pub created_at: i64,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A name is kept this long, in microseconds.
const KEPT: i64 = 7 * 86_400 * 1_000_000;

/// The objects of this name must go, from now on.
///
/// # Errors
/// When the database refuses.
pub async fn bury(tx: &DatabaseTransaction, object_key: &str) -> Result<(), DbErr> {
    let now = clock::now(tx).await?;
    let row = Model { object_key: object_key.to_owned(), delete_after: now, created_at: now };
    let known = OnConflict::column(Column::ObjectKey).update_column(Column::DeleteAfter).to_owned();
    Entity::insert(ActiveModel::from(row).reset_all()).on_conflict(known).exec_without_returning(tx).await?;
    Ok(())
}

/// An object of this name is about to be written for a row that does not exist yet: it must go after `patience`,
/// unless [`lift`] is called with the row. So it has an owner before its first byte.
///
/// # Errors
/// When the database refuses, also because the name is known.
pub async fn reserve(tx: &DatabaseTransaction, object_key: &str, patience: Duration) -> Result<(), DbErr> {
    let now = clock::now(tx).await?;
    let row = Model {
        object_key: object_key.to_owned(),
        delete_after: now.saturating_add(wait(patience)),
        created_at: now,
    };
    Entity::insert(ActiveModel::from(row).reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// The object of this name has a row now, and stays. `false` when it was too late: it may be gone already.
///
/// # Errors
/// When the database refuses.
pub async fn lift(tx: &DatabaseTransaction, object_key: &str) -> Result<bool, DbErr> {
    let now = clock::now(tx).await?;
    let lifted = Entity::delete_many()
        .filter(Column::ObjectKey.eq(object_key))
        .filter(Column::DeleteAfter.gt(now))
        .exec(tx)
        .await?;
    Ok(lifted.rows_affected == 1)
}

/// Up to `page` names whose objects are to be removed now, those that wait for longest first.
///
/// # Errors
/// When the database refuses.
pub async fn due<C: ConnectionTrait>(conn: &C, page: u64) -> Result<Vec<Model>, DbErr> {
    let now = clock::now(conn).await?;
    Entity::find()
        .filter(Column::DeleteAfter.lte(now))
        .order_by_asc(Column::DeleteAfter)
        .limit(page)
        .all(conn)
        .await
}

/// The objects of `seen` are removed: they are due again after `grace`, then after ever longer times, and the name
/// is forgotten after a week. `false` when somebody else saw to it meanwhile.
///
/// # Errors
/// When the database refuses.
pub async fn removed(tx: &DatabaseTransaction, seen: &Model, grace: Duration) -> Result<bool, DbErr> {
    let last = seen.created_at.saturating_add(KEPT);
    if seen.delete_after >= last {
        let forgotten = Entity::delete_many().filter(unchanged(seen)).exec(tx).await?;
        return Ok(forgotten.rows_affected == 1);
    }
    let now = clock::now(tx).await?;
    let next = now.saturating_add(wait(grace).max(now - seen.created_at)).min(last);
    postpone(tx, seen, next).await
}

/// The objects of `seen` cannot be removed now: they are due again after `grace`. `false` when somebody else saw to
/// it meanwhile.
///
/// # Errors
/// When the database refuses.
pub async fn put_off(tx: &DatabaseTransaction, seen: &Model, grace: Duration) -> Result<bool, DbErr> {
    let next = clock::now(tx).await?.saturating_add(wait(grace));
    postpone(tx, seen, next).await
}

/// At least the step of SQLite's clock, so that nothing is due again at once.
fn wait(grace: Duration) -> i64 {
    i64::try_from(grace.as_micros()).unwrap_or(i64::MAX).max(1_000)
}

async fn postpone(tx: &DatabaseTransaction, seen: &Model, next: i64) -> Result<bool, DbErr> {
    let values = ActiveModel { delete_after: Set(next), ..<ActiveModel as ActiveModelTrait>::default() };
    let updated = Entity::update_many().set(values).filter(unchanged(seen)).exec(tx).await?;
    Ok(updated.rows_affected == 1)
}

fn unchanged(seen: &Model) -> Condition {
    Condition::all()
        .add(Column::ObjectKey.eq(seen.object_key.as_str()))
        .add(Column::DeleteAfter.eq(seen.delete_after))
}
