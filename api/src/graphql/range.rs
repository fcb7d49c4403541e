//! `RunRange`: several runs as one axis of time.

use async_graphql::{Context, Object};
use entity::{
    id::VehicleId,
    signal::{self, Column},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    applicability::{self, Applicability},
    error::Answer,
    export::{Export, ExportFormat},
    library,
    load::{self, SignalSearch, lookup},
    page::{self, Connection, PageArgs},
    run::Run,
    scalar::{DateTime, Url},
    search,
    series::{self, Fill, Grid, Resolution, Series, Shape, SignalSelector},
    signal::Signal,
    statistics::{self, Statistics},
    window::TimeWindow,
};
use crate::selection::Axis;

/// Several runs as one axis of time.
#[derive(Clone, Debug)]
pub(crate) struct RunRange(Axis);

impl RunRange {
    /// The converted runs that were under way in the window, of one car if told.
    pub(crate) async fn between(
        ctx: &Context<'_>,
        window: std::ops::Range<i64>,
        vehicle: Option<VehicleId>,
    ) -> Answer<Self> {
        library(ctx).axis_of_range(lookup(ctx), window, vehicle).await.map(Self)
    }

    async fn axis(&self, ctx: &Context<'_>, window: Option<TimeWindow>) -> Answer<Axis> {
        match window {
            Some(window) => Ok(self.0.narrowed(&window.range(ctx, "window").await?)),
            None => Ok(self.0.clone()),
        }
    }
}

/// Several runs as one axis of time ("range" in the original API, which knew no run that lasted longer than the
/// range). Between two runs stands an entry of nulls; nothing is filled from one to the next.
#[Object]
impl RunRange {
    /// The runs that were under way, by their start; at most `server { limits { rangeRuns } }`.
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn runs(&self) -> Vec<Run> {
        self.0.runs.iter().cloned().map(Run).collect()
    }

    /// Where the first run begins, or the window if that is later; null without runs.
    async fn start(&self) -> Option<DateTime> {
        (!self.0.runs.is_empty()).then_some(DateTime(self.0.window.start))
    }

    /// Where the last run is over, or the window if that is earlier; this instant is not in it. Null without runs.
    async fn end(&self) -> Option<DateTime> {
        (!self.0.runs.is_empty()).then_some(DateTime(self.0.window.end))
    }

    /// The signals that any of the runs has, each once: as one of the runs has it.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments")]
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    async fn signals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words, each of which is in the name, the message or the unit.")] search: Option<
            String,
        >,
        #[graphql(desc = "The first so many after the cursor; 50 unless told.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many before the cursor.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor.")] before: Option<String>,
    ) -> Answer<Connection<Signal>> {
        let search = SignalSearch { words: search::words(search.as_deref())?, ..SignalSearch::default() };
        let once = load::each_once(&search, &self.0.ids());
        let rows = signal::Entity::find().filter(Column::Id.in_subquery(once));
        let key = |row: &signal::Model| (i64::from(row.position), row.id.0);
        let args = PageArgs { first, after, last, before };
        page::read(ctx, rows, (&load::signals_in_order(), args), key, Signal::from).await
    }

    /// As `Run.series`, over all runs of the range.
    #[graphql(complexity = "1 + signals.len() * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments")]
    async fn series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The signals.")] signals: Vec<SignalSelector>,
        #[graphql(desc = "The times wanted; the whole range unless told.")] window: Option<TimeWindow>,
        #[graphql(desc = "How many points at most, and how to reduce to them.")] resolution: Option<
            Resolution,
        >,
        #[graphql(desc = "Whether they have their times in common.", default)] grid: Grid,
        #[graphql(desc = "What stands where there is no sample.", default_with = "Fill::None")] fill: Fill,
    ) -> Answer<Option<Vec<Series>>> {
        let shape = Shape { resolution: resolution.unwrap_or_default(), grid, fill };
        let axis = self.axis(ctx, window).await?;
        series::of_axis(ctx, &axis, signals, shape).await.map(Some)
    }

    /// As `Run.exportUrl`, over all runs of the range. Null without runs.
    #[graphql(complexity = "statistics::cost(signals.as_ref(), 1)")]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments")]
    async fn export_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How the table is written.")] format: ExportFormat,
        #[graphql(desc = "Its columns; all recorded signals unless told.")] signals: Option<
            Vec<SignalSelector>,
        >,
        #[graphql(desc = "The times wanted; the whole range unless told.")] window: Option<TimeWindow>,
        #[graphql(desc = "How to reduce samples; with neither `maxPoints` nor `every` not at all.")]
        resolution: Option<Resolution>,
        #[graphql(desc = "What stands where there is no sample.", default_with = "Fill::None")] fill: Fill,
    ) -> Answer<Option<Url>> {
        let axis = self.axis(ctx, window).await?;
        Export::checked(ctx, axis, signals, (resolution, fill)).await?.link(ctx, format).await
    }

    /// As `Run.statistics`, over all runs of the range.
    #[graphql(complexity = "statistics::cost(signals.as_ref(), child_complexity)")]
    async fn statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The signals; all recorded ones unless told.")] signals: Option<Vec<SignalSelector>>,
        #[graphql(desc = "The times wanted; the whole range unless told.")] window: Option<TimeWindow>,
    ) -> Answer<Option<Vec<Statistics>>> {
        statistics::of_axis(ctx, &self.axis(ctx, window).await?, signals).await.map(Some)
    }

    /// Whether saved expressions apply to the range, by their names ("filters" in the original API, which had none
    /// for a range).
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn derived_signals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those that apply, those that do not, or (null) all.", default_with = "Some(true)")]
        applicable: Option<bool>,
    ) -> Answer<Vec<Applicability>> {
        applicability::over(ctx, &self.0.ids(), applicable).await
    }
}
