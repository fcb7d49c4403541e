//! Derived signals: saved expressions over signals of any run.

use sea_orm::entity::prelude::*;

use crate::id::DerivedSignalId;

/// A saved expression. Its names get a meaning where it is used: it applies to the runs that have them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "derived_signal")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DerivedSignalId,
    /// Its name; no other derived signal has it.
    #[sea_orm(unique)]
    pub name: String,
    /// Its text, as its author wrote it.
    #[sea_orm(column_type = "Text")]
    pub expression: String,
    /// Its unit.
    pub unit: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// When it was created.
    pub created_at: i64,
    /// When it last changed.
    pub updated_at: i64,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
