//! Readers switch from one conversion to the next at once and as a whole.

use entity::{
    conversion::{self, ConversionState},
    id::ConversionId,
    job::{self, JobState},
    run, signal,
};
use sea_orm::{EntityTrait, QueryOrder};

use crate::store::{Store, publication, recorded};

platform::on_every_back_end! {
    Store::on:
    publishing_ends_the_job_and_points_the_run,
    the_next_conversion_replaces_it_and_keeps_the_signals_ids,
    thousands_of_signals_fit,
    an_attempt_of_an_overtaken_holder_is_not_begun,
    a_publication_without_its_attempt_is_refused_as_a_whole,
}

async fn state(store: &Store, id: ConversionId) -> ConversionState {
    conversion::Entity::find_by_id(id).one(&store.0).await.unwrap().unwrap().state
}

async fn publishing_ends_the_job_and_points_the_run(store: Store) {
    let run_id = store.upload("a").await.run_id;
    let job = store.claim("w").await.unwrap();
    let id = store.begin(&job).await;
    assert!(store.publish(publication(&job, id)).await);
    let run = run::Entity::find_by_id(run_id).one(&store.0).await.unwrap().unwrap();
    assert_eq!((run.current_conversion_id, run.start_at, run.end_at), (Some(id), Some(10), Some(20)));
    assert_eq!((run.time_source.as_deref(), run.warning_count), (Some("RTC"), 2));
    assert_eq!(state(&store, id).await, ConversionState::Published);
    assert_eq!(store.job(job.id).await.state, JobState::Succeeded);
    assert!(!store.publish(publication(&job, id)).await, "once");
}

async fn the_next_conversion_replaces_it_and_keeps_the_signals_ids(store: Store) {
    let run_id = store.upload("a").await.run_id;
    let job = store.claim("w").await.unwrap();
    let first = store.begin(&job).await;
    store.publish(publication(&job, first)).await;
    let before = signals(&store).await;
    store.enqueue(run_id).await;
    let job = store.claim("w").await.unwrap();
    let second = store.begin(&job).await;
    let mut next = publication(&job, second);
    next.signals.push(recorded("Brake"));
    assert!(store.publish(next).await);
    let after = signals(&store).await;
    assert_eq!(state(&store, first).await, ConversionState::Superseded);
    assert_eq!(after.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["RPM", "Throttle", "Brake"]);
    assert_eq!(
        after[..2].iter().map(|row| row.id).collect::<Vec<_>>(),
        before.iter().map(|row| row.id).collect::<Vec<_>>()
    );
    assert!(after.iter().all(|row| row.conversion_id == second));
}

async fn signals(store: &Store) -> Vec<signal::Model> {
    signal::Entity::find().order_by_asc(signal::Column::Position).all(&store.0).await.unwrap()
}

async fn thousands_of_signals_fit(store: Store) {
    store.upload("a").await;
    let job = store.claim("w").await.unwrap();
    let id = store.begin(&job).await;
    let signals = (0..3_001).map(|number| recorded(&format!("S{number}"))).collect();
    assert!(store.publish(conversion::Publication { signals, ..publication(&job, id) }).await);
    assert_eq!(self::signals(&store).await.len(), 3_001);
}

#[tokio::test]
async fn identity_makes_the_id() {
    let run = entity::id::RunId::new();
    let id = recorded("RPM").id(run);
    assert_eq!(id, recorded("RPM").id(run));
    assert_ne!(id, recorded("RPM").id(entity::id::RunId::new()));
    let mut other = recorded("RPM");
    other.extended = false;
    assert_ne!(id, other.id(run));
    other = recorded("RPM");
    other.bus = None;
    assert_ne!(id, other.id(run));
    let (mut left, mut right) = (recorded("b"), recorded("ab"));
    left.message = "Ea".to_owned();
    right.message = "E".to_owned();
    assert_ne!(left.id(run), right.id(run));
}

async fn an_attempt_of_an_overtaken_holder_is_not_begun(store: Store) {
    store.upload("a").await;
    let job = store.claim("w").await.unwrap();
    let stale = job::Model { token: 0, ..job };
    let tx = store.tx().await;
    assert_eq!(conversion::begin(&tx, &stale, ConversionId::new(), "runs/x").await.unwrap(), None);
}

async fn a_publication_without_its_attempt_is_refused_as_a_whole(store: Store) {
    store.upload("a").await;
    let job = store.claim("w").await.unwrap();
    let tx = store.tx().await;
    assert!(conversion::publish(&tx, publication(&job, ConversionId::new())).await.is_err());
    tx.rollback().await.unwrap();
    assert_eq!(store.job(job.id).await.state, JobState::Running);
}
