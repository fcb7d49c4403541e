//! `checkExpression`: what a text means before it is saved or plotted.

use async_graphql::{Context, ID, Object};
use canlog::expression::{Expression, Joining};
use entity::{derived_signal, id::RunId};

use super::{
    applicability::{self, Reads},
    derived_signal::DerivedSignal,
    error::{Answer, Refusal},
    expression::{ExpressionJoining, ExpressionProblem},
    input,
    load::{load, lookup},
    runtime,
    signal::Signal,
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
}

/// What an expression means: in a run, or, without one, as far as it can be told.
#[Object]
impl ExpressionCheck {
    /// Whether it can be used: it is a sentence of the language within the limits, and every name in it means
    /// one signal of the run, if a run was given.
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

    /// The signals of the run that it reads, by its derived signals too; empty without a run.
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

    /// On which times it is computed; null without a run, unless it is constant.
    async fn joining(&self) -> Option<ExpressionJoining> {
        let meaning = self.meaning()?;
        let constant = meaning.constant.map(|_| ExpressionJoining::Constant);
        constant.or(meaning.reads.as_ref().map(|reads| reads.joining))
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
pub(crate) async fn check(ctx: &Context<'_>, text: &str, run: Option<&ID>) -> Answer<ExpressionCheck> {
    let runs = match run {
        Some(id) => vec![known(ctx, id).await?],
        None => Vec::new(),
    };
    let mut names = RunCatalog::load(lookup(ctx), &runs).await?;
    if run.is_none() {
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
        reads: run.map(|_| Reads::new(&names, &plan)),
    });
    Ok(ExpressionCheck { outcome })
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
