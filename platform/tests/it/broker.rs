//! What every broker promises: one suite over all kinds, in one process and between two.

use std::time::Duration;

use entity::{id::JobId, job::JobStage};
use futures::FutureExt;
use platform::{
    broker::{BoardEvent, Broker, JobProgressEvent},
    config::{Config, broker::BrokerConfig},
    testing::servers::RedisServer,
};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Longer than anything takes that works.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// One who tells and one who listens; between them nothing, or a Redis that lives as long as they do.
struct Pair {
    kind: &'static str,
    teller: Broker,
    listener: Broker,
}

/// A broker at this server, as another process would have it.
pub(crate) async fn at(url: &str) -> Broker {
    let broker = Broker::connect(&configured(&[("REDIS_URL", url)])).await.unwrap();
    until(async || broker.is_connected(), "connected").await;
    broker
}

/// The section of the configuration with these variables.
pub(crate) fn configured(variables: &[(&str, &str)]) -> BrokerConfig {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::from_variables(variables).unwrap().broker
}

/// Waits until it is so.
pub(crate) async fn until(so: impl AsyncFn() -> bool, what: &str) {
    let seen = timeout(DEADLINE, async {
        while !so().await {
            sleep(Duration::from_millis(5)).await;
        }
    });
    seen.await.unwrap_or_else(|_| panic!("never {what}"));
}

/// The same within the deadline.
pub(crate) async fn soon<T>(wanted: impl Future<Output = T>) -> T {
    timeout(DEADLINE, wanted).await.expect("it never came")
}

async fn pairs() -> (RedisServer, [Pair; 3]) {
    let server = RedisServer::start().unwrap();
    let alone = Broker::connect(&BrokerConfig::InProcess).await.unwrap();
    let (one, two) = (at(&server.url()).await, at(&server.url()).await);
    let pairs = [
        Pair { kind: "in process", teller: alone.clone(), listener: alone },
        Pair { kind: "Redis, one process", teller: one.clone(), listener: one.clone() },
        Pair { kind: "Redis, two processes", teller: one, listener: two },
    ];
    (server, pairs)
}

pub(crate) fn progress(job_id: JobId, token: i64, n: i64) -> JobProgressEvent {
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
    let (_server, pairs) = pairs().await;
    for Pair { teller, listener, .. } in pairs {
        let mut bells = listener.bells();
        teller.ring(JobId::new()).await;
        soon(bells.next()).await;
        teller.ring(JobId::new()).await;
        soon(bells.next()).await;
    }
}

#[tokio::test]
async fn a_ring_during_the_wait_is_heard() {
    let (_server, pairs) = pairs().await;
    for Pair { teller, listener, .. } in pairs {
        let mut bells = listener.bells();
        let waits = tokio::spawn(async move { soon(bells.next()).await });
        // Whether the wait has begun or not: both must do.
        tokio::task::yield_now().await;
        teller.ring(JobId::new()).await;
        waits.await.unwrap();
    }
}

#[tokio::test]
async fn every_ear_of_a_process_hears() {
    let (_server, pairs) = pairs().await;
    for Pair { teller, listener, .. } in pairs {
        let (mut one, mut two) = (listener.bells(), listener.bells());
        teller.ring(JobId::new()).await;
        soon(one.next()).await;
        soon(two.next()).await;
    }
}

#[tokio::test]
async fn within_a_process_rings_count_as_one_and_none_is_invented() {
    let broker = Broker::connect(&BrokerConfig::InProcess).await.unwrap();
    let mut bells = broker.bells();
    for _ in 0..1000 {
        broker.ring(JobId::new()).await;
    }
    bells.next().await;
    assert!(bells.next().now_or_never().is_none());
    broker.ring(JobId::new()).await;
    bells.next().await;
}

#[tokio::test]
async fn through_redis_a_burst_is_heard_a_few_times_and_then_no_more() {
    let server = RedisServer::start().unwrap();
    let (teller, listener) = (at(&server.url()).await, at(&server.url()).await);
    let mut bells = listener.bells();
    for _ in 0..1000 {
        teller.ring(JobId::new()).await;
    }
    let mut heard = 0;
    while server.ask(&["xlen", "dataviewer:jobs"]).unwrap() != "0" {
        // The last one that is read leaves an empty stream behind.
        let _ = timeout(Duration::from_millis(100), bells.next()).await.map(|()| heard += 1);
    }
    assert!((1..=30).contains(&heard), "{heard}");
    let _ = bells.next().now_or_never();
    assert!(bells.next().now_or_never().is_none());
    teller.ring(JobId::new()).await;
    soon(bells.next()).await;
}

#[tokio::test]
async fn a_watcher_sees_the_latest_and_never_an_older() {
    let (_server, pairs) = pairs().await;
    for Pair { kind, teller, listener } in pairs {
        let job = JobId::new();
        let mut watcher = listener.watch(job);
        for (token, n) in [(1, 1), (1, 5), (1, 3), (2, 1), (1, 9), (2, 1), (2, 2)] {
            teller.publish(&progress(job, token, n)).await;
        }
        let mut seen = Vec::new();
        while seen.last() != Some(&(2, 2)) {
            soon(watcher.changed()).await.unwrap();
            let told = watcher.borrow_and_update().progress;
            seen.extend(told.map(|told| (told.token, told.n)));
        }
        assert!(seen.is_sorted(), "{kind}: {seen:?}");
    }
}

