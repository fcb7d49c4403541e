//! What names in expressions mean in one run, or in several at once.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_graphql::dataloader::DataLoader;
use canlog::expression::{Base, Catalog, Column, Expression, ExpressionError, Limits, Plan};
use entity::{derived_signal, id::RunId, signal};
use platform::config::expressions::ExpressionLimits;

use super::dependency::Uses;
use crate::graphql::{
    error::Answer,
    expression::ExpressionProblem,
    load::{AllDerived, RecordedIn, Rows},
};

/// The signals of one run or several (the same one in several runs is one: bus, frame id, message and name say which),
/// and all derived signals.
#[derive(Clone, Debug)]
pub(crate) struct RunCatalog {
    catalog: Catalog,
    signals: Vec<signal::Model>,
    derived: Arc<Vec<derived_signal::Model>>,
    /// By base and column: where the signal is in each run that has it.
    columns: Vec<Vec<Places>>,
}

/// A signal's places among the rows, by its run.
type Places = HashMap<RunId, usize>;

/// A message as recorded.
type Message<'a> = (Option<&'a str>, Option<i64>, bool, &'a str);

/// A message's own time base, or that of a signal which only some of the message's rows carry.
type BaseKey<'a> = (Message<'a>, Option<&'a str>);

/// Which rows of its message a signal is in, as far as its figures tell.
type Extent = (i64, Option<i64>, Option<i64>);

impl RunCatalog {
    /// Of the rows of these signals and derived signals.
    pub(crate) fn new(signals: Vec<signal::Model>, derived: Arc<Vec<derived_signal::Model>>) -> Self {
        let (mut catalog, columns) = sort(&signals);
        for row in derived.iter() {
            catalog.add_derived(&row.name, &row.expression);
        }
        Self { catalog, signals, derived, columns }
    }

    /// Of these runs. Its signals' rows lack their summaries.
    pub(crate) async fn load(lookup: &DataLoader<Rows>, runs: &[RunId]) -> Answer<Self> {
        let recorded =
            futures::future::try_join_all(runs.iter().map(|&run| lookup.load_one(RecordedIn(run))));
        let (recorded, derived) = futures::try_join!(recorded, lookup.load_one(AllDerived))?;
        let signals = recorded.into_iter().flatten().flatten().collect();
        Ok(Self::new(signals, derived.unwrap_or_default()))
    }

    /// Lets names that mean nothing here stand for some signal: to check a text that is for other runs too.
    pub(crate) fn accept_unknown(&mut self) {
        self.catalog.accept_unknown();
    }

    /// All derived signals, by name.
    pub(crate) fn derived(&self) -> &Arc<Vec<derived_signal::Model>> {
        &self.derived
    }

    /// What is wrong with a text that could not be planned.
    pub(crate) fn problem(&self, error: ExpressionError, source: &str) -> ExpressionProblem {
        let blamed =
            error.derived.as_ref().and_then(|name| self.derived.iter().find(|row| row.name == *name));
        let text = blamed.map_or(source, |row| &row.expression);
        ExpressionProblem::new(error, text)
    }

    /// Gives a text's names their meaning.
    pub(crate) fn plan(&self, source: &str, limits: &Limits) -> Result<Plan, ExpressionError> {
        Plan::new(&Expression::parse(source, limits)?, &self.catalog, limits)
    }

    /// Plans the derived signal of this name.
    pub(crate) fn plan_derived(&self, name: &str, limits: &Limits) -> Result<Plan, ExpressionError> {
        Plan::derived(name, &self.catalog, limits)
    }

    /// The unit of a text that can be planned, where it is evident. A signal's when it is the same in all runs that have
    /// it; a derived signal's is the one it was given.
    pub(crate) fn unit(&self, text: &Expression, limits: &Limits) -> Option<String> {
        let uses = Uses::new(&self.derived, limits);
        text.unit(|name| match uses.meant(name) {
            Some(row) => row.unit.clone(),
            None => self.recorded_unit(&name.to_string(), limits),
        })
    }

    fn recorded_unit(&self, name: &str, limits: &Limits) -> Option<String> {
        let plan = self.plan(name, limits).ok()?;
        let [Base { base, columns }] = plan.bases() else { return None };
        let places = self.columns.get(*base)?.get(*columns.first()?)?.values();
        let mut units = places.map(|&place| self.signals.get(place).and_then(|row| row.unit.as_deref()));
        let first = units.next()??;
        units.all(|unit| unit == Some(first)).then(|| first.to_owned()).filter(|unit| !unit.is_empty())
    }

    /// The columns of a plan's base in `run`, in the plan's order; all of one conversion's file, and named there by
    /// their `name`. None where the run lacks one of them: the plan has no values in it.
    pub(crate) fn locate(&self, base: &Base, run: RunId) -> Option<Vec<&signal::Model>> {
        let columns = self.columns.get(base.base)?;
        base.columns.iter().map(|&column| self.place(columns.get(column)?.get(&run))).collect()
    }

    /// What a plan reads: a row a signal, of any of the runs.
    pub(crate) fn signals<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = &'a signal::Model> {
        let columns = plan.bases().iter().flat_map(|base| base.columns.iter().map(|&at| (base.base, at)));
        columns.filter_map(|(base, column)| self.place(self.columns.get(base)?.get(column)?.values().min()))
    }

    fn place(&self, place: Option<&usize>) -> Option<&signal::Model> {
        self.signals.get(*place?)
    }
}

