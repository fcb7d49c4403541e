//! A Redis that is emptied, frozen, restarted, full or not there: what is rung is heard, nobody waits long,
//! and whoever watches is told to look.

use std::time::Duration;

use entity::id::JobId;
use futures::{FutureExt, future::join_all};
use platform::{
    broker::{BoardEvent, Broker, BrokerError},
    metrics::Metrics,
    testing::{Proxy, servers::RedisServer},
};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::broker::{at, configured, progress, soon, until};

const STREAM: &str = "dataviewer:jobs";

fn server() -> RedisServer {
    RedisServer::start().unwrap()
}

/// Everything a caller does, each within the time that a caller may be kept.
async fn use_all(broker: &Broker) {
    let job = JobId::new();
    let most = Duration::from_secs(3);
    timeout(most, broker.ring(job)).await.expect("ring");
    timeout(most, broker.publish(&progress(job, 1, 1))).await.expect("publish");
    timeout(most, broker.notify_changed(job)).await.expect("notify");
    let _ = timeout(most, broker.ping()).await.expect("ping");
    let _ = timeout(most, broker.instance()).await.expect("instance");
}

/// A change told by one is seen by the other, once whatever was wrong has passed.
async fn assert_tells(teller: &Broker, listener: &Broker) {
    let job = JobId::new();
    let mut watcher = listener.watch(job);
    for n in 1.. {
        teller.publish(&progress(job, 1, n)).await;
        let seen = watcher.wait_for(|signal| signal.progress.is_some());
        if timeout(Duration::from_millis(200), seen).await.is_ok() {
            return;
        }
        assert!(n < 300, "nothing arrives");
    }
}

#[tokio::test]
async fn a_stream_or_group_that_is_gone_is_made_again() {
    let server = server();
    let (teller, listener) = (at(&server.url()).await, at(&server.url()).await);
    let mut bells = listener.bells();
    teller.ring(JobId::new()).await;
    soon(bells.next()).await;
    for fault in [&["flushall"][..], &["del", STREAM], &["xgroup", "destroy", STREAM, "workers"]] {
        for _ in 0..3 {
            let waits = tokio::spawn(async move {
                soon(bells.next()).await;
                bells
            });
            server.ask(fault).unwrap();
            teller.ring(JobId::new()).await;
            bells = waits.await.unwrap();
        }
    }
    assert_tells(&teller, &listener).await;
}

#[tokio::test]
async fn connections_that_are_killed_all_the_time_come_back() {
    let server = server();
    let (teller, listener) = (at(&server.url()).await, at(&server.url()).await);
    let mut bells = listener.bells();
    let (job, mut board) = (JobId::new(), listener.board());
    let mut watcher = listener.watch(job);
    for n in 0..15 {
        for kind in ["normal", "pubsub"] {
            server.ask(&["client", "kill", "type", kind]).unwrap();
        }
        use_all(&teller).await;
        soon(bells.next()).await;
        teller.publish(&progress(job, 1, n)).await;
        sleep(Duration::from_millis(200)).await;
    }
    until(async || teller.is_connected() && listener.is_connected(), "connected again").await;
    // Whatever was lost meanwhile, both have been told to look.
    soon(watcher.wait_for(|signal| signal.changes > 0)).await.unwrap();
    while soon(board.next()).await != BoardEvent::Missed {}
    assert_tells(&teller, &listener).await;
    assert_tells(&listener, &teller).await;
}

#[tokio::test]
async fn a_frozen_redis_keeps_nobody() {
    let server = server();
    let (teller, listener) = (at(&server.url()).await, at(&server.url()).await);
    let mut bells = listener.bells();
    let mut watcher = listener.watch(JobId::new());
    server.freeze();
    for _ in 0..5 {
        use_all(&teller).await;
    }
    until(async || !teller.is_connected() && !listener.is_connected(), "noticed").await;
    soon(watcher.changed()).await.unwrap();
    assert!(matches!(teller.ping().await, Err(BrokerError::Silent)));
    let _ = bells.next().now_or_never();
    // Longer than the silence after which connections are given up, and than the handshake of the next.
    sleep(Duration::from_secs(10)).await;
    server.thaw();
    until(async || teller.is_connected() && listener.is_connected(), "connected again").await;
    soon(bells.next()).await;
    assert_tells(&teller, &listener).await;
}

