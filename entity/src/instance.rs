//! What tells this database from any other: a random id that its first API gave it.

use sea_orm::{DatabaseTransaction, DbErr, QueryOrder, entity::prelude::*};

use crate::clock;

/// The database's id.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "instance")]
pub struct Model {
    /// It.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// When it was given.
    pub created_at: i64,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The database's id: the one it has, or else `new`. Two that ask at once may both give one: see [`has`].
///
/// # Errors
/// When the database refuses.
pub async fn establish(tx: &DatabaseTransaction, new: Uuid) -> Result<Uuid, DbErr> {
    if let Some(known) = known(tx).await? {
        return Ok(known);
    }
    let model = Model { id: new, created_at: clock::now(tx).await? };
    Entity::insert(ActiveModel::from(model).reset_all()).exec_without_returning(tx).await?;
    Ok(new)
}

/// The database's id, once an API has worked with it.
///
/// # Errors
/// When the database refuses.
pub async fn known<C: ConnectionTrait>(conn: &C) -> Result<Option<Uuid>, DbErr> {
    let first = Entity::find().order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).one(conn).await?;
    Ok(first.map(|model| model.id))
}

/// Whether this is an id of the database.
///
/// # Errors
/// When the database refuses.
pub async fn has<C: ConnectionTrait>(conn: &C, id: Uuid) -> Result<bool, DbErr> {
    Ok(Entity::find_by_id(id).one(conn).await?.is_some())
}