#[tokio::test]
async fn a_change_is_seen_even_under_progress() {
    let (_server, pairs) = pairs().await;
    for Pair { teller, listener, .. } in pairs {
        let job = JobId::new();
        let mut watcher = listener.watch(job);
        teller.notify_changed(job).await;
        teller.publish(&progress(job, 1, 1)).await;
        let wanted = Some(progress(job, 1, 1));
        let seen = soon(watcher.wait_for(|signal| signal.progress == wanted)).await.unwrap().changes;
        assert!(seen >= 1);
    }
}

#[tokio::test]
async fn watchers_of_one_job_hear_nothing_of_another() {
    let (_server, pairs) = pairs().await;
    for Pair { kind, teller, listener } in pairs {
        let (job, other) = (JobId::new(), JobId::new());
        let mut watcher = listener.watch(job);
        teller.publish(&progress(other, 1, 7)).await;
        teller.publish(&progress(job, 1, 1)).await;
        let told = soon(watcher.wait_for(|signal| signal.progress.is_some())).await.unwrap().progress;
        assert_eq!(told, Some(progress(job, 1, 1)), "{kind}");
    }
}

#[tokio::test]
async fn the_board_shows_all_jobs_in_order() {
    let (_server, pairs) = pairs().await;
    for Pair { kind, teller, listener } in pairs {
        let mut board = listener.board();
        let (one, two) = (JobId::new(), JobId::new());
        teller.notify_changed(one).await;
        teller.publish(&progress(two, 1, 1)).await;
        for wanted in [BoardEvent::Changed(one), BoardEvent::Progress(progress(two, 1, 1))] {
            assert_eq!(soon(board.next()).await, wanted, "{kind}");
        }
    }
}

#[tokio::test]
async fn a_slow_reader_of_the_board_is_told_that_it_missed_something() {
    let (_server, pairs) = pairs().await;
    for Pair { kind, teller, listener } in pairs {
        let mut board = listener.board();
        let (full, last) = (JobId::new(), JobId::new());
        let mut watcher = listener.watch(full);
        for _ in 0..3000 {
            teller.notify_changed(JobId::new()).await;
        }
        // Nobody reads the board, and still the news arrive.
        teller.publish(&progress(full, 1, 1)).await;
        soon(watcher.wait_for(|signal| signal.progress.is_some())).await.unwrap();
        assert_eq!(soon(board.next()).await, BoardEvent::Missed, "{kind}");
        teller.notify_changed(last).await;
        // The newest are kept: this ends.
        while soon(board.next()).await != BoardEvent::Changed(last) {}
    }
}

#[tokio::test]
async fn everybody_can_be_made_to_look_again() {
    let (_server, pairs) = pairs().await;
    for Pair { listener, .. } in pairs {
        let (one, two) = (JobId::new(), JobId::new());
        let (mut first, second) = (listener.watch(one), listener.watch(two));
        let mut watched = listener.watched();
        watched.sort_unstable();
        assert_eq!(watched, [one, two]);
        listener.look_again(one);
        soon(first.changed()).await.unwrap();
        assert!(!second.has_changed().unwrap());
    }
}

#[tokio::test]
async fn the_database_is_announced_to_all() {
    let (_server, pairs) = pairs().await;
    for Pair { kind, teller, listener } in pairs {
        let database = Uuid::new_v4();
        teller.announce_instance(database).await;
        assert_eq!(listener.instance().await, Some(database), "{kind}");
    }
    let server = RedisServer::start().unwrap();
    assert_eq!(at(&server.url()).await.instance().await, None);
}

#[tokio::test]
async fn a_broker_that_is_there_says_so() {
    let (_server, pairs) = pairs().await;
    for Pair { teller, listener, .. } in pairs {
        assert!(teller.is_connected() && listener.is_connected());
        teller.ping().await.unwrap();
    }
}

#[tokio::test]
async fn a_closed_broker_still_serves_its_own_process() {
    let (_server, pairs) = pairs().await;
    for Pair { teller, .. } in pairs {
        teller.close().await;
        let (job, mut bells) = (JobId::new(), teller.bells());
        let mut watcher = teller.watch(job);
        teller.ring(job).await;
        teller.notify_changed(job).await;
        soon(bells.next()).await;
        soon(watcher.changed()).await.unwrap();
    }
}

#[tokio::test]
async fn what_nobody_watches_is_forgotten() {
    let broker = Broker::connect(&BrokerConfig::InProcess).await.unwrap();
    for _ in 0..10_000 {
        drop(broker.watch(JobId::new()));
    }
    let kept = broker.cells();
    assert!(kept <= 64, "{kept}");
    let job = JobId::new();
    drop(broker.watch(job));
    let before = broker.cells();
    broker.notify_changed(job).await;
    assert_eq!(broker.cells(), before - 1);
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
