//! A run's DBCs, in the order they are asked, each bound to a bus or to all.

use sea_orm::{DatabaseTransaction, DbErr, QueryOrder, entity::prelude::*};

use crate::{
    id::{DbcId, RunId},
    job::DbcBinding,
};

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

/// The run's DBCs, in the order they are asked.
///
/// # Errors
/// When the database refuses.
pub async fn of_run<C: ConnectionTrait>(conn: &C, run: RunId) -> Result<Vec<DbcBinding>, DbErr> {
    let rows = Entity::find().filter(Column::RunId.eq(run)).order_by_asc(Column::Position).all(conn).await?;
    Ok(rows.into_iter().map(|row| DbcBinding { dbc_id: row.dbc_id, bus: row.bus }).collect())
}

/// Puts `dbcs` in the place of what the run has.
///
/// # Errors
/// When the database refuses, also because a DBC does not exist.
pub async fn replace(tx: &DatabaseTransaction, run: RunId, dbcs: &[DbcBinding]) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::RunId.eq(run)).exec(tx).await?;
    for (position, binding) in (0..).zip(dbcs) {
        let row = Model { run_id: run, position, dbc_id: binding.dbc_id, bus: binding.bus.clone() };
        Entity::insert(ActiveModel::from(row).reset_all()).exec_without_returning(tx).await?;
    }
    Ok(())
}
