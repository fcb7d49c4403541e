//! What can be changed. Every mutation answers its payload or a `Problem`.

use async_graphql::{Context, ID, Object};

use super::{
    default_dbcs::{self, SetDefaultDbcsInput, SetDefaultDbcsResult},
    error::Answer,
    problem::settle,
    register_dbc::{self, RegisterDbcInput, RegisterDbcResult},
    run_convert::{self, CancelJobResult, ReconvertRunInput, ReconvertRunResult, RetryJobResult},
    run_edit::{self, DeleteRunResult, RestoreRunResult, UpdateRunInput, UpdateRunResult},
    run_purge::{self, PurgeRunResult},
    upload_log::{self, UploadLogInput, UploadLogResult},
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
}