/// The library's bounds, as they are configured.
pub(crate) fn limits(config: &ExpressionLimits) -> Limits {
    Limits {
        source_bytes: config.bytes,
        tokens: config.tokens,
        nodes: config.nodes,
        depth: config.depth,
        derived_depth: config.chain,
        plan_nodes: config.total_nodes,
        time_bases: config.messages,
        window_samples: config.window_samples,
        rows: config.rows,
    }
}

fn message(row: &signal::Model) -> Message<'_> {
    (row.bus.as_deref(), row.frame_id, row.extended, &row.message)
}

fn extent(row: &signal::Model) -> Extent {
    (row.count, row.first_at, row.last_at)
}

fn sort(signals: &[signal::Model]) -> (Catalog, Vec<Vec<Places>>) {
    let partial = partial(signals);
    let mut catalog = Catalog::default();
    let mut bases: HashMap<BaseKey<'_>, usize> = HashMap::new();
    let mut known: HashMap<(Message<'_>, &str), Column> = HashMap::new();
    let mut columns: Vec<Vec<Places>> = Vec::new();
    for (place, row) in signals.iter().enumerate() {
        let identity = (message(row), row.name.as_str());
        let column = *known.entry(identity).or_insert_with(|| {
            let own = partial.contains(&identity).then_some(row.name.as_str());
            let base = *bases.entry((message(row), own)).or_insert_with(|| {
                columns.push(Vec::new());
                columns.len() - 1
            });
            columns[base].push(Places::new());
            let column = Column { base, column: columns[base].len() - 1 };
            let path: Vec<&str> = row.bus.as_deref().into_iter().chain([&*row.message, &*row.name]).collect();
            catalog.add_signal(&path, column);
            column
        });
        columns[column.base][column.column].insert(row.run_id, place);
    }
    (catalog, columns)
}

/// Signals that in some run may not be in every row of their message: multiplexed ones, and all of a log that another
/// tool decoded, whose figures do not tell which rows they are in.
fn partial(signals: &[signal::Model]) -> HashSet<(Message<'_>, &str)> {
    let mut fullest: HashMap<(RunId, Message<'_>), Extent> = HashMap::new();
    for row in signals {
        let found = fullest.entry((row.run_id, message(row))).or_insert_with(|| extent(row));
        *found = (*found).max(extent(row));
    }
    let is_partial =
        |row: &&signal::Model| row.frame_id.is_none() || fullest[&(row.run_id, message(row))] != extent(row);
    signals.iter().filter(is_partial).map(|row| (message(row), row.name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use canlog::expression::{Joining, Limits};
    use entity::{
        id::{ConversionId, RunId, SignalId},
        signal,
    };

    use super::RunCatalog;

    fn recorded(run: RunId, message: &str, name: &str, count: i64) -> signal::Model {
        signal::Model {
            id: SignalId::new(),
            run_id: run,
            conversion_id: ConversionId::new(),
            position: 0,
            bus: Some("can0".to_owned()),
            frame_id: Some(1),
            extended: false,
            message: message.to_owned(),
            name: name.to_owned(),
            unit: None,
            file: format!("{message}.parquet"),
            overview: String::new(),
            sorted: true,
            count,
            summary: String::new(),
            first_at: Some(0),
            last_at: Some(1),
            catalog_id: None,
        }
    }

    #[test]
    fn a_multiplexed_signal_has_times_of_its_own() {
        let run = RunId::new();
        let signals = [("Mux", 9), ("A", 9), ("B", 4)].map(|(name, count)| recorded(run, "M", name, count));
        let catalog = RunCatalog::new(signals.to_vec(), Arc::default());
        let joining = |source: &str| catalog.plan(source, &Limits::default()).unwrap().joining();
        assert_eq!(joining("Mux + A"), Joining::Direct);
        assert_eq!(joining("Mux + B"), Joining::PreviousValue);
    }

    /// As often, from when to when: and not in the same rows.
    #[test]
    fn figures_that_are_equal_tell_nothing_of_a_decoded_log() {
        let run = RunId::new();
        let decoded = |name| signal::Model { frame_id: None, ..recorded(run, "M", name, 9) };
        let catalog = RunCatalog::new(vec![decoded("A"), decoded("B")], Arc::default());
        let plan = catalog.plan("A + B", &Limits::default()).unwrap();
        assert_eq!(plan.joining(), Joining::PreviousValue);
    }

    #[test]
    fn a_signal_of_several_runs_is_one_and_found_where_it_is() {
        let [one, two] = [RunId::new(), RunId::new()];
        let signals = [
            recorded(one, "Wheel", "Speed", 9),
            recorded(two, "Other", "Temp", 9),
            recorded(two, "Wheel", "Speed", 9),
            recorded(two, "Wheel", "Slip", 9),
        ];
        let catalog = RunCatalog::new(signals.to_vec(), Arc::default());
        let plan = catalog.plan("Speed * Wheel.Slip", &Limits::default()).unwrap();
        let names = |run| {
            let found = catalog.locate(&plan.bases()[0], run)?;
            Some(found.iter().map(|row| (row.run_id, row.name.clone())).collect::<Vec<_>>())
        };
        assert_eq!(names(one), None, "it has no Slip");
        assert_eq!(names(two), Some(vec![(two, "Speed".to_owned()), (two, "Slip".to_owned())]));
        assert_eq!(catalog.signals(&plan).count(), 2);
    }
}
