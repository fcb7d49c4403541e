//! From selectors to signals.

use std::{collections::HashMap, sync::Arc};

use async_graphql::Value;
use canlog::manifest::{SignalSummary, ValueLabel};
use entity::{
    id::{DerivedSignalId, RunId, SignalId},
    signal,
};
use futures::future::join_all;

use super::{
    Axis, Derived, Library, Scope,
    catalog::RunCatalog,
    derive::{self, Meanings},
};
use crate::graphql::{
    Answer, Code, Refusal,
    load::{Lookup, SignalsIn, SignalsNamed},
};

/// The most signals of one answer.
pub(crate) const MAX_SIGNALS: usize = 100;

/// A signal by one of the ways to name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Selector {
    /// A signal of the run; over several runs it stands for its identity, whichever run it is of.
    Id(SignalId),
    /// Its short name where unique, else `Message.Signal`.
    Name(String),
    /// A saved expression.
    Derived(DerivedSignalId),
    /// An expression as text.
    Expression(String),
}

impl Selector {
    fn is_computed(&self) -> bool {
        matches!(self, Self::Derived(_) | Self::Expression(_))
    }
}

/// A signal that was found, over all runs of an axis that have it.
#[derive(Clone, Debug)]
pub(crate) struct Selected {
    /// What it is called: as the caller named it, by id `Message.Signal`; a derived signal by its name, an expression
    /// by its text.
    pub(crate) name: String,
    /// Its unit, of the first run that has one.
    pub(crate) unit: Option<String>,
    /// Its value table, of the first run that has one; else empty.
    pub(crate) labels: Arc<[ValueLabel]>,
    /// Where its samples are.
    pub(crate) kind: Kind,
}

/// Where the samples of a signal are.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// In files: the signal's row of each run that has it, in the order of the axis; none where there is no run.
    Recorded(Vec<signal::Model>),
    /// In what others are: an expression over them.
    Derived(Arc<Derived>),
}

impl Library {
    /// The signals that `selectors` mean on `axis`, in the same order: in the runs that are read, else in all of them.
    /// Where there is no run every name means a signal without samples. All statements of one step are one.
    ///
    /// # Errors
    /// BAD_USER_INPUT for no selector and for more than [`MAX_SIGNALS`], NOT_FOUND, AMBIGUOUS_SIGNAL with the
    /// candidates, EXPRESSION with reason and position.
    pub(crate) async fn select(
        &self,
        lookup: &Lookup,
        axis: &Axis,
        selectors: &[Selector],
    ) -> Answer<Vec<Selected>> {
        if selectors.is_empty() || selectors.len() > MAX_SIGNALS {
            return Err(Refusal::input("signals", format!("Between 1 and {MAX_SIGNALS} signals.")));
        }
        let (near, all) = (axis.of_its_runs().ids(), axis.ids());
        if near.is_empty() || near.len() == all.len() {
            return self.select_among(lookup, (axis.scope, &all), selectors).await?.into_iter().collect();
        }
        let mut found = self.select_among(lookup, (axis.scope, &near), selectors).await?;
        let is_unknown = |found: &Answer<Selected>| found.as_ref().is_err_and(Refusal::is_unknown_name);
        let unknown = selectors.iter().zip(&found).filter(|(_, found)| is_unknown(found));
        let unknown: Vec<Selector> = unknown.map(|(selector, _)| selector.clone()).collect();
        let further = self.select_among(lookup, (axis.scope, &all), &unknown).await?;
        let missing = found.iter_mut().filter(|found| is_unknown(found));
        missing.zip(further).for_each(|(found, further)| *found = further);
        found.into_iter().collect()
    }

    /// What each selector means in these runs.
    async fn select_among(
        &self,
        lookup: &Lookup,
        runs: (Scope, &Arc<[RunId]>),
        selectors: &[Selector],
    ) -> Answer<Vec<Answer<Selected>>> {
        let meanings = match selectors.iter().any(Selector::is_computed) {
            true => Some(self.meanings(lookup, runs.1).await?),
            false => None,
        };
        let each = selectors.iter().map(|selector| one(lookup, runs, (selector, meanings.as_ref())));
        Ok(join_all(each).await)
    }

