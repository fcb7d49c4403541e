//! Jobs: who may change them, when, and what is written down.

use entity::job::{self, Beat, CancelOutcome, JobState, Retried};
use sea_orm::ConnectionTrait;

use crate::store::{LEASE, Store, failure, progress};

platform::on_every_back_end! {
    Store::on:
    one_of_two_workers_gets_a_job,
    the_job_that_waited_longest_comes_first,
    a_payload_of_a_newer_version_is_left_waiting,
    a_heartbeat_renews_and_tells,
    an_overtaken_holder_changes_nothing,
    three_crashes_fail_it_the_first_retry_comes_at_once,
    twenty_lost_workers_fail_it,
    a_passing_trouble_waits_until_its_budget_is_spent,
    a_release_costs_nothing,
    a_cancelled_job_is_never_published,
    a_cancelled_job_whose_worker_dies_is_cancelled,
    a_waiting_job_is_cancelled_at_once,
    a_new_job_of_a_run_supersedes_the_running_one,
    a_failed_job_can_be_done_again,
    jobs_that_nobody_rang_for_are_named_once_in_a_while,
    sweeps_work_in_pages,
}

/// Runs one transition in a transaction of its own.
macro_rules! change {
    ($store:expr, $function:ident $(, $argument:expr)*) => {{
        let tx = $store.tx().await;
        let outcome = job::$function(&tx $(, $argument)*).await.unwrap();
        tx.commit().await.unwrap();
        outcome
    }};
}

async fn running(store: Store) -> (Store, job::Model) {
    store.upload("a").await;
    let job = store.claim("w1").await.unwrap();
    (store, job)
}

async fn story(store: &Store, id: entity::id::JobId) -> Vec<String> {
    let events = store.events(id).await;
    assert!(events.iter().zip(1..).all(|(event, seq)| event.seq == seq), "gap: {events:?}");
    events
        .iter()
        .map(|event| match &event.reason {
            Some(reason) => format!("{:?}({reason})", event.state),
            None => format!("{:?}", event.state),
        })
        .collect()
}

async fn one_of_two_workers_gets_a_job(store: Store) {
    let (store, job) = running(store).await;
    assert_eq!((job.state, job.token, job.attempts), (JobState::Running, 1, 1));
    assert_eq!(job.worker_id.as_deref(), Some("w1"));
    assert!(job.lease_until.unwrap() - job.heartbeat_at.unwrap() == 30_000_000);
    assert_eq!(store.claim("w2").await, None);
    assert_eq!(story(&store, job.id).await, ["Queued", "Running"]);
}

async fn the_job_that_waited_longest_comes_first(store: Store) {
    let first = store.upload("a").await;
    let second = store.upload("b").await;
    let job = store.claim("w").await.unwrap();
    assert_eq!(job.id, first.job_id);
    assert!(change!(store, release, job.id, job.token));
    assert_eq!(store.claim("w").await.unwrap().id, first.job_id, "a released job keeps its place");
    assert_eq!(store.claim("w").await.unwrap().id, second.job_id);
}

async fn a_payload_of_a_newer_version_is_left_waiting(store: Store) {
    store.upload("a").await;
    let newer = job::SCHEMA_VERSION + 1;
    store.0.execute_unprepared(&format!("UPDATE job SET schema_version = {newer}")).await.unwrap();
    assert_eq!(store.claim("w").await, None);
}

async fn a_heartbeat_renews_and_tells(store: Store) {
    let (store, job) = running(store).await;
    store.pass_time().await;
    assert_eq!(change!(store, heartbeat, job.id, job.token, LEASE, &progress(4)), Beat::Alive);
    let now = store.job(job.id).await;
    assert!(now.lease_until.unwrap() > 0);
    assert_eq!((now.progress_bytes, now.progress_seq), (40, 4));
    assert_eq!(change!(store, cancel, job.id), CancelOutcome::Requested);
    assert_eq!(change!(store, heartbeat, job.id, job.token, LEASE, &progress(5)), Beat::CancelRequested);
    assert_eq!(change!(store, heartbeat, job.id, job.token + 1, LEASE, &progress(6)), Beat::Lost);
}

