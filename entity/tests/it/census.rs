//! Jobs, counted; and the trace that one carries.

use entity::job::{self, Census, JobState};
use sea_orm::EntityTrait;

use crate::store::Store;

platform::on_every_back_end! {
    Store::on:
    jobs_are_counted_by_state_and_the_next_ones_wait_is_known,
    a_job_keeps_the_trace_that_led_to_it,
}

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn counted(store: &Store) -> Census {
    let mut census = job::census(&store.0).await.unwrap();
    census.counts.sort_by_key(|(state, _)| format!("{state:?}"));
    census
}

async fn jobs_are_counted_by_state_and_the_next_ones_wait_is_known(store: Store) {
    assert_eq!(counted(&store).await, Census::default());
    for log in ["a", "b", "c"] {
        store.upload(log).await;
    }
    store.claim("w").await.unwrap();
    let census = counted(&store).await;
    assert_eq!(census.counts, [(JobState::Queued, 2), (JobState::Running, 1)]);

    let next = job::Entity::find().all(&store.0).await.unwrap();
    let next = next.iter().filter(|job| job.state == JobState::Queued).map(|job| job.next_at).min().unwrap();
    let now = entity::clock::now(&store.0).await.unwrap();
    let waited = counted(&store).await.waiting_us;
    assert!(waited >= now - next, "{waited}");

    while store.claim("w").await.is_some() {}
    assert_eq!(counted(&store).await.waiting_us, 0, "nothing waits");
}

async fn a_job_keeps_the_trace_that_led_to_it(store: Store) {
    let (job, other) = (store.upload("a").await.job_id, store.upload("b").await.job_id);
    let tx = store.tx().await;
    job::note_trace(&tx, job, TRACE).await.unwrap();
    tx.commit().await.unwrap();
    let claimed = store.claim("w").await.unwrap();
    assert_eq!((claimed.id, claimed.trace.as_deref()), (job, Some(TRACE)));
    let other = job::Entity::find_by_id(other).one(&store.0).await.unwrap().unwrap();
    assert_eq!(other.trace, None);
}
