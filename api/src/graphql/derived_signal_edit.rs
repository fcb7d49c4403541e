//! `createDerivedSignal`, `updateDerivedSignal`, `deleteDerivedSignal`.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, SimpleObject, Union};
use canlog::expression::Limits;
use entity::{
    clock,
    derived_signal::{ActiveModel, Column, Entity, Model, in_turn},
    id::DerivedSignalId,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter,
};

use super::{
    derived_signal::DerivedSignal,
    error::{Answer, Refusal},
    input, load,
    problem::{ExpressionRefused, Refused},
    runtime,
    transact::Aborted,
};
use crate::selection::{
    catalog::{self, RunCatalog},
    dependency::Uses,
};

/// A new derived signal.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateDerivedSignalInput {
    /// Its name, any text of at most 100 characters. CONFLICT when another derived signal has it, or a signal that
    /// runs have recorded. Where a later run records one of this name all the same, the name alone is AMBIGUOUS_SIGNAL
    /// in expressions there, never one of the two by chance: `Message.Signal` and `derived.Name` say which is meant.
    name: String,
    /// Its text, in the language of expressions. It may name signals that only some runs have.
    expression: String,
    /// Its unit, at most 50 characters.
    unit: Option<String>,
    /// Free text, at most 1000 characters.
    description: Option<String>,
}

/// What to change of a derived signal. A field left out stays as it is; `null` clears it.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateDerivedSignalInput {
    /// The derived signal.
    id: ID,
    /// Its name, which cannot be cleared; CONFLICT while others' texts name it, and as in `createDerivedSignal`.
    name: MaybeUndefined<String>,
    /// Its text, which cannot be cleared.
    expression: MaybeUndefined<String>,
    /// Its unit, at most 50 characters.
    unit: MaybeUndefined<String>,
    /// Free text, at most 1000 characters.
    description: MaybeUndefined<String>,
}

/// A derived signal was created.
#[derive(Debug, SimpleObject)]
pub(crate) struct CreateDerivedSignalPayload {
    /// The derived signal.
    derived_signal: DerivedSignal,
}

/// What `createDerivedSignal` answers.
#[derive(Union)]
pub(crate) enum CreateDerivedSignalResult {
    Created(CreateDerivedSignalPayload),
    ExpressionRefused(ExpressionRefused),
    Refused(Refused),
}

/// A derived signal was changed.
#[derive(Debug, SimpleObject)]
pub(crate) struct UpdateDerivedSignalPayload {
    /// The derived signal as it is now.
    derived_signal: DerivedSignal,
}

/// What `updateDerivedSignal` answers.
#[derive(Union)]
pub(crate) enum UpdateDerivedSignalResult {
    Updated(UpdateDerivedSignalPayload),
    ExpressionRefused(ExpressionRefused),
    Refused(Refused),
}

/// A derived signal was deleted.
#[derive(Debug, SimpleObject)]
pub(crate) struct DeleteDerivedSignalPayload {
    /// The id it had.
    id: ID,
}

/// What `deleteDerivedSignal` answers.
#[derive(Union)]
pub(crate) enum DeleteDerivedSignalResult {
    Deleted(DeleteDerivedSignalPayload),
    Refused(Refused),
}

/// Why a name is refused.
const TAKEN: &str = "Another derived signal has this name.";

/// Creates a derived signal.
pub(crate) async fn create(
    ctx: &Context<'_>,
    input: CreateDerivedSignalInput,
) -> Answer<CreateDerivedSignalPayload> {
    let row = Model {
        id: DerivedSignalId::new(),
        name: input::text(&input.name, "name", 100)?,
        expression: input.expression,
        unit: input::optional_text(input.unit.as_deref(), "unit", 50)?,
        description: input::optional_text(input.description.as_deref(), "description", 1000)?,
        created_at: 0,
        updated_at: 0,
    };
    let config = &runtime(ctx).config.limits.expression;
    let (limits, most) = (catalog::limits(config), config.derived_signals);
    let written = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let (row, limits) = (row.clone(), limits.clone());
        Box::pin(async move { insert(tx, row, &limits, most).await })
    });
    Ok(CreateDerivedSignalPayload { derived_signal: DerivedSignal(written.await?) })
}

async fn insert(
    tx: &DatabaseTransaction,
    row: Model,
    limits: &Limits,
    most: usize,
) -> Result<Model, Aborted> {
    let mut all = in_turn(tx).await?;
    if all.len() >= most {
        return Err(Refusal::conflict(format!("At most {most} derived signals can be saved.")).into());
    }
    refuse_recorded(tx, &row.name).await?;
    let now = clock::now(tx).await?;
    let row = Model { created_at: now, updated_at: now, ..row };
    all.push(row.clone());
    check(all, &row, limits)?;
    Entity::insert(ActiveModel::from(row.clone()).reset_all())
        .exec_without_returning(tx)
        .await
        .map_err(|error| input::taken(error, "name", TAKEN))?;
    Ok(row)
}

/// The changes to a derived signal, checked each by itself.
#[derive(Clone)]
struct Changes {
    name: Option<String>,
    expression: Option<String>,
    unit: Option<Option<String>>,
    description: Option<Option<String>>,
}

