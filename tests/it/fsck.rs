//! Damage of every kind is found, named, and told apart from what merely waits.

use std::fs;
use std::path::{Path, PathBuf};

use entity::conversion::ConversionState;
use entity::id::{RunId, UploadId};
use platform::storage::{KeyPrefix, ObjectKey};
use platform::testing::TestRuntime;
use platform::testing::servers::S3Server;
use sea_orm::ConnectionTrait;

use crate::logs::{DBC, LOG};
use crate::oracle::{assert_clean, fsck, run, variables};
use crate::seed::{conversions, converted};

/// An installation with one converted run.
struct Place {
    runtime: TestRuntime,
    run: RunId,
    variables: Vec<(String, String)>,
    /// Of an installation in a bucket.
    server: Option<S3Server>,
}

impl Place {
    async fn new() -> Self {
        Self::on(None).await
    }

    async fn in_bucket() -> Self {
        Self::on(Some(S3Server::start().unwrap())).await
    }

    async fn on(server: Option<S3Server>) -> Self {
        let more = server.as_ref().map(S3Server::variables).unwrap_or_default();
        let set: Vec<_> = more.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let runtime = TestRuntime::start_with(&set).await.unwrap();
        let run = converted(&runtime, LOG, DBC).await;
        let mut variables = variables(&runtime);
        variables.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Self { runtime, run, variables, server }
    }

    async fn sql(&self, sql: &str) {
        self.runtime.database.write().execute_unprepared(sql).await.unwrap();
    }

    /// Where the objects of the prefix lie as files; the server keeps its buckets so.
    fn folder(&self, prefix: KeyPrefix) -> PathBuf {
        let root = match (&self.server, prefix) {
            (None, _) => self.runtime.config.storage.data_folder.clone(),
            (Some(server), KeyPrefix::Uploads | KeyPrefix::Dbcs) => server.bucket_folder(),
            (Some(server), KeyPrefix::Runs | KeyPrefix::Conversion { .. }) => {
                server.bucket_folder().join("converted")
            }
        };
        root.join(prefix.to_string())
    }

    /// The folder of the conversion that readers see.
    async fn conversion(&self) -> PathBuf {
        let published = conversions(&self.runtime, self.run, ConversionState::Published).await;
        self.folder(KeyPrefix::Conversion { run: self.run, conversion: published[0].id })
    }

    async fn kinds(&self, args: &[&str]) -> Vec<String> {
        let looked = fsck(&self.variables, args).await;
        assert_eq!(looked.code, i32::from(!looked.findings.is_empty()), "{looked:?}");
        looked.kinds().into_iter().map(str::to_owned).collect()
    }
}

fn some_file(folder: &Path, end: &str) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.to_str().unwrap().ends_with(end)).unwrap()
}

/// Another byte in the middle.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

mod in_folders {
    use super::Place;

    #[tokio::test(flavor = "multi_thread")]
    async fn what_works_is_clean() {
        super::what_works_is_clean(Place::new().await).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn objects_that_are_not_what_rows_say_are_found() {
        super::objects_that_are_not_what_rows_say_are_found(Place::new().await).await;
    }
}

mod in_a_bucket {
    use super::Place;