    /// All recorded signals of the runs that `axis` reads (of all of them, if it reads none), each once, in the order of
    /// the first run that has them.
    ///
    /// # Errors
    /// BAD_USER_INPUT when they are too many to be asked for without names.
    pub(crate) async fn select_all(&self, lookup: &Lookup, axis: &Axis) -> Answer<Vec<Selected>> {
        let near = axis.of_its_runs();
        let runs = if near.runs.is_empty() { axis.ids() } else { near.ids() };
        let rows = lookup.load_one(SignalsIn(runs)).await?.unwrap_or_default();
        if rows.len() > SignalsIn::MOST {
            let message = format!("More than {} signals of runs: name those you want.", SignalsIn::MOST);
            return Err(Refusal::input("signals", message));
        }
        let mut places = HashMap::new();
        let mut signals: Vec<Vec<signal::Model>> = Vec::new();
        for row in rows.iter() {
            let place = *places.entry(identity(row)).or_insert(signals.len());
            if place == signals.len() {
                signals.push(Vec::new());
            }
            signals[place].push(row.clone());
        }
        let selected = |rows: Vec<signal::Model>| {
            let name = rows.first().map(qualified).unwrap_or_default();
            Selected::recorded(rows, name)
        };
        Ok(signals.into_iter().map(selected).collect())
    }

    async fn meanings(&self, lookup: &Lookup, runs: &Arc<[RunId]>) -> Answer<Meanings> {
        let mut catalog = RunCatalog::load(lookup, runs).await?;
        if runs.is_empty() {
            catalog.accept_unknown();
        }
        Ok(Meanings::new(catalog, Arc::clone(runs), derive::limits(self.runtime())))
    }
}

async fn one(
    lookup: &Lookup,
    axis: (Scope, &Arc<[RunId]>),
    (selector, meanings): (&Selector, Option<&Meanings>),
) -> Answer<Selected> {
    match (selector, meanings) {
        (Selector::Derived(id), Some(meanings)) => meanings.saved(*id),
        (Selector::Expression(text), Some(meanings)) => meanings.given(text),
        _ => recorded(lookup, axis, selector).await,
    }
}

async fn recorded(
    lookup: &Lookup,
    (scope, runs): (Scope, &Arc<[RunId]>),
    selector: &Selector,
) -> Answer<Selected> {
    match selector {
        Selector::Derived(id) => Err(Refusal::not_found("derived signal", id)),
        Selector::Expression(text) => Err(Refusal::not_found("signal", text)),
        Selector::Id(id) => {
            let is_meant =
                |row: &signal::Model| matches!(scope, Scope::Range(_)) || runs.contains(&row.run_id);
            let row = lookup.load_one(*id).await?.filter(is_meant);
            let row = row.ok_or_else(|| Refusal::not_found("signal", id))?;
            let rows = everywhere(lookup, runs, &row).await?;
            if rows.is_empty() && !runs.is_empty() {
                return Err(Refusal::not_found("signal", id));
            }
            Ok(Selected::recorded(rows, qualified(&row)))
        }
        Selector::Name(name) => {
            let rows = named(lookup, runs, name).await?;
            let rows = if runs.is_empty() { rows } else { only(rows, name)? };
            Ok(Selected::recorded(rows, name.clone()))
        }
    }
}

/// The same signal in all runs of the axis, in their order.
async fn everywhere(lookup: &Lookup, runs: &Arc<[RunId]>, row: &signal::Model) -> Answer<Vec<signal::Model>> {
    if **runs == [row.run_id] {
        return Ok(vec![row.clone()]);
    }
    let mut rows = named(lookup, runs, &qualified(row)).await?;
    rows.retain(|other| identity(other) == identity(row));
    Ok(rows)
}

