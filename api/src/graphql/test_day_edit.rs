//! `createTestDay`, `updateTestDay`, `deleteTestDay`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, SimpleObject, Union};
use entity::{
    clock,
    id::{TestDayId, VehicleId},
    interval::{self, Owner},
    marker, run,
    test_day::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    sea_query::{Cond, Expr, ExprTrait},
};

use super::{
    error::{Answer, Refusal},
    input,
    load::load,
    local_day::{self, Date},
    problem::Refused,
    run_edit::existing,
    runtime,
    test_day::TestDay,
    transact::Aborted,
};

/// A new day at a track. There may be several of one date: of several cars, or at several places.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateTestDayInput {
    /// The local date.
    date: Date,
    /// Where.
    location: Option<String>,
    /// The track's IANA zone ("timezone" in the original API); the car's, else the server's, unless told.
    time_zone: Option<String>,
    /// The car, when the day is one car's.
    vehicle: Option<ID>,
}

/// What to change of a test day. A field left out stays as it is; `null` clears it.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateTestDayInput {
    /// The day.
    id: ID,
    /// The local date, which cannot be cleared.
    date: MaybeUndefined<Date>,
    /// Where.
    location: MaybeUndefined<String>,
    /// The track's IANA zone, which cannot be cleared. Runs stay as they were converted.
    time_zone: MaybeUndefined<String>,
    /// The car, when the day is one car's.
    vehicle: MaybeUndefined<ID>,
}

/// A test day was created.
#[derive(Debug, SimpleObject)]
pub(crate) struct CreateTestDayPayload {
    /// The day.
    test_day: TestDay,
}

/// What `createTestDay` answers.
#[derive(Union)]
pub(crate) enum CreateTestDayResult {
    Created(CreateTestDayPayload),
    Refused(Refused),
}

/// A test day was changed.
#[derive(Debug, SimpleObject)]
pub(crate) struct UpdateTestDayPayload {
    /// The day as it is now.
    test_day: TestDay,
}

/// What `updateTestDay` answers.
#[derive(Union)]
pub(crate) enum UpdateTestDayResult {
    Updated(UpdateTestDayPayload),
    Refused(Refused),
}

/// A test day was deleted, with its intervals and markers. Its runs stay.
#[derive(Debug, SimpleObject)]
pub(crate) struct DeleteTestDayPayload {
    /// The id it had.
    id: ID,
}

/// What `deleteTestDay` answers.
#[derive(Union)]
pub(crate) enum DeleteTestDayResult {
    Deleted(DeleteTestDayPayload),
    Refused(Refused),
}

/// Creates a day.
pub(crate) async fn create(ctx: &Context<'_>, input: CreateTestDayInput) -> Answer<CreateTestDayPayload> {
    let vehicle = input.vehicle.as_ref().map(|id| input::id::<VehicleId>(id, "vehicle")).transpose()?;
    let vehicle_id = existing(ctx, vehicle, "vehicle").await?;
    let time_zone = match &input.time_zone {
        Some(name) => input::time_zone(name)?,
        None => usual_zone(ctx, vehicle_id).await?,
    };
    let bounds = local_day::bounds(input.date, &time_zone)?;
    let row = Model {
        id: TestDayId::new(),
        date: input.date.0.to_string(),
        location: input::optional_text(input.location.as_deref(), "location", 100)?,
        time_zone,
        vehicle_id,
        start_at: bounds.start,
        end_at: bounds.end,
        created_at: 0,
    };
    let written = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let row = row.clone();
        Box::pin(async move {
            let row = Model { created_at: clock::now(tx).await?, ..row };
            Entity::insert(ActiveModel::from(row.clone()).reset_all()).exec_without_returning(tx).await?;
            Ok(row)
        })
    });
    Ok(CreateTestDayPayload { test_day: TestDay(written.await?) })
}

async fn usual_zone(ctx: &Context<'_>, vehicle: Option<VehicleId>) -> Answer<String> {
    let of_car = match vehicle {
        Some(id) => load(ctx, id).await?.and_then(|car| car.time_zone),
        None => None,
    };
    Ok(of_car.unwrap_or_else(|| runtime(ctx).config.time_zone.name.clone()))
}

