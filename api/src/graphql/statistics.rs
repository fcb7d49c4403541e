//! `Statistics`: figures of all samples in a window.

mod read;
mod stored;

use async_graphql::{Object, SimpleObject};
pub(crate) use read::{cost, of_axis};

use super::{
    derived_signal::DerivedSignal,
    expression::ExpressionJoining,
    scalar::{DateTime, Int64},
    signal::Signal,
};
use crate::selection::Selected;

/// Figures of a signal.
#[derive(Clone, Debug)]
pub(crate) struct Statistics {
    of: Selected,
    figures: canlog::statistics::Statistics,
}

/// A sample.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub(crate) struct Sample {
    /// When.
    time: DateTime,
    /// Its value; null when it is no finite number.
    value: Option<f64>,
}

impl From<canlog::statistics::Sample> for Sample {
    fn from(sample: canlog::statistics::Sample) -> Self {
        Self { time: DateTime(sample.time), value: Some(sample.value).filter(|value| value.is_finite()) }
    }
}

/// Figures of all samples of a signal in a window ("KPI" in the original API), never of reduced points. Null without
/// samples, and where a figure is no finite number.
#[Object]
impl Statistics {
    /// The signal; over several runs, that of the first run that has it. Null for a derived one, and where there is no run.
    async fn signal(&self) -> Option<Signal> {
        self.of.rows().first().cloned().map(Signal::from)
    }

    /// What it is called: as it was asked for, by id `Message.Signal`.
    async fn name(&self) -> &str {
        &self.of.name
    }

    /// Its unit.
    async fn unit(&self) -> Option<&str> {
        self.of.unit.as_deref()
    }

    /// The derived signal; null for a recorded one, and for an expression that is not saved.
    async fn derived(&self) -> Option<DerivedSignal> {
        self.of.derived()?.saved.clone().map(DerivedSignal)
    }

    /// The expression that it is computed by; null for a recorded signal.
    async fn expression(&self) -> Option<&str> {
        self.of.derived().map(|derived| derived.expression.as_str())
    }

    /// On which times it is computed; null for a recorded signal.
    async fn joining(&self) -> Option<ExpressionJoining> {
        self.of.derived().map(|derived| derived.plan.joining().into())
    }

    /// Samples.
    async fn count(&self) -> Int64 {
        self.figures.count.into()
    }

    /// The smallest value.
    async fn min(&self) -> Option<f64> {
        self.figures.min
    }

    /// The largest value.
    async fn max(&self) -> Option<f64> {
        self.figures.max
    }

    /// The arithmetic mean ("avg" in the original API).
    async fn mean(&self) -> Option<f64> {
        self.figures.mean
    }

    /// The standard deviation by n - 1 ("std" in the original API); null below two samples.
    async fn standard_deviation(&self) -> Option<f64> {
        self.figures.standard_deviation
    }

    /// The earliest sample.
    async fn first(&self) -> Option<Sample> {
        self.figures.first.map(Sample::from)
    }

    /// The latest sample.
    async fn last(&self) -> Option<Sample> {
        self.figures.last.map(Sample::from)
    }

    /// 5 % of the samples lie below; between two samples by the straight line.
    async fn p05(&self) -> Option<f64> {
        self.figures.p05
    }

    /// The median.
    async fn p50(&self) -> Option<f64> {
        self.figures.p50
    }

    /// 95 % of the samples lie below.
    async fn p95(&self) -> Option<f64> {
        self.figures.p95
    }
}
