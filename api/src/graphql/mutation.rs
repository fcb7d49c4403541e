//! What can be changed. Every mutation answers its payload or a `Problem`.

use async_graphql::{Context, ID, Object};

use super::{
    default_dbcs::{self, SetDefaultDbcsInput, SetDefaultDbcsResult},
    derived_signal_edit::{
        self, CreateDerivedSignalInput, CreateDerivedSignalResult, DeleteDerivedSignalResult,
        UpdateDerivedSignalInput, UpdateDerivedSignalResult,
    },
    error::Answer,
    interval_edit::{
        self, CreateIntervalInput, CreateIntervalResult, DeleteIntervalResult, UpdateIntervalInput,
        UpdateIntervalResult,
    },
    marker_edit::{
        self, CreateMarkerInput, CreateMarkerResult, DeleteMarkerResult, UpdateMarkerInput,
        UpdateMarkerResult,
    },
    problem::{settle, settle_expression},
    register_dbc::{self, RegisterDbcInput, RegisterDbcResult},
    run_convert::{self, CancelJobResult, ReconvertRunInput, ReconvertRunResult, RetryJobResult},
    run_edit::{self, DeleteRunResult, RestoreRunResult, UpdateRunInput, UpdateRunResult},
    run_purge::{self, PurgeRunResult},
    run_time::{self, SetRunTimeInput, SetRunTimeResult},
    test_day_edit::{
        self, CreateTestDayInput, CreateTestDayResult, DeleteTestDayResult, UpdateTestDayInput,
        UpdateTestDayResult,
    },
    upload_log::{self, UploadLogInput, UploadLogResult},
    vehicle_edit::{
        self, CreateVehicleInput, CreateVehicleResult, DeleteVehicleResult, UpdateVehicleInput,
        UpdateVehicleResult,
    },
};

/// The root of all mutations.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mutation;

