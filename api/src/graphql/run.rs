//! `Run`: one drive.

use async_graphql::{Context, ID, Object};
use entity::{interval::Owner, run::Model};

use super::{
    conversion::{Conversion, report_of},
    error::Answer,
    interval::{Interval, Marker},
    job::Job,
    load::{ConversionsOf, DayByTime, DbcsOf, IntervalsOf, JobsOf, MarkersOf, NewestJob, load},
    log::Log,
    report::{ConversionReport, TimeSource},
    run_dbc::RunDbc,
    run_readings::RunReadings,
    run_status::RunStatus,
    run_time::seconds,
    scalar::DateTime,
    test_day::TestDay,
    vehicle::Vehicle,
};

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
        let is_deleted = self.0.deleted_at.is_some();
        Ok(blob.map(|blob| Log { blob, file_name, conversion, is_deleted }))
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

    /// What is read of its signals, with their fields.
    #[graphql(flatten)]
    async fn readings(&self) -> RunReadings<'_> {
        RunReadings(self)
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
