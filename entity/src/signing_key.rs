//! The key that links are signed with, unless the configuration has one: made once, the same for all processes.

use std::fmt;

use sea_orm::{DatabaseTransaction, DbErr, entity::prelude::*};

use crate::clock;

/// The id of the only row.
const ONLY: i32 = 1;

/// The key.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub struct Model {
    /// Always the same, so that there is one row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// 32 random bytes, hex.
    pub secret: String,
    /// When it was made.
    pub created_at: i64,
}

/// Nothing of the secret.
impl fmt::Debug for Model {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the key of {}", self.created_at)
    }
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The key: the one there is, or else `new`. Of two that give one at once the later one is refused the row, and
/// finds the other's when it comes again.
///
/// # Errors
/// When the database refuses.
pub async fn establish(tx: &DatabaseTransaction, new: String) -> Result<String, DbErr> {
    if let Some(known) = known(tx).await? {
        return Ok(known);
    }
    let model = Model { id: ONLY, secret: new.clone(), created_at: clock::now(tx).await? };
    Entity::insert(ActiveModel::from(model).reset_all()).exec_without_returning(tx).await?;
    Ok(new)
}

/// The key, once there is one.
///
/// # Errors
/// When the database refuses.
pub async fn known<C: ConnectionTrait>(conn: &C) -> Result<Option<String>, DbErr> {
    Ok(Entity::find_by_id(ONLY).one(conn).await?.map(|model| model.secret))
}