#[tokio::test]
async fn a_network_that_swallows_or_cuts_everything_keeps_nobody() {
    let server = server();
    let proxy = Proxy::to(([127, 0, 0, 1], server.port()).into()).await.unwrap();
    let (near, far) = (at(&server.url()).await, at(&format!("redis://{}", proxy.addr())).await);
    let mut bells = far.bells();
    let mut watcher = far.watch(JobId::new());
    proxy.blackhole();
    for _ in 0..3 {
        use_all(&far).await;
    }
    until(async || !far.is_connected(), "noticed").await;
    soon(watcher.changed()).await.unwrap();
    assert!(near.is_connected());
    proxy.refuse();
    use_all(&far).await;
    proxy.pass();
    until(async || far.is_connected(), "connected again").await;
    near.ring(JobId::new()).await;
    soon(bells.next()).await;
    for _ in 0..5 {
        proxy.reset();
        use_all(&far).await;
    }
    assert_tells(&near, &far).await;
    assert_tells(&far, &near).await;
}

#[tokio::test]
async fn a_redis_that_comes_back_empty_is_used_again() {
    let mut server = server();
    let (teller, listener) = (at(&server.url()).await, at(&server.url()).await);
    let database = Uuid::new_v4();
    teller.announce_instance(database).await;
    let mut bells = listener.bells();
    for _ in 0..2 {
        server.stop();
        until(async || !teller.is_connected() && !listener.is_connected(), "noticed").await;
        use_all(&teller).await;
        server.restart().unwrap();
        until(async || teller.is_connected() && listener.is_connected(), "connected again").await;
        soon(bells.next()).await;
        assert_tells(&teller, &listener).await;
    }
    until(async || listener.instance().await == Some(database), "announced again").await;
}

#[tokio::test]
async fn a_process_starts_without_redis_and_finds_it_later() {
    let mut server = server();
    server.stop();
    let broker = Broker::connect(&configured(&[("REDIS_URL", &server.url())])).await.unwrap();
    assert!(!broker.is_connected());
    let mut bells = broker.bells();
    use_all(&broker).await;
    // Its own ears hear it anyway.
    soon(bells.next()).await;
    server.restart().unwrap();
    until(async || broker.is_connected(), "connected").await;
    broker.ping().await.unwrap();
}

#[tokio::test]
async fn a_full_redis_costs_time_only() {
    let server = server();
    let (teller, listener) = (at(&server.url()).await, at(&server.url()).await);
    let (mut own, mut others) = (teller.bells(), listener.bells());
    server.ask(&["config", "set", "maxmemory-policy", "noeviction"]).unwrap();
    server.ask(&["config", "set", "maxmemory", "1mb"]).unwrap();
    let full = server.ask(&["set", "x", "y"]).unwrap();
    assert!(full.starts_with("OOM"), "{full}");
    let metrics = Metrics::of_process();
    use_all(&teller).await;
    let shown = metrics.render();
    assert!(shown.contains("\ndataviewer_lost_rings_total "), "{shown}");
    soon(own.next()).await;
    assert_tells(&teller, &listener).await;
    server.ask(&["config", "set", "maxmemory", "0"]).unwrap();
    // What could not be rung is rung when there is room again.
    soon(others.next()).await;
}

#[tokio::test]
async fn a_replica_that_cannot_be_written_costs_time_only() {
    let (server, primary) = (server(), server());
    let (teller, listener) = (at(&server.url()).await, at(&server.url()).await);
    let (mut own, mut others) = (teller.bells(), listener.bells());
    server.ask(&["replicaof", "127.0.0.1", &primary.port().to_string()]).unwrap();
    until(async || server.ask(&["set", "x", "y"]).unwrap().starts_with("READONLY"), "a replica").await;
    use_all(&teller).await;
    soon(own.next()).await;
    server.ask(&["replicaof", "no", "one"]).unwrap();
    soon(others.next()).await;
    assert_tells(&teller, &listener).await;
}

#[tokio::test]
async fn a_hundred_rings_for_one_job_wake_four_processes() {
    let server = server();
    let teller = at(&server.url()).await;
    let listeners = join_all((0..4).map(async |_| at(&server.url()).await)).await;
    let waits: Vec<_> = listeners
        .iter()
        .map(|listener| {
            let mut bells = listener.bells();
            tokio::spawn(async move { soon(bells.next()).await })
        })
        .collect();
    let job = JobId::new();
    for _ in 0..100 {
        teller.ring(job).await;
    }
    for heard in join_all(waits).await {
        heard.unwrap();
    }
}

