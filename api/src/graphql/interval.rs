//! `Interval` and `Marker`: parts and instants of a test day or run.

use std::ops::Range;

use async_graphql::{Context, ID, Object};
use entity::{interval, marker, test_day};

use super::{
    error::Answer,
    library,
    load::{load, lookup},
    run::Run,
    scalar::DateTime,
    series::SignalSelector,
    statistics::{self, Statistics},
    test_day::TestDay,
    window::TimeSpan,
};
use crate::selection::Axis;

/// The most intervals, and the most markers, of one day or run.
pub(crate) const MAX_OF_ONE: u64 = 1000;

/// A part of a test day or run.
#[derive(Clone, Debug)]
pub(crate) struct Interval(pub(crate) interval::Model);

/// A part of a test day or run ("interval" in the original API): `start` is in it, `end` is not. It can be given as
/// a window.
#[Object]
impl Interval {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// What it is: LAP, SECTOR, STINT, NOTE or a word of the team's own.
    #[graphql(name = "type")]
    async fn kind(&self) -> Option<&str> {
        self.0.kind.as_deref()
    }

    /// Free text.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// When it begins.
    async fn start(&self) -> DateTime {
        DateTime(self.0.start_at)
    }

    /// When it is over; this instant is not in it.
    async fn end(&self) -> DateTime {
        DateTime(self.0.end_at)
    }

    /// Seconds from start to end.
    #[expect(clippy::cast_precision_loss, reason = "seconds, of a span below 2^53 microseconds")]
    async fn duration(&self) -> f64 {
        (self.0.end_at - self.0.start_at) as f64 / 1e6
    }

    /// Start and end as a window.
    async fn window(&self) -> TimeSpan {
        (self.0.start_at..self.0.end_at).into()
    }

    /// Figures of all samples in it, of its run; for a part of a day, of all runs of the day's car that were under way.
    #[graphql(complexity = "statistics::cost(signals.as_ref(), child_complexity)")]
    async fn statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The signals; all recorded ones unless told.")] signals: Option<Vec<SignalSelector>>,
    ) -> Answer<Option<Vec<Statistics>>> {
        let window = self.0.start_at..self.0.end_at;
        let axis = match (self.0.run_id, self.0.test_day_id) {
            (Some(run), _) => load(ctx, run).await?.map(|run| Axis::of_run(&run, Some(window))),
            (None, Some(day)) => match load(ctx, day).await? {
                Some(day) => Some(of_day(ctx, &day, window).await?),
                None => None,
            },
            (None, None) => None,
        };
        match axis {
            Some(axis) => statistics::of_axis(ctx, &axis, signals).await.map(Some),
            None => Ok(None),
        }
    }

    /// The day it is part of, unless it is part of a run.
    async fn test_day(&self, ctx: &Context<'_>) -> Answer<Option<TestDay>> {
        match self.0.test_day_id {
            Some(id) => Ok(load(ctx, id).await?.map(TestDay)),
            None => Ok(None),
        }
    }

    /// The run it is part of, unless it is part of a day.
    async fn run(&self, ctx: &Context<'_>) -> Answer<Option<Run>> {
        match self.0.run_id {
            Some(id) => Ok(load(ctx, id).await?.map(Run)),
            None => Ok(None),
        }
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// The runs of a part of a day. What was recorded that day can be named, whether or not it was in this part, unless the
/// day has more runs than one axis takes.
async fn of_day(ctx: &Context<'_>, day: &test_day::Model, window: Range<i64>) -> Answer<Axis> {
    let (library, lookup) = (library(ctx), lookup(ctx));
    let all = day.start_at.min(window.start)..day.end_at.max(window.end);
    match library.axis_of_range(lookup, all, day.vehicle_id).await {
        Ok(axis) => Ok(axis.narrowed(&window)),
        Err(_) => library.axis_of_range(lookup, window, day.vehicle_id).await,
    }
}

/// An instant of a test day or run.
#[derive(Clone, Debug)]
pub(crate) struct Marker(pub(crate) marker::Model);

/// An instant of a test day or run.
#[Object]
impl Marker {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The instant.
    async fn time(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// What it is, in a word.
    #[graphql(name = "type")]
    async fn kind(&self) -> Option<&str> {
        self.0.kind.as_deref()
    }

    /// Free text.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The day it is part of, unless it is part of a run.
    async fn test_day(&self, ctx: &Context<'_>) -> Answer<Option<TestDay>> {
        match self.0.test_day_id {
            Some(id) => Ok(load(ctx, id).await?.map(TestDay)),
            None => Ok(None),
        }
    }

    /// The run it is part of, unless it is part of a day.
    async fn run(&self, ctx: &Context<'_>) -> Answer<Option<Run>> {
        match self.0.run_id {
            Some(id) => Ok(load(ctx, id).await?.map(Run)),
            None => Ok(None),
        }
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}
