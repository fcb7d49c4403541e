//! `Series`: columns of numbers for plots.

mod read;
mod request;

use std::sync::Arc;

use async_graphql::{Context, Object};
use canlog::series::Reduction as Method;
pub(crate) use read::{Budget, of_axis};
pub(crate) use request::{Fill, Grid, Reduction, Resolution, Shape, SignalSelector};

use super::{
    derived_signal::DerivedSignal,
    error::Answer,
    export::{Export, ExportFormat},
    expression::ExpressionJoining,
    scalar::{DateTime, Float64Array, FloatList, Int64, Url},
    signal::Signal,
};
use crate::selection::Selected;

/// The columns of one signal.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    of: Selected,
    columns: Columns,
    export: Export,
}

impl Series {
    fn new(of: Selected, series: canlog::series::Series, export: Export) -> Self {
        Self { of, columns: Columns::new(series), export }
    }
}

/// The answer for one signal, its columns shared with the scalars that show them.
#[derive(Clone, Debug)]
struct Columns {
    head: canlog::series::Series,
    time: Arc<Vec<f64>>,
    values: Arc<Vec<f64>>,
    min: Arc<Vec<f64>>,
    max: Arc<Vec<f64>>,
}

impl Columns {
    fn new(mut series: canlog::series::Series) -> Self {
        let mut column =
            |of: fn(&mut canlog::series::Series) -> &mut Vec<f64>| Arc::new(std::mem::take(of(&mut series)));
        let (time, values) = (column(|series| &mut series.time), column(|series| &mut series.values));
        let (min, max) = (column(|series| &mut series.min), column(|series| &mut series.max));
        Self { head: series, time, values, min, max }
    }
}

/// A column unless it has no part in the answer.
fn filled(column: &Arc<Vec<f64>>, time: &Arc<Vec<f64>>) -> Option<Arc<Vec<f64>>> {
    (column.len() == time.len()).then(|| Arc::clone(column))
}

/// Samples of one signal in a window, as parallel columns in ascending time. RAW, MEAN, FIRST and LAST fill
/// `values`; MIN_MAX fills `min` and `max`.
#[Object]
impl Series {
    /// The signal; over several runs, that of the first run that has it. Null for a derived one, and where there is no run.
    async fn signal(&self) -> Option<Signal> {
        self.of.rows().first().cloned().map(Signal::from)
    }

    /// What it is called: as it was asked for, by id `Message.Signal`.
    async fn name(&self) -> &str {
        &self.of.name
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

    /// Its unit.
    async fn unit(&self) -> Option<&str> {
        self.of.unit.as_deref()
    }

    /// What `time` counts from.
    async fn t0(&self) -> DateTime {
        DateTime(self.columns.head.t0)
    }

    /// How entries came about: RAW when the samples are few enough to be given as they are.
    async fn method(&self) -> Reduction {
        self.columns.head.method.into()
    }

    /// Width of a bucket in seconds; null when the entries are samples.
    #[expect(clippy::cast_precision_loss, reason = "seconds, of a span below 2^53 microseconds")]
    async fn bucket(&self) -> Option<f64> {
        self.columns.head.bucket.map(|micros| micros as f64 / 1e6)
    }

    /// Samples in the window.
    async fn source_samples(&self) -> Int64 {
        self.columns.head.source_samples.into()
    }

    /// Entries of each column; never more than `maxPoints`.
    async fn points(&self) -> i32 {
        i32::try_from(self.columns.time.len()).unwrap_or(i32::MAX)
    }

    /// Whether the entries are all the samples of the window.
    async fn exact(&self) -> bool {
        self.columns.head.exact
    }

    /// Seconds since `t0`: of a sample, or of the beginning of a bucket. The first one begins with the window, or with the
    /// signal's message when that is later.
    async fn time(&self) -> FloatList {
        FloatList(Arc::clone(&self.columns.time))
    }

    /// Samples, means, firsts or lasts; null for MIN_MAX.
    async fn values(&self) -> Option<FloatList> {
        filled(&self.columns.values, &self.columns.time).map(FloatList)
    }

    /// The smallest value of each bucket; null unless MIN_MAX.
    async fn min(&self) -> Option<FloatList> {
        filled(&self.columns.min, &self.columns.time).map(FloatList)
    }

    /// The largest value of each bucket; null unless MIN_MAX.
    async fn max(&self) -> Option<FloatList> {
        filled(&self.columns.max, &self.columns.time).map(FloatList)
    }

    /// The value table's label of each entry (null where it has none); null unless the signal has a value table and
    /// entries are samples: RAW, FIRST, LAST.
    async fn labels(&self) -> Option<Vec<Option<&str>>> {
        let samples = matches!(self.columns.head.method, Method::Raw | Method::First | Method::Last);
        let some = samples && !self.of.labels.is_empty();
        some.then(|| self.columns.values.iter().map(|value| self.of.label(*value)).collect())
    }

    /// All its samples of the window as Arrow's file format: a link that is good for `server { limits { linkSeconds }
    /// }`. With `every`, its buckets; `maxPoints` has no meaning here.
    async fn arrow_url(&self, ctx: &Context<'_>) -> Answer<Option<Url>> {
        self.export.link(ctx, ExportFormat::Arrow).await
    }

    /// As `arrowUrl`, as Parquet.
    async fn parquet_url(&self, ctx: &Context<'_>) -> Answer<Option<Url>> {
        self.export.link(ctx, ExportFormat::Parquet).await
    }

    /// As `arrowUrl`, as comma-separated values.
    async fn csv_url(&self, ctx: &Context<'_>) -> Answer<Option<Url>> {
        self.export.link(ctx, ExportFormat::Csv).await
    }

    /// `time` as bytes.
    #[graphql(name = "timeB64")]
    async fn time_b64(&self) -> Float64Array {
        Float64Array(Arc::clone(&self.columns.time))
    }

    /// `values` as bytes.
    #[graphql(name = "valuesB64")]
    async fn values_b64(&self) -> Option<Float64Array> {
        filled(&self.columns.values, &self.columns.time).map(Float64Array)
    }

    /// `min` as bytes.
    #[graphql(name = "minB64")]
    async fn min_b64(&self) -> Option<Float64Array> {
        filled(&self.columns.min, &self.columns.time).map(Float64Array)
    }

    /// `max` as bytes.
    #[graphql(name = "maxB64")]
    async fn max_b64(&self) -> Option<Float64Array> {
        filled(&self.columns.max, &self.columns.time).map(Float64Array)
    }
}
