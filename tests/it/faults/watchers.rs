//! Many clients that watch jobs over WebSockets, from several addresses, while Redis fails.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use entity::job;
use futures::future::join_all;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{interval, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use sea_orm::EntityTrait;

use super::drives::{Drive, drives};
use super::fleet::{Fleet, Topology};
use super::sender::{Accepted, Sender};
use super::table;
use super::verdict::{PATIENCE, judge};

const WATCH: &str = "subscription($id: ID!) { job(id: $id) { kind job { state } } }";
/// Sockets of one address; the service takes 20.
const PER_ADDRESS: usize = 20;

/// What a watcher was told.
struct Story {
    terminal: usize,
    completed: bool,
    /// When the end of the job came, since the epoch.
    ended: Duration,
}

/// Opens a socket from an address of this host and subscribes.
async fn subscribe(server: SocketAddr, number: usize, job: &str) -> WebSocketStream<TcpStream> {
    let own = Ipv4Addr::new(127, 0, 1, 1 + u8::try_from(number / PER_ADDRESS).unwrap());
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((own, 0).into()).unwrap();
    let stream = socket.connect(server).await.unwrap();
    let mut request = format!("ws://{server}/graphql").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    let (mut socket, _) = client_async(request, stream).await.unwrap();
    let payload = json!({ "query": WATCH, "variables": { "id": job } });
    for message in
        [json!({ "type": "connection_init" }), json!({ "id": "1", "type": "subscribe", "payload": payload })]
    {
        socket.send(Message::text(message.to_string())).await.unwrap();
    }
    socket
}

/// Reads until the server completes the subscription, and a moment beyond.
async fn listen(mut socket: WebSocketStream<TcpStream>) -> Story {
    let mut story = Story { terminal: 0, completed: false, ended: Duration::ZERO };
    loop {
        let patience = if story.completed { Duration::from_millis(200) } else { PATIENCE };
        let Ok(message) = timeout(patience, socket.next()).await else { return story };
        let Some(Ok(Message::Text(text))) = message else { return story };
        let message: Value = serde_json::from_str(&text).unwrap();
        match message["type"].as_str().unwrap() {
            "next" => {
                let event = &message["payload"]["data"]["job"];
                assert!(event.is_object(), "{message}");
                if event["job"]["state"] == "SUCCEEDED" {
                    story.terminal += 1;
                    story.ended = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
                }
            }
            "complete" => story.completed = true,
            "error" => panic!("{message}"),
            _ => {}
        }
    }
}

/// Freezes Redis for a while in the middle, and cuts its clients off again and again.
async fn trouble(fleet: &Fleet, frozen: Duration) {
    let redis = fleet.redis.as_ref().unwrap();
    let mut cuts = interval(Duration::from_millis(200));
    for _ in 0..5 {
        cuts.tick().await;
        cut(fleet);
    }
    redis.freeze();
    sleep(frozen).await;
    redis.thaw();
    loop {
        cuts.tick().await;
        cut(fleet);
    }
}

fn cut(fleet: &Fleet) {
    for kind in ["normal", "pubsub"] {
        fleet.redis.as_ref().unwrap().ask(&["CLIENT", "KILL", "TYPE", kind]).unwrap();
    }
}

/// Uploads the jobs, watches them while no worker runs, then lets them run; in `frozen` time of trouble, or none.
async fn watched(fleet: &Fleet, drives: &[Drive], frozen: Option<Duration>) {
    let (jobs, watchers) = (table::count(10, 50), table::count(200, 1000));
    let mut api = fleet.start_api(&[]);
    let address = api.address().await;
    let sender = Sender::new(address.clone());
    let keys: Vec<_> = (0..jobs).map(|n| format!("watched {n}")).collect();
    let sent = keys.iter().enumerate().map(|(n, key)| sender.deliver(drives, n % drives.len(), key));
    let accepted = join_all(sent).await;

    let (server, before) = (address.parse().unwrap(), api.resident());
    let mut sockets = Vec::new();
    for n in 0..watchers {
        sockets.push(subscribe(server, n, &accepted[n % jobs].job.to_string()).await);
    }
    sleep(Duration::from_secs(1)).await;
    let each = api.resident().saturating_sub(before) / watchers as u64 / 1024;
    let _workers = [fleet.start_worker("one", &[]), fleet.start_worker("two", &[])];
    let listening = join_all(sockets.into_iter().map(|socket| tokio::spawn(listen(socket))));
    let stories = match frozen {
        None => listening.await,
        Some(frozen) => tokio::select! {
            () = trouble(fleet, frozen) => unreachable!("it goes on"),
            stories = listening => stories,
        },
    };
    let stories: Vec<_> = stories.into_iter().map(Result::unwrap).collect();
    let told = stories.iter().filter(|story| story.terminal == 1 && story.completed).count();
    assert_eq!(told, watchers, "watchers that were told of the end exactly once\n{}", fleet.logs());
    let times = delays(fleet, &stories, &accepted).await;
    judge(fleet, &accepted, drives).await;
    let done = match frozen {
        None => format!("{watchers} watchers of {jobs} jobs"),
        Some(time) => {
            format!(
                "{watchers} watchers of {jobs} jobs, Redis frozen {time:.0?}, its clients killed every 200 ms"
            )
        }
    };
    let outcome = format!("one end each; {}; {each} KiB a watcher", table::spread(&times));
    table::row("S1", &done, &outcome);
}

/// From the end of a job, by its row, to its watcher.
async fn delays(fleet: &Fleet, stories: &[Story], accepted: &[Accepted]) -> Vec<Duration> {
    let runtime = fleet.look().await;
    let mut ends = Vec::new();
    for one in accepted {
        let job = job::Entity::find_by_id(one.job).one(runtime.database.read()).await.unwrap().unwrap();
        ends.push(Duration::from_micros(job.finished_at.unwrap().try_into().unwrap()));
    }
    let delay = |(n, story): (usize, &Story)| story.ended.saturating_sub(ends[n % ends.len()]);
    stories.iter().enumerate().map(delay).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_watcher_learns_the_end_once() {
    let (fleet, drives) = (Fleet::new(Topology::SameHost, &[]).await, drives(3));
    watched(&fleet, &drives, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_watcher_learns_the_end_once_although_redis_fails() {
    let (fleet, drives) = (Fleet::new(Topology::SameHost, &[]).await, drives(3));
    let frozen = Duration::from_secs(if table::long() { 10 } else { 3 });
    watched(&fleet, &drives, Some(frozen)).await;
}
