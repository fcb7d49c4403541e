//! What runs have to say about the catalogue's entries: figures, units, which runs.

use std::collections::{HashMap, HashSet};

use async_graphql::dataloader::Loader;
use entity::{
    catalog_signal,
    id::{RunId, VehicleId},
    run, signal,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    sea_query::{Alias, Cond, Expr, ExprTrait, Func, Order, Query, SelectStatement, WindowStatement},
};
use uuid::Uuid;

use super::{Rows, lists};
use crate::graphql::{
    error::Refusal,
    page::{Keyset, Window},
};

/// An entry as the runs of one car have it, or all runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EntryOf {
    pub(crate) entry: Uuid,
    pub(crate) vehicle: Option<VehicleId>,
}

/// The figures of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FiguresOf(pub(crate) EntryOf);

/// The units of an entry, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct UnitsOf(pub(crate) EntryOf);

/// A page of the runs that have an entry: the rows in the order of fetching.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RunsWith {
    pub(crate) entry: EntryOf,
    pub(crate) window: Window,
}

/// What the runs that have an entry say together.
#[derive(Clone, Copy, Debug, Default, FromQueryResult)]
pub(crate) struct Figures {
    pub(crate) runs: i64,
    pub(crate) samples: i64,
    /// Of the runs whose log had a clock.
    pub(crate) first_at: Option<i64>,
    pub(crate) last_at: Option<i64>,
}

impl EntryOf {
    /// The runs that have it, as a statement over `run`.
    pub(crate) fn runs(self) -> SelectStatement {
        let having = Query::select()
            .column((signal::Entity, signal::Column::RunId))
            .from(signal::Entity)
            .and_where(
                Expr::col((signal::Entity, signal::Column::CatalogId)).in_subquery(rows_of([self.entry])),
            )
            .to_owned();
        Query::select()
            .column((run::Entity, run::Column::Id))
            .from(run::Entity)
            .cond_where(shown(self.vehicle))
            .and_where(Expr::col((run::Entity, run::Column::Id)).in_subquery(having))
            .to_owned()
    }
}

/// The catalogue's rows of these entries.
fn rows_of(entries: impl IntoIterator<Item = Uuid>) -> SelectStatement {
    Query::select()
        .column((catalog_signal::Entity, catalog_signal::Column::Id))
        .from(catalog_signal::Entity)
        .and_where(Expr::col((catalog_signal::Entity, catalog_signal::Column::EntryId)).is_in(entries))
        .to_owned()
}

/// Runs that are not deleted, of this car if told.
fn shown(vehicle: Option<VehicleId>) -> Cond {
    let column = |column| Expr::col((run::Entity, column));
    Cond::all()
        .add(column(run::Column::DeletedAt).is_null())
        .add_option(vehicle.map(|id| column(run::Column::VehicleId).eq(id)))
}

/// Whether some run that is shown has the catalogue's row.
pub(crate) fn recorded(vehicle: Option<VehicleId>) -> Expr {
    let same = Expr::col((signal::Entity, signal::Column::CatalogId))
        .equals((catalog_signal::Entity, catalog_signal::Column::Id));
    Expr::exists(joined(vehicle).expr(Expr::val(1)).and_where(same).to_owned())
}

/// Signals with the runs that are shown.
fn joined(vehicle: Option<VehicleId>) -> SelectStatement {
    let run = Expr::col((run::Entity, run::Column::Id)).equals((signal::Entity, signal::Column::RunId));
    let mut select = Query::select();
    select.from(signal::Entity).inner_join(run::Entity, run).cond_where(shown(vehicle));
    select
}

/// The order of runs: those driven last first.
pub(crate) fn newest_drive() -> Keyset {
    let column = |column| Expr::col((run::Entity, column));
    let start = Expr::from(Func::coalesce([column(run::Column::StartAt), Expr::val(0)]));
    Keyset { tag: "having", key: start, id: column(run::Column::Id), descending: true }
}

/// The keys of each car: those of one car, or of none, are answered by one statement.
fn by_vehicle<K: Copy>(
    keys: &[K],
    entry: impl Fn(&K) -> EntryOf,
) -> HashMap<Option<VehicleId>, Vec<EntryOf>> {
    lists(keys.iter().map(entry).collect(), |entry| entry.vehicle)
}

impl Loader<FiguresOf> for Rows {
    type Value = Figures;
    type Error = Refusal;

    async fn load(&self, keys: &[FiguresOf]) -> Result<HashMap<FiguresOf, Figures>, Refusal> {
        let mut found = HashMap::new();
        for (vehicle, entries) in by_vehicle(keys, |key| key.0) {
            let entries = entries.iter().map(|entry| entry.entry);
            let figures = figures(vehicle, entries, self.database().get_database_backend());
            for row in self.database().query_all(&figures).await? {
                let entry = EntryOf { entry: row.try_get("", "entry_id")?, vehicle };
                found.insert(FiguresOf(entry), Figures::from_query_result(&row, "")?);
            }
        }
        Ok(found)
    }
}

