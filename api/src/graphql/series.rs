//! `Series`: columns of numbers for plots.

mod proof;
mod read;

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject};
use canlog::series::Reduction as Method;
use entity::run;
pub(crate) use proof::Proofs;
pub(crate) use read::{Budget, Readers};

use super::{
    error::{Answer, Code, Refusal},
    runtime,
    scalar::{DateTime, Float64Array, FloatList, Int64},
    signal::Signal,
    window::TimeWindow,
};

/// The most signals of one `series` field.
const MAX_SIGNALS: usize = 100;

/// A signal of the run: by id or by name.
#[derive(Clone, Debug, OneofObject)]
pub(crate) enum SignalSelector {
    /// The signal's id.
    Id(ID),
    /// Its short name where unique, else `Message.Signal`; AMBIGUOUS_SIGNAL lists the candidates.
    Name(String),
}

/// How many points at most, and how to reduce to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, InputObject)]
pub(crate) struct Resolution {
    /// The most entries a signal ("sample_size" in the original API).
    #[graphql(default = 2000)]
    max_points: i32,
    /// How the samples of a bucket become one entry when there are more than that.
    #[graphql(default_with = "Reduction::MinMax")]
    method: Reduction,
}

impl Default for Resolution {
    fn default() -> Self {
        Self { max_points: 2000, method: Reduction::MinMax }
    }
}

/// How the samples of a bucket become one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Method")]
pub(crate) enum Reduction {
    /// The smallest and the largest: no peak is lost.
    MinMax,
    /// The arithmetic mean.
    Mean,
    /// The earliest sample.
    First,
    /// The latest sample.
    Last,
    /// None: the samples themselves. TOO_MANY_POINTS when there are more than `maxPoints`.
    Raw,
}

/// The columns of one signal.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    signal: Signal,
    columns: Columns,
}

/// The answer for one signal, its columns shared with the scalars that show them.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    pub(crate) head: canlog::series::Series,
    pub(crate) time: Arc<Vec<f64>>,
    pub(crate) values: Arc<Vec<f64>>,
    pub(crate) min: Arc<Vec<f64>>,
    pub(crate) max: Arc<Vec<f64>>,
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
    /// The signal.
    async fn signal(&self) -> &Signal {
        &self.signal
    }

    /// The signal's unit.
    async fn unit(&self) -> Option<&str> {
        self.signal.row.unit.as_deref()
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

    /// Seconds since `t0`: of a sample, or of the beginning of a bucket.
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

    /// The value table's label of each sample (null where it has none); null unless RAW and the signal has a
    /// value table.
    async fn labels(&self) -> Option<Vec<Option<&str>>> {
        let raw = self.columns.head.method == Method::Raw && !self.signal.summary.labels.is_empty();
        raw.then(|| self.columns.values.iter().map(|value| self.signal.label(*value)).collect())
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

/// Answers `Run.series`: everything is checked before a file is opened.
pub(crate) async fn of_run(
    ctx: &Context<'_>,
    run: &run::Model,
    selectors: Vec<SignalSelector>,
    (window, resolution): (Option<TimeWindow>, Resolution),
) -> Answer<Vec<Series>> {
    if selectors.is_empty() || selectors.len() > MAX_SIGNALS {
        return Err(Refusal::input("signals", format!("Between 1 and {MAX_SIGNALS} signals.")));
    }
    let most = runtime(ctx).config.limits.answer.points;
    let max_points = match usize::try_from(resolution.max_points) {
        Ok(points) if points > most => {
            let message =
                format!("At most {most} points a signal: ask for a smaller window or fewer points.");
            return Err(Refusal::new(Code::TooManyPoints, message).at("maxPoints"));
        }
        Ok(points) if points > 0 => points,
        _ => return Err(Refusal::input("maxPoints", "At least one point.")),
    };
    let whole = run.start_at.unwrap_or_default()..run.end_at.map_or(i64::MAX, |end| end.saturating_add(1));
    let window = match window {
        Some(window) => window.range(ctx, "window").await?,
        None => whole,
    };
    let request = canlog::series::SeriesRequest {
        window,
        max_points,
        method: resolution.method.into(),
        ..canlog::series::SeriesRequest::default()
    };
    let each = selectors.iter().map(|selector| one(ctx, run, selector, &request));
    futures::future::try_join_all(each).await
}

async fn one(
    ctx: &Context<'_>,
    run: &run::Model,
    selector: &SignalSelector,
    request: &canlog::series::SeriesRequest,
) -> Answer<Series> {
    let signal = match selector {
        SignalSelector::Id(id) => Signal::of_id(ctx, run.id, id).await?,
        SignalSelector::Name(name) => Signal::one(Signal::of_name(ctx, run.id, name).await?, name)?,
    };
    let columns = Columns::new(read::signal(ctx, &signal, request.clone()).await?);
    Ok(Series { signal, columns })
}
