//! `Run`: one drive.

use async_graphql::{Context, ID, Object};
use entity::{interval::Owner, run::Model};

use super::{
    applicability::{self, Applicability},
    conversion::{Conversion, report_of},
    error::{Answer, Refusal},
    interval::{Interval, Marker},
    job::Job,
    load::{ConversionsOf, DayByTime, DbcsOf, IntervalsOf, JobsOf, MarkersOf, NewestJob, SignalSearch, load},
    log::Log,
    page::{self, Connection, PageArgs},
    report::{ConversionReport, TimeSource},
    run_dbc::RunDbc,
    run_status::RunStatus,
    run_time::seconds,
    scalar::DateTime,
    search,
    series::{self, Fill, Grid, Resolution, Series, Shape, SignalSelector},
    signal::Signal,
    statistics::{self, Statistics},
    test_day::TestDay,
    vehicle::Vehicle,
    window::TimeWindow,
};

/// The most names of one argument.
const MAX_NAMES: usize = 200;

/// One drive.
#[derive(Clone, Debug)]
pub(crate) struct Run(pub(crate) Model);

/// One drive: a log and what was made of it.
#[Object]
impl Run {
    /// Its id (an integer in the original API; here an id is never used again).
    pub(crate) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Its number on its day ("runofday" in the original API).
    async fn number(&self) -> Option<i32> {
        self.0.number
    }

    /// Its name.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// What kind of drive, e.g. Endurance or Skidpad.
    #[graphql(name = "type")]
    async fn kind(&self) -> Option<&str> {
        self.0.kind.as_deref()
    }

    /// Free text.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Where it was driven.
    async fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// Who drove.
    async fn driver(&self) -> Option<&str> {
        self.0.driver.as_deref()
    }

    /// Words to find it by.
    async fn tags(&self) -> Vec<String> {
        serde_json::from_str(&self.0.tags).unwrap_or_default()
    }

    /// The car.
    async fn vehicle(&self, ctx: &Context<'_>) -> Answer<Option<Vehicle>> {
        match self.0.vehicle_id {
            Some(id) => Ok(load(ctx, id).await?.map(Vehicle)),
            None => Ok(None),
        }
    }

    /// The day it belongs to: the one it is set to, else the one it began on, of its car or of any.
    async fn test_day(&self, ctx: &Context<'_>) -> Answer<Option<TestDay>> {
        let day = match self.0.test_day_id {
            Some(id) => Some(id),
            None => load(ctx, DayByTime(self.0.id)).await?,
        };
        match day {
            Some(id) => Ok(load(ctx, id).await?.map(TestDay)),
            None => Ok(None),
        }
    }

