//! A process dies while an object goes into a bucket part by part. No listing shows what it leaves there: the
//! collector finds it by its note.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use entity::job::JobState;
use entity::part_upload;
use platform::testing::TestRuntime;
use platform::testing::servers::S3Server;
use reqwest::multipart::{Form, Part};
use rustix::process::Signal;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::client::{Client, REGISTER, UPLOAD};
use crate::logs::DBC;
use crate::oracle::assert_clean;
use crate::process::Process;
use crate::seed::{DEADLINE, assert_whole, ended, upload};

/// What a process on the folders of a runtime needs to know besides, and the same for `fsck`.
struct Place {
    server: S3Server,
    runtime: TestRuntime,
    variables: Vec<(&'static str, String)>,
}

impl Place {
    async fn new() -> Self {
        let server = S3Server::start().unwrap();
        let mut variables = server.variables();
        variables.extend(
            [
                ("DATAVIEWER_POLL_SECONDS", "0.1"),
                ("DATAVIEWER_SWEEP_SECONDS", "0.1"),
                ("DATAVIEWER_COLLECT_SECONDS", "0.1"),
                ("DATAVIEWER_COLLECT_GRACE_SECONDS", "0"),
                ("DATAVIEWER_LIMIT_UPLOAD_EXPIRY_SECONDS", "1"),
            ]
            .map(|(name, value)| (name, value.to_owned())),
        );
        let set: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let runtime = TestRuntime::start_with(&set).await.unwrap();
        Self { server, runtime, variables }
    }

    fn start(&self, role: &str, more: &[(&'static str, &str)]) -> Process {
        let variables = self.variables.iter().map(|(name, value)| (*name, value.as_str()));
        let variables: Vec<_> = variables.chain(more.iter().copied()).collect();
        Process::start(self.runtime.folder(), role, &variables)
    }

    async fn noted(&self) -> u64 {
        part_upload::Entity::find().count(self.runtime.database.read()).await.unwrap()
    }

    /// Waits until the collector has removed what the bucket holds of unfinished uploads.
    async fn assert_collected(&self) {
        let collected = timeout(DEADLINE, async {
            while !self.server.unfinished().unwrap().is_empty() || self.noted().await > 0 {
                sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(collected.await.is_ok(), "{:?} stay", self.server.unfinished());
        let set = self.variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let mut variables: Vec<_> = set.collect();
        variables.extend(crate::oracle::variables(&self.runtime));
        assert_clean(&variables).await;
    }
}

/// A multipart body of an upload of so many bytes.
async fn send(address: &str, dbc: &Value, bytes: usize) -> reqwest::Result<reqwest::Response> {
    let input = json!({ "file": null, "dbcs": [{ "dbc": dbc }] });
    let operations = json!({ "query": UPLOAD, "variables": { "input": input } });
    let form = Form::new()
        .text("operations", operations.to_string())
        .text("map", json!({ "0": ["variables.input.file"] }).to_string())
        .part("0", Part::bytes(vec![b'x'; bytes]).file_name("drive.log"));
    let request = reqwest::Client::new().post(format!("http://{address}/graphql"));
    request.header("graphql-require-preflight", "1").multipart(form).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_whose_process_is_killed_leaves_no_parts() {
    let place = Place::new().await;
    let mut api = place.start("api", &[("DATAVIEWER_CRASH_AT", "part:3")]);
    let address = api.address().await;
    let client = Client::of(address.clone());
    let dbc = client.ask(REGISTER, json!({ "input": { "name": "car.dbc", "text": DBC } })).await;
    send(&address, &dbc["registerDbc"]["dbc"]["id"], 80 << 20).await.unwrap_err();
    assert_eq!(api.ended().await.signal(), Some(Signal::KILL.as_raw()));
    let left = place.server.unfinished().unwrap();
    assert!(left.len() > 3, "the upload itself and its parts: {left:?}");
    assert_eq!(place.noted().await, 1);

    let worker = place.start("worker", &[]);
    place.assert_collected().await;
    drop(worker);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversion_whose_worker_is_killed_leaves_no_parts() {
    let place = Place::new().await;
    let (run, job) = upload(&place.runtime, noise(), NOISE_DBC).await;
    let mut worker = place.start("worker", &[("DATAVIEWER_CRASH_AT", "part:2")]);
    assert_eq!(worker.ended().await.signal(), Some(Signal::KILL.as_raw()));
    let left = place.server.unfinished().unwrap();
    assert!(left.len() > 2, "the upload itself and its parts: {left:?}");
    assert_eq!(place.noted().await, 1);

    let worker = place.start("worker", &[]);
    let job = ended(&place.runtime, job).await;
    assert_eq!((job.state, job.crash_count), (JobState::Succeeded, 0), "{job:?}");
    place.assert_collected().await;
    assert_whole(&place.runtime, run, &job).await;
    drop(worker);
}

/// Two signals that no encoding makes small.
const NOISE_DBC: &str = r#"VERSION ""
NS_ :
BS_:
BU_: ECU
BO_ 256 Noise: 8 ECU
 SG_ Left : 0|32@1+ (1,0) [0|0] "" ECU
 SG_ Right : 32|32@1+ (1,0) [0|0] "" ECU
"#;

/// Frames of it that come to three parts of Parquet.
fn noise() -> Vec<u8> {
    use std::io::Write;
    let mut random = fastrand::Rng::with_seed(7);
    let mut log = Vec::new();
    for n in 0..FRAMES {
        let (second, micros) = (1_700_000_000 + n / 1000, n % 1000 * 1000);
        writeln!(log, "({second}.{micros:06}) can0 100#{:016X}", random.u64(..)).unwrap();
    }
    log
}

const FRAMES: u64 = 2_200_000;
