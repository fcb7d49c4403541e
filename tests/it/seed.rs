//! Puts a log into a runtime as an upload does, without the HTTP around it, and looks at what becomes of it.

use std::path::PathBuf;
use std::time::Duration;

use entity::conversion::{self, ConversionState};
use entity::dbc::{self, NewDbc};
use entity::id::{DbcId, JobId, RunId, UploadId};
use entity::job::{self, DbcBinding, JobState};
use entity::upload::CommitOutcome;
use platform::identity;
use platform::runtime::Runtime;
use platform::storage::{KeyPrefix, ObjectKey};
use platform::testing::seed;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use sha2::{Digest, Sha256};
use tokio::time::{sleep, timeout};

/// Longer than anything takes that works.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The binary under test: the one built with the tests, or another one, to measure a release build.
pub(crate) fn binary() -> PathBuf {
    given_binary().unwrap_or_else(|| env!("CARGO_BIN_EXE_dataviewer").into())
}

/// The other one, if there is one.
pub(crate) fn given_binary() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a knob of these tests alone")]
    let other = std::env::var_os("DATAVIEWER_TEST_PROGRAM");
    other.map(PathBuf::from)
}

/// A stored log and DBC, and the run and job committed for them, on a database that an API has made its own.
pub(crate) async fn upload(runtime: &Runtime, log: impl AsRef<[u8]>, dbc: &str) -> (RunId, JobId) {
    identity::establish(runtime).await.unwrap();
    let dbc_id = register(runtime, dbc).await;
    let (id, log) = (UploadId::new(), log.as_ref().to_vec());
    let key = ObjectKey::Upload(id);
    let mut order = seed::order(id, &sha256(&log));
    order.bytes = log.len() as i64;
    order.run.dbcs = vec![DbcBinding { dbc_id, bus: None }];
    runtime.storage.put(&key, log.into()).await.unwrap();
    let outcome = seed::commit(&runtime.database, order).await;
    let CommitOutcome::Committed(committed) = outcome.unwrap() else { panic!("not committed") };
    runtime.broker.ring(committed.job_id).await;
    (committed.run_id, committed.job_id)
}

async fn register(runtime: &Runtime, text: &str) -> DbcId {
    let id = DbcId::new();
    let key = ObjectKey::Dbc(id);
    let new = NewDbc {
        id,
        sha256: sha256(text.as_bytes()),
        name: "car.dbc".to_owned(),
        version: String::new(),
        object_key: key.to_string(),
        bytes: text.len() as i64,
        message_count: 1,
        signal_count: 1,
        diagnostics: "[]".to_owned(),
    };
    runtime.storage.put(&key, text.to_owned().into()).await.unwrap();
    let registered = runtime.database.transaction(move |tx| Box::pin(dbc::register(tx, new.clone()))).await;
    let dbc = registered.unwrap().dbc;
    if dbc.object_key != key.to_string() {
        runtime.storage.delete(&key).await.unwrap();
    }
    dbc.id
}

/// The job once it is as wanted.
pub(crate) async fn job_when(
    runtime: &Runtime,
    id: JobId,
    wanted: impl Fn(&job::Model) -> bool,
) -> job::Model {
    let mut last = None;
    let seen = timeout(DEADLINE, async {
        // Registered before the row is read, so that no change is missed; a change by another process is
        // only seen by looking again.
        let mut signals = runtime.broker.watch(id);
        loop {
            let job = job::Entity::find_by_id(id).one(runtime.database.read()).await.unwrap().unwrap();
            if wanted(&job) {
                return job;
            }
            last = Some(job);
            let _ = timeout(Duration::from_millis(20), signals.changed()).await;
        }
    });
    let seen = seen.await;
    seen.unwrap_or_else(|_| panic!("the job did not get there: {last:?}"))
}

/// The job once it has ended.
pub(crate) async fn ended(runtime: &Runtime, id: JobId) -> job::Model {
    job_when(runtime, id, |job| job.state.is_terminal()).await
}

/// A run of this log, converted by a worker of its own.
pub(crate) async fn converted(runtime: &Runtime, log: impl AsRef<[u8]>, dbc: &str) -> RunId {
    let (run, job) = upload(runtime, log, dbc).await;
    let shutdown = runtime.shutdown.child_token();
    let worker =
        tokio::spawn(worker::run(Runtime { shutdown: shutdown.clone(), ..runtime.clone() }, binary()));
    assert_eq!(ended(runtime, job).await.state, JobState::Succeeded);
    shutdown.cancel();
    worker.await.unwrap().unwrap();
    run
}

/// The run's conversions of this state.
pub(crate) async fn conversions(
    runtime: &Runtime,
    run: RunId,
    state: ConversionState,
) -> Vec<conversion::Model> {
    conversion::Entity::find()
        .filter(conversion::Column::RunId.eq(run))
        .filter(conversion::Column::State.eq(state))
        .all(runtime.database.read())
        .await
        .unwrap()
}

/// Asserts that the run has this one conversion and that storage holds nothing else: all its files, and no
/// other's.
pub(crate) async fn assert_whole(runtime: &Runtime, run: RunId, job: &job::Model) {
    use futures::TryStreamExt;
    assert_eq!(job.state, JobState::Succeeded, "{job:?}");
    let published = conversions(runtime, run, ConversionState::Published).await;
    assert_eq!(published.len(), 1);
    let manifest: canlog::manifest::Manifest =
        serde_json::from_str(published[0].manifest.as_deref().unwrap()).unwrap();
    let objects: Vec<_> = runtime.storage.list(KeyPrefix::Runs).try_collect().await.unwrap();
    assert_eq!(objects.len(), 2 * manifest.messages.len() + 2);
    let prefix = format!("{}/", published[0].key_prefix);
    assert!(objects.iter().all(|object| object.key.to_string().starts_with(&prefix)), "{objects:?}");
}

/// Asserts that no worker left anything in the scratch folder.
pub(crate) async fn assert_swept(runtime: &Runtime) {
    let root = &runtime.config.storage.scratch_folder;
    let swept = timeout(DEADLINE, async {
        while std::fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some()) {
            sleep(Duration::from_millis(10)).await;
        }
    });
    swept.await.expect("the scratch folder holds something");
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
