//! What every broker promises. Written over `&Broker`: another kind joins by one more line in each test.

use entity::{id::JobId, job::JobStage};
use futures::FutureExt;
use platform::{
    broker::{BoardEvent, Broker, JobProgressEvent},
    config::broker::BrokerConfig,
};

async fn brokers() -> [Broker; 1] {
    [Broker::connect(&BrokerConfig::InProcess).await.unwrap()]
}

fn progress(job_id: JobId, token: i64, n: i64) -> JobProgressEvent {
    JobProgressEvent {
        job_id,
        token,
        n,
        stage: JobStage::Reading,
        bytes: n,
        total: 100,
        frames: n,
        warnings: 0,
    }
}

#[tokio::test]
async fn a_ring_before_the_wait_is_heard() {
    for broker in brokers().await {
        let mut bells = broker.bells();
        broker.ring(JobId::new()).await;
        bells.next().await;
    }
}

#[tokio::test]
async fn rings_count_as_one_and_none_is_invented() {
    for broker in brokers().await {
        let mut bells = broker.bells();
        for _ in 0..1000 {
            broker.ring(JobId::new()).await;
        }
        bells.next().await;
        assert!(bells.next().now_or_never().is_none());
        broker.ring(JobId::new()).await;
        bells.next().await;
    }
}

#[tokio::test]
async fn every_ear_hears() {
    for broker in brokers().await {
        let (mut one, mut two) = (broker.bells(), broker.bells());
        broker.ring(JobId::new()).await;
        one.next().await;
        two.next().await;
    }
}

#[tokio::test]
async fn a_watcher_sees_the_latest_and_never_an_older() {
    for broker in brokers().await {
        let job = JobId::new();
        let mut watcher = broker.watch(job);
        for (token, n) in [(1, 1), (1, 5), (1, 3), (2, 1), (1, 9)] {
            broker.publish(&progress(job, token, n)).await;
        }
        watcher.changed().await.unwrap();
        assert_eq!(watcher.borrow_and_update().progress, Some(progress(job, 2, 1)));
        broker.publish(&progress(job, 2, 1)).await;
        assert!(watcher.changed().now_or_never().is_none(), "nothing new");
    }
}

#[tokio::test]
async fn a_change_is_seen_even_under_progress() {
    for broker in brokers().await {
        let job = JobId::new();
        let mut watcher = broker.watch(job);
        broker.notify_changed(job).await;
        broker.publish(&progress(job, 1, 1)).await;
        watcher.changed().await.unwrap();
        let signal = *watcher.borrow_and_update();
        assert_eq!((signal.changes, signal.progress), (1, Some(progress(job, 1, 1))));
    }
}

#[tokio::test]
async fn watchers_of_one_job_hear_nothing_of_another() {
    for broker in brokers().await {
        let mut watcher = broker.watch(JobId::new());
        broker.notify_changed(JobId::new()).await;
        assert!(watcher.changed().now_or_never().is_none());
    }
}

#[tokio::test]
async fn the_board_shows_all_jobs() {
    for broker in brokers().await {
        let mut board = broker.board();
        let (one, two) = (JobId::new(), JobId::new());
        broker.notify_changed(one).await;
        broker.publish(&progress(two, 1, 1)).await;
        assert_eq!(board.next().await, BoardEvent::Changed(one));
        assert_eq!(board.next().await, BoardEvent::Progress(progress(two, 1, 1)));
    }
}

#[tokio::test]
async fn a_slow_reader_of_the_board_is_told_that_it_missed_something() {
    for broker in brokers().await {
        let mut board = broker.board();
        for _ in 0..100_000 {
            broker.notify_changed(JobId::new()).await;
        }
        assert_eq!(board.next().await, BoardEvent::Missed);
        let last = JobId::new();
        broker.notify_changed(last).await;
        // The newest are kept: this ends.
        while board.next().await != BoardEvent::Changed(last) {}
    }
}

#[tokio::test]
async fn what_nobody_watches_is_forgotten() {
    let broker = Broker::connect(&BrokerConfig::InProcess).await.unwrap();
    let Broker::InProcess(hub) = &broker;
    for _ in 0..10_000 {
        drop(broker.watch(JobId::new()));
    }
    assert!(hub.watched() <= 64, "{}", hub.watched());
    let job = JobId::new();
    drop(broker.watch(job));
    let before = hub.watched();
    broker.notify_changed(job).await;
    assert_eq!(hub.watched(), before - 1);
}

#[test]
fn progress_travels_as_json() {
    let job = JobId(uuid::Uuid::from_u128(1));
    let text = serde_json::to_string(&progress(job, 2, 3)).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"jobId":"job_00000000000000000000000000000001","token":2,"n":3,"stage":"READING","#,
            r#""bytes":3,"total":100,"frames":3,"warnings":0}"#
        )
    );
    assert_eq!(serde_json::from_str::<JobProgressEvent>(&text).unwrap(), progress(job, 2, 3));
}
