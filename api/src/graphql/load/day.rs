//! What belongs to test days: runs by their time, intervals, markers.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{
    id::{RunId, TestDayId},
    interval::{self, Owner},
    marker, run, test_day,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Alias, Cond, Expr, ExprTrait, Query},
};

use super::{Rows, lists};
use crate::graphql::error::Refusal;

/// The day that a run belongs to by its time and car.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DayByTime(pub(crate) RunId);

/// The intervals of a day or run, by their start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct IntervalsOf(pub(crate) Owner);

/// The markers of a day or run, by their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MarkersOf(pub(crate) Owner);

impl Loader<DayByTime> for Rows {
    type Value = TestDayId;
    type Error = Refusal;

    async fn load(&self, keys: &[DayByTime]) -> Result<HashMap<DayByTime, TestDayId>, Refusal> {
        let id = (run::Entity, run::Column::Id);
        let wanted = Query::select()
            .expr_as(Expr::col(id), Alias::new("run_id"))
            .expr_as(Expr::from(test_day::by_time()), Alias::new("day_id"))
            .from(run::Entity)
            .and_where(Expr::col(id).is_in(keys.iter().map(|key| key.0)))
            .to_owned();
        let rows = self.0.database.read().query_all(&wanted).await?;
        let mut days = HashMap::new();
        for row in rows {
            if let Some(day) = row.try_get("", "day_id")? {
                days.insert(DayByTime(row.try_get("", "run_id")?), day);
            }
        }
        Ok(days)
    }
}

/// The rows of these owners, by the two columns that refer to them.
fn owned<C: ColumnTrait>(owners: impl Iterator<Item = Owner> + Clone, (day, run): (C, C)) -> Cond {
    let days: Vec<TestDayId> = owners.clone().filter_map(Owner::day).collect();
    let runs: Vec<RunId> = owners.filter_map(Owner::run).collect();
    Cond::any().add(day.is_in(days)).add(run.is_in(runs))
}

impl Loader<IntervalsOf> for Rows {
    type Value = Vec<interval::Model>;
    type Error = Refusal;

    async fn load(&self, keys: &[IntervalsOf]) -> Result<HashMap<IntervalsOf, Self::Value>, Refusal> {
        use interval::Column;
        let owners = keys.iter().map(|key| key.0);
        let rows = interval::Entity::find()
            .filter(owned(owners, (Column::TestDayId, Column::RunId)))
            .order_by_asc(Column::StartAt)
            .order_by_asc(Column::Id)
            .all(self.0.database.read())
            .await?;
        let of = |row: &interval::Model| Owner::of(row.test_day_id, row.run_id).map(IntervalsOf);
        Ok(known(lists(rows, of)))
    }
}

impl Loader<MarkersOf> for Rows {
    type Value = Vec<marker::Model>;
    type Error = Refusal;

    async fn load(&self, keys: &[MarkersOf]) -> Result<HashMap<MarkersOf, Self::Value>, Refusal> {
        use marker::Column;
        let owners = keys.iter().map(|key| key.0);
        let rows = marker::Entity::find()
            .filter(owned(owners, (Column::TestDayId, Column::RunId)))
            .order_by_asc(Column::At)
            .order_by_asc(Column::Id)
            .all(self.0.database.read())
            .await?;
        let of = |row: &marker::Model| Owner::of(row.test_day_id, row.run_id).map(MarkersOf);
        Ok(known(lists(rows, of)))
    }
}

/// Without the rows that nothing owns; there are none.
fn known<K: std::hash::Hash + Eq, V>(lists: HashMap<Option<K>, V>) -> HashMap<K, V> {
    lists.into_iter().filter_map(|(owner, rows)| Some((owner?, rows))).collect()
}
