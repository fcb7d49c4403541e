//! `setDefaultDbcs`: what logs are decoded with when their upload names nothing.

use async_graphql::{Context, ID, InputObject, SimpleObject, Union};
use entity::{
    dbc,
    id::{DbcId, VehicleId},
    job::DbcBinding,
    vehicle_dbc,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
};

use super::{
    error::{Answer, Refusal},
    input,
    problem::Refused,
    run_dbc::{self, RunDbc, RunDbcInput},
    run_edit::existing,
    runtime,
};

/// DBCs to decode with when an upload names none.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct SetDefaultDbcsInput {
    /// The car they are for; null: uploads that name no car, or one without DBCs of its own.
    vehicle: Option<ID>,
    /// The DBCs, in the order they are asked; an empty list leaves none. Only a car's can be bound to a bus.
    dbcs: Vec<RunDbcInput>,
}

/// The defaults are set; runs that are there already stay as they are.
#[derive(Debug, SimpleObject)]
pub(crate) struct SetDefaultDbcsPayload {
    /// The DBCs.
    dbcs: Vec<RunDbc>,
}

/// What `setDefaultDbcs` answers.
#[derive(Union)]
pub(crate) enum SetDefaultDbcsResult {
    Set(SetDefaultDbcsPayload),
    Refused(Refused),
}

/// Sets them.
pub(crate) async fn set(ctx: &Context<'_>, input: SetDefaultDbcsInput) -> Answer<SetDefaultDbcsPayload> {
    let vehicle = input.vehicle.as_ref().map(|id| input::id::<VehicleId>(id, "vehicle")).transpose()?;
    let dbcs = run_dbc::bindings(ctx, &input.dbcs).await?;
    match existing(ctx, vehicle, "vehicle").await? {
        Some(vehicle) => {
            let rows: Vec<DbcBinding> = dbcs.iter().cloned().map(DbcBinding::from).collect();
            let written = runtime(ctx).database.transaction::<_, DbErr, _>(move |tx| {
                let rows = rows.clone();
                Box::pin(async move { replace(tx, vehicle, rows).await })
            });
            written.await?;
        }
        None if dbcs.iter().any(|dbc| dbc.bus.is_some()) => {
            return Err(Refusal::input("dbcs", "The server's default DBCs are for all buses."));
        }
        None => {
            let ids: Vec<DbcId> = dbcs.iter().map(|dbc| dbc.dbc).collect();
            let written = runtime(ctx).database.transaction::<_, DbErr, _>(move |tx| {
                let ids = ids.clone();
                Box::pin(async move { dbc::set_defaults(tx, &ids).await })
            });
            written.await?;
        }
    }
    Ok(SetDefaultDbcsPayload { dbcs })
}

async fn replace(
    tx: &DatabaseTransaction,
    vehicle_id: VehicleId,
    dbcs: Vec<DbcBinding>,
) -> Result<(), DbErr> {
    let old = vehicle_dbc::Entity::delete_many().filter(vehicle_dbc::Column::VehicleId.eq(vehicle_id));
    old.exec(tx).await?;
    for (position, DbcBinding { dbc_id, bus }) in (0..).zip(dbcs) {
        let row = vehicle_dbc::Model { vehicle_id, position, dbc_id, bus };
        vehicle_dbc::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    }
    Ok(())
}
