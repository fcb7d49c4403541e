//! The oracle: what must hold when the faults are over, whatever they were.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use entity::blob::{self, BlobState};
use entity::conversion::{self, ConversionState};
use entity::job::{self, JobState};
use entity::upload::{self, UploadState};
use entity::{dbc, job_event, run};
use futures::TryStreamExt;
use platform::runtime::Runtime;
use platform::storage::{KeyPrefix, ObjectKey};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use tokio::time::{Instant, sleep};

use super::drives::{Drive, sha256};
use super::fleet::Fleet;
use super::sender::Accepted;

/// How long work may take to end once the faults have; a storm's rest takes longer than a single job.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// Waits until nothing is under way, then asserts that every accepted log was converted exactly once and
/// correctly, that nothing else is there, that nothing of the failed attempts is left, and that no secret was
/// written anywhere.
pub(crate) async fn judge(fleet: &Fleet, accepted: &[Accepted], drives: &[Drive]) {
    let runtime = fleet.look().await;
    settled(fleet, &runtime).await;
    assert_once(fleet, &runtime, accepted).await;
    for one in accepted {
        assert_equal(&runtime, one, &drives[one.drive]).await;
    }
    judge_place(fleet, runtime).await;
}

/// Asserts that nothing is left but what the database names, and that no secret was written anywhere.
pub(crate) async fn judge_place(fleet: &Fleet, runtime: Runtime) {
    assert_swept(fleet, &runtime).await;
    runtime.database.close().await;
    let (code, findings) = fleet.run(&["fsck", "--deep"]);
    assert_eq!(code, Some(0), "{findings}\n{}", fleet.logs());
    assert_silent(fleet);
}

/// What was accepted according to the database: for tests whose clients do not wait to be told.
pub(crate) async fn accepted_by(runtime: &Runtime, drives: &[Drive]) -> Vec<Accepted> {
    let db = runtime.database.read();
    let mut accepted = Vec::new();
    for run in run::Entity::find().all(db).await.unwrap() {
        let blob = blob::Entity::find_by_id(run.blob_id).one(db).await.unwrap().unwrap();
        let drive = drives.iter().position(|drive| sha256(drive.log.as_bytes()) == blob.sha256).unwrap();
        let job = job::Entity::find().filter(job::Column::RunId.eq(run.id)).one(db).await.unwrap();
        accepted.push(Accepted { run: run.id, job: job.expect("half a run").id, drive });
    }
    accepted
}

