//! `createMarker`, `updateMarker`, `deleteMarker`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, SimpleObject, Union};
use entity::{
    clock,
    id::MarkerId,
    interval::Owner,
    marker::{self, ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait,
    QueryFilter,
};

use super::{
    error::{Answer, Refusal},
    input,
    interval::{MAX_OF_ONE, Marker},
    owner::{self, check_marker, span},
    problem::Refused,
    runtime,
    scalar::DateTime,
    transact::Aborted,
};

/// A new instant of a test day or run.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct CreateMarkerInput {
    /// The day; or give `run`.
    test_day: Option<ID>,
    /// The run; or give `testDay`.
    run: Option<ID>,
    /// The instant.
    time: DateTime,
    /// What it is, in a word.
    #[graphql(name = "type")]
    kind: Option<String>,
    /// Free text.
    description: Option<String>,
}

/// What to change of a marker. A field left out stays as it is; `null` clears it.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct UpdateMarkerInput {
    /// The marker.
    id: ID,
    /// The instant, which cannot be cleared.
    time: MaybeUndefined<DateTime>,
    /// What it is, in a word.
    #[graphql(name = "type")]
    kind: MaybeUndefined<String>,
    /// Free text.
    description: MaybeUndefined<String>,
}

/// A marker was created.
#[derive(Debug, SimpleObject)]
pub(crate) struct CreateMarkerPayload {
    /// The marker.
    marker: Marker,
}

/// What `createMarker` answers.
#[derive(Union)]
pub(crate) enum CreateMarkerResult {
    Created(CreateMarkerPayload),
    Refused(Refused),
}

/// A marker was changed.
#[derive(Debug, SimpleObject)]
pub(crate) struct UpdateMarkerPayload {
    /// The marker as it is now.
    marker: Marker,
}

/// What `updateMarker` answers.
#[derive(Union)]
pub(crate) enum UpdateMarkerResult {
    Updated(UpdateMarkerPayload),
    Refused(Refused),
}

/// A marker was deleted.
#[derive(Debug, SimpleObject)]
pub(crate) struct DeleteMarkerPayload {
    /// The id it had.
    id: ID,
}

/// What `deleteMarker` answers.
#[derive(Union)]
pub(crate) enum DeleteMarkerResult {
    Deleted(DeleteMarkerPayload),
    Refused(Refused),
}

/// Creates a marker.
pub(crate) async fn create(ctx: &Context<'_>, input: CreateMarkerInput) -> Answer<CreateMarkerPayload> {
    let owner = owner::owner(input.test_day.as_ref(), input.run.as_ref())?;
    let row = Model {
        id: MarkerId::new(),
        test_day_id: owner.day(),
        run_id: owner.run(),
        at: input.time.0,
        kind: input::optional_text(input.kind.as_deref(), "type", 50)?,
        description: input::optional_text(input.description.as_deref(), "description", 1000)?,
        created_at: 0,
    };
    let written = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let row = row.clone();
        Box::pin(async move { insert(tx, owner, row).await })
    });
    Ok(CreateMarkerPayload { marker: Marker(written.await?) })
}

async fn insert(tx: &DatabaseTransaction, owner: Owner, row: Model) -> Result<Model, Aborted> {
    let span = span(tx, owner).await?;
    check_marker(owner, &span, row.at)?;
    if Entity::find().filter(marker::of(owner)).count(tx).await? >= MAX_OF_ONE {
        return Err(Refusal::conflict(format!("At most {MAX_OF_ONE} markers of one day or run.")).into());
    }
    let row = Model { created_at: clock::now(tx).await?, ..row };
    Entity::insert(ActiveModel::from(row.clone()).reset_all()).exec_without_returning(tx).await?;
    Ok(row)
}

/// The changes to a marker, checked.
#[derive(Clone)]
struct Changes {
    time: Option<DateTime>,
    kind: Option<Option<String>>,
    description: Option<Option<String>>,
}

/// Changes the fields that are given.
pub(crate) async fn update(ctx: &Context<'_>, input: UpdateMarkerInput) -> Answer<UpdateMarkerPayload> {
    let id: MarkerId = input::id(&input.id, "id")?;
    let text = input::optional_text_change;
    let changes = Changes {
        time: input::kept(input.time, "time")?,
        kind: text(input.kind, "type", 50)?,
        description: text(input.description, "description", 1000)?,
    };
    let written = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let changes = changes.clone();
        Box::pin(async move { write(tx, id, changes).await })
    });
    Ok(UpdateMarkerPayload { marker: Marker(written.await?) })
}

async fn write(tx: &DatabaseTransaction, id: MarkerId, changes: Changes) -> Result<Model, Aborted> {
    let mut row = found(tx, id).await?;
    if let Some(time) = changes.time
        && let Some(owner) = Owner::of(row.test_day_id, row.run_id)
    {
        check_marker(owner, &span(tx, owner).await?, time.0)?;
        row.at = time.0;
    }
    row.kind = changes.kind.unwrap_or(row.kind);
    row.description = changes.description.unwrap_or(row.description);
    let changes = ActiveModel {
        at: Set(row.at),
        kind: Set(row.kind.clone()),
        description: Set(row.description.clone()),
        ..<ActiveModel as ActiveModelTrait>::default()
    };
    Entity::update_many().set(changes).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(row)
}

/// Deletes a marker.
pub(crate) async fn delete(ctx: &Context<'_>, id: &ID) -> Answer<DeleteMarkerPayload> {
    let id: MarkerId = input::id(id, "id")?;
    let deleted = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        Box::pin(async move {
            found(tx, id).await?;
            Entity::delete_by_id(id).exec(tx).await?;
            Ok(())
        })
    });
    deleted.await?;
    Ok(DeleteMarkerPayload { id: id.to_string().into() })
}

async fn found(tx: &DatabaseTransaction, id: MarkerId) -> Result<Model, Aborted> {
    let row = Entity::find_by_id(id).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("marker", id).at("id"))?)
}
