//! What can be watched.

use async_graphql::{Context, ID, Subscription};
use entity::id::JobId;
use futures::Stream;

use super::{
    error::{Answer, Refusal},
    input,
    job::JobFilter,
    job_board,
    job_event::JobEvent,
    job_heal::Healer,
    job_watch, runtime,
    scalar::Int64,
};

/// The root of all subscriptions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subscription;

/// What can be watched.
#[Subscription]
impl Subscription {
    /// One job: a snapshot, then everything newer, until its last state; then the subscription completes. A job
    /// that is over answers at once. An unknown id is NOT_FOUND.
    async fn job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job's id.")] id: ID,
        #[graphql(desc = "The `seq` of the last event known: the snapshot lists the changes since.")]
        after: Option<Int64>,
    ) -> Result<impl Stream<Item = Answer<JobEvent>> + use<>, Refusal> {
        let id = input::id::<JobId>(&id, "id")?;
        job_watch::job(runtime(ctx), ctx.data_unchecked::<Healer>(), id, after.map(|after| after.0)).await
    }

    /// All jobs: snapshots of those that are active, then whatever changes. A job that the filter once held for
    /// is followed to its end.
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which jobs; all unless told.")] filter: Option<JobFilter>,
    ) -> Result<impl Stream<Item = Answer<JobEvent>> + use<>, Refusal> {
        job_board::jobs(runtime(ctx), filter.unwrap_or_default()).await
    }
}
