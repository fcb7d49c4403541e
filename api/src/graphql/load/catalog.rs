//! What runs have to say about the catalogue's entries: figures, units, which runs.

use std::collections::{HashMap, HashSet};

use async_graphql::dataloader::Loader;
use entity::{
    catalog_signal,
    id::{RunId, VehicleId},
    run, signal,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    sea_query::{Alias, Expr, ExprTrait, Func, Order, Query, SelectStatement, WindowStatement},
};
use uuid::Uuid;

use super::{Rows, lists};
use crate::graphql::{
    error::Refusal,
    page::{Keyset, Window},
};

/// Ids of one statement: below what every database takes as parameters, above what most pages hold.
const MOST: usize = 10_000;

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
    /// The runs that have it, by their ids.
    pub(crate) fn runs(self) -> SelectStatement {
        let run = (signal::Entity, signal::Column::RunId);
        of_entries(self.vehicle, [self.entry]).column(run).group_by_col(run).to_owned()
    }
}

/// Whether some run that is shown has the catalogue's row.
pub(crate) fn recorded(vehicle: Option<VehicleId>) -> Expr {
    let same = Expr::col((signal::Entity, signal::Column::CatalogId))
        .equals((catalog_signal::Entity, catalog_signal::Column::Id));
    let mut select = Query::select();
    select.expr(Expr::val(1)).from(signal::Entity).and_where(same).and_where(shown(vehicle));
    Expr::exists(select)
}

/// `Message.Signal` of a signal of this name (of at most 100 characters) that some run has, the first in their order.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn recorded_as<C: ConnectionTrait>(conn: &C, name: &str) -> Result<Option<String>, DbErr> {
    let found = catalog_signal::Entity::find()
        // The index is over its beginning.
        .filter(catalog_signal::Column::Beginning.eq(name))
        .filter(catalog_signal::Column::Name.eq(name))
        .filter(recorded(None))
        .order_by_asc(catalog_signal::Column::Message)
        .one(conn)
        .await?;
    Ok(found.map(|row| format!("{}.{}", row.message, row.name)))
}

/// Signals of runs that are not deleted, of this car if told.
///
/// By lists of ids, not by a join: from the runs the way leads over the wide rows of all their signals, from the
/// catalogue over its own index alone.
fn shown(vehicle: Option<VehicleId>) -> Expr {
    let run = || Expr::col((signal::Entity, signal::Column::RunId));
    let deleted = Expr::col((run::Entity, run::Column::DeletedAt));
    match vehicle {
        Some(id) => {
            let of_car = Expr::col((run::Entity, run::Column::VehicleId)).eq(id);
            run().in_subquery(runs(deleted.is_null().and(of_car)))
        }
        None => run().not_in_subquery(runs(deleted.is_not_null())),
    }
}

fn runs(which: Expr) -> SelectStatement {
    Query::select().column((run::Entity, run::Column::Id)).from(run::Entity).and_where(which).to_owned()
}

/// Signals of these entries, of runs that are shown.
fn of_entries(vehicle: Option<VehicleId>, entries: impl IntoIterator<Item = Uuid>) -> SelectStatement {
    let row = Expr::col((catalog_signal::Entity, catalog_signal::Column::Id))
        .equals((signal::Entity, signal::Column::CatalogId));
    let entry = Expr::col((catalog_signal::Entity, catalog_signal::Column::EntryId));
    Query::select()
        .from(signal::Entity)
        .inner_join(catalog_signal::Entity, row)
        .and_where(entry.is_in(entries))
        .and_where(shown(vehicle))
        .to_owned()
}

/// The order of runs: those driven last first. Over the columns of [`ranked`].
pub(crate) fn newest_drive() -> Keyset {
    Keyset { tag: "having", key: Expr::col("start"), id: Expr::col("id"), descending: true }
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
    // A log without a clock begins in 1970, which says nothing of when the signal was seen.
    let clockless = Expr::col((run::Entity, run::Column::TimeSource)).eq("RELATIVE");
    let clock = signal(signal::Column::RunId).not_in_subquery(runs(clockless));
    let dated = |column| Expr::Case(Box::new(Expr::case(clock.clone(), signal(column))));
    // A sum is a decimal number on some back ends.
    let whole = if back_end == DbBackend::MySql { "SIGNED" } else { "BIGINT" };
    let samples = Expr::from(Func::sum(signal(signal::Column::Count))).cast_as(whole);
    of_entries(vehicle, entries)
        .expr_as(Expr::col(entry), Alias::new("entry_id"))
        .expr_as(Expr::from(Func::count_distinct(signal(signal::Column::RunId))), Alias::new("runs"))
        .expr_as(samples, Alias::new("samples"))
        .expr_as(Func::min(dated(signal::Column::FirstAt)), Alias::new("first_at"))
        .expr_as(Func::max(dated(signal::Column::LastAt)), Alias::new("last_at"))
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
            let rows = self.runs(&wanted.into_iter().collect::<Vec<_>>()).await?;
            for (entry, run) in places {
                let key = RunsWith { entry: EntryOf { entry, vehicle }, window: window.clone() };
                found.entry(key).or_default().extend(rows.get(&run).cloned());
            }
        }
        Ok(found)
    }
}

impl Rows {
    async fn runs(&self, ids: &[RunId]) -> Result<HashMap<RunId, run::Model>, Refusal> {
        let mut found = HashMap::new();
        for ids in ids.chunks(MOST) {
            let wanted = run::Column::Id.is_in(ids.iter().copied());
            let rows = run::Entity::find().filter(wanted).all(self.database()).await?;
            found.extend(rows.into_iter().map(|row| (row.id, row)));
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
    let run = (signal::Entity, signal::Column::RunId);
    let started = Query::select()
        .column((run::Entity, run::Column::StartAt))
        .from(run::Entity)
        .and_where(Expr::col((run::Entity, run::Column::Id)).equals(run))
        .to_owned();
    let having = of_entries(vehicle, entries)
        .distinct()
        .expr_as(Expr::col(column), entry.clone())
        .expr_as(Expr::col(run), id.clone())
        .expr_as(Func::coalesce([Expr::from(started), Expr::val(0)]), start.clone())
        .to_owned();
    let order = WindowStatement::partition_by(entry.clone())
        .order_by(start, direction.clone())
        .order_by(id.clone(), direction)
        .to_owned();
    let ranked = Query::select()
        .columns([entry.clone(), id.clone()])
        .expr_window_as(Expr::cust("ROW_NUMBER()"), order, place.clone())
        .from_subquery(having, Alias::new("kept"))
        .cond_where(window.between(&keyset))
        .to_owned();
    let most = i64::try_from(window.fetched()).unwrap_or(i64::MAX);
    Query::select()
        .columns([entry, id])
        .from_subquery(ranked, Alias::new("ranked"))
        .and_where(Expr::col(place.clone()).lte(most))
        .order_by(place, Order::Asc)
        .to_owned()
}
