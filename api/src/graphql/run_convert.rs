//! `reconvertRun`, `cancelJob`, `retryJob`: a run's conversions, asked for or stopped.
#![expect(clippy::large_enum_variant, reason = "an answer is made once an operation")]

use async_graphql::{Context, ID, InputObject, SimpleObject, Union};
use entity::{
    id::{JobId, RunId},
    job::{self, CancelOutcome, ConvertPayload, DbcBinding, Enqueued, NewJob, Retried},
    run::{self, ActiveModel, Column},
    run_dbc,
};
use platform::runtime::Runtime;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
};

use super::{
    error::{Answer, Refusal},
    input,
    job::Job,
    load::load,
    problem::Refused,
    run::Run,
    run_dbc::{RunDbcInput, bindings},
    run_edit::undeleted,
    runtime,
    transact::Aborted,
};

/// A run to convert again.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct ReconvertRunInput {
    /// The run.
    id: ID,
    /// The DBCs to decode with from now on; those of the run unless told.
    dbcs: Option<Vec<RunDbcInput>>,
    /// The IANA zone of the logger's clock from now on; the run's unless told.
    time_zone: Option<String>,
}

/// A conversion is queued; the present one serves until it is done.
#[derive(Debug, SimpleObject)]
pub(crate) struct ReconvertRunPayload {
    /// The run.
    run: Run,
    /// The job that converts it.
    job: Job,
}

/// What `reconvertRun` answers.
#[derive(Union)]
pub(crate) enum ReconvertRunResult {
    Queued(ReconvertRunPayload),
    Refused(Refused),
}

/// A job is cancelled, or its worker was asked to stop.
#[derive(Debug, SimpleObject)]
pub(crate) struct CancelJobPayload {
    /// The job as it is now; a running one is `CANCELLED` once its worker has stopped.
    job: Option<Job>,
}

/// What `cancelJob` answers.
#[derive(Union)]
pub(crate) enum CancelJobResult {
    Cancelled(CancelJobPayload),
    Refused(Refused),
}

/// The work is queued again.
#[derive(Debug, SimpleObject)]
pub(crate) struct RetryJobPayload {
    /// The new job; the old one stays as it ended.
    job: Job,
}

/// What `retryJob` answers.
#[derive(Union)]
pub(crate) enum RetryJobResult {
    Queued(RetryJobPayload),
    Refused(Refused),
}

/// Queues another conversion of a run.
pub(crate) async fn reconvert(ctx: &Context<'_>, input: ReconvertRunInput) -> Answer<ReconvertRunPayload> {
    let id: RunId = input::id(&input.id, "id")?;
    let zone = input.time_zone.as_deref().map(input::time_zone).transpose()?;
    let dbcs = match &input.dbcs {
        Some(dbcs) => Some(bindings(ctx, dbcs).await?.into_iter().map(DbcBinding::from).collect::<Vec<_>>()),
        None => None,
    };
    let trace = platform::trace::current();
    let queued = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let (zone, dbcs, trace) = (zone.clone(), dbcs.clone(), trace.clone());
        Box::pin(async move {
            let (run, enqueued) = queue(tx, id, zone, dbcs).await?;
            note(tx, &enqueued, trace).await?;
            Ok((run, enqueued))
        })
    });
    let (run, enqueued) = queued.await?;
    Ok(ReconvertRunPayload { run: Run(run), job: ring(runtime(ctx), enqueued).await })
}

async fn queue(
    tx: &DatabaseTransaction,
    id: RunId,
    zone: Option<String>,
    dbcs: Option<Vec<DbcBinding>>,
) -> Result<(run::Model, Enqueued), Aborted> {
    let mut run = undeleted(tx, id).await?;
    if let Some(dbcs) = dbcs {
        run_dbc::replace(tx, id, &dbcs).await?;
    }
    if let Some(zone) = zone {
        let change =
            ActiveModel { time_zone: Set(zone.clone()), ..<ActiveModel as ActiveModelTrait>::default() };
        run::Entity::update_many().set(change).filter(Column::Id.eq(id)).exec(tx).await?;
        run.time_zone = zone;
    }
    let payload = ConvertPayload::of(&run, run_dbc::of_run(tx, id).await?);
    let enqueued = job::enqueue(tx, NewJob { run_id: id, payload }).await?;
    Ok((run, enqueued))
}

/// Cancels a job that waits, asks the worker of one that runs.
pub(crate) async fn cancel(ctx: &Context<'_>, id: &ID) -> Answer<CancelJobPayload> {
    let id: JobId = input::id(id, "id")?;
    let runtime = runtime(ctx);
    let outcome = runtime
        .database
        .transaction::<_, Aborted, _>(move |tx| Box::pin(async move { Ok(job::cancel(tx, id).await?) }));
    match outcome.await? {
        CancelOutcome::Cancelled | CancelOutcome::Requested => {
            runtime.broker.notify_changed(id).await;
            Ok(CancelJobPayload { job: load(ctx, id).await?.map(Job::from) })
        }
        CancelOutcome::AlreadyTerminal => Err(Refusal::conflict("The job is over already.").at("id")),
        CancelOutcome::NotFound => Err(Refusal::not_found("job", id).at("id")),
    }
}

/// Queues the work of a job that failed or was cancelled again.
pub(crate) async fn retry(ctx: &Context<'_>, id: &ID) -> Answer<RetryJobPayload> {
    let id: JobId = input::id(id, "id")?;
    let trace = platform::trace::current();
    let outcome = runtime(ctx).database.transaction::<_, Aborted, _>(move |tx| {
        let trace = trace.clone();
        Box::pin(async move {
            let retried = job::retry(tx, id).await?;
            if let Retried::Enqueued(enqueued) = &retried {
                note(tx, enqueued, trace).await?;
            }
            Ok(retried)
        })
    });
    match outcome.await? {
        Retried::Enqueued(enqueued) => Ok(RetryJobPayload { job: ring(runtime(ctx), *enqueued).await }),
        Retried::NotRetryable => {
            Err(Refusal::conflict("Only a job that failed or was cancelled, of a run that is not deleted.")
                .at("id"))
        }
        Retried::NotFound => Err(Refusal::not_found("job", id).at("id")),
    }
}

/// Lets the worker go on with this request's trace, if it has one.
pub(super) async fn note(
    tx: &DatabaseTransaction,
    enqueued: &Enqueued,
    trace: Option<String>,
) -> Result<(), DbErr> {
    match trace {
        Some(trace) => job::note_trace(tx, enqueued.job.id, &trace).await,
        None => Ok(()),
    }
}

/// Wakes the workers, and tells watchers of the job that it replaced.
pub(super) async fn ring(runtime: &Runtime, enqueued: Enqueued) -> Job {
    if let Some(superseded) = enqueued.superseded {
        runtime.broker.notify_changed(superseded).await;
    }
    runtime.broker.notify_changed(enqueued.job.id).await;
    runtime.broker.ring(enqueued.job.id).await;
    enqueued.job.into()
}
