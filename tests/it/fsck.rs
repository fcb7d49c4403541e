//! Damage of every kind is found, named, and told apart from what merely waits.

use std::fs;
use std::path::{Path, PathBuf};

use entity::conversion::ConversionState;
use entity::id::{RunId, UploadId};
use platform::storage::{KeyPrefix, ObjectKey};
use platform::testing::TestRuntime;
use sea_orm::ConnectionTrait;

use crate::logs::{DBC, LOG};
use crate::oracle::{assert_clean, fsck, run, variables};
use crate::seed::{conversions, converted};

/// An installation with one converted run.
struct Place {
    runtime: TestRuntime,
    run: RunId,
    variables: Vec<(String, String)>,
}

impl Place {
    async fn new() -> Self {
        let runtime = TestRuntime::start().await.unwrap();
        let run = converted(&runtime, LOG, DBC).await;
        let variables = variables(&runtime);
        Self { runtime, run, variables }
    }

    async fn sql(&self, sql: &str) {
        self.runtime.database.write().execute_unprepared(sql).await.unwrap();
    }

    fn folder(&self, prefix: KeyPrefix) -> PathBuf {
        self.runtime.config.storage.data_folder.join(prefix.to_string())
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

#[tokio::test(flavor = "multi_thread")]
async fn what_works_is_clean() {
    let place = Place::new().await;
    let summary = assert_clean(&place.variables).await;
    assert_eq!((&summary["runs"], &summary["jobs"], &summary["garbage"]), (&1.into(), &1.into(), &0.into()));
    assert!(summary["referenced"].as_u64().unwrap() >= 6, "{summary}");
    let said = run(&place.variables, &["fsck"]).await;
    assert!(said.status.success());
    assert!(String::from_utf8(said.stdout).unwrap().ends_with("clean\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_are_not_what_rows_say_are_found() {
    let place = Place::new().await;
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