async fn an_overtaken_holder_changes_nothing(store: Store) {
    let (store, zombie) = running(store).await;
    store.pass_time().await;
    assert_eq!(change!(store, expire_leases, 10), [zombie.id]);
    let holder = store.claim("w2").await.unwrap();
    assert_eq!((holder.id, holder.token, holder.lost_count), (zombie.id, 2, 1));
    assert!(!change!(store, succeed, zombie.id, zombie.token));
    assert!(!change!(store, fail, zombie.id, zombie.token, &failure()));
    assert!(!change!(store, release, zombie.id, zombie.token));
    assert!(!change!(store, cancelled, zombie.id, zombie.token));
    assert_eq!(change!(store, crashed, zombie.id, zombie.token), None);
    assert_eq!(change!(store, retry_later, zombie.id, zombie.token, &failure()), None);
    assert_eq!(store.job(holder.id).await, holder);
    assert!(change!(store, succeed, holder.id, holder.token));
    assert_eq!(story(&store, holder.id).await, ["Queued", "Running", "Queued(lost)", "Running", "Succeeded"]);
}

async fn three_crashes_fail_it_the_first_retry_comes_at_once(store: Store) {
    let (store, job) = running(store).await;
    assert_eq!(change!(store, crashed, job.id, 1), Some(JobState::Queued));
    let job = store.claim("w1").await.unwrap();
    assert_eq!(change!(store, crashed, job.id, 2), Some(JobState::Queued));
    assert_eq!(store.claim("w1").await, None, "the second retry waits");
    let waiting = store.job(job.id).await;
    let crashed_at = store.events(job.id).await.last().unwrap().at;
    assert_eq!(waiting.next_at - crashed_at, 5_000_000);
    store.pass_time().await;
    store.claim("w1").await.unwrap();
    assert_eq!(change!(store, crashed, job.id, 3), Some(JobState::Failed));
    let ended = store.job(job.id).await;
    assert_eq!(ended.error_code.as_deref(), Some("WORKER_CRASHED"));
    assert_eq!(ended.failure().unwrap().message, "the converter died 3 times on this file");
    assert_eq!((ended.crash_count, ended.active_key), (3, None));
}

async fn twenty_lost_workers_fail_it(store: Store) {
    let id = store.upload("a").await.job_id;
    for lost in 1..=20 {
        store.pass_time().await;
        store.claim("w").await.unwrap();
        store.pass_time().await;
        assert_eq!(change!(store, expire_leases, 10), [id]);
        assert_eq!(store.job(id).await.lost_count, lost);
    }
    let ended = store.job(id).await;
    assert_eq!((ended.state, ended.error_code.as_deref()), (JobState::Failed, Some("WORKER_CRASHED")));
}

async fn a_passing_trouble_waits_until_its_budget_is_spent(store: Store) {
    let (store, job) = running(store).await;
    assert_eq!(change!(store, retry_later, job.id, 1, &failure()), Some(JobState::RetryWait));
    let waiting = store.job(job.id).await;
    assert_eq!(waiting.error_code.as_deref(), Some("NO_FRAMES"), "the reason is visible");
    assert_eq!(waiting.failure(), Some(failure()));
    let put_off = store.events(job.id).await.last().unwrap().at;
    assert!((put_off..=put_off + 2_000_000).contains(&waiting.next_at));
    store.pass_time().await;
    assert_eq!(change!(store, wake_due, 10), [job.id]);
    let again = store.claim("w1").await.unwrap();
    assert_eq!((again.error_code, again.retry_count), (None, 1));
    store.0.execute_unprepared("UPDATE job SET retry_since = retry_since - 86400000001").await.unwrap();
    assert_eq!(change!(store, retry_later, job.id, 2, &failure()), Some(JobState::Failed));
    assert_eq!(store.job(job.id).await.error_code.as_deref(), Some("BUDGET_SPENT"));
}

async fn a_release_costs_nothing(store: Store) {
    let (store, job) = running(store).await;
    assert!(change!(store, release, job.id, job.token));
    let again = store.claim("w2").await.unwrap();
    assert_eq!((again.crash_count, again.lost_count, again.retry_count, again.token), (0, 0, 0, 2));
    assert_eq!(change!(store, release_worker, "w1"), []);
    assert_eq!(change!(store, release_worker, "w2"), [job.id]);
    assert_eq!(store.job(job.id).await.lost_count, 0);
}

