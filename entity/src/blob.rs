//! Stored logs: one row a SHA-256, shared by all runs made of the same bytes.

use sea_orm::entity::prelude::*;

use crate::id::BlobId;

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
