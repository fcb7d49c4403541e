//! Readers switch from one conversion to the next at once and as a whole.

use entity::{
    clock,
    id::{IntervalId, MarkerId, RunId, TestDayId},
    interval, marker, test_day,
};
use entity::{
    conversion::{self, ConversionState},
    id::ConversionId,
    job::{self, JobState},
    run, signal,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::store::{Store, publication, recorded};

platform::on_every_back_end! {
    Store::on:
    publishing_ends_the_job_and_points_the_run,
    the_next_conversion_replaces_it_and_keeps_the_signals_ids,
    thousands_of_signals_fit,
    an_attempt_of_an_overtaken_holder_is_not_begun,
    a_publication_without_its_attempt_is_refused_as_a_whole,
    what_a_run_has_of_its_own_moves_with_its_times,
    another_zone_moves_by_as_much_as_the_start,
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

/// An interval and a marker of the run and of a test day, at 12 to 18 and at 15.
async fn mark(store: &Store, run: RunId) {
    let tx = store.tx().await;
    let created_at = clock::now(&tx).await.unwrap();
    let day = test_day::Model {
        id: TestDayId::new(),
        date: "1970-01-01".to_owned(),
        location: None,
        time_zone: "UTC".to_owned(),
        vehicle_id: None,
        start_at: 0,
        end_at: 100,
        created_at,
    };
    test_day::Entity::insert(test_day::ActiveModel::from(day.clone()))
        .exec_without_returning(&tx)
        .await
        .unwrap();
    for (test_day_id, run_id) in [(Some(day.id), None), (None, Some(run))] {
        let interval = interval::Model {
            id: IntervalId::new(),
            test_day_id,
            run_id,
            start_at: 12,
            end_at: 18,
            kind: None,
            description: None,
            created_at,
        };
        let marker = marker::Model {
            id: MarkerId::new(),
            test_day_id,
            run_id,
            at: 15,
            kind: None,
            description: None,
            created_at,
        };
        let rows = (interval::ActiveModel::from(interval), marker::ActiveModel::from(marker));
        interval::Entity::insert(rows.0).exec_without_returning(&tx).await.unwrap();
        marker::Entity::insert(rows.1).exec_without_returning(&tx).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Start, end and instant of what [`mark`] made, of the run and of the day.
async fn marks(store: &Store) -> [(i64, i64, i64); 2] {
    let mut found = [(0, 0, 0); 2];
    for (place, of_run) in found.iter_mut().zip([true, false]) {
        let own = |run: interval::Column| if of_run { run.is_not_null() } else { run.is_null() };
        let row = interval::Entity::find()
            .filter(own(interval::Column::RunId))
            .one(&store.0)
            .await
            .unwrap()
            .unwrap();
        let own = |run: marker::Column| if of_run { run.is_not_null() } else { run.is_null() };
        let at = marker::Entity::find()
            .filter(own(marker::Column::RunId))
            .one(&store.0)
            .await
            .unwrap()
            .unwrap()
            .at;
        *place = (row.start_at, row.end_at, at);
    }
    found
}

/// Converts the run again with this shift and zone; its earliest frame is then at `start`.
async fn again(store: &Store, run_id: RunId, (zone, shift): (&str, Option<i64>), start: i64) {
    let mut run = run::Entity::find_by_id(run_id).one(&store.0).await.unwrap().unwrap();
    (run.time_zone, run.time_shift) = (zone.to_owned(), shift);
    let tx = store.tx().await;
    let payload = job::ConvertPayload::of(&run, Vec::new());
    job::enqueue(&tx, job::NewJob { run_id, payload }).await.unwrap();
    tx.commit().await.unwrap();
    let job = store.claim("w").await.unwrap();
    let id = store.begin(&job).await;
    let end = start + 10;
    let next = conversion::Publication { start_at: Some(start), end_at: Some(end), ..publication(&job, id) };
    assert!(store.publish(next).await);
}

async fn what_a_run_has_of_its_own_moves_with_its_times(store: Store) {
    let run = store.upload("a").await.run_id;
    let zone = run::Entity::find_by_id(run).one(&store.0).await.unwrap().unwrap().time_zone;
    let zone = zone.as_str();
    let job = store.claim("w").await.unwrap();
    let id = store.begin(&job).await;
    assert!(store.publish(publication(&job, id)).await);
    mark(&store, run).await;
    let of_day = (12, 18, 15);
    again(&store, run, (zone, Some(1_000)), 1_010).await;
    assert_eq!(marks(&store).await, [(1_012, 1_018, 1_015), of_day]);
    again(&store, run, (zone, Some(1_000)), 1_009).await;
    assert_eq!(marks(&store).await, [(1_012, 1_018, 1_015), of_day], "an earlier frame moves nothing");
    again(&store, run, (zone, Some(-2)), 8).await;
    assert_eq!(marks(&store).await, [(10, 16, 13), of_day]);
    again(&store, run, (zone, None), 10).await;
    assert_eq!(marks(&store).await, [of_day, of_day]);
}

async fn another_zone_moves_by_as_much_as_the_start(store: Store) {
    let run = store.upload("a").await.run_id;
    again(&store, run, ("Europe/Berlin", None), 10).await;
    mark(&store, run).await;
    again(&store, run, ("America/Chicago", Some(5)), 40).await;
    assert_eq!(marks(&store).await, [(42, 48, 45), (12, 18, 15)]);
    again(&store, run, ("UTC", Some(5)), 40).await;
    assert_eq!(marks(&store).await[0], (42, 48, 45), "its stamps are in no zone");
}
