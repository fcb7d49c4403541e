//! `createVehicle`, `updateVehicle`, `deleteVehicle`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, SimpleObject, Union};
use entity::{
    clock,
    id::VehicleId,
    run, test_day,
    vehicle::{ActiveModel, Column, Entity, Model},
    vehicle_dbc,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait,
    QueryFilter, QuerySelect,
};

use super::{
    error::{Answer, Refusal},
    input,
    problem::Refused,
    runtime,
    transact::Aborted,
    vehicle::Vehicle,
};

/// A new car.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateVehicleInput {
    /// Its name; no other car has it.
    name: String,
    /// The IANA zone its logger's clock is set to.
    time_zone: Option<String>,
}

/// What to change of a car. A field left out stays as it is; `null` clears it.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateVehicleInput {
    /// The car.
    id: ID,
    /// Its name, which cannot be cleared.
    name: MaybeUndefined<String>,
    /// The IANA zone its logger's clock is set to, for uploads to come.
    time_zone: MaybeUndefined<String>,
}

/// A car was created.
#[derive(Debug, SimpleObject)]
pub(crate) struct CreateVehiclePayload {
    /// The car.
    vehicle: Vehicle,
}

/// What `createVehicle` answers.
#[derive(Union)]
pub(crate) enum CreateVehicleResult {
    Created(CreateVehiclePayload),
    Refused(Refused),
}

/// A car was changed.
#[derive(Debug, SimpleObject)]
pub(crate) struct UpdateVehiclePayload {
    /// The car as it is now.
    vehicle: Vehicle,
}

/// What `updateVehicle` answers.
#[derive(Union)]
pub(crate) enum UpdateVehicleResult {
    Updated(UpdateVehiclePayload),
    Refused(Refused),
}

/// A car was deleted.
#[derive(Debug, SimpleObject)]
pub(crate) struct DeleteVehiclePayload {
    /// The id it had.
    id: ID,
}

/// What `deleteVehicle` answers.
#[derive(Union)]
pub(crate) enum DeleteVehicleResult {
    Deleted(DeleteVehiclePayload),
    Refused(Refused),
}

/// Creates a car.
pub(crate) async fn create(ctx: &Context<'_>, input: CreateVehicleInput) -> Answer<CreateVehiclePayload> {
    let name = input::text(&input.name, "name", 100)?;
    let time_zone = input.time_zone.as_deref().map(input::time_zone).transpose()?;
    let written = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let (name, time_zone) = (name.clone(), time_zone.clone());
        Box::pin(async move {
            unused(tx, &name, None).await?;
            let row = Model { id: VehicleId::new(), name, time_zone, created_at: clock::now(tx).await? };
            Entity::insert(ActiveModel::from(row.clone()).reset_all())
                .exec_without_returning(tx)
                .await
                .map_err(|error| input::taken(error, "name", TAKEN))?;
            Ok(row)
        })
    });
    Ok(CreateVehiclePayload { vehicle: Vehicle(written.await?) })
}

/// Changes the fields that are given.
pub(crate) async fn update(ctx: &Context<'_>, input: UpdateVehicleInput) -> Answer<UpdateVehiclePayload> {
    let id: VehicleId = input::id(&input.id, "id")?;
    let name = input::kept(input.name, "name")?.map(|name| input::text(&name, "name", 100)).transpose()?;
    let time_zone = input::change(input.time_zone, |zone| input::time_zone(&zone).map(Some))?;
    let written = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let (name, time_zone) = (name.clone(), time_zone.clone());
        Box::pin(async move {
            let mut row = found(tx, id).await?;
            if let Some(name) = name {
                unused(tx, &name, Some(id)).await?;
                row.name = name;
            }
            row.time_zone = time_zone.unwrap_or(row.time_zone);
            let changes = ActiveModel {
                name: Set(row.name.clone()),
                time_zone: Set(row.time_zone.clone()),
                ..<ActiveModel as ActiveModelTrait>::default()
            };
            Entity::update_many()
                .set(changes)
                .filter(Column::Id.eq(id))
                .exec(tx)
                .await
                .map_err(|error| input::taken(error, "name", TAKEN))?;
            Ok(row)
        })
    });
    Ok(UpdateVehiclePayload { vehicle: Vehicle(written.await?) })
}

/// Deletes a car that nothing is of.
pub(crate) async fn delete(ctx: &Context<'_>, id: &ID) -> Answer<DeleteVehiclePayload> {
    let id: VehicleId = input::id(id, "id")?;
    let deleted = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        Box::pin(async move {
            found(tx, id).await?;
            let runs = run::Entity::find().filter(run::Column::VehicleId.eq(id)).count(tx).await?;
            let days = test_day::Entity::find().filter(test_day::Column::VehicleId.eq(id)).count(tx).await?;
            if runs + days > 0 {
                let message = format!(
                    "{runs} runs (deleted ones too) and {days} test days are of this car: give them another \
                     one, or none, first."
                );
                return Err(Refusal::conflict(message).at("id").into());
            }
            let defaults = vehicle_dbc::Entity::delete_many().filter(vehicle_dbc::Column::VehicleId.eq(id));
            defaults.exec(tx).await?;
            Entity::delete_by_id(id).exec(tx).await?;
            Ok(())
        })
    });
    deleted.await?;
    Ok(DeleteVehiclePayload { id: id.to_string().into() })
}

/// Why a name is refused.
const TAKEN: &str = "Another car has this name.";

async fn found(tx: &DatabaseTransaction, id: VehicleId) -> Result<Model, Aborted> {
    let row = Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("vehicle", id).at("id"))?)
}

async fn unused(tx: &DatabaseTransaction, name: &str, but: Option<VehicleId>) -> Result<(), Aborted> {
    match Entity::find().filter(Column::Name.eq(name)).one(tx).await? {
        Some(other) if Some(other.id) != but => Err(Refusal::conflict(TAKEN).at("name").into()),
        _ => Ok(()),
    }
}
