//! Which folders hold the objects that this database speaks of. With buckets there are none.

use sea_orm::{DatabaseTransaction, DbErr, entity::prelude::*};

use crate::clock;

/// A folder that holds objects.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "store")]
pub struct Model {
    /// What it holds: raw logs, or converted runs.
    #[sea_orm(primary_key, auto_increment = false)]
    pub area: String,
    /// The id that lies in it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// When it was first used.
    pub created_at: i64,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Makes `here` the area's folder, unless it has another already; `None` is a bucket, which replaces any folder.
/// Returns the folder that the area has then.
///
/// # Errors
/// When the database refuses.
pub async fn establish(
    tx: &DatabaseTransaction,
    area: &str,
    here: Option<Uuid>,
) -> Result<Option<Uuid>, DbErr> {
    let Some(here) = here else {
        Entity::delete_many().filter(Column::Area.eq(area)).exec(tx).await?;
        return Ok(None);
    };
    if let Some(known) = known(tx, area).await? {
        return Ok(Some(known));
    }
    let model = Model { area: area.to_owned(), id: here, created_at: clock::now(tx).await? };
    Entity::insert(ActiveModel::from(model).reset_all()).exec_without_returning(tx).await?;
    Ok(Some(here))
}

/// The area's folder, if it has one.
///
/// # Errors
/// When the database refuses.
pub async fn known<C: ConnectionTrait>(conn: &C, area: &str) -> Result<Option<Uuid>, DbErr> {
    let found = Entity::find().filter(Column::Area.eq(area)).one(conn).await?;
    Ok(found.map(|model| model.id))
}
