//! Signals of runs: pages of them, and those of a name.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use entity::{
    id::RunId,
    signal::{self, Column},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Cond, Expr, Order, OverStatement, SelectStatement, WindowStatement},
};

use super::{
    Rows, lists,
    many::{ids, places},
};
use crate::graphql::{
    error::Refusal,
    page::{Keyset, Window},
    search,
};

/// Which signals of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct SignalSearch {
    /// Words, each of which is in the name, the message or the unit.
    pub(crate) words: Vec<String>,
    /// Exactly these names.
    pub(crate) names: Option<Vec<String>>,
    /// Those of this bus.
    pub(crate) bus: Option<String>,
}

impl SignalSearch {
    /// The rows of `runs`.
    pub(crate) fn select(&self, runs: &[RunId]) -> Select<signal::Entity> {
        let columns = [Column::Name, Column::Message, Column::Unit];
        let mut all = Cond::all()
            .add(Column::RunId.is_in(runs.iter().copied()))
            .add(search::every_word(&self.words, &columns))
            .add_option(self.bus.as_ref().map(|bus| Column::Bus.eq(bus.as_str())));
        if let Some(names) = &self.names {
            all = all
                .add(names.iter().fold(Cond::any().add(Expr::val(false)), |any, name| any.add(named(name))));
        }
        signal::Entity::find().filter(all)
    }
}

/// The ids of the signals of `runs` that `search` finds, each identity once.
pub(crate) fn each_once(search: &SignalSearch, runs: &[RunId]) -> SelectStatement {
    let identity = [Column::Bus, Column::FrameId, Column::Extended, Column::Message, Column::Name];
    let mut ranks = WindowStatement::partition_by((signal::Entity, Column::Message));
    for column in identity {
        ranks.add_partition_by(Expr::col((signal::Entity, column)));
    }
    ranks.order_by((signal::Entity, Column::Id), Order::Asc);
    ids(places(search.select(runs).into_query(), (signal::Entity, Column::Id), ranks, 1))
}

/// The order of signals: that of the conversion.
pub(crate) fn keyset() -> Keyset {
    let column = |column| Expr::col((signal::Entity, column));
    Keyset { tag: "signal", key: column(Column::Position), id: column(Column::Id), descending: false }
}

/// Rows of the short name, or of the message and name that a qualified name may mean.
fn named(name: &str) -> Cond {
    let qualified = |(at, _): (usize, &str)| {
        let (message, short) = (&name[..at], &name[at + 1..]);
        Cond::all().add(Column::Message.eq(message)).add(Column::Name.eq(short))
    };
    name.match_indices('.').map(qualified).fold(Cond::any().add(Column::Name.eq(name)), Cond::add)
}

/// A page of the signals of a run: the rows in the order of fetching.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SignalsOf {
    pub(crate) run: RunId,
    pub(crate) search: SignalSearch,
    pub(crate) window: Window,
}

impl Loader<SignalsOf> for Rows {
    type Value = Vec<signal::Model>;
    type Error = Refusal;

    /// One statement for all runs that are asked the same: in a list of runs that is one in all.
    async fn load(&self, keys: &[SignalsOf]) -> Result<HashMap<SignalsOf, Self::Value>, Refusal> {
        let mut answers = HashMap::new();
        for ((search, window), runs) in lists(keys.iter().collect(), |key| (&key.search, &key.window)) {
            let runs: Vec<RunId> = runs.iter().map(|key| key.run).collect();
            let (keyset, direction) = (keyset(), window.direction(&keyset()));
            let ranks = WindowStatement::partition_by((signal::Entity, Column::RunId))
                .order_by_expr(keyset.key.clone(), direction.clone())
                .order_by_expr(keyset.id.clone(), direction.clone())
                .to_owned();
            let rows = search.select(&runs).filter(window.between(&keyset)).into_query();
            let most = i64::try_from(window.fetched()).unwrap_or(i64::MAX);
            let shown = ids(places(rows, (signal::Entity, Column::Id), ranks, most));
            let rows = signal::Entity::find()
                .filter(Column::Id.in_subquery(shown))
                .order_by(keyset.key, direction.clone())
                .order_by(keyset.id, direction)
                .all(self.0.database.read())
                .await?;
            let key = |run| SignalsOf { run, search: search.clone(), window: window.clone() };
            answers.extend(lists(rows, |row| row.run_id).into_iter().map(|(run, rows)| (key(run), rows)));
        }
        Ok(answers)
    }
}

/// All signals of some runs, in the order of `runs`; one more than [`SignalsIn::MOST`] when there are more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SignalsIn(pub(crate) Arc<[RunId]>);

impl SignalsIn {
    /// The most rows of signals that are read because nobody named any.
    pub(crate) const MOST: usize = 10_000;
}

impl Loader<SignalsIn> for Rows {
    type Value = Arc<Vec<signal::Model>>;
    type Error = Refusal;

    /// One statement for all: what one key may have, all of them may have together.
    async fn load(&self, keys: &[SignalsIn]) -> Result<HashMap<SignalsIn, Self::Value>, Refusal> {
        let mut runs: Vec<RunId> = keys.iter().flat_map(|key| key.0.iter().copied()).collect();
        runs.sort_unstable();
        runs.dedup();
        let rows = SignalSearch::default()
            .select(&runs)
            .order_by_asc(Column::RunId)
            .order_by_asc(Column::Position)
            .limit(SignalsIn::MOST as u64 + 1)
            .all(self.0.database.read())
            .await?;
        if rows.len() > SignalsIn::MOST {
            let rows = Arc::new(rows);
            return Ok(keys.iter().map(|key| (key.clone(), Arc::clone(&rows))).collect());
        }
        let rows = lists(rows, |row| row.run_id);
        let of = |key: &SignalsIn| key.0.iter().filter_map(|run| rows.get(run)).flatten().cloned().collect();
        Ok(keys.iter().map(|key| (key.clone(), Arc::new(of(key)))).collect())
    }
}

/// The signals of some runs that a short or qualified name may mean, in the order of `runs`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SignalsNamed {
    pub(crate) runs: Arc<[RunId]>,
    pub(crate) name: String,
}

impl SignalsNamed {
    fn means(&self, row: &signal::Model) -> bool {
        let qualified = || self.name.strip_prefix(&row.message).and_then(|rest| rest.strip_prefix('.'));
        row.name == self.name || qualified() == Some(&row.name)
    }
}

impl Loader<SignalsNamed> for Rows {
    type Value = Vec<signal::Model>;
    type Error = Refusal;

    async fn load(&self, keys: &[SignalsNamed]) -> Result<HashMap<SignalsNamed, Self::Value>, Refusal> {
        let mut names: Vec<String> = keys.iter().map(|key| key.name.clone()).collect();
        names.sort_unstable();
        names.dedup();
        let mut runs: Vec<RunId> = keys.iter().flat_map(|key| key.runs.iter().copied()).collect();
        runs.sort_unstable();
        runs.dedup();
        let search = SignalSearch { names: Some(names), ..SignalSearch::default() };
        let rows = search.select(&runs).order_by_asc(Column::Position).all(self.0.database.read()).await?;
        let rows = lists(rows, |row| row.run_id);
        let rows_of = |key: &SignalsNamed| {
            let of_runs = key.runs.iter().filter_map(|run| rows.get(run)).flatten();
            of_runs.filter(|row| key.means(row)).cloned().collect()
        };
        Ok(keys.iter().map(|key| (key.clone(), rows_of(key))).collect())
    }
}