/// What can be changed.
#[Object]
impl Mutation {
    /// Uploads a log by a multipart request: once this answers, the log cannot be lost, and its conversion is
    /// under way ("POST /runs" in the original API).
    async fn upload_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The log, and what is known of the run.")] input: UploadLogInput,
    ) -> Answer<UploadLogResult> {
        settle(upload_log::upload(ctx, input).await)
    }

    /// Registers a DBC, as a file of a multipart request or as text. The same bytes again give the same DBC.
    async fn register_dbc(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The DBC.")] input: RegisterDbcInput,
    ) -> Answer<RegisterDbcResult> {
        register_dbc::answer(ctx, input).await
    }

    /// Sets the DBCs that logs are decoded with when their upload names none.
    async fn set_default_dbcs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The DBCs, of a vehicle or of the server.")] input: SetDefaultDbcsInput,
    ) -> Answer<SetDefaultDbcsResult> {
        settle(default_dbcs::set(ctx, input).await)
    }

    /// Changes what is said of a run ("PATCH /runs/<id>" in the original API, which cleared what was left out).
    async fn update_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run, and what to change.")] input: UpdateRunInput,
    ) -> Answer<UpdateRunResult> {
        settle(run_edit::update(ctx, input).await)
    }

    /// Hides a run and cancels its job. Its log and results stay, and `restoreRun` brings it back.
    async fn delete_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run.")] id: ID,
    ) -> Answer<DeleteRunResult> {
        settle(run_edit::delete(ctx, &id).await)
    }

    /// Shows a deleted run again, as it was.
    async fn restore_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run.")] id: ID,
    ) -> Answer<RestoreRunResult> {
        settle(run_edit::restore(ctx, &id).await)
    }

    /// Removes a run for good and frees its bytes: results, log (unless another run is made of it), all that is said
    /// of it. A job under way is cancelled. Nothing brings it back; the same log can be uploaded anew.
    async fn purge_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run, deleted before or not.")] id: ID,
    ) -> Answer<PurgeRunResult> {
        settle(run_purge::purge(ctx, &id).await)
    }

    /// Converts a run again from its stored log, with other DBCs or another time zone if told. The present
    /// conversion serves until the new one is done.
    async fn reconvert_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run, and what is to be different.")] input: ReconvertRunInput,
    ) -> Answer<ReconvertRunResult> {
        settle(run_convert::reconvert(ctx, input).await)
    }

    /// Says when a run was driven, or moves its times, and converts it again: for a log without a clock, or with a
    /// wrong one. The present times serve until that is done; then the run's own intervals and markers move along.
    async fn set_run_time(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run, and its times.")] input: SetRunTimeInput,
    ) -> Answer<SetRunTimeResult> {
        settle(run_time::set(ctx, input).await)
    }

    /// Cancels a job. One that runs is asked to stop, and will not be published.
    async fn cancel_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job.")] id: ID,
    ) -> Answer<CancelJobResult> {
        settle(run_convert::cancel(ctx, &id).await)
    }

    /// Queues the work of a job that failed or was cancelled again, as a new job.
    async fn retry_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job.")] id: ID,
    ) -> Answer<RetryJobResult> {
        settle(run_convert::retry(ctx, &id).await)
    }

    /// Creates a car.
    async fn create_vehicle(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The car.")] input: CreateVehicleInput,
    ) -> Answer<CreateVehicleResult> {
        settle(vehicle_edit::create(ctx, input).await)
    }

    /// Changes a car.
    async fn update_vehicle(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The car, and what to change.")] input: UpdateVehicleInput,
    ) -> Answer<UpdateVehicleResult> {
        settle(vehicle_edit::update(ctx, input).await)
    }

    /// Deletes a car that no run and no test day is of.
    async fn delete_vehicle(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The car.")] id: ID,
    ) -> Answer<DeleteVehicleResult> {
        settle(vehicle_edit::delete(ctx, &id).await)
    }

    /// Creates a day at a track.
    async fn create_test_day(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day.")] input: CreateTestDayInput,
    ) -> Answer<CreateTestDayResult> {
        settle(test_day_edit::create(ctx, input).await)
    }

    /// Changes a day at a track.
    async fn update_test_day(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day, and what to change.")] input: UpdateTestDayInput,
    ) -> Answer<UpdateTestDayResult> {
        settle(test_day_edit::update(ctx, input).await)
    }

    /// Deletes a day at a track with its intervals and markers. Its runs stay.
    async fn delete_test_day(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day.")] id: ID,
    ) -> Answer<DeleteTestDayResult> {
        settle(test_day_edit::delete(ctx, &id).await)
    }

    /// Creates a part of a test day or run ("POST /testing/<date>/interval" in the original API).
    async fn create_interval(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The interval.")] input: CreateIntervalInput,
    ) -> Answer<CreateIntervalResult> {
        settle(interval_edit::create(ctx, input).await)
    }

    /// Changes a part of a test day or run
    /// ("PATCH /testing/<date>/interval/<id>" in the original API, which cleared what was left out).
    async fn update_interval(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The interval, and what to change.")] input: UpdateIntervalInput,
    ) -> Answer<UpdateIntervalResult> {
        settle(interval_edit::update(ctx, input).await)
    }

    /// Deletes an interval ("DELETE /testing/<date>/interval/<id>" in the original API).
    async fn delete_interval(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The interval.")] id: ID,
    ) -> Answer<DeleteIntervalResult> {
        settle(interval_edit::delete(ctx, &id).await)
    }

    /// Creates an instant of a test day or run.
    async fn create_marker(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The marker.")] input: CreateMarkerInput,
    ) -> Answer<CreateMarkerResult> {
        settle(marker_edit::create(ctx, input).await)
    }

    /// Changes an instant of a test day or run.
    async fn update_marker(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The marker, and what to change.")] input: UpdateMarkerInput,
    ) -> Answer<UpdateMarkerResult> {
        settle(marker_edit::update(ctx, input).await)
    }

    /// Deletes a marker.
    async fn delete_marker(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The marker.")] id: ID,
    ) -> Answer<DeleteMarkerResult> {
        settle(marker_edit::delete(ctx, &id).await)
    }

    /// Saves an expression ("POST /filters" in the original API).
    async fn create_derived_signal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The derived signal.")] input: CreateDerivedSignalInput,
    ) -> Answer<CreateDerivedSignalResult> {
        settle_expression(derived_signal_edit::create(ctx, input).await)
    }

    /// Changes a saved expression ("PATCH /filters/<name>" in the original API, which cleared what was left out).
    /// Refused when others that use it could not be computed any more.
    async fn update_derived_signal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The derived signal, and what to change.")] input: UpdateDerivedSignalInput,
    ) -> Answer<UpdateDerivedSignalResult> {
        settle_expression(derived_signal_edit::update(ctx, input).await)
    }

    /// Deletes a saved expression that no other names ("DELETE /filters/<name>" in the original API).
    async fn delete_derived_signal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The derived signal.")] id: ID,
    ) -> Answer<DeleteDerivedSignalResult> {
        settle(derived_signal_edit::delete(ctx, &id).await)
    }
}