    /// Its own intervals, by their start; at most 1000. Those of its day are at `testDay`.
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn intervals(&self, ctx: &Context<'_>) -> Answer<Vec<Interval>> {
        let rows = load(ctx, IntervalsOf(Owner::Run(self.0.id))).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Interval).collect())
    }

    /// Its own markers, by their time; at most 1000.
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn markers(&self, ctx: &Context<'_>) -> Answer<Vec<Marker>> {
        let rows = load(ctx, MarkersOf(Owner::Run(self.0.id))).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Marker).collect())
    }

    /// Time of the earliest frame ("date" in the original API); null before the first conversion.
    async fn start(&self) -> Option<DateTime> {
        self.0.start_at.map(DateTime)
    }

    /// Time of the latest frame.
    async fn end(&self) -> Option<DateTime> {
        self.0.end_at.map(DateTime)
    }

    /// Seconds from the earliest to the latest frame.
    #[expect(clippy::cast_precision_loss, reason = "seconds, of a span below 2^53 microseconds")]
    async fn duration(&self) -> Option<f64> {
        Some((self.0.end_at? - self.0.start_at?) as f64 / 1e6)
    }

    /// The IANA zone its logger's clock was set to.
    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    /// Where its times come from; null before the first conversion.
    async fn time_source(&self) -> Option<TimeSource> {
        self.0.time_source.as_deref().map(TimeSource::of)
    }

    /// Seconds that `setRunTime` adds to the log's own times; null when they are taken as they are.
    async fn time_shift(&self) -> Option<f64> {
        self.0.time_shift.map(seconds)
    }

    /// Whether it can be read, and if not, why.
    async fn status(&self, ctx: &Context<'_>) -> Answer<RunStatus> {
        if self.0.current_conversion_id.is_some() {
            return Ok(RunStatus::Ready);
        }
        Ok(load(ctx, NewestJob(self.0.id)).await?.map_or(RunStatus::Pending, |job| job.state.into()))
    }

    /// Problems that the report counts.
    async fn warning_count(&self) -> i32 {
        self.0.warning_count
    }

    /// The stored raw file.
    async fn log(&self, ctx: &Context<'_>) -> Answer<Option<Log>> {
        let blob = load(ctx, self.0.blob_id).await?;
        let (file_name, conversion) = (self.0.file_name.clone(), self.0.current_conversion_id);
        Ok(blob.map(|blob| Log { blob, file_name, conversion }))
    }

    /// The DBCs it is decoded with, in the order they are asked.
    async fn dbcs(&self, ctx: &Context<'_>) -> Answer<Vec<RunDbc>> {
        let rows = load(ctx, DbcsOf(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(|row| RunDbc { dbc: row.dbc_id, bus: row.bus }).collect())
    }

    /// The conversion that readers see; null before the first.
    async fn conversion(&self, ctx: &Context<'_>) -> Answer<Option<Conversion>> {
        match self.0.current_conversion_id {
            Some(id) => Ok(load(ctx, id).await?.map(Conversion::from)),
            None => Ok(None),
        }
    }

    /// Its newest 20 conversions, newest first.
    #[graphql(complexity = "1 + 20 * child_complexity")]
    async fn conversions(&self, ctx: &Context<'_>) -> Answer<Vec<Conversion>> {
        let rows = load(ctx, ConversionsOf(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Conversion).collect())
    }

    /// Its newest job.
    async fn job(&self, ctx: &Context<'_>) -> Answer<Option<Job>> {
        Ok(load(ctx, NewestJob(self.0.id)).await?.map(Job::from))
    }

    /// Its newest 20 jobs, newest first; all are in `jobs(filter: {run})`.
    #[graphql(complexity = "1 + 20 * child_complexity")]
    async fn jobs(&self, ctx: &Context<'_>) -> Answer<Vec<Job>> {
        let rows = load(ctx, JobsOf(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(Job::from).collect())
    }

    /// What was read of its log, what was skipped, and why; null before the first conversion.
    async fn report(&self, ctx: &Context<'_>) -> Answer<Option<ConversionReport>> {
        match self.0.current_conversion_id {
            Some(id) => Ok(report_of(ctx, id).await?.map(ConversionReport)),
            None => Ok(None),
        }
    }

    /// Its signals ("variables" in the original API), in the order of their messages.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments")]
    async fn signals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words, each of which is in the name, the message or the unit.")] search: Option<
            String,
        >,
        #[graphql(desc = "Exactly these names, short or qualified.")] names: Option<Vec<String>>,
        #[graphql(desc = "Those of this bus.")] bus: Option<String>,
        #[graphql(desc = "The first so many after the cursor; 50 unless told.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many before the cursor.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor.")] before: Option<String>,
    ) -> Answer<Connection<Signal>> {
        if names.as_ref().is_some_and(|names| names.len() > MAX_NAMES) {
            return Err(Refusal::input("names", format!("At most {MAX_NAMES} names.")));
        }
        let search = SignalSearch { words: search::words(search.as_deref())?, names, bus };
        self.signal_page(ctx, search, PageArgs { first, after, last, before }).await
    }

    /// One of its signals, by id or by name; exactly one of the two is to be given.
    async fn signal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The signal's id.")] id: Option<ID>,
        #[graphql(
            desc = "Its short name where unique, else `Message.Signal`; AMBIGUOUS_SIGNAL lists candidates."
        )]
        name: Option<String>,
        #[graphql(desc = "The message, to make a short name unique.")] message: Option<String>,
    ) -> Answer<Option<Signal>> {
        self.one_signal(ctx, id, name, message).await.map(Some)
    }

    /// Samples of several signals, one entry a selector in the order given ("points" in the original API). Few
    /// samples come as they are, many reduced to at most `maxPoints` entries a signal.
    #[graphql(complexity = "1 + signals.len() * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments")]
    async fn series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The signals.")] signals: Vec<SignalSelector>,
        #[graphql(desc = "The times wanted; the whole run unless told.")] window: Option<TimeWindow>,
        #[graphql(desc = "How many points at most, and how to reduce to them.")] resolution: Option<
            Resolution,
        >,
        #[graphql(desc = "Whether they have their times in common.", default)] grid: Grid,
        #[graphql(desc = "What stands where there is no sample.", default_with = "Fill::None")] fill: Fill,
    ) -> Answer<Option<Vec<Series>>> {
        let shape = Shape { resolution: resolution.unwrap_or_default(), grid, fill };
        series::of_axis(ctx, &self.axis(ctx, window).await?, signals, shape).await.map(Some)
    }

    /// Figures of all samples of several signals, one entry a signal in the order given ("kpi" in the original API).
    #[graphql(complexity = "statistics::cost(signals.as_ref(), child_complexity)")]
    async fn statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The signals; all recorded ones unless told.")] signals: Option<Vec<SignalSelector>>,
        #[graphql(desc = "The times wanted; the whole run unless told.")] window: Option<TimeWindow>,
    ) -> Answer<Option<Vec<Statistics>>> {
        statistics::of_axis(ctx, &self.axis(ctx, window).await?, signals).await.map(Some)
    }

    /// Which saved expressions apply to it ("filters" in the original API): those whose every name means one of its
    /// signals.
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn derived_signals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those that apply, those that do not, or (null) all.", default_with = "Some(true)")]
        applicable: Option<bool>,
    ) -> Answer<Vec<Applicability>> {
        applicability::over(ctx, &[self.0.id], applicable).await
    }

    /// When it was uploaded.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// When it was deleted; `restoreRun` brings it back.
    async fn deleted_at(&self) -> Option<DateTime> {
        self.0.deleted_at.map(DateTime)
    }
}