#[tokio::test]
async fn who_does_not_wait_swallows_nothing() {
    let server = server();
    let (teller, busy, idle) = (at(&server.url()).await, at(&server.url()).await, at(&server.url()).await);
    let (mut busy, mut idle) = (busy.bells(), idle.bells());
    for _ in 0..20 {
        // It waited for a moment, and Redis still waits for it.
        assert!(timeout(Duration::from_millis(5), busy.next()).await.is_err());
        teller.ring(JobId::new()).await;
        soon(idle.next()).await;
    }
}

#[tokio::test]
async fn old_rings_are_dropped() {
    let server = server();
    let teller = at(&server.url()).await;
    for old in 1..=300 {
        server.ask(&["xadd", STREAM, &format!("{old}-1"), "job", "x"]).unwrap();
    }
    teller.ring(JobId::new()).await;
    assert_eq!(server.ask(&["xlen", STREAM]).unwrap(), "1");
}

#[tokio::test]
async fn rings_that_were_heard_leave_nothing_behind() {
    let server = server();
    let (teller, listener) = (at(&server.url()).await, at(&server.url()).await);
    let mut bells = listener.bells();
    for _ in 0..10 {
        teller.ring(JobId::new()).await;
        soon(bells.next()).await;
    }
    until(async || server.ask(&["xlen", STREAM]).unwrap() == "0", "empty").await;
    assert_eq!(server.ask(&["xpending", STREAM, "workers"]).unwrap().lines().next(), Some("0"));
    listener.close().await;
    assert_eq!(server.ask(&["xinfo", "consumers", STREAM, "workers"]).unwrap(), "");
}

#[tokio::test]
async fn what_a_stranger_says_is_ignored() {
    let server = server();
    let (teller, listener) = (at(&server.url()).await, at(&server.url()).await);
    let mut bells = listener.bells();
    for channel in ["dataviewer:progress", "dataviewer:changed", "dataviewer:hb"] {
        for text in ["", "{", r#"{"from":1}"#, r#"{"changed":"job_x"}"#, "\u{1}ÿ"] {
            server.ask(&["publish", channel, text]).unwrap();
        }
    }
    server.ask(&["xadd", STREAM, "*", "job", "no job", "more", "-1"]).unwrap();
    soon(bells.next()).await;
    server.ask(&["del", STREAM]).unwrap();
    server.ask(&["set", STREAM, "not a stream"]).unwrap();
    use_all(&teller).await;
    server.ask(&["del", STREAM]).unwrap();
    teller.ring(JobId::new()).await;
    soon(bells.next()).await;
    assert_tells(&teller, &listener).await;
}

#[tokio::test]
async fn installations_with_different_prefixes_hear_nothing_of_each_other() {
    let server = server();
    let (ours, other) = (at(&server.url()).await, JobId::new());
    let variables = [("REDIS_URL", server.url()), ("DATAVIEWER_REDIS_PREFIX", "pit:2".to_owned())];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let theirs = Broker::connect(&configured(&variables)).await.unwrap();
    until(async || theirs.is_connected(), "connected").await;
    let (mut watcher, mut board) = (ours.watch(other), ours.board());
    theirs.publish(&progress(other, 1, 1)).await;
    theirs.ring(other).await;
    let own = JobId::new();
    ours.publish(&progress(own, 1, 1)).await;
    assert_eq!(soon(board.next()).await, BoardEvent::Progress(progress(own, 1, 1)));
    assert!(watcher.borrow_and_update().progress.is_none());
    let mut keys: Vec<_> = server.ask(&["keys", "*"]).unwrap().lines().map(str::to_owned).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["pit:2:jobs"]);
}

#[tokio::test]
async fn a_wrong_password_stops_no_start_and_is_not_repeated() {
    let server = server();
    server.ask(&["config", "set", "requirepass", "right"]).unwrap();
    let url = |password: &str| format!("redis://:{password}@127.0.0.1:{}", server.port());
    let broker = Broker::connect(&configured(&[("REDIS_URL", &url("s3cret"))])).await.unwrap();
    assert!(!broker.is_connected());
    let refusal = broker.ping().await.unwrap_err();
    assert!(!format!("{refusal} {refusal:?} {broker:?}").contains("s3cret"), "{refusal}");
    at(&url("right")).await.ping().await.unwrap();
}
