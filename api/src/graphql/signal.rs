//! `Signal`: a signal as recorded in one run.

use async_graphql::{Context, ID, Object, SimpleObject};
use canlog::manifest::{Number, SignalSummary};
use entity::{
    id::{RunId, SignalId},
    signal,
};

use super::{
    error::{Answer, Refusal},
    input,
    load::{SignalsNamed, load},
    run::Run,
    scalar::{DateTime, Int64},
};
use crate::selection::select;

/// A signal as recorded in one run.
#[derive(Clone, Debug)]
pub(crate) struct Signal {
    pub(crate) row: signal::Model,
    pub(crate) summary: SignalSummary,
}

impl From<signal::Model> for Signal {
    fn from(row: signal::Model) -> Self {
        let summary = select::summary(&row);
        Self { row, summary }
    }
}

impl Signal {
    /// The signal of `run` with this id.
    pub(crate) async fn of_id(ctx: &Context<'_>, run: RunId, id: &ID) -> Answer<Self> {
        let id: SignalId = input::id(id, "id")?;
        let row = load(ctx, id).await?.filter(|row| row.run_id == run);
        row.map(Self::from).ok_or_else(|| Refusal::not_found("signal", id))
    }

    /// The signals of `run` that a short or qualified name may mean.
    pub(crate) async fn of_name(ctx: &Context<'_>, run: RunId, name: &str) -> Answer<Vec<signal::Model>> {
        let key = SignalsNamed { runs: [run].into(), name: name.to_owned() };
        Ok(load(ctx, key).await?.unwrap_or_default())
    }

    /// The one signal that these are.
    pub(crate) fn one(mut rows: Vec<signal::Model>, name: &str) -> Answer<Self> {
        match (rows.pop(), rows.is_empty()) {
            (None, _) => Err(Refusal::not_found("signal", name)),
            (Some(row), true) => Ok(Self::from(row)),
            (Some(row), false) => {
                rows.push(row);
                Err(select::ambiguous(&rows, name))
            }
        }
    }
}

/// The nearest float of a physical value.
#[expect(clippy::cast_precision_loss, reason = "GraphQL's Float is one; exact integers are in the files")]
fn float(number: Number) -> f64 {
    match number {
        Number::Int(n) => n as f64,
        Number::UInt(n) => n as f64,
        Number::Float(x) => x,
    }
}

/// A signal as recorded in one run ("variable" in the original API). Its identity is bus, frame id, message and
/// name: two messages may have a signal of the same name.
#[Object]
impl Signal {
    /// Its id; the same again after the run is converted again.
    pub(crate) async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// Its name; a name that a message repeats has a suffix (`_2`).
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// `Message.Signal`: unique in the run, unless several buses or frame ids carry the message.
    async fn qualified_name(&self) -> String {
        select::qualified(&self.row)
    }

    /// The message's name in the DBC.
    async fn message(&self) -> &str {
        &self.row.message
    }

    /// The bus in the log's own text (`can0`, `1`); null where the format has none.
    async fn bus(&self) -> Option<&str> {
        self.row.bus.as_deref()
    }

    /// The frame id without flag bits; null for a log that another tool decoded.
    async fn frame_id(&self) -> Option<i32> {
        self.row.frame_id.and_then(|id| i32::try_from(id).ok())
    }

    /// Whether the frame id is of the 29-bit kind.
    async fn extended(&self) -> bool {
        self.row.extended
    }

    /// Its unit as the DBC gives it ("units" in the original API).
    async fn unit(&self) -> Option<&str> {
        self.row.unit.as_deref()
    }

    /// Samples.
    async fn count(&self) -> Int64 {
        Int64(self.row.count)
    }

    /// Time of the first sample in the order of the log.
    async fn first_time(&self) -> Option<DateTime> {
        self.row.first_at.map(DateTime)
    }

    /// Time of the last sample in the order of the log.
    async fn last_time(&self) -> Option<DateTime> {
        self.row.last_at.map(DateTime)
    }

    /// Samples a second between the first and the last; null below two samples.
    #[expect(clippy::cast_precision_loss, reason = "a rate, not a count")]
    async fn rate(&self) -> Option<f64> {
        let micros = self.row.last_at? - self.row.first_at?;
        (micros > 0 && self.row.count > 1).then(|| (self.row.count - 1) as f64 * 1e6 / micros as f64)
    }

    /// Its smallest value in the run.
    async fn min(&self) -> Option<f64> {
        self.summary.min.map(float)
    }

    /// Its largest value in the run.
    async fn max(&self) -> Option<f64> {
        self.summary.max.map(float)
    }

    /// Its first value in the order of the log.
    async fn first(&self) -> Option<f64> {
        self.summary.first.map(float)
    }

    /// Its last value in the order of the log.
    async fn last(&self) -> Option<f64> {
        self.summary.last.map(float)
    }

    /// The arithmetic mean of its samples ("avg" in the original API).
    async fn mean(&self) -> Option<f64> {
        self.summary.mean
    }

    /// The standard deviation of its samples, by n - 1 ("std" in the original API); null below two samples.
    async fn standard_deviation(&self) -> Option<f64> {
        self.summary.standard_deviation
    }

    /// Its value table; empty when it has none.
    async fn labels(&self) -> Vec<ValueLabel> {
        let label = |label: &canlog::manifest::ValueLabel| ValueLabel {
            raw: Int64(label.raw),
            value: label.value,
            label: label.label.clone(),
        };
        self.summary.labels.iter().map(label).collect()
    }

    /// The run.
    async fn run(&self, ctx: &Context<'_>) -> Answer<Option<Run>> {
        Ok(load(ctx, self.row.run_id).await?.map(Run))
    }
}

/// One line of a value table.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct ValueLabel {
    /// The raw value that has the label.
    raw: Int64,
    /// The physical value that has it, as samples show it; null when scaling gives no finite number.
    value: Option<f64>,
    /// The label.
    label: String,
}