async fn a_cancelled_job_is_never_published(store: Store) {
    let (store, job) = running(store).await;
    assert_eq!(change!(store, cancel, job.id), CancelOutcome::Requested);
    assert!(!change!(store, succeed, job.id, job.token));
    assert!(change!(store, cancelled, job.id, job.token));
    assert_eq!(change!(store, cancel, job.id), CancelOutcome::AlreadyTerminal);
    assert_eq!(change!(store, cancel, entity::id::JobId::new()), CancelOutcome::NotFound);
}

async fn a_waiting_job_is_cancelled_at_once(store: Store) {
    let id = store.upload("a").await.job_id;
    assert_eq!(change!(store, cancel, id), CancelOutcome::Cancelled);
    assert_eq!(store.claim("w").await, None);
    assert_eq!(story(&store, id).await, ["Queued", "Cancelled"]);
}

async fn a_cancelled_job_whose_worker_dies_is_cancelled(store: Store) {
    for how in ["crashed", "lost", "released", "trouble"] {
        store.upload(how).await;
        let job = store.claim("w1").await.unwrap();
        change!(store, cancel, job.id);
        store.pass_time().await;
        match how {
            "crashed" => drop(change!(store, crashed, job.id, job.token)),
            "lost" => drop(change!(store, expire_leases, 10)),
            "released" => drop(change!(store, release_worker, "w1")),
            _ => drop(change!(store, retry_later, job.id, job.token, &failure())),
        }
        assert_eq!(store.job(job.id).await.state, JobState::Cancelled, "{how}");
    }
}

async fn a_new_job_of_a_run_supersedes_the_running_one(store: Store) {
    let (store, old) = running(store).await;
    let new = store.enqueue(old.run_id).await;
    assert_eq!(new.superseded, Some(old.id));
    assert_eq!(store.job(old.id).await.state, JobState::Cancelled);
    assert_eq!(change!(store, heartbeat, old.id, old.token, LEASE, &progress(1)), Beat::Lost);
    assert_eq!(story(&store, old.id).await, ["Queued", "Running", "Cancelled(superseded)"]);
    assert_eq!(job::active(&store.0, old.run_id).await.unwrap().unwrap().id, new.job.id);
}

async fn a_failed_job_can_be_done_again(store: Store) {
    let (store, job) = running(store).await;
    assert_eq!(change!(store, retry, job.id), Retried::NotRetryable);
    assert!(change!(store, fail, job.id, job.token, &failure()));
    let failed = store.job(job.id).await;
    assert_eq!(failed.failure(), Some(failure()));
    let Retried::Enqueued(new) = change!(store, retry, job.id) else { panic!("not retryable") };
    assert_eq!((new.job.payload.as_str(), new.superseded), (job.payload.as_str(), None));
    assert_eq!(store.job(job.id).await, failed, "what ended stays as it ended");
    assert_eq!(change!(store, retry, entity::id::JobId::new()), Retried::NotFound);
}

async fn jobs_that_nobody_rang_for_are_named_once_in_a_while(store: Store) {
    let id = store.upload("a").await.job_id;
    assert_eq!(change!(store, unrung, 10), [id]);
    assert_eq!(change!(store, unrung, 10), []);
    store.0.execute_unprepared("UPDATE job SET notified_at = notified_at - 31000000").await.unwrap();
    assert_eq!(change!(store, unrung, 10), [id]);
}

async fn sweeps_work_in_pages(store: Store) {
    for sha in ["a", "b", "c"] {
        store.upload(sha).await;
        store.claim("w").await.unwrap();
    }
    store.pass_time().await;
    assert_eq!(change!(store, expire_leases, 2).len(), 2);
    assert_eq!(change!(store, expire_leases, 2).len(), 1);
}

#[tokio::test]
async fn claims_and_sweeps_walk_an_index() {
    let store = Store::new().await;
    for (order, range) in [("next_at, id", "next_at <= 1"), ("lease_until", "lease_until < 1")] {
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT * FROM job WHERE state = 'QUEUED' AND {range} AND kind = 'x' ORDER BY {order}"
        );
        let rows = store.0.query_all_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql));
        let plan: Vec<String> =
            rows.await.unwrap().iter().map(|row| row.try_get("", "detail").unwrap()).collect();
        assert!(plan.len() == 1 && plan[0].contains("USING INDEX ix_job_state"), "{plan:?}");
    }
}
