//! What puts jobs right that nobody looks after. Anybody may call it at any time: all of it is
//! compare-and-set, in pages.

use sea_orm::{
    ActiveValue::Set, Condition, DatabaseTransaction, DbErr, QueryOrder, QuerySelect, entity::prelude::*,
};

use super::{
    ActiveModel, Column, Entity, JobState, Model,
    backoff::{MOST_LOSSES, after_loss},
    change::{closed, enter, queued, queued_again, unchanged},
    settle::{entered, failed, give_back, poison},
};
use crate::{clock, id::JobId};

/// A job is rung for again when it was not claimed for this long, in microseconds.
const RING_AGAIN: i64 = 30_000_000;

/// Takes up to `page` jobs from workers that went silent; returns them. The first time a job may be claimed at
/// once, then later and later; after twenty times it fails.
///
/// # Errors
/// When the database refuses.
pub async fn expire_leases(tx: &DatabaseTransaction, page: u64) -> Result<Vec<JobId>, DbErr> {
    let now = clock::now(tx).await?;
    let lost = Entity::find()
        .filter(Column::State.eq(JobState::Running))
        .filter(Column::LeaseUntil.lt(now))
        .order_by_asc(Column::LeaseUntil)
        .limit(page)
        .lock_exclusive()
        .all(tx)
        .await?;
    let mut changed = Vec::with_capacity(lost.len());
    for job in lost {
        if expire(tx, &job, now).await?.is_some() {
            changed.push(job.id);
        }
    }
    Ok(changed)
}

async fn expire(tx: &DatabaseTransaction, job: &Model, now: i64) -> Result<Option<JobState>, DbErr> {
    let count = job.lost_count + 1;
    let values = if job.cancel_requested {
        closed(JobState::Cancelled, now)
    } else if count >= MOST_LOSSES {
        failed(&poison(&format!("its worker was lost {count} times")), now)?
    } else {
        queued_again(job, now, after_loss(count))
    };
    entered(tx, job, ActiveModel { lost_count: Set(count), ..values }, "lost", now).await
}

/// Gives back all jobs of a worker that is known to be dead, at no cost to them; returns them.
///
/// # Errors
/// When the database refuses.
pub async fn release_worker(tx: &DatabaseTransaction, worker_id: &str) -> Result<Vec<JobId>, DbErr> {
    let held = Entity::find()
        .filter(Column::State.eq(JobState::Running))
        .filter(Column::WorkerId.eq(worker_id))
        .lock_exclusive()
        .all(tx)
        .await?;
    let mut changed = Vec::with_capacity(held.len());
    for job in held {
        if give_back(tx, &job).await? {
            changed.push(job.id);
        }
    }
    Ok(changed)
}

/// Queues up to `page` jobs whose wait is over; returns them.
///
/// # Errors
/// When the database refuses.
pub async fn wake_due(tx: &DatabaseTransaction, page: u64) -> Result<Vec<JobId>, DbErr> {
    let now = clock::now(tx).await?;
    let due = Entity::find()
        .filter(Column::State.eq(JobState::RetryWait))
        .filter(Column::NextAt.lte(now))
        .order_by_asc(Column::NextAt)
        .limit(page)
        .lock_exclusive()
        .all(tx)
        .await?;
    let mut changed = Vec::with_capacity(due.len());
    for job in due {
        if enter(tx, &job, queued(job.next_at), None, now).await? {
            changed.push(job.id);
        }
    }
    Ok(changed)
}

/// Up to `page` jobs that may be claimed and that nobody rang for, not lately at least; the caller rings.
///
/// # Errors
/// When the database refuses.
pub async fn unrung(tx: &DatabaseTransaction, page: u64) -> Result<Vec<JobId>, DbErr> {
    let now = clock::now(tx).await?;
    let not_lately =
        Condition::any().add(Column::NotifiedAt.is_null()).add(Column::NotifiedAt.lt(now - RING_AGAIN));
    let ids: Vec<JobId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::State.eq(JobState::Queued))
        .filter(Column::NextAt.lte(now))
        .filter(not_lately)
        .order_by_asc(Column::NextAt)
        .limit(page)
        .into_tuple()
        .all(tx)
        .await?;
    Entity::update_many()
        .set(ActiveModel { notified_at: Set(Some(now)), ..unchanged() })
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(tx)
        .await?;
    Ok(ids)
}
