//! From expressions to plans over the runs of an axis.

use std::sync::Arc;

use canlog::expression::{ExpressionError, Joining, Limits, Plan};
use entity::{
    derived_signal,
    id::{DerivedSignalId, RunId},
    signal,
};

use super::{
    Kind, Selected,
    catalog::{self, RunCatalog},
};
use crate::graphql::{Answer, Code, Refusal};

/// An expression whose names have a meaning on an axis.
#[derive(Debug)]
pub(crate) struct Derived {
    /// What to compute.
    pub(crate) plan: Plan,
    /// The derived signal; `None` for an expression that was given as text.
    pub(crate) saved: Option<derived_signal::Model>,
    /// The text.
    pub(crate) expression: String,
    /// Each run that has all signals, in the order of the axis: the columns of each of the plan's bases.
    pub(crate) runs: Vec<Vec<Vec<signal::Model>>>,
}

/// What expressions mean on an axis.
pub(super) struct Meanings {
    catalog: RunCatalog,
    runs: Arc<[RunId]>,
    limits: Limits,
}

impl Meanings {
    pub(super) fn new(catalog: RunCatalog, runs: Arc<[RunId]>, limits: Limits) -> Self {
        Self { catalog, runs, limits }
    }

    /// A derived signal of the catalogue.
    pub(super) fn saved(&self, id: DerivedSignalId) -> Answer<Selected> {
        let row = self.catalog.derived().iter().find(|row| row.id == id);
        let row = row.ok_or_else(|| Refusal::not_found("derived signal", id))?;
        let plan = self.catalog.plan_derived(&row.name, &self.limits);
        self.selected(plan, &row.expression, Some(row))
    }

    /// An expression as text.
    pub(super) fn given(&self, source: &str) -> Answer<Selected> {
        self.selected(self.catalog.plan(source, &self.limits), source, None)
    }

    fn selected(
        &self,
        plan: Result<Plan, ExpressionError>,
        source: &str,
        saved: Option<&derived_signal::Model>,
    ) -> Answer<Selected> {
        let plan = plan.map_err(|error| self.catalog.problem(error, source).refusal())?;
        if let Joining::Constant(value) = plan.joining() {
            let message = format!("This expression names no signal: it always is {value}, at no time.");
            return Err(Refusal::new(Code::Expression, message).at("expression"));
        }
        let located = |run: &RunId| -> Option<Vec<Vec<signal::Model>>> {
            let columns = |base| Some(self.catalog.locate(base, *run)?.into_iter().cloned().collect());
            plan.bases().iter().map(columns).collect()
        };
        let runs = self.runs.iter().filter_map(located).collect();
        Ok(Selected {
            name: saved.map_or(source, |row| &row.name).to_owned(),
            unit: saved.and_then(|row| row.unit.clone()),
            labels: Arc::default(),
            kind: Kind::Derived(Arc::new(Derived {
                plan,
                saved: saved.cloned(),
                expression: source.to_owned(),
                runs,
            })),
        })
    }
}

/// The bounds of expressions, as configured.
pub(super) fn limits(runtime: &platform::runtime::Runtime) -> Limits {
    catalog::limits(&runtime.config.limits.expression)
}
