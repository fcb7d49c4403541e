//! How many jobs there are, and how long the next one has waited: for those who run the service.

use sea_orm::{FromQueryResult, QuerySelect, entity::prelude::*};

use super::{Column, Entity, JobState};
use crate::clock;

/// All jobs, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// How many of each state there are; a state without jobs is left out.
    pub counts: Vec<(JobState, i64)>,
    /// Microseconds since the oldest job that may be claimed could be; 0 when none waits.
    pub waiting_us: i64,
}

#[derive(FromQueryResult)]
struct Count {
    state: JobState,
    jobs: i64,
}

/// Counts all jobs.
///
/// # Errors
/// When the database refuses.
pub async fn census<C: ConnectionTrait>(conn: &C) -> Result<Census, DbErr> {
    let counts = Entity::find()
        .select_only()
        .column(Column::State)
        .column_as(Column::Id.count(), "jobs")
        .group_by(Column::State)
        .into_model::<Count>()
        .all(conn)
        .await?;
    let now = clock::now(conn).await?;
    // One that was put off may be claimed from then on: before that it does not wait for a worker.
    let oldest = Entity::find()
        .select_only()
        .column_as(Column::NextAt.min(), "next_at")
        .filter(Column::State.eq(JobState::Queued))
        .into_tuple::<Option<i64>>()
        .one(conn)
        .await?;
    let waiting_us = oldest.flatten().map_or(0, |next_at| now.saturating_sub(next_at).max(0));
    Ok(Census { counts: counts.into_iter().map(|count| (count.state, count.jobs)).collect(), waiting_us })
}
