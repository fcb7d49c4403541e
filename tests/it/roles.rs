//! API and worker as processes of their own, on one host.

use entity::job::JobState;
use entity::upload;
use futures::StreamExt;
use platform::testing::TestRuntime;
use platform::testing::servers::RedisServer;
use reqwest::Body;
use reqwest::multipart::Part;
use rustix::process::Signal;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::{Duration, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::child::hold;
use crate::client::Client;
use crate::logs::{DBC, LOG, long_drive};
use crate::process::Process;
use crate::seed::{self, DEADLINE, assert_swept, ended, job_when};

const REGISTER: &str = "mutation($input: RegisterDbcInput!) { registerDbc(input: $input) {
    ... on RegisterDbcPayload { dbc { id } } } }";
const UPLOAD: &str = "mutation($input: UploadLogInput!) { uploadLog(input: $input) {
    ... on UploadLogPayload { run { id } job { id } } ... on Problem { code message } } }";

async fn api(folder: &std::path::Path) -> (Process, Client) {
    let api = Process::start(folder, "api", &[]);
    let client = Client::of(api.address().await);
    (api, client)
}

async fn input(client: &Client) -> Value {
    let dbc = client.ask(REGISTER, json!({ "input": { "name": "car.dbc", "text": DBC } })).await;
    json!({ "file": null, "dbcs": [{ "dbc": dbc["registerDbc"]["dbc"]["id"] }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_waits_for_the_api_and_converts_what_it_receives() {
    let folder = TempDir::new().unwrap();
    let mut worker = Process::start(folder.path(), "worker", &[("DATAVIEWER_POLL_SECONDS", "0.2")]);
    worker.says("waiting for the API").await;
    let (mut api, client) = api(folder.path()).await;
    let input = input(&client).await;
    let sent = client.send(UPLOAD, input, ("drive.log", LOG)).await["uploadLog"].take();
    let document = "subscription($id: ID!) { job(id: $id) { job { state } } }";
    let events = client.watch(document, json!({ "id": sent["job"]["id"] })).await;
    assert_eq!(events.last().unwrap()["job"]["job"]["state"], "SUCCEEDED");
    for process in [&mut worker, &mut api] {
        process.signal(Signal::TERM);
        assert_eq!(process.ended().await.code(), Some(0));
    }
}

/// A file that is sent piece by piece.
fn slow_file() -> (mpsc::Sender<String>, Part) {
    let (sender, pieces) = mpsc::channel::<String>(1);
    let pieces = futures::stream::unfold(pieces, |mut pieces| async move {
        let piece = pieces.recv().await?;
        Some((Ok::<_, std::io::Error>(piece), pieces))
    });
    (sender, Part::stream(Body::wrap_stream(pieces)).file_name("drive.log"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_is_asked_to_stop_finishes_uploads_and_sends_sockets_away() {
    let runtime = TestRuntime::start().await.unwrap();
    let (mut api, client) = api(runtime.folder()).await;
    let input = input(&client).await;
    let mut socket = client.subscribe("subscription { jobs { __typename } }", json!({})).await;
    let (begin, end) = LOG.split_at(LOG.len() / 2);
    let (sender, file) = slow_file();
    let sending = tokio::spawn(async move { client.send_part(UPLOAD, input, file).await });
    sender.send(begin.to_owned()).await.unwrap();
    let receiving = timeout(DEADLINE, async {
        while upload::Entity::find().one(runtime.database.read()).await.unwrap().is_none() {
            sleep(Duration::from_millis(5)).await;
        }
    });
    receiving.await.expect("the upload does not begin");

    api.signal(Signal::TERM);
    let code = loop {
        let message = timeout(DEADLINE, socket.next()).await.unwrap().unwrap().unwrap();
        if let Message::Close(frame) = message {
            break frame.map(|frame| u16::from(frame.code));
        }
    };
    assert_eq!(code, Some(1001));
    sender.send(end.to_owned()).await.unwrap();
    drop(sender);
    let sent = sending.await.unwrap();
    assert!(sent["uploadLog"]["run"]["id"].is_string(), "{sent}");
    assert_eq!(api.ended().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_asked_to_stop_gives_its_job_back() {
    let runtime = TestRuntime::start().await.unwrap();
    let (log, dbc) = long_drive();
    let (_, id) = seed::upload(&runtime, &log, &dbc).await;
    let mut worker = Process::start(runtime.folder(), "worker", &[("DATAVIEWER_DRAIN_SECONDS", "0.1")]);
    let held = hold(runtime.folder()).await;
    worker.signal(Signal::TERM);
    assert_eq!(worker.ended().await.code(), Some(0));
    held.gone().await;
    let job = job_when(&runtime, id, |_| true).await;
    assert_eq!((job.state, job.crash_count, job.lost_count), (JobState::Queued, 0, 0));
    assert_swept(&runtime).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_at_once_and_the_next_worker_goes_on() {
    let runtime = TestRuntime::start().await.unwrap();
    let (log, dbc) = long_drive();
    let (_, id) = seed::upload(&runtime, &log, &dbc).await;
    let mut worker = Process::start(runtime.folder(), "worker", &[]);
    let held = hold(runtime.folder()).await;
    worker.signal(Signal::TERM);
    worker.says("a second signal ends at once").await;
    worker.signal(Signal::TERM);
    assert_eq!(worker.ended().await.code(), Some(1));
    held.gone().await;
    assert_eq!(job_when(&runtime, id, |_| true).await.state, JobState::Running);

    let _next = Process::start(runtime.folder(), "worker", &[]);
    let job = ended(&runtime, id).await;
    assert_eq!((job.state, job.token, job.crash_count, job.lost_count), (JobState::Succeeded, 2, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_on_other_folders_does_not_start() {
    let runtime = TestRuntime::start().await.unwrap();
    let (api, _) = api(runtime.folder()).await;
    let elsewhere = runtime.folder().join("elsewhere").display().to_string();
    let mut worker = Process::start(runtime.folder(), "worker", &[("UPLOAD_FOLDER", &elsewhere)]);
    assert_eq!(worker.ended().await.code(), Some(1));
    worker.says("this worker does not see the API's folders").await;
    drop(api);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_on_another_database_does_not_start() {
    let folder = TempDir::new().unwrap();
    let redis = RedisServer::start().unwrap();
    let url = redis.url();
    let shared = [("REDIS_URL", url.as_str())];
    let api = Process::start(folder.path(), "api", &shared);
    api.address().await;
    let own = [shared[0], ("DATABASE_URL", "sqlite:///another.db")];
    let mut stranger = Process::start(folder.path(), "worker", &own);
    assert_eq!(stranger.ended().await.code(), Some(1));
    stranger.says("this worker's DATABASE_URL is not the API's database").await;
    Process::start(folder.path(), "worker", &shared).says("waiting for logs").await;
}
