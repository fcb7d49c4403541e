//! What is asked of signals: which, when, how many points, and how to reduce to them.

use async_graphql::{Enum, ID, InputObject, OneofObject};
use canlog::series::{Fill as Filling, Reduction as Method, SeriesRequest};

use crate::{
    graphql::{
        error::{Answer, Refusal},
        input,
        scalar::Duration,
    },
    selection::{Axis, Selector},
};

/// Points of a signal when neither their number nor the width of buckets is told.
const DEFAULT_POINTS: usize = 2000;

/// A signal: by id or by name, or derived from others by an expression.
#[derive(Clone, Debug, OneofObject)]
pub(crate) enum SignalSelector {
    /// The signal's id; over several runs it stands for the signal of the same bus, frame id, message and name.
    Id(ID),
    /// Its short name where unique, else `Message.Signal`; AMBIGUOUS_SIGNAL lists the candidates.
    Name(String),
    /// The id of a derived signal.
    Derived(ID),
    /// An expression over the signals.
    Expression(String),
}

impl SignalSelector {
    pub(crate) fn selector(self) -> Answer<Selector> {
        match self {
            Self::Id(id) => Ok(Selector::Id(input::id(&id, "id")?)),
            Self::Name(name) => Ok(Selector::Name(name)),
            Self::Derived(id) => Ok(Selector::Derived(input::id(&id, "derived")?)),
            Self::Expression(text) => Ok(Selector::Expression(text)),
        }
    }
}

/// How many points at most, and how to reduce to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, InputObject)]
pub(crate) struct Resolution {
    /// The most entries a signal ("sample_size" in the original API): 2000 unless told, with `every` as many as the
    /// server allows.
    pub(crate) max_points: Option<i32>,
    /// The width of a bucket ("resolution" in the original API); buckets lie on multiples of it since 1970. Without
    /// it, as narrow as `maxPoints` allows, and few samples come as they are. Without meaning for RAW.
    pub(crate) every: Option<Duration>,
    /// How the samples of a bucket become one entry.
    #[graphql(default_with = "Reduction::MinMax")]
    pub(crate) method: Reduction,
}

impl Default for Resolution {
    fn default() -> Self {
        Self { max_points: None, every: None, method: Reduction::MinMax }
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

/// Whether signals have their times in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub(crate) enum Grid {
    /// Each signal has the times of its own samples, or of the buckets that have some.
    #[default]
    Native,
    /// All have the same times: those of every sample of any of them, or every bucket. Null where one has no sample.
    Shared,
}

/// What stands where there is no sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Filling")]
pub(crate) enum Fill {
    /// Null.
    None,
    /// What stands in the entry before; null before the first of the window. Never from run to run.
    Previous,
    /// The straight line between the entries before and behind; null outside of them. Never from run to run.
    Linear,
}

/// How signals are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) resolution: Resolution,
    pub(crate) grid: Grid,
    pub(crate) fill: Fill,
}

impl Shape {
    /// The request for the times of `axis`, of at most `most` points a signal.
    pub(crate) fn request(&self, axis: &Axis, most: usize) -> Answer<SeriesRequest> {
        let Resolution { max_points, every, method } = self.resolution;
        let default = if every.is_some() { most } else { DEFAULT_POINTS.min(most) };
        let max_points = match max_points.map_or(Ok(default), usize::try_from) {
            Ok(points) if points > most => {
                let message =
                    format!("At most {most} points a signal: ask for a smaller window or fewer points.");
                return Err(Refusal::too_many_points(message).at("maxPoints"));
            }
            Ok(points) if points > 0 => points,
            _ => return Err(Refusal::input("maxPoints", "At least one point.")),
        };
        Ok(SeriesRequest {
            window: axis.window.clone(),
            max_points,
            method: method.into(),
            every: every.map(|every| every.0),
            fill: self.fill.into(),
            ..SeriesRequest::default()
        })
    }
}
