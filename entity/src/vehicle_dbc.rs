//! A vehicle's default DBCs, in the order they are asked, each bound to a bus or to all.

use sea_orm::{DbErr, QueryOrder, entity::prelude::*};

use crate::{
    id::{DbcId, VehicleId},
    job::DbcBinding,
};

/// One DBC of a vehicle.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vehicle_dbc")]
pub struct Model {
    /// The vehicle.
    #[sea_orm(primary_key, auto_increment = false)]
    pub vehicle_id: VehicleId,
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

/// The vehicle's DBCs, in the order they are asked.
///
/// # Errors
/// When the database refuses.
pub async fn of_vehicle<C: ConnectionTrait>(conn: &C, vehicle: VehicleId) -> Result<Vec<DbcBinding>, DbErr> {
    let bound = Entity::find().filter(Column::VehicleId.eq(vehicle)).order_by_asc(Column::Position);
    let rows = bound.all(conn).await?;
    Ok(rows.into_iter().map(|row| DbcBinding { dbc_id: row.dbc_id, bus: row.bus }).collect())
}
