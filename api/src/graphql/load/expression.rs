//! What expressions may name: all signals of a run, all derived signals.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_graphql::dataloader::Loader;
use entity::{
    derived_signal,
    id::{DerivedSignalId, RunId},
    signal::{self, Column},
};
use sea_orm::{
    ColumnTrait, EntityTrait, IdenStatic, Iterable, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};

use super::{Rows, lists};
use crate::{
    graphql::error::Refusal,
    selection::{catalog, dependency::Uses},
};

/// All derived signals, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AllDerived;

/// The derived signals whose texts name this one, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NamersOf(pub(crate) DerivedSignalId);

/// All signals of a run in their order, without their summaries, which are long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RecordedIn(pub(crate) RunId);

impl Loader<AllDerived> for Rows {
    type Value = Arc<Vec<derived_signal::Model>>;
    type Error = Refusal;

    async fn load(&self, _: &[AllDerived]) -> Result<HashMap<AllDerived, Self::Value>, Refusal> {
        Ok(HashMap::from([(AllDerived, Arc::new(self.derived().await?))]))
    }
}

impl Rows {
    async fn derived(&self) -> Result<Vec<derived_signal::Model>, Refusal> {
        let rows = derived_signal::Entity::find().order_by_asc(derived_signal::Column::Name);
        Ok(rows.all(self.database()).await?)
    }
}

impl Loader<NamersOf> for Rows {
    type Value = Vec<derived_signal::Model>;
    type Error = Refusal;

    /// Every text is read once, however many are asked for.
    async fn load(&self, keys: &[NamersOf]) -> Result<HashMap<NamersOf, Self::Value>, Refusal> {
        let all = self.derived().await?;
        let limits = catalog::limits(&self.0.config.limits.expression);
        let uses = Uses::new(&all, &limits);
        let wanted: HashSet<DerivedSignalId> = keys.iter().map(|key| key.0).collect();
        let rows = all.iter().filter(|row| wanted.contains(&row.id));
        let namers =
            |row: &derived_signal::Model| uses.direct_dependants(&row.name).into_iter().cloned().collect();
        Ok(rows.map(|row| (NamersOf(row.id), namers(row))).collect())
    }
}

impl Loader<RecordedIn> for Rows {
    type Value = Vec<signal::Model>;
    type Error = Refusal;

    async fn load(&self, keys: &[RecordedIn]) -> Result<HashMap<RecordedIn, Self::Value>, Refusal> {
        let others = Column::iter().filter(|column| !matches!(column, Column::Summary));
        let rows = signal::Entity::find()
            .select_only()
            .columns(others)
            .column_as(Expr::cust("''"), Column::Summary.as_str())
            .filter(Column::RunId.is_in(keys.iter().map(|key| key.0)))
            .order_by_asc(Column::Position)
            .all(self.database())
            .await?;
        Ok(lists(rows, |row| RecordedIn(row.run_id)))
    }
}