/// One row an entry. A run counts once, on however many buses it has the signal.
fn figures(
    vehicle: Option<VehicleId>,
    entries: impl Iterator<Item = Uuid>,
    back_end: DbBackend,
) -> SelectStatement {
    let signal = |column| Expr::col((signal::Entity, column));
    let entry = (catalog_signal::Entity, catalog_signal::Column::EntryId);
    let row = Expr::col((catalog_signal::Entity, catalog_signal::Column::Id))
        .equals((signal::Entity, signal::Column::CatalogId));
    // A log without a clock begins in 1970, which says nothing of when the signal was seen.
    let clock = Expr::col((run::Entity, run::Column::TimeSource)).ne("RELATIVE");
    let dated = |column| Expr::Case(Box::new(Expr::case(clock.clone(), signal(column))));
    // A sum is a decimal number on some back ends.
    let whole = if back_end == DbBackend::MySql { "SIGNED" } else { "BIGINT" };
    let samples = Expr::from(Func::sum(signal(signal::Column::Count))).cast_as(whole);
    joined(vehicle)
        .inner_join(catalog_signal::Entity, row)
        .expr_as(Expr::col(entry), Alias::new("entry_id"))
        .expr_as(Expr::from(Func::count_distinct(signal(signal::Column::RunId))), Alias::new("runs"))
        .expr_as(samples, Alias::new("samples"))
        .expr_as(Func::min(dated(signal::Column::FirstAt)), Alias::new("first_at"))
        .expr_as(Func::max(dated(signal::Column::LastAt)), Alias::new("last_at"))
        .and_where(Expr::col(entry).is_in(entries))
        .group_by_col(entry)
        .to_owned()
}

impl Loader<UnitsOf> for Rows {
    type Value = Vec<String>;
    type Error = Refusal;

    async fn load(&self, keys: &[UnitsOf]) -> Result<HashMap<UnitsOf, Vec<String>>, Refusal> {
        let mut found: HashMap<UnitsOf, Vec<String>> = HashMap::new();
        for (vehicle, entries) in by_vehicle(keys, |key| key.0) {
            let entries = entries.iter().map(|entry| entry.entry);
            let wanted = Expr::col((catalog_signal::Entity, catalog_signal::Column::EntryId)).is_in(entries);
            let rows = catalog_signal::Entity::find().filter(wanted).filter(recorded(vehicle));
            for row in rows.all(self.database()).await? {
                let entry = EntryOf { entry: row.entry_id, vehicle };
                found.entry(UnitsOf(entry)).or_default().extend(row.unit.filter(|unit| !unit.is_empty()));
            }
        }
        found.values_mut().for_each(|units| units.sort_unstable());
        Ok(found)
    }
}

impl Loader<RunsWith> for Rows {
    type Value = Vec<run::Model>;
    type Error = Refusal;

    async fn load(&self, keys: &[RunsWith]) -> Result<HashMap<RunsWith, Self::Value>, Refusal> {
        let mut found: HashMap<RunsWith, Vec<run::Model>> = HashMap::new();
        for ((vehicle, window), keys) in lists(keys.iter().collect(), |key| (key.entry.vehicle, &key.window))
        {
            let entries: Vec<Uuid> = keys.iter().map(|key| key.entry.entry).collect();
            let places = self.database().query_all(&ranked(vehicle, entries, window)).await?;
            let places: Vec<(Uuid, RunId)> = places
                .iter()
                .map(|row| Ok((row.try_get("", "entry_id")?, row.try_get("", "id")?)))
                .collect::<Result<_, DbErr>>()?;
            let wanted: HashSet<RunId> = places.iter().map(|&(_, run)| run).collect();
            let rows = run::Entity::find().filter(run::Column::Id.is_in(wanted)).all(self.database()).await?;
            let rows: HashMap<RunId, run::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
            for (entry, run) in places {
                let key = RunsWith { entry: EntryOf { entry, vehicle }, window: window.clone() };
                found.entry(key).or_default().extend(rows.get(&run).cloned());
            }
        }
        Ok(found)
    }
}

/// The runs that have each of the entries, in the order of fetching, each list cut where its page ends.
fn ranked(vehicle: Option<VehicleId>, entries: Vec<Uuid>, window: &Window) -> SelectStatement {
    let (keyset, [entry, id, start, place]) =
        (newest_drive(), ["entry_id", "id", "start", "place"].map(Alias::new));
    let direction = window.direction(&keyset);
    let column = (catalog_signal::Entity, catalog_signal::Column::EntryId);
    let row = Expr::col((catalog_signal::Entity, catalog_signal::Column::Id))
        .equals((signal::Entity, signal::Column::CatalogId));
    let having = joined(vehicle)
        .inner_join(catalog_signal::Entity, row)
        .distinct()
        .expr_as(Expr::col(column), entry.clone())
        .expr_as(keyset.id.clone(), id.clone())
        .expr_as(keyset.key.clone(), start.clone())
        .and_where(Expr::col(column).is_in(entries))
        .cond_where(window.between(&keyset))
        .to_owned();
    let order = WindowStatement::partition_by(entry.clone())
        .order_by(start, direction.clone())
        .order_by(id.clone(), direction)
        .to_owned();
    let ranked = Query::select()
        .columns([entry.clone(), id.clone()])
        .expr_window_as(Expr::cust("ROW_NUMBER()"), order, place.clone())
        .from_subquery(having, Alias::new("kept"))
        .to_owned();
    let most = i64::try_from(window.fetched()).unwrap_or(i64::MAX);
    Query::select()
        .columns([entry, id])
        .from_subquery(ranked, Alias::new("ranked"))
        .and_where(Expr::col(place.clone()).lte(most))
        .order_by(place, Order::Asc)
        .to_owned()
}