/// The signals that a short or qualified name may mean, in the order of `runs`.
async fn named(lookup: &Lookup, runs: &Arc<[RunId]>, name: &str) -> Answer<Vec<signal::Model>> {
    let key = SignalsNamed { runs: Arc::clone(runs), name: name.to_owned() };
    Ok(lookup.load_one(key).await?.unwrap_or_default())
}

/// All of `rows` when they are one signal.
fn only(rows: Vec<signal::Model>, name: &str) -> Answer<Vec<signal::Model>> {
    let Some(first) = rows.first() else { return Err(Refusal::not_found("signal", name)) };
    match rows.iter().all(|row| identity(row) == identity(first)) {
        true => Ok(rows),
        false => Err(ambiguous(&rows, name)),
    }
}

/// `Message.Signal`.
pub(crate) fn qualified(row: &signal::Model) -> String {
    format!("{}.{}", row.message, row.name)
}

/// What makes a signal the same in several runs.
pub(crate) fn identity(row: &signal::Model) -> (Option<&str>, Option<i64>, bool, &str, &str) {
    (row.bus.as_deref(), row.frame_id, row.extended, &row.message, &row.name)
}

/// Lists the candidates: id, qualified name, message, bus and frame id of each, once for all runs.
pub(crate) fn ambiguous(rows: &[signal::Model], name: &str) -> Refusal {
    let mut candidates: Vec<&signal::Model> = Vec::new();
    for row in rows {
        if !candidates.iter().any(|known| identity(known) == identity(row)) {
            candidates.push(row);
        }
    }
    let candidate = |row: &&signal::Model| {
        async_graphql::value!({
            "id": row.id.to_string(),
            "qualifiedName": qualified(row),
            "message": row.message.clone(),
            "bus": row.bus.clone(),
            "frameId": row.frame_id,
        })
    };
    let more = match candidates.windows(2).all(|pair| qualified(pair[0]) == qualified(pair[1])) {
        true => "only their ids tell them apart",
        false => "name the message too, or an id",
    };
    let message = format!("{} signals are named {name}: {more}.", candidates.len());
    Refusal::new(Code::AmbiguousSignal, message)
        .with("candidates", Value::List(candidates.iter().map(candidate).collect()))
}

impl Selected {
    fn recorded(rows: Vec<signal::Model>, name: String) -> Self {
        let mut labels = rows.iter().map(|row| summary(row).labels);
        Self {
            name,
            unit: rows.iter().find_map(|row| row.unit.clone()),
            labels: labels.find(|labels| !labels.is_empty()).unwrap_or_default().into(),
            kind: Kind::Recorded(rows),
        }
    }

    /// A recorded signal's rows, of all runs that have it.
    pub(crate) fn rows(&self) -> &[signal::Model] {
        match &self.kind {
            Kind::Recorded(rows) => rows,
            Kind::Derived(_) => &[],
        }
    }

    /// What it is computed by, unless it was recorded.
    pub(crate) fn derived(&self) -> Option<&Derived> {
        match &self.kind {
            Kind::Recorded(_) => None,
            Kind::Derived(derived) => Some(derived),
        }
    }

    /// The rows of everything that it is read from, in all runs.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &signal::Model> {
        let derived = self.derived().into_iter().flat_map(|derived| derived.runs.iter().flatten().flatten());
        self.rows().iter().chain(derived)
    }

    /// The value table's label of a sample.
    pub(crate) fn label(&self, value: f64) -> Option<&str> {
        let found = self.labels.iter().find(|label| label.value == Some(value));
        found.map(|label| label.label.as_str())
    }
}

/// The figures that the conversion stored.
pub(crate) fn summary(row: &signal::Model) -> SignalSummary {
    serde_json::from_str(&row.summary).unwrap_or_else(|error| {
        tracing::error!(signal.id = %row.id, %error, "a signal's summary cannot be read");
        SignalSummary::default()
    })
}
