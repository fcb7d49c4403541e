//! `createInterval`, `updateInterval`, `deleteInterval`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, SimpleObject, Union};
use entity::{
    clock,
    id::IntervalId,
    interval::{self, ActiveModel, Column, Entity, Model, Owner},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait,
    QueryFilter,
};

use super::{
    error::{Answer, Refusal},
    input,
    interval::{Interval, MAX_OF_ONE},
    owner::{self, check_interval, span},
    problem::Refused,
    runtime,
    scalar::DateTime,
    transact::Aborted,
};

/// A new part of a test day or run. One of a day begins in it and may go on past midnight.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateIntervalInput {
    /// The day; or give `run`.
    test_day: Option<ID>,
    /// The run; or give `testDay`.
    run: Option<ID>,
    /// When it begins.
    start: DateTime,
    /// When it is over, not before `start`; this instant is not in it.
    end: DateTime,
    /// What it is: LAP, SECTOR, STINT, NOTE or a word of the team's own.
    #[graphql(name = "type")]
    kind: Option<String>,
    /// Free text.
    description: Option<String>,
}

/// What to change of an interval. A field left out stays as it is; `null` clears it.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateIntervalInput {
    /// The interval.
    id: ID,
    /// When it begins, which cannot be cleared.
    start: MaybeUndefined<DateTime>,
    /// When it is over, which cannot be cleared.
    end: MaybeUndefined<DateTime>,
    /// What it is: LAP, SECTOR, STINT, NOTE or a word of the team's own.
    #[graphql(name = "type")]
    kind: MaybeUndefined<String>,
    /// Free text.
    description: MaybeUndefined<String>,
}

/// An interval was created.
#[derive(Debug, SimpleObject)]
pub(crate) struct CreateIntervalPayload {
    /// The interval.
    interval: Interval,
}

/// What `createInterval` answers.
#[derive(Union)]
pub(crate) enum CreateIntervalResult {
    Created(CreateIntervalPayload),
    Refused(Refused),
}

/// An interval was changed.
#[derive(Debug, SimpleObject)]
pub(crate) struct UpdateIntervalPayload {
    /// The interval as it is now.
    interval: Interval,
}

/// What `updateInterval` answers.
#[derive(Union)]
pub(crate) enum UpdateIntervalResult {
    Updated(UpdateIntervalPayload),
    Refused(Refused),
}

/// An interval was deleted.
#[derive(Debug, SimpleObject)]
pub(crate) struct DeleteIntervalPayload {
    /// The id it had.
    id: ID,
}

/// What `deleteInterval` answers.
#[derive(Union)]
pub(crate) enum DeleteIntervalResult {
    Deleted(DeleteIntervalPayload),
    Refused(Refused),
}

/// Creates an interval.
pub(crate) async fn create(ctx: &Context<'_>, input: CreateIntervalInput) -> Answer<CreateIntervalPayload> {
    let owner = owner::owner(input.test_day.as_ref(), input.run.as_ref())?;
    let row = Model {
        id: IntervalId::new(),
        test_day_id: owner.day(),
        run_id: owner.run(),
        start_at: input.start.0,
        end_at: input.end.0,
        kind: input::optional_text(input.kind.as_deref(), "type", 50)?,
        description: input::optional_text(input.description.as_deref(), "description", 1000)?,
        created_at: 0,
    };
    let written = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let row = row.clone();
        Box::pin(async move { insert(tx, owner, row).await })
    });
    Ok(CreateIntervalPayload { interval: Interval(written.await?) })
}

async fn insert(tx: &DatabaseTransaction, owner: Owner, row: Model) -> Result<Model, Aborted> {
    let span = span(tx, owner).await?;
    check_interval(owner, &span, &(row.start_at..row.end_at))?;
    if Entity::find().filter(interval::of(owner)).count(tx).await? >= MAX_OF_ONE {
        return Err(Refusal::conflict(format!("At most {MAX_OF_ONE} intervals of one day or run.")).into());
    }
    let row = Model { created_at: clock::now(tx).await?, ..row };
    Entity::insert(ActiveModel::from(row.clone()).reset_all()).exec_without_returning(tx).await?;
    Ok(row)
}

/// The changes to an interval, checked.
#[derive(Clone)]
struct Changes {
    start: Option<DateTime>,
    end: Option<DateTime>,
    kind: Option<Option<String>>,
    description: Option<Option<String>>,
}

/// Changes the fields that are given.
pub(crate) async fn update(ctx: &Context<'_>, input: UpdateIntervalInput) -> Answer<UpdateIntervalPayload> {
    let id: IntervalId = input::id(&input.id, "id")?;
    let text = input::optional_text_change;
    let changes = Changes {
        start: input::kept(input.start, "start")?,
        end: input::kept(input.end, "end")?,
        kind: text(input.kind, "type", 50)?,
        description: text(input.description, "description", 1000)?,
    };
    let written = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let changes = changes.clone();
        Box::pin(async move { write(tx, id, changes).await })
    });
    Ok(UpdateIntervalPayload { interval: Interval(written.await?) })
}

async fn write(tx: &DatabaseTransaction, id: IntervalId, changes: Changes) -> Result<Model, Aborted> {
    let mut row = found(tx, id).await?;
    let moved = changes.start.is_some() || changes.end.is_some();
    row.start_at = changes.start.map_or(row.start_at, |start| start.0);
    row.end_at = changes.end.map_or(row.end_at, |end| end.0);
    if moved && let Some(owner) = Owner::of(row.test_day_id, row.run_id) {
        check_interval(owner, &span(tx, owner).await?, &(row.start_at..row.end_at))?;
    }
    row.kind = changes.kind.unwrap_or(row.kind);
    row.description = changes.description.unwrap_or(row.description);
    let changes = ActiveModel {
        start_at: Set(row.start_at),
        end_at: Set(row.end_at),
        kind: Set(row.kind.clone()),
        description: Set(row.description.clone()),
        ..<ActiveModel as ActiveModelTrait>::default()
    };
    Entity::update_many().set(changes).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(row)
}

/// Deletes an interval.
pub(crate) async fn delete(ctx: &Context<'_>, id: &ID) -> Answer<DeleteIntervalPayload> {
    let id: IntervalId = input::id(id, "id")?;
    let deleted = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        Box::pin(async move {
            found(tx, id).await?;
            Entity::delete_by_id(id).exec(tx).await?;
            Ok(())
        })
    });
    deleted.await?;
    Ok(DeleteIntervalPayload { id: id.to_string().into() })
}

async fn found(tx: &DatabaseTransaction, id: IntervalId) -> Result<Model, Aborted> {
    let row = Entity::find_by_id(id).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("interval", id).at("id"))?)
}
