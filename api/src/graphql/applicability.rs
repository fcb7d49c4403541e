//! `Run.derivedSignals`: which derived signals apply, and why the others do not.

use async_graphql::{Context, Object};
use canlog::expression::{Limits, Plan};
use entity::{
    derived_signal,
    id::{RunId, SignalId},
};

use super::{
    derived_signal::DerivedSignal,
    error::{Answer, Refusal},
    expression::{ExpressionJoining, ExpressionProblem},
    load::{load, lookup},
    runtime,
    signal::Signal,
};
use crate::selection::catalog::{self, RunCatalog};

/// What a plan reads, and on which times it is computed.
#[derive(Clone, Debug)]
pub(crate) struct Reads {
    pub(crate) signals: Vec<SignalId>,
    pub(crate) joining: ExpressionJoining,
}

/// Whether a derived signal applies to a run or range.
#[derive(Clone, Debug)]
pub(crate) struct Applicability {
    derived: derived_signal::Model,
    outcome: Result<Reads, ExpressionProblem>,
}

/// Whether a derived signal applies to a run or range: whether every name in it means one signal there.
#[Object]
impl Applicability {
    /// The derived signal.
    async fn derived_signal(&self) -> DerivedSignal {
        DerivedSignal(self.derived.clone())
    }

    /// Whether it applies.
    async fn applies(&self) -> bool {
        self.outcome.is_ok()
    }

    /// Why it does not apply; null when it does.
    async fn problem(&self) -> Option<&ExpressionProblem> {
        self.outcome.as_ref().err()
    }

    /// The signals that it reads ("required" in the original API); empty when it does not apply. Of a range, each as
    /// one of its runs has it.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn signals(&self, ctx: &Context<'_>) -> Answer<Vec<Signal>> {
        match &self.outcome {
            Ok(reads) => signals(ctx, &reads.signals).await,
            Err(_) => Ok(Vec::new()),
        }
    }

    /// On which times it is computed; null when it does not apply.
    async fn joining(&self) -> Option<ExpressionJoining> {
        self.outcome.as_ref().ok().map(|reads| reads.joining)
    }
}

impl Reads {
    /// Of a plan over the catalogue.
    pub(crate) fn new(catalog: &RunCatalog, plan: &Plan) -> Self {
        let signals = catalog.signals(plan).map(|row| row.id).collect();
        Self { signals, joining: plan.joining().into() }
    }
}

/// The signals with these ids, in this order.
pub(crate) async fn signals(ctx: &Context<'_>, ids: &[SignalId]) -> Answer<Vec<Signal>> {
    let rows = futures::future::try_join_all(ids.iter().map(|&id| load(ctx, id))).await?;
    Ok(rows.into_iter().flatten().map(Signal::from).collect())
}

/// Answers `derivedSignals` over these runs: those that apply, those that do not, or all.
pub(crate) async fn over(
    ctx: &Context<'_>,
    runs: &[RunId],
    applicable: Option<bool>,
) -> Answer<Vec<Applicability>> {
    let catalog = RunCatalog::load(lookup(ctx), runs).await?;
    let limits = catalog::limits(&runtime(ctx).config.limits.expression);
    // A thousand long texts take a while.
    let looking = tokio::task::spawn_blocking(move || {
        catalog.derived().iter().map(|row| look(&catalog, row, &limits)).collect::<Vec<_>>()
    });
    let mut found = looking.await.map_err(Refusal::internal)?;
    found.retain(|one| applicable.is_none_or(|wanted| one.outcome.is_ok() == wanted));
    Ok(found)
}

fn look(catalog: &RunCatalog, row: &derived_signal::Model, limits: &Limits) -> Applicability {
    let outcome = match catalog.plan_derived(&row.name, limits) {
        Ok(plan) => Ok(Reads::new(catalog, &plan)),
        Err(error) => Err(catalog.problem(error, &row.expression)),
    };
    Applicability { derived: row.clone(), outcome }
}
