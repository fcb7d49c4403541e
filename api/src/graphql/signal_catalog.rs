//! `signalCatalog`: which signals exist over all runs.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::{
    catalog_signal::{Column, Entity},
    id::VehicleId,
    run,
};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryTrait,
    sea_query::{Expr, SelectStatement},
};
use uuid::Uuid;

use super::{
    error::Answer,
    input,
    load::{EntryOf, Figures, FiguresOf, RunsWith, UnitsOf, load, newest_drive, recorded},
    page::{self, Connection, Cursor, Keyset, PageArgs, Window},
    run::Run,
    runtime,
    scalar::{DateTime, Int64},
    search,
};

/// A signal as all runs have it.
#[derive(Clone, Debug)]
pub(crate) struct CatalogSignal {
    entry: EntryOf,
    beginning: String,
    message: String,
    name: String,
}

/// A signal by message and name, over all runs that are not deleted (of one car, if the catalogue was asked for
/// one's).
#[Object]
impl CatalogSignal {
    /// Its name.
    async fn name(&self) -> &str {
        &self.name
    }

    /// The message's name in the DBC.
    async fn message(&self) -> &str {
        &self.message
    }

    /// `Message.Signal`: it can be asked for by this name in any of the runs.
    async fn qualified_name(&self) -> String {
        format!("{}.{}", self.message, self.name)
    }

    /// The units that it has or had.
    async fn units(&self, ctx: &Context<'_>) -> Answer<Vec<String>> {
        Ok(load(ctx, UnitsOf(self.entry)).await?.unwrap_or_default())
    }

    /// How many runs have it.
    async fn run_count(&self, ctx: &Context<'_>) -> Answer<i32> {
        Ok(i32::try_from(self.figures(ctx).await?.runs).unwrap_or(i32::MAX))
    }

    /// Samples in all of these runs.
    async fn sample_count(&self, ctx: &Context<'_>) -> Answer<Int64> {
        Ok(Int64(self.figures(ctx).await?.samples))
    }

    /// When it was recorded first; null when no log that has it had a clock.
    async fn first_seen(&self, ctx: &Context<'_>) -> Answer<Option<DateTime>> {
        Ok(self.figures(ctx).await?.first_at.map(DateTime))
    }

    /// When it was recorded last; null when no log that has it had a clock.
    async fn last_seen(&self, ctx: &Context<'_>) -> Answer<Option<DateTime>> {
        Ok(self.figures(ctx).await?.last_at.map(DateTime))
    }

    /// The runs that have it, those driven last first.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments")]
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many after the cursor; 50 unless told.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many before the cursor.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor.")] before: Option<String>,
    ) -> Answer<Connection<Run>> {
        let tag = newest_drive().tag;
        let args = PageArgs { first, after, last, before };
        let window = Window::new(args, tag, runtime(ctx).config.limits.answer.page)?;
        let key = RunsWith { entry: self.entry, window: window.clone() };
        let rows = load(ctx, key).await?.unwrap_or_default();
        let cursor = |row: &run::Model| Cursor {
            tag: tag.to_owned(),
            key: row.start_at.unwrap_or_default().into(),
            id: row.id.0,
        };
        Ok(window.page(rows, Arc::new(self.entry.runs()), cursor, Run))
    }
}

impl CatalogSignal {
    async fn figures(&self, ctx: &Context<'_>) -> Answer<Figures> {
        Ok(load(ctx, FiguresOf(self.entry)).await?.unwrap_or_default())
    }
}

/// Answers `Query.signalCatalog`.
pub(crate) async fn page(
    ctx: &Context<'_>,
    search: Option<&str>,
    vehicle: Option<&ID>,
    args: PageArgs,
) -> Answer<Connection<CatalogSignal>> {
    let vehicle: Option<VehicleId> = vehicle.map(|id| input::id(id, "vehicle")).transpose()?;
    let column = |column| Expr::col((Entity, column));
    let order = Keyset {
        tag: "catalog",
        key: column(Column::Beginning),
        id: column(Column::EntryId),
        descending: false,
    };
    let window = Window::new(args, order.tag, runtime(ctx).config.limits.answer.page)?;
    let all = entries(search, vehicle)?;
    let direction = window.direction(&order);
    let shown = all
        .clone()
        .cond_where(window.between(&order))
        .order_by_expr(order.key.clone(), direction.clone())
        .order_by_expr(order.id.clone(), direction)
        .limit(window.fetched())
        .to_owned();
    let rows = runtime(ctx).database.read().query_all(&shown).await?;
    let read = |row: &sea_orm::QueryResult| {
        let entry = EntryOf { entry: row.try_get::<Uuid>("", "entry_id")?, vehicle };
        let (message, name) = (row.try_get("", "message")?, row.try_get("", "name")?);
        Ok(CatalogSignal { entry, beginning: row.try_get("", "beginning")?, message, name })
    };
    let rows = rows.iter().map(read).collect::<Result<Vec<_>, DbErr>>()?;
    let cursor = |row: &CatalogSignal| Cursor {
        tag: order.tag.to_owned(),
        key: row.beginning.clone().into(),
        id: row.entry.entry,
    };
    Ok(window.page(rows, Arc::new(all), cursor, |row| row))
}

/// One row an entry: what was found under several units is one.
fn entries(search: Option<&str>, vehicle: Option<VehicleId>) -> Answer<SelectStatement> {
    let words = search::words(search)?;
    let found = search::every_word(&words, &[Column::Name, Column::Message, Column::Unit]);
    let columns = [Column::EntryId, Column::Beginning, Column::Message, Column::Name];
    let mut rows = Entity::find().filter(found).filter(recorded(vehicle)).into_query();
    rows.clear_selects().columns(columns.map(|column| (Entity, column)));
    rows.group_by_columns(columns.map(|column| (Entity, column)));
    Ok(rows)
}