/// The changes to a day, checked.
#[derive(Clone)]
struct Changes {
    date: Option<Date>,
    location: Option<Option<String>>,
    time_zone: Option<String>,
    vehicle: Option<Option<VehicleId>>,
}

/// Changes the fields that are given.
pub(crate) async fn update(ctx: &Context<'_>, input: UpdateTestDayInput) -> Answer<UpdateTestDayPayload> {
    let id: TestDayId = input::id(&input.id, "id")?;
    let place = |value: String| input::optional_text(Some(&value), "location", 100);
    let vehicle = input::change(input.vehicle, |id| input::id::<VehicleId>(&id, "vehicle").map(Some))?;
    let changes = Changes {
        date: input::kept(input.date, "date")?,
        location: input::change(input.location, place)?,
        time_zone: input::kept(input.time_zone, "timeZone")?
            .map(|name| input::time_zone(&name))
            .transpose()?,
        vehicle: match vehicle {
            Some(vehicle) => Some(existing(ctx, vehicle, "vehicle").await?),
            None => None,
        },
    };
    let written = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let changes = changes.clone();
        Box::pin(async move { write(tx, id, changes).await })
    });
    Ok(UpdateTestDayPayload { test_day: TestDay(written.await?) })
}

async fn write(tx: &DatabaseTransaction, id: TestDayId, changes: Changes) -> Result<Model, Aborted> {
    let mut row = found(tx, id).await?;
    row.location = changes.location.unwrap_or(row.location);
    row.vehicle_id = changes.vehicle.unwrap_or(row.vehicle_id);
    row.time_zone = changes.time_zone.unwrap_or(row.time_zone);
    let date = match changes.date {
        Some(date) => date,
        None => Date(row.date.parse().map_err(Refusal::internal)?),
    };
    let bounds = local_day::bounds(date, &row.time_zone)?;
    (row.date, row.start_at, row.end_at) = (date.0.to_string(), bounds.start, bounds.end);
    none_left_outside(tx, &row).await?;
    let changes = ActiveModel {
        date: Set(row.date.clone()),
        location: Set(row.location.clone()),
        time_zone: Set(row.time_zone.clone()),
        vehicle_id: Set(row.vehicle_id),
        start_at: Set(row.start_at),
        end_at: Set(row.end_at),
        ..<ActiveModel as ActiveModelTrait>::default()
    };
    Entity::update_many().set(changes).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(row)
}

/// What was drawn into the day must stay in it.
async fn none_left_outside(tx: &DatabaseTransaction, day: &Model) -> Result<(), Aborted> {
    let owner = Owner::Day(day.id);
    let outside = |begin: Expr| Cond::any().add(begin.clone().lt(day.start_at)).add(begin.gte(day.end_at));
    let intervals = interval::Entity::find()
        .filter(interval::of(owner))
        .filter(outside(Expr::col(interval::Column::StartAt)))
        .count(tx)
        .await?;
    let markers = marker::Entity::find()
        .filter(marker::of(owner))
        .filter(outside(Expr::col(marker::Column::At)))
        .count(tx)
        .await?;
    if intervals + markers > 0 {
        let message = format!(
            "{intervals} intervals and {markers} markers of this day would be outside it: move or delete them first."
        );
        return Err(Refusal::conflict(message).at("date").into());
    }
    Ok(())
}

/// Deletes a day.
pub(crate) async fn delete(ctx: &Context<'_>, id: &ID) -> Answer<DeleteTestDayPayload> {
    let id: TestDayId = input::id(id, "id")?;
    let deleted = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        Box::pin(async move {
            found(tx, id).await?;
            interval::remove_all(tx, Owner::Day(id)).await?;
            marker::remove_all(tx, Owner::Day(id)).await?;
            let freed = run::ActiveModel {
                test_day_id: Set(None),
                ..<run::ActiveModel as ActiveModelTrait>::default()
            };
            run::Entity::update_many().set(freed).filter(run::Column::TestDayId.eq(id)).exec(tx).await?;
            Entity::delete_by_id(id).exec(tx).await?;
            Ok(())
        })
    });
    deleted.await?;
    Ok(DeleteTestDayPayload { id: id.to_string().into() })
}

async fn found(tx: &DatabaseTransaction, id: TestDayId) -> Result<Model, Aborted> {
    let row = Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("test day", id).at("id"))?)
}
