//! Runs one after the other as one axis of time.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

use async_graphql::dataloader::Loader;
use canlog::frame::Micros;
use entity::{
    id::{RunId, VehicleId},
    run::{self, Column},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Cond};

use super::Library;
use crate::graphql::{
    Answer, Refusal,
    load::{Lookup, Rows},
};

/// Which runs, in the order of time, and which times of them.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// Whose times they are.
    pub(crate) scope: Scope,
    /// One run, or all converted ones of a range: what they have can be named, whatever the window.
    pub(crate) runs: Arc<Vec<run::Model>>,
    /// The times wanted, end excluded; within the runs, and empty where they have none.
    pub(crate) window: Range<Micros>,
}

/// Whose times an axis has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope {
    /// This run's.
    Run(RunId),
    /// Those of all runs, of this car if told.
    Range(Option<VehicleId>),
}

impl Axis {
    /// The times of `run` that lie in `window`; all of them without one.
    pub(crate) fn of_run(run: &run::Model, window: Option<Range<Micros>>) -> Self {
        Self::of_runs(Scope::Run(run.id), vec![run.clone()], window.unwrap_or(Micros::MIN..Micros::MAX))
    }

    /// The times of `runs` (in the order of time) that lie in `window`.
    fn of_runs(scope: Scope, runs: Vec<run::Model>, window: Range<Micros>) -> Self {
        let start = runs.iter().filter_map(|run| run.start_at).min();
        let end = runs.iter().filter_map(|run| run.end_at).max().map(|end| end.saturating_add(1));
        let window = clip(&window, &(start.unwrap_or(window.start)..end.unwrap_or(window.end)));
        Self { scope, runs: Arc::new(runs), window }
    }

    /// What of it lies in `window`.
    pub(crate) fn narrowed(&self, window: &Range<Micros>) -> Self {
        Self { window: clip(window, &self.window), ..self.clone() }
    }

    /// The same with the runs alone that are under way in its window.
    pub(crate) fn of_its_runs(&self) -> Self {
        Self { runs: Arc::new(self.under_way().cloned().collect()), ..self.clone() }
    }

    /// The runs that have some of its times.
    fn under_way(&self) -> impl Iterator<Item = &run::Model> {
        self.runs.iter().filter(|run| run.is_under_way(&self.window))
    }

    /// Which runs are read: those that have some of its times.
    pub(crate) fn read(&self) -> HashSet<RunId> {
        self.under_way().map(|run| run.id).collect()
    }

    /// Whether there is something to be read of it: a run that is converted and not deleted, within its window.
    pub(crate) fn has_readings(&self) -> bool {
        let readable = |run: &run::Model| run.current_conversion_id.is_some() && run.deleted_at.is_none();
        self.under_way().any(readable)
    }

    /// Whether it takes all frames of the runs in that are read.
    pub(crate) fn is_whole(&self) -> bool {
        let inside = |(start, end): (Micros, Micros)| start >= self.window.start && end < self.window.end;
        self.under_way().all(|run| run.start_at.zip(run.end_at).is_some_and(inside))
    }

    /// The runs' ids.
    pub(crate) fn ids(&self) -> Arc<[RunId]> {
        self.runs.iter().map(|run| run.id).collect()
    }
}

/// What two spans have in common; empty where the second begins when they have nothing.
fn clip(one: &Range<Micros>, other: &Range<Micros>) -> Range<Micros> {
    let start = one.start.max(other.start);
    let end = one.end.min(other.end);
    if start < end { start..end } else { other.start..other.start }
}

impl Library {
    /// All converted runs that were under way in `window`, of `vehicle` if told, as one axis.
    ///
    /// # Errors
    /// BAD_USER_INPUT when they are more than one axis takes.
    pub(crate) async fn axis_of_range(
        &self,
        lookup: &Lookup,
        window: Range<Micros>,
        vehicle: Option<VehicleId>,
    ) -> Answer<Axis> {
        let most = self.runtime().config.limits.answer.range_runs;
        let key = RunsBetween { window: window.clone(), vehicle, most };
        let runs = lookup.load_one(key).await?.unwrap_or_default();
        if runs.len() > most {
            let message =
                format!("More than {most} runs lie in this window: make it smaller, or name the car.");
            return Err(Refusal::input("window", message));
        }
        Ok(Axis::of_runs(Scope::Range(vehicle), runs, window))
    }
}

/// The converted runs that were under way in a window, by their start: at most `most`, or one more when there are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RunsBetween {
    window: Range<Micros>,
    vehicle: Option<VehicleId>,
    most: usize,
}

impl RunsBetween {
    fn condition(&self) -> Cond {
        run::under_way(&self.window).add_option(self.vehicle.map(|vehicle| Column::VehicleId.eq(vehicle)))
    }

    fn takes(&self, run: &run::Model) -> bool {
        run.is_under_way(&self.window) && self.vehicle.is_none_or(|vehicle| run.vehicle_id == Some(vehicle))
    }
}

impl Loader<RunsBetween> for Rows {
    type Value = Vec<run::Model>;
    type Error = Refusal;

    async fn load(&self, keys: &[RunsBetween]) -> Result<HashMap<RunsBetween, Self::Value>, Refusal> {
        let any = keys.iter().fold(Cond::any(), |any, key| any.add(key.condition()));
        let most = keys.iter().map(|key| key.most + 1).sum::<usize>();
        let rows = run::Entity::find()
            .filter(Column::DeletedAt.is_null())
            .filter(Column::CurrentConversionId.is_not_null())
            .filter(any)
            .order_by_asc(Column::StartAt)
            .order_by_asc(Column::Id)
            .limit(most as u64)
            .all(self.database())
            .await?;
        let cut = rows.len() == most;
        let of = |key: &RunsBetween| {
            let found = rows.iter().filter(|run| key.takes(run)).take(key.most + 1);
            found.cloned().collect::<Vec<_>>()
        };
        // Several windows at once filled the statement's limit: what the last of them miss is not known.
        let short = |found: &Vec<_>, key: &RunsBetween| cut && found.len() <= key.most;
        let mut answers = HashMap::new();
        for key in keys {
            let found = of(key);
            if short(&found, key) {
                return Err(Refusal::input(
                    "window",
                    "These windows hold too many runs: ask for fewer at once.",
                ));
            }
            answers.insert(key.clone(), found);
        }
        Ok(answers)
    }
}
