//! Objects on their way into a bucket part by part. A bucket keeps the parts of one that is neither completed nor
//! aborted, shows them in no listing, and removes them by the upload's id only: the id is noted before the first
//! part, next to the row that owns the object.

use std::time::Duration;

use sea_orm::{Condition, DatabaseTransaction, DbErr, QueryOrder, QuerySelect, entity::prelude::*};

use crate::clock;

/// An upload by parts that was begun and, as far as is known, neither completed nor aborted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "part_upload")]
pub struct Model {
    /// Our id of it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The object that it is to become.
    pub object_key: String,
    /// The bucket's id of it.
    #[sea_orm(column_type = "Text")]
    pub upload_id: String,
    /// When it was begun.
    pub created_at: i64,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Notes an upload by parts. To do so twice is fine: an answer may have been lost.
///
/// # Errors
/// When the database refuses.
pub async fn note(
    tx: &DatabaseTransaction,
    id: Uuid,
    object_key: &str,
    upload_id: &str,
) -> Result<(), DbErr> {
    if Entity::find_by_id(id).one(tx).await?.is_some() {
        return Ok(());
    }
    let model = Model {
        id,
        object_key: object_key.to_owned(),
        upload_id: upload_id.to_owned(),
        created_at: clock::now(tx).await?,
    };
    Entity::insert(ActiveModel::from(model).reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// Forgets one that was completed or aborted. One that is forgotten already is fine.
///
/// # Errors
/// When the database refuses.
pub async fn forget(tx: &DatabaseTransaction, id: Uuid) -> Result<(), DbErr> {
    Entity::delete_by_id(id).exec(tx).await.map(drop)
}

/// Up to `page` that were to become the object `name`, or an object under this prefix.
///
/// # Errors
/// When the database refuses.
pub async fn of<C: ConnectionTrait>(conn: &C, name: &str, page: u64) -> Result<Vec<Model>, DbErr> {
    let below = Column::ObjectKey.starts_with(format!("{name}/"));
    let named = Condition::any().add(Column::ObjectKey.eq(name)).add(below);
    Entity::find().filter(named).order_by_asc(Column::CreatedAt).limit(page).all(conn).await
}

/// Up to `page` that were begun at least `age` ago.
///
/// # Errors
/// When the database refuses.
pub async fn stale<C: ConnectionTrait>(conn: &C, age: Duration, page: u64) -> Result<Vec<Model>, DbErr> {
    let before = clock::now(conn).await?.saturating_sub(i64::try_from(age.as_micros()).unwrap_or(i64::MAX));
    Entity::find()
        .filter(Column::CreatedAt.lte(before))
        .order_by_asc(Column::CreatedAt)
        .limit(page)
        .all(conn)
        .await
}