    #[tokio::test(flavor = "multi_thread")]
    async fn what_works_is_clean() {
        super::what_works_is_clean(Place::in_bucket().await).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn objects_that_are_not_what_rows_say_are_found() {
        super::objects_that_are_not_what_rows_say_are_found(Place::in_bucket().await).await;
    }
}

async fn what_works_is_clean(place: Place) {
    let summary = assert_clean(&place.variables).await;
    assert_eq!((&summary["runs"], &summary["jobs"], &summary["garbage"]), (&1.into(), &1.into(), &0.into()));
    assert!(summary["referenced"].as_u64().unwrap() >= 6, "{summary}");
    let said = run(&place.variables, &["fsck"]).await;
    assert!(said.status.success());
    assert!(String::from_utf8(said.stdout).unwrap().ends_with("clean\n"));
}

async fn objects_that_are_not_what_rows_say_are_found(place: Place) {
    let rows = some_file(&place.conversion().await, ".parquet");
    let whole = fs::read(&rows).unwrap();

    damage(&rows);
    assert_eq!(place.kinds(&[]).await, Vec::<String>::new(), "its size is right");
    assert_eq!(place.kinds(&["--deep"]).await, ["WRONG_CONTENT"]);
    fs::write(&rows, &whole[1..]).unwrap();
    assert_eq!(place.kinds(&[]).await, ["WRONG_SIZE"]);
    fs::remove_file(&rows).unwrap();
    assert_eq!(place.kinds(&["--deep"]).await, ["MISSING"]);
    fs::write(&rows, &whole).unwrap();

    let report = place.conversion().await.join("report.json");
    let text = fs::read_to_string(&report).unwrap();
    fs::write(&report, text.replacen('4', "5", 1)).unwrap();
    assert_eq!(place.kinds(&["--deep"]).await, ["WRONG_CONTENT"]);
    fs::write(&report, format!("{text} ")).unwrap();
    assert_eq!(place.kinds(&[]).await, ["WRONG_SIZE"]);
    fs::write(&report, text).unwrap();

    for area in [KeyPrefix::Uploads, KeyPrefix::Dbcs] {
        let object = some_file(&place.folder(area), "");
        let whole = fs::read(&object).unwrap();
        damage(&object);
        assert_eq!(place.kinds(&["--deep"]).await, ["WRONG_CONTENT"]);
        fs::remove_file(&object).unwrap();
        assert_eq!(place.kinds(&[]).await, ["MISSING"]);
        fs::write(&object, whole).unwrap();
    }
    assert_clean(&place.variables).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_ours_and_old_and_unreferenced_is_removed() {
    let place = Place::new().await;
    let uploads = place.folder(KeyPrefix::Uploads);
    let stray = uploads.join(UploadId::new().0.to_string());
    let left = uploads.join(format!("{}#3", UploadId::new().0));
    let (foreign, unknown) = (uploads.join("17.csv"), uploads.join(uuid::Uuid::new_v4().to_string()));
    for path in [&stray, &left, &foreign, &unknown] {
        fs::write(path, "bytes").unwrap();
    }
    let young = fsck(&place.variables, &["--repair"]).await;
    assert_eq!((young.code, &young.summary["young"], &young.summary["foreign"]), (0, &3.into(), &1.into()));
    assert_eq!(place.kinds(&["--older-than", "0s"]).await, ["STAGING", "UNREFERENCED"]);

    let repaired = fsck(&place.variables, &["--older-than", "0s", "--repair"]).await;
    assert_eq!((repaired.code, &repaired.summary["repaired"]), (0, &2.into()), "{repaired:?}");
    assert!(!stray.exists() && !left.exists());
    assert!(
        foreign.exists() && unknown.exists(),
        "a name without a time, or of another program, is not ours"
    );
    assert_clean(&place.variables).await;
}

/// A bucket that others use too, and copies of its objects in the folders: neither is anything of ours.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_left_alone_but_for_what_is_ours_and_old_and_unreferenced() {
    let place = Place::in_bucket().await;
    let bucket = place.server.as_ref().unwrap().bucket_folder();
    let copies = place.runtime.config.storage.data_folder.join("cache");
    let stray = ObjectKey::Upload(UploadId::new());
    place.runtime.storage.put(&stray, "bytes".into()).await.unwrap();
    let half = ObjectKey::Conversion {
        run: RunId::new(),
        conversion: entity::id::ConversionId::new(),
        file: "a.parquet".parse().unwrap(),
    };
    place.runtime.storage.put(&half, "rows".into()).await.unwrap();
    // A copy of one that nothing refers to, and the copies that the conversion made.
    drop(place.runtime.storage.local_file(&stray, None).await.unwrap());
    let copied = files_in(&copies);
    assert!(copied.len() > 2, "{copied:?}");
    let foreign = [
        bucket.join("uploads/17.csv"),
        bucket.join("uploads").join(uuid::Uuid::new_v4().to_string()),
        bucket.join("runs/notes.txt"),
        bucket.join("somebody/elses"),
        bucket.join("converted/README"),
        copies.join("uploads").join(UploadId::new().0.to_string()),
    ];
    for path in &foreign {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "bytes").unwrap();
    }
    let young = fsck(&place.variables, &["--repair"]).await;
    assert_eq!((young.code, &young.summary["young"]), (0, &3.into()), "{young:?}");
    assert_eq!(place.kinds(&["--older-than", "0s"]).await, ["UNREFERENCED", "UNREFERENCED"]);
    let repaired = fsck(&place.variables, &["--older-than", "0s", "--repair"]).await;
    assert_eq!((repaired.code, &repaired.summary["repaired"]), (0, &2.into()), "{repaired:?}");
    for key in [&stray, &half] {
        place.runtime.storage.head(key).await.unwrap_err();
    }
    for path in &foreign {
        assert!(path.exists(), "{} is none of ours", path.display());
    }
    assert_clean(&place.variables).await;
}

/// All files below a folder.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

/// No listing of a bucket shows them: their notes do.
#[tokio::test(flavor = "multi_thread")]
async fn parts_that_nobody_completes_are_found_and_removed() {
    let place = Place::in_bucket().await;
    let server = place.server.as_ref().unwrap();
    let left = ObjectKey::Upload(UploadId::new());
    let mut writer = place.runtime.storage.writer(&left).await.unwrap();
    writer.write(vec![7; 9 << 20].into()).await.unwrap();
    // As if its process had died.
    std::mem::forget(writer);
    assert!(!server.unfinished().unwrap().is_empty());
    let young = fsck(&place.variables, &["--repair"]).await;
    assert_eq!((young.code, &young.summary["young"]), (0, &1.into()), "{young:?}");
    assert_eq!(place.kinds(&["--older-than", "0s"]).await, ["STAGING"]);
    let repaired = fsck(&place.variables, &["--older-than", "0s", "--repair"]).await;
    assert_eq!((repaired.code, &repaired.summary["repaired"]), (0, &1.into()), "{repaired:?}");
    assert_eq!(server.unfinished().unwrap(), Vec::<String>::new());
    assert_clean(&place.variables).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_collector_is_no_finding() {
    let place = Place::new().await;
    let key = ObjectKey::Upload(UploadId::new());
    place.runtime.storage.put(&key, "bytes".into()).await.unwrap();
    place.sql(&format!("INSERT INTO tombstone VALUES ('{key}', 0, 0)")).await;
    let looked = fsck(&place.variables, &["--older-than", "0s", "--repair"]).await;
    assert_eq!((looked.code, &looked.summary["garbage"]), (0, &1.into()), "{looked:?}");
    assert_eq!(place.runtime.storage.head(&key).await.unwrap(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_contradict_each_other_are_found() {
    let place = Place::new().await;
    let contradictions = [
        (
            "UPDATE run SET current_conversion_id = NULL",
            "UPDATE run SET current_conversion_id = (SELECT id FROM conversion)",
        ),
        ("UPDATE conversion SET state = 'WRITING'", "UPDATE conversion SET state = 'PUBLISHED'"),
        ("UPDATE blob SET state = 'DELETED'", "UPDATE blob SET state = 'PRESENT'"),
        ("UPDATE job SET state = 'FAILED'", "UPDATE job SET state = 'SUCCEEDED'"),
        ("UPDATE job SET active_key = 'x'", "UPDATE job SET active_key = NULL"),
        ("UPDATE job_event SET seq = 9 WHERE seq = 1", "UPDATE job_event SET seq = 1 WHERE seq = 9"),
        ("UPDATE conversion SET token = token + 1", "UPDATE conversion SET token = token - 1"),
        ("UPDATE conversion SET manifest = '{'", "SELECT 1"),
    ];
    for (wrong, right) in contradictions {
        place.sql(wrong).await;
        let kinds = place.kinds(&["--older-than", "7d"]).await;
        assert!(kinds.contains(&"CONTRADICTION".to_owned()), "{wrong}: {kinds:?}");
        place.sql(right).await;
    }
    assert_eq!(place.kinds(&[]).await, ["CONTRADICTION"], "only the manifest is still wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_looked_at_is_no_clean_bill() {
    let folder = tempfile::TempDir::new().unwrap();
    let data = folder.path().join("data").display().to_string();
    let nothing = [("UPLOAD_FOLDER".to_owned(), data.clone()), ("DATA_FOLDER".to_owned(), data)];
    let looked = run(&nothing, &["fsck"]).await;
    assert_eq!(looked.status.code(), Some(2));
    assert!(String::from_utf8(looked.stderr).unwrap().contains("there is no database"));
    assert!(!folder.path().join("data").exists(), "it makes nothing");

    let place = Place::new().await;
    place.sql("DROP TABLE signal").await;
    assert_eq!(run(&place.variables, &["fsck"]).await.status.code(), Some(2));
}
