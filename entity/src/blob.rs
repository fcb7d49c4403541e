//! Stored logs: one row a SHA-256, shared by all runs made of the same bytes.

use sea_orm::{ActiveValue::Set, DatabaseTransaction, DbErr, QuerySelect, entity::prelude::*};

mod collect;

pub(crate) use collect::release;
pub use collect::{collect, removed};

use crate::{clock, id::BlobId};

/// A stored log.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blob")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BlobId,
    /// SHA-256 of the bytes, hex.
    #[sea_orm(unique)]
    pub sha256: String,
    /// Where the bytes are (`uploads/<uuid>`).
    pub object_key: String,
    /// Their number.
    pub bytes: i64,
    /// Whether they may still be referenced.
    pub state: BlobState,
    /// When it was committed.
    pub created_at: i64,
}

/// The life of a stored log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(16))", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BlobState {
    /// Readable.
    Present,
    /// Its bytes are being removed.
    Deleting,
    /// Its bytes are gone.
    Deleted,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The stored log with these bytes: the one we have, or a new one at `object_key`. One whose bytes were removed
/// (or are being removed) is revived with the new object: the old object's name is not used again.
pub(crate) async fn put(
    tx: &DatabaseTransaction,
    sha256: &str,
    object_key: &str,
    bytes: i64,
) -> Result<Model, DbErr> {
    let known = Entity::find().filter(Column::Sha256.eq(sha256)).lock_exclusive().one(tx).await?;
    let Some(known) = known else {
        let blob = Model {
            id: BlobId::new(),
            sha256: sha256.to_owned(),
            object_key: object_key.to_owned(),
            bytes,
            state: BlobState::Present,
            created_at: clock::now(tx).await?,
        };
        Entity::insert(ActiveModel::from(blob.clone()).reset_all()).exec_without_returning(tx).await?;
        return Ok(blob);
    };
    if known.state == BlobState::Present {
        return Ok(known);
    }
    let revived = Model { object_key: object_key.to_owned(), state: BlobState::Present, ..known };
    let values = ActiveModel {
        object_key: Set(revived.object_key.clone()),
        state: Set(BlobState::Present),
        ..<ActiveModel as ActiveModelTrait>::default()
    };
    Entity::update_many().set(values).filter(Column::Id.eq(revived.id)).exec(tx).await?;
    Ok(revived)
}