/// Waits until no job is active.
async fn settled(fleet: &Fleet, runtime: &Runtime) {
    let active = || async {
        let states = JobState::ACTIVE.iter().copied();
        let active = job::Entity::find().filter(job::Column::State.is_in(states));
        active.all(runtime.database.read()).await.unwrap()
    };
    let began = Instant::now();
    loop {
        let rest = active().await;
        if rest.is_empty() {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{} jobs never ended: {rest:#?}\n{}", rest.len(), fleet.logs());
        sleep(Duration::from_millis(50)).await;
    }
}

/// One run an accepted log, one job a run, one publication a job, one published conversion a run.
async fn assert_once(fleet: &Fleet, runtime: &Runtime, accepted: &[Accepted]) {
    let db = runtime.database.read();
    let runs: BTreeMap<_, _> =
        run::Entity::find().all(db).await.unwrap().into_iter().map(|run| (run.id.to_string(), run)).collect();
    let wanted: BTreeSet<_> = accepted.iter().map(|one| one.run.to_string()).collect();
    assert_eq!(wanted.len(), accepted.len(), "two logs became one run");
    assert_eq!(
        runs.keys().cloned().collect::<BTreeSet<_>>(),
        wanted,
        "runs that nobody, or somebody, was told of"
    );
    for job in job::Entity::find().all(db).await.unwrap() {
        assert_eq!(job.state, JobState::Succeeded, "{job:#?}\n{}", fleet.logs());
    }
    let ends = job_event::Entity::find().filter(job_event::Column::State.eq(JobState::Succeeded));
    assert_eq!(ends.count(db).await.unwrap(), accepted.len() as u64, "publications");
    let published = conversion::Entity::find()
        .filter(conversion::Column::State.is_in([ConversionState::Published, ConversionState::Superseded]));
    let published = published.all(db).await.unwrap();
    assert_eq!(published.len(), accepted.len(), "published conversions");
    for conversion in published {
        let run = &runs[&conversion.run_id.to_string()];
        assert_eq!(run.current_conversion_id, Some(conversion.id), "{conversion:?}");
    }
}

/// The run's Parquet files are those of its drive converted offline.
async fn assert_equal(runtime: &Runtime, accepted: &Accepted, drive: &Drive) {
    let db = runtime.database.read();
    let run = run::Entity::find_by_id(accepted.run).one(db).await.unwrap().unwrap();
    let conversion = run.current_conversion_id.unwrap();
    let prefix = KeyPrefix::Conversion { run: run.id, conversion };
    let objects: Vec<_> = runtime.storage.list(prefix).try_collect().await.unwrap();
    let mut files = BTreeMap::new();
    for object in objects {
        let name = object.key.to_string().rsplit('/').next().unwrap().to_owned();
        if name.ends_with(".parquet") {
            let pieces = runtime.storage.read(&object.key, 0..object.bytes).await.unwrap();
            let bytes: Vec<_> = pieces.try_collect().await.unwrap();
            files.insert(name, sha256(&bytes.concat()));
        }
    }
    assert_eq!(files, drive.files, "{accepted:?}");
}

/// Waits until storage holds what SQL names, all of it and nothing else.
async fn assert_swept(fleet: &Fleet, runtime: &Runtime) {
    let began = Instant::now();
    loop {
        let (named, stored) = (named(runtime).await, stored(runtime).await);
        let receiving = upload::Entity::find().filter(upload::Column::State.eq(UploadState::Receiving));
        let receiving = receiving.count(runtime.database.read()).await.unwrap();
        if named == stored && receiving == 0 {
            return;
        }
        let (missing, surplus): (Vec<_>, Vec<_>) =
            (named.difference(&stored).collect(), stored.difference(&named).collect());
        assert!(
            began.elapsed() < PATIENCE,
            "missing: {missing:#?}\n{receiving} uploads never end\nleft behind: {surplus:#?}\n{}",
            fleet.logs()
        );
        sleep(Duration::from_millis(100)).await;
    }
}

/// The objects that rows stand for. Of a conversion, its prefix.
async fn named(runtime: &Runtime) -> BTreeSet<String> {
    let db = runtime.database.read();
    let blobs =
        blob::Entity::find().filter(blob::Column::State.eq(BlobState::Present)).all(db).await.unwrap();
    let dbcs = dbc::Entity::find().all(db).await.unwrap();
    let current = conversion::Entity::find().filter(conversion::Column::State.eq(ConversionState::Published));
    let current = current.all(db).await.unwrap();
    let keys =
        blobs.into_iter().map(|blob| blob.object_key).chain(dbcs.into_iter().map(|dbc| dbc.object_key));
    keys.chain(current.into_iter().map(|conversion| conversion.key_prefix)).collect()
}

async fn stored(runtime: &Runtime) -> BTreeSet<String> {
    let mut stored = BTreeSet::new();
    for prefix in [KeyPrefix::Uploads, KeyPrefix::Dbcs, KeyPrefix::Runs] {
        let objects: Vec<_> = runtime.storage.list(prefix).try_collect().await.unwrap();
        stored.extend(objects.into_iter().map(|object| match object.key {
            ObjectKey::Conversion { run, conversion, .. } => {
                KeyPrefix::Conversion { run, conversion }.to_string()
            }
            key => key.to_string(),
        }));
    }
    stored
}

/// No process wrote a secret to its log.
pub(crate) fn assert_silent(fleet: &Fleet) {
    let logs = fleet.logs();
    for secret in fleet.secrets() {
        let told = logs.lines().find(|line| line.contains(&secret));
        assert_eq!(told, None, "a secret in the log");
    }
}
