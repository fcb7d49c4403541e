//! A run's DBCs, in the order they are asked, each bound to a bus or to all.

use sea_orm::entity::prelude::*;

use crate::id::{DbcId, RunId};

/// One DBC of a run.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "run_dbc")]
pub struct Model {
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: RunId,
    /// From 0: the first that knows a frame decodes it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// The DBC.
    pub dbc_id: DbcId,
    /// The bus it is bound to, in the log's own text; null for all.
    pub bus: Option<String>,
}

/// No relation is navigated by the ORM.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
