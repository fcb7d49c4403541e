//! `checkExpression`: what a text means before it is saved or plotted.

use async_graphql::{Context, ID, Object};
use canlog::expression::{Expression, Joining};
use entity::{
    derived_signal,
    id::{RunId, VehicleId},
};

use super::{
    applicability::{self, Reads},
    derived_signal::DerivedSignal,
    error::{Answer, Refusal},
    expression::{ExpressionJoining, ExpressionProblem},
    input, library,
    load::{load, lookup},
    runtime,
    signal::Signal,
    window::TimeWindow,
};
use crate::selection::{
    catalog::{self, RunCatalog},
    dependency::Uses,
};

/// What a text means.
#[derive(Clone, Debug)]
pub(crate) struct ExpressionCheck {
    outcome: Result<Meaning, ExpressionProblem>,
}

#[derive(Clone, Debug)]
struct Meaning {
    canonical: String,
    names: Vec<String>,
    derived: Vec<derived_signal::Model>,
    /// None without a run: then the names of signals mean nothing yet.
    reads: Option<Reads>,
    constant: Option<f64>,
    unit: Option<String>,
}

/// Where the names of a text are to mean signals.
#[derive(Clone, Debug, Default)]
pub(crate) struct Where {
    pub(crate) run: Option<ID>,
    pub(crate) window: Option<TimeWindow>,
    pub(crate) vehicle: Option<ID>,
}

/// What an expression means: in a run or range, or, without one, as far as it can be told.
#[Object]
impl ExpressionCheck {
    /// Whether it can be used: it is a sentence of the language within the limits, and every name in it means
    /// one signal of the run or range, if one was given.
    async fn ok(&self) -> bool {
        self.outcome.is_ok()
    }

    /// What is wrong with it; null when nothing is.
    async fn problem(&self) -> Option<&ExpressionProblem> {
        self.outcome.as_ref().err()
    }

    /// The shortest way to write it; null when it cannot be used.
    async fn canonical(&self) -> Option<&str> {
        self.meaning().map(|meaning| meaning.canonical.as_str())
    }

    /// The names in it, as they are to be written, each once.
    async fn names(&self) -> Vec<&str> {
        self.meaning().map(|meaning| meaning.names.iter().map(String::as_str).collect()).unwrap_or_default()
    }

    /// The signals that it reads, by its derived signals too; empty without a run or range. Of a range, each as one of
    /// its runs has it.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn signals(&self, ctx: &Context<'_>) -> Answer<Vec<Signal>> {
        match self.meaning().and_then(|meaning| meaning.reads.as_ref()) {
            Some(reads) => applicability::signals(ctx, &reads.signals).await,
            None => Ok(Vec::new()),
        }
    }

    /// The derived signals that it uses, by each other too.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn derived_signals(&self) -> Vec<DerivedSignal> {
        let derived = self.meaning().map(|meaning| meaning.derived.clone()).unwrap_or_default();
        derived.into_iter().map(DerivedSignal).collect()
    }

    /// On which times it is computed; null without a run or range, unless it is constant.
    async fn joining(&self) -> Option<ExpressionJoining> {
        let meaning = self.meaning()?;
        let constant = meaning.constant.map(|_| ExpressionJoining::Constant);
        constant.or(meaning.reads.as_ref().map(|reads| reads.joining))
    }

    /// Its unit where that is evident: that of a signal, also negated, absolute, rounded, moved along time, smoothed,
    /// limited or chosen, and of a sum or difference of signals of one unit. A derived signal counts with the unit it
    /// was given. Null for all else: a factor, or a number that is added, may be a conversion.
    async fn unit(&self) -> Option<&str> {
        self.meaning()?.unit.as_deref()
    }

    /// Its value, when it names no signal; null otherwise, and where that is no finite number.
    async fn value(&self) -> Option<f64> {
        self.meaning()?.constant.filter(|value| value.is_finite())
    }
}

impl ExpressionCheck {
    fn meaning(&self) -> Option<&Meaning> {
        self.outcome.as_ref().ok()
    }
}

/// Answers `Query.checkExpression`.
pub(crate) async fn check(ctx: &Context<'_>, text: &str, within: &Where) -> Answer<ExpressionCheck> {
    let runs = runs(ctx, within).await?;
    let mut names = RunCatalog::load(lookup(ctx), runs.as_deref().unwrap_or_default()).await?;
    if runs.is_none() {
        names.accept_unknown();
    }
    let limits = catalog::limits(&runtime(ctx).config.limits.expression);
    let planned = Expression::parse(text, &limits).and_then(|read| Ok((names.plan(text, &limits)?, read)));
    let outcome = planned.map_err(|error| names.problem(error, text)).map(|(plan, read)| Meaning {
        canonical: read.to_string(),
        names: written(&read),
        derived: Uses::new(names.derived(), &limits).used_by(text, &limits).into_iter().cloned().collect(),
        constant: match plan.joining() {
            Joining::Constant(value) => Some(value),
            _ => None,
        },
        reads: runs.is_some().then(|| Reads::new(&names, &plan)),
        unit: names.unit(&read, &limits),
    });
    Ok(ExpressionCheck { outcome })
}

/// The runs whose signals names mean; none when any name may be a signal's.
async fn runs(ctx: &Context<'_>, within: &Where) -> Answer<Option<Vec<RunId>>> {
    match within {
        Where { run: Some(id), window: None, vehicle: None } => Ok(Some(vec![known(ctx, id).await?])),
        Where { run: None, window: Some(window), vehicle } => {
            let vehicle = vehicle.as_ref().map(|id| input::id::<VehicleId>(id, "vehicle")).transpose()?;
            let window = window.range(ctx, "window").await?;
            let axis = library(ctx).axis_of_range(lookup(ctx), window, vehicle).await?;
            Ok(Some(axis.ids().to_vec()))
        }
        Where { run: None, window: None, vehicle: None } => Ok(None),
        Where { run: Some(_), .. } => Err(Refusal::input("run", "Give `run` alone, or `window`.")),
        Where { vehicle: Some(_), .. } => {
            Err(Refusal::input("vehicle", "The car of a range: give `window` too."))
        }
    }
}

async fn known(ctx: &Context<'_>, id: &ID) -> Answer<RunId> {
    let id: RunId = input::id(id, "run")?;
    let row = load(ctx, id).await?;
    row.map(|row| row.id).ok_or_else(|| Refusal::not_found("run", id).at("run"))
}

fn written(expression: &Expression) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in expression.names() {
        let name = name.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
