//! Registered DBC files: one row a SHA-256.

use sea_orm::entity::prelude::*;

use crate::id::DbcId;

/// A registered DBC file.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dbc")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DbcId,
    /// SHA-256 of the file, hex.
    #[sea_orm(unique)]
    pub sha256: String,
    /// The name it was registered with.
    pub name: String,
    /// Its `VERSION`.
    pub version: String,
    /// Where its bytes are (`dbcs/<uuid>`).
    pub object_key: String,
    /// Their number.
    pub bytes: i64,
    /// Messages in it.
    pub message_count: i32,
    /// Signals in it.
    pub signal_count: i32,
    /// What is odd about it: JSON list of diagnostics.
    #[sea_orm(column_type = "Text")]
    pub diagnostics: String,
    /// Whether uploads that name no DBC use it.
    pub is_default: bool,
    /// When it was registered.
    pub created_at: i64,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