/// Changes the fields that are given.
pub(crate) async fn update(
    ctx: &Context<'_>,
    input: UpdateDerivedSignalInput,
) -> Answer<UpdateDerivedSignalPayload> {
    let id: DerivedSignalId = input::id(&input.id, "id")?;
    let name = input::kept(input.name, "name")?;
    let changes = Changes {
        name: name.map(|name| input::text(&name, "name", 100)).transpose()?,
        expression: input::kept(input.expression, "expression")?,
        unit: input::optional_text_change(input.unit, "unit", 50)?,
        description: input::optional_text_change(input.description, "description", 1000)?,
    };
    let limits = catalog::limits(&runtime(ctx).config.limits.expression);
    let written = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let (changes, limits) = (changes.clone(), limits.clone());
        Box::pin(async move { write(tx, id, changes, &limits).await })
    });
    Ok(UpdateDerivedSignalPayload { derived_signal: DerivedSignal(written.await?) })
}

async fn write(
    tx: &DatabaseTransaction,
    id: DerivedSignalId,
    changes: Changes,
    limits: &Limits,
) -> Result<Model, Aborted> {
    let mut all = in_turn(tx).await?;
    let place = found(&all, id)?;
    if let Some(name) = changes.name.filter(|name| *name != all[place].name) {
        refuse_while_used(&all, place, limits)?;
        refuse_recorded(tx, &name).await?;
        all[place].name = name;
    }
    let row = &mut all[place];
    row.expression = changes.expression.unwrap_or_else(|| row.expression.clone());
    row.unit = changes.unit.unwrap_or_else(|| row.unit.clone());
    row.description = changes.description.unwrap_or_else(|| row.description.clone());
    row.updated_at = clock::now(tx).await?;
    let row = row.clone();
    check(all, &row, limits)?;
    let changes = ActiveModel {
        name: Set(row.name.clone()),
        expression: Set(row.expression.clone()),
        unit: Set(row.unit.clone()),
        description: Set(row.description.clone()),
        updated_at: Set(row.updated_at),
        ..<ActiveModel as ActiveModelTrait>::default()
    };
    let update = Entity::update_many().set(changes).filter(Column::Id.eq(id)).exec(tx).await;
    update.map_err(|error| input::taken(error, "name", TAKEN))?;
    Ok(row)
}

/// Deletes a derived signal that no other's text names.
pub(crate) async fn delete(ctx: &Context<'_>, id: &ID) -> Answer<DeleteDerivedSignalPayload> {
    let id: DerivedSignalId = input::id(id, "id")?;
    let limits = catalog::limits(&runtime(ctx).config.limits.expression);
    let deleted = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let limits = limits.clone();
        Box::pin(async move {
            let all = in_turn(tx).await?;
            refuse_while_used(&all, found(&all, id)?, &limits)?;
            Entity::delete_by_id(id).exec(tx).await?;
            Ok(())
        })
    });
    deleted.await?;
    Ok(DeleteDerivedSignalPayload { id: id.to_string().into() })
}

fn found(all: &[Model], id: DerivedSignalId) -> Result<usize, Refusal> {
    let place = all.iter().position(|row| row.id == id);
    place.ok_or_else(|| Refusal::not_found("derived signal", id).at("id"))
}

/// A signal that runs have may be what texts mean by this name: it would be no longer clear which is meant.
async fn refuse_recorded(tx: &DatabaseTransaction, name: &str) -> Result<(), Aborted> {
    let Some(recorded) = load::recorded_as(tx, name).await? else { return Ok(()) };
    let message = format!(
        "Runs have recorded a signal of this name ({recorded}): a text that names it would be no longer clear."
    );
    Err(Refusal::conflict(message).at("name").with("hint", "Give it another name.").into())
}

/// Texts name it by its name: without it they would mean nothing, or another signal.
fn refuse_while_used(all: &[Model], place: usize, limits: &Limits) -> Result<(), Refusal> {
    let users = Uses::new(all, limits).direct_dependants(&all[place].name);
    if users.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = users.iter().map(|row| row.name.as_str()).collect();
    let message =
        format!("The texts of these derived signals name it; change them first: {}.", names.join(", "));
    Err(Refusal::conflict(message).at("id"))
}

/// Whether `row`, which is among all that there would be, can be used, and those that use it still can be.
fn check(all: Vec<Model>, row: &Model, limits: &Limits) -> Result<(), Refusal> {
    if all.iter().any(|other| other.name == row.name && other.id != row.id) {
        return Err(Refusal::conflict(TAKEN).at("name"));
    }
    let all = Arc::new(all);
    let mut names = RunCatalog::new(Vec::new(), Arc::clone(&all));
    names.accept_unknown();
    if let Err(mut error) = names.plan_derived(&row.name, limits) {
        // Its own text is what the caller gave.
        error.derived = error.derived.filter(|name| *name != row.name);
        return Err(names.problem(error, &row.expression).refusal());
    }
    for user in Uses::new(&all, limits).dependants(&row.name) {
        if let Err(error) = names.plan_derived(&user.name, limits) {
            let mut problem = names.problem(error, &user.expression);
            problem.message = format!("{} uses it and could not be computed: {}", user.name, problem.message);
            return Err(problem.refusal());
        }
    }
    Ok(())
}
