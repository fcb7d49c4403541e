//! `updateRun`, `deleteRun`, `restoreRun`.
#![expect(clippy::large_enum_variant, reason = "an answer is made once an operation")]

use async_graphql::{Context, ID, InputObject, MaybeUndefined, SimpleObject, Union};
use entity::{
    clock,
    id::{RunId, TestDayId, VehicleId},
    run::{self, ActiveModel, Column, DeleteOutcome, Model},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QuerySelect,
};

use super::{
    error::{Answer, Refusal},
    input,
    load::load,
    problem::Refused,
    run::Run,
    runtime,
    transact::Aborted,
};

/// What to change of a run. A field left out stays as it is; `null` clears it.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateRunInput {
    /// The run.
    id: ID,
    /// Its number on its day ("runofday" in the original API).
    number: MaybeUndefined<i32>,
    /// Its name.
    name: MaybeUndefined<String>,
    /// What kind of drive.
    #[graphql(name = "type")]
    kind: MaybeUndefined<String>,
    /// Free text.
    description: MaybeUndefined<String>,
    /// Where it was driven.
    location: MaybeUndefined<String>,
    /// Who drove.
    driver: MaybeUndefined<String>,
    /// Words to find it by.
    tags: MaybeUndefined<Vec<String>>,
    /// The car.
    vehicle: MaybeUndefined<ID>,
    /// The day it belongs to.
    test_day: MaybeUndefined<ID>,
}

/// A run was changed.
#[derive(Debug, SimpleObject)]
pub(crate) struct UpdateRunPayload {
    /// The run as it is now.
    run: Run,
}

/// What `updateRun` answers.
#[derive(Union)]
pub(crate) enum UpdateRunResult {
    Updated(UpdateRunPayload),
    Refused(Refused),
}

/// A run was deleted. Its log and results are kept until it is purged; `restoreRun` brings it back.
#[derive(Debug, SimpleObject)]
pub(crate) struct DeleteRunPayload {
    /// The run as it is now.
    run: Run,
}

/// What `deleteRun` answers.
#[derive(Union)]
pub(crate) enum DeleteRunResult {
    Deleted(DeleteRunPayload),
    Refused(Refused),
}

/// A run was brought back.
#[derive(Debug, SimpleObject)]
pub(crate) struct RestoreRunPayload {
    /// The run as it is now.
    run: Run,
}

/// What `restoreRun` answers.
#[derive(Union)]
pub(crate) enum RestoreRunResult {
    Restored(RestoreRunPayload),
    Refused(Refused),
}

/// Changes the fields that are given.
pub(crate) async fn update(ctx: &Context<'_>, input: UpdateRunInput) -> Answer<UpdateRunPayload> {
    let id: RunId = input::id(&input.id, "id")?;
    let changes = changes(ctx, input).await?;
    let written = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let changes = changes.clone();
        Box::pin(async move { write(tx, id, changes).await })
    });
    Ok(UpdateRunPayload { run: Run(written.await?) })
}

async fn write(tx: &DatabaseTransaction, id: RunId, changes: ActiveModel) -> Result<Model, Aborted> {
    let run = undeleted(tx, id).await?;
    let changes = ActiveModel { updated_at: Set(clock::now(tx).await?), ..changes };
    run::Entity::update_many().set(changes).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(run::Entity::find_by_id(id).one(tx).await?.unwrap_or(run))
}

/// The run, unless it is deleted; it stays as it is until the transaction ends.
pub(crate) async fn undeleted(tx: &DatabaseTransaction, id: RunId) -> Result<Model, Aborted> {
    let run = run::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    let run = run.ok_or_else(|| Refusal::not_found("run", id).at("id"))?;
    if run.deleted_at.is_some() {
        return Err(Refusal::conflict("The run is deleted: restore it first.").at("id").into());
    }
    Ok(run)
}

/// The columns that the caller names, checked.
async fn changes(ctx: &Context<'_>, input: UpdateRunInput) -> Answer<ActiveModel> {
    let mut run = <ActiveModel as ActiveModelTrait>::default();
    let text = input::optional_text_change;
    if let Some(number) = input::change(input.number, |number| input::number(number).map(Some))? {
        run.number = Set(number);
    }
    if let Some(name) = text(input.name, "name", 100)? {
        run.name = Set(name);
    }
    if let Some(kind) = text(input.kind, "type", 100)? {
        run.kind = Set(kind);
    }
    if let Some(description) = text(input.description, "description", 10_000)? {
        run.description = Set(description);
    }
    if let Some(location) = text(input.location, "location", 100)? {
        run.location = Set(location);
    }
    if let Some(driver) = text(input.driver, "driver", 100)? {
        run.driver = Set(driver);
    }
    if let Some(tags) = input::change(input.tags, |tags| input::stored_tags(&tags).map(Some))? {
        run.tags = Set(tags.unwrap_or_else(|| "[]".to_owned()));
    }
    if let Some(vehicle) =
        input::change(input.vehicle, |id| input::id::<VehicleId>(&id, "vehicle").map(Some))?
    {
        run.vehicle_id = Set(existing(ctx, vehicle, "vehicle").await?);
    }
    if let Some(day) = input::change(input.test_day, |id| input::id::<TestDayId>(&id, "testDay").map(Some))? {
        run.test_day_id = Set(existing(ctx, day, "testDay").await?);
    }
    Ok(run)
}

/// The id, if there is something with it.
pub(crate) async fn existing<I>(ctx: &Context<'_>, id: Option<I>, field: &str) -> Answer<Option<I>>
where
    I: std::hash::Hash + Eq + Copy + Send + Sync + std::fmt::Display + 'static,
    super::load::Rows: async_graphql::dataloader::Loader<I, Error = Refusal>,
{
    match id {
        Some(id) if load(ctx, id).await?.is_none() => Err(Refusal::not_found(field, id).at(field)),
        known => Ok(known),
    }
}

/// Hides a run; its active job is cancelled.
pub(crate) async fn delete(ctx: &Context<'_>, id: &ID) -> Answer<DeleteRunPayload> {
    let id: RunId = input::id(id, "id")?;
    let runtime = runtime(ctx);
    let outcome = runtime
        .database
        .transaction::<_, Aborted, _>(move |tx| Box::pin(async move { Ok(run::delete(tx, id).await?) }));
    if let DeleteOutcome::Done { cancelled: Some(job) } = found(outcome.await?, id)? {
        runtime.broker.notify_changed(job).await;
    }
    Ok(DeleteRunPayload { run: now(ctx, id).await? })
}

/// Shows a deleted run again.
pub(crate) async fn restore(ctx: &Context<'_>, id: &ID) -> Answer<RestoreRunPayload> {
    let id: RunId = input::id(id, "id")?;
    let outcome = runtime(ctx)
        .database
        .transaction::<_, Aborted, _>(move |tx| Box::pin(async move { Ok(run::restore(tx, id).await?) }));
    found(outcome.await?, id)?;
    Ok(RestoreRunPayload { run: now(ctx, id).await? })
}

/// Doing it twice is no fault; doing it to nothing is.
fn found(outcome: DeleteOutcome, id: RunId) -> Answer<DeleteOutcome> {
    match outcome {
        DeleteOutcome::NotFound => Err(Refusal::not_found("run", id).at("id")),
        done => Ok(done),
    }
}

async fn now(ctx: &Context<'_>, id: RunId) -> Answer<Run> {
    load(ctx, id).await?.map(Run).ok_or_else(|| Refusal::not_found("run", id))
}
