//! A backup brings everything back, and a damaged one is refused before anything is touched.

use std::fs;
use std::path::{Path, PathBuf};

use entity::id::RunId;
use entity::portable;
use entity::run;
use platform::testing::servers::S3Server;
use platform::testing::{BackEnd, TestRuntime};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::logs::{DBC, LOG, long_drive};
use crate::oracle::{assert_clean, run, variables};
use crate::seed::{binary, converted, ended, upload};

/// What a client sees and plots of a run.
async fn series(runtime: &TestRuntime, run: RunId) -> Value {
    let about = format!(
        "{{ run(id: \"{run}\") {{ number start end report {{ samples }}
            signals(first: 50) {{ nodes {{ id qualifiedName count min max }} }} }} }}"
    );
    let about = ask(runtime, &about).await;
    let name = about["run"]["signals"]["nodes"][0]["qualifiedName"].as_str().unwrap();
    let plot = format!(
        "{{ run(id: \"{run}\") {{ series(signals: [{{ name: \"{name}\" }}], resolution: {{ maxPoints: 500 }}) {{
            t0 exact time values min max }} }} }}"
    );
    let plot = ask(runtime, &plot).await;
    json!([about, plot])
}

async fn ask(runtime: &TestRuntime, document: &str) -> Value {
    let answer = api::graphql::schema(runtime).execute(document).await;
    let answer = serde_json::to_value(answer).unwrap();
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"].clone()
}

/// All rows of all tables.
async fn rows(runtime: &TestRuntime) -> Vec<String> {
    let mut all = Vec::new();
    for table in portable::TABLES {
        all.extend(portable::page(runtime.database.read(), table, None, 10_000).await.unwrap().rows);
    }
    all
}

async fn backup(runtime: &TestRuntime, folder: &Path) {
    let made = run(&variables(runtime), &["backup", folder.to_str().unwrap()]).await;
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// Restores into `runtime`; what it said when it refused.
async fn restore(runtime: &TestRuntime, folder: &Path) -> Result<(), String> {
    let done = run(&variables(runtime), &["restore", folder.to_str().unwrap()]).await;
    if done.status.success() { Ok(()) } else { Err(String::from_utf8(done.stderr).unwrap()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_comes_back() {
    let (original, copy) = (TestRuntime::start().await.unwrap(), TestRuntime::start().await.unwrap());
    let (log, dbc) = long_drive();
    let run = converted(&original, LOG, DBC).await;
    let long = converted(&original, &log, &dbc).await;
    let folder = original.folder().join("backup");
    backup(&original, &folder).await;
    restore(&copy, &folder).await.unwrap();

    assert_eq!(rows(&copy).await, rows(&original).await);
    for run in [run, long] {
        assert_eq!(series(&copy, run).await, series(&original, run).await);
    }
    assert_clean(&variables(&copy)).await;
    // And it goes on where it was.
    converted(&copy, NEXT, DBC).await;
    assert_clean(&variables(&copy)).await;

    let refused = restore(&copy, &folder).await.unwrap_err();
    assert!(says(&refused, "the database is not empty"), "{refused}");
    let again = run_backup(&original, &folder).await;
    assert!(says(&again, "the folder is not empty"), "{again}");
}

const NEXT: &str = "(1700000100.000000) can0 100#0A00000000000000\n";

async fn run_backup(runtime: &TestRuntime, folder: &Path) -> String {
    let made = run(&variables(runtime), &["backup", folder.to_str().unwrap()]).await;
    assert!(!made.status.success());
    String::from_utf8(made.stderr).unwrap()
}

/// An empty installation, and what makes a process work on it.
async fn place(on: BackEnd, bucket: Option<&S3Server>) -> (TestRuntime, Vec<(String, String)>) {
    let mut more: Vec<(&str, String)> = bucket.map(S3Server::variables).unwrap_or_default();
    if on != BackEnd::Sqlite {
        more.push(("DATABASE_URL", on.fresh(Path::new("")).await));
    }
    let set: Vec<(&str, &str)> = more.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let runtime = TestRuntime::start_with(&set).await.unwrap();
    let mut all = variables(&runtime);
    all.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    (runtime, all)
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_moves_from_any_back_end_into_any_other() {
    let server = S3Server::start().unwrap();
    let (original, mut variables) = place(BackEnd::Sqlite, None).await;
    let moved = converted(&original, LOG, DBC).await;
    let (before, plotted) = (rows(&original).await, series(&original, moved).await);
    let mut kept = Vec::new();
    for (on, bucket) in
        [(BackEnd::Postgres, Some(&server)), (BackEnd::Mariadb, None), (BackEnd::Sqlite, None)]
    {
        let (next, next_variables) = place(on, bucket).await;
        let folder = next.folder().join("backup");
        for (variables, role) in [(&variables, "backup"), (&next_variables, "restore")] {
            let done = run(variables, &[role, folder.to_str().unwrap()]).await;
            assert!(done.status.success(), "{on:?} {role}: {}", String::from_utf8_lossy(&done.stderr));
        }
        assert_eq!(rows(&next).await, before, "{on:?}");
        assert_eq!(series(&next, moved).await, plotted, "{on:?}");
        assert_clean(&next_variables).await;
        variables = next_variables;
        // Its folders hold what the next one reads.
        kept.push(next);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_lacks_an_object_is_not_backed_up_as_if_it_were_whole() {
    let server = S3Server::start().unwrap();
    let (original, variables) = place(BackEnd::Sqlite, Some(&server)).await;
    converted(&original, LOG, DBC).await;
    let object = first_file(&server.bucket_folder().join("uploads"));
    let whole = fs::read(&object).unwrap();
    let refused = async |name: &str| {
        let folder = original.folder().join(name);
        let made = run(&variables, &["backup", folder.to_str().unwrap()]).await;
        assert!(!made.status.success() && !folder.join("backup.json").exists());
        String::from_utf8(made.stderr).unwrap()
    };
    fs::write(&object, &whole[1..]).unwrap();
    let damaged = refused("damaged").await;
    assert!(says(&damaged, "is damaged in the storage"), "{damaged}");
    fs::remove_file(&object).unwrap();
    let lost = refused("lost").await;
    assert!(says(&lost, "is missing from the storage"), "{lost}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_while_logs_are_converted_is_consistent() {
    let original = TestRuntime::start().await.unwrap();
    let (log, dbc) = long_drive();
    let mut jobs = Vec::new();
    for lines in 1..4 {
        let drive: Vec<u8> =
            log.split_inclusive(|byte| *byte == b'\n').take(3000 * lines).flatten().copied().collect();
        jobs.push(upload(&original, drive, &dbc).await.1);
    }
    let worker = tokio::spawn(worker::run((*original).clone(), binary()));
    let mut folders = Vec::new();
    for job in jobs {
        let folder = original.folder().join(format!("backup-{}", folders.len()));
        backup(&original, &folder).await;
        folders.push(folder);
        ended(&original, job).await;
    }
    original.shutdown.cancel();
    worker.await.unwrap().unwrap();

    for folder in folders {
        let copy = TestRuntime::start().await.unwrap();
        restore(&copy, &folder).await.unwrap();
        assert_clean(&variables(&copy)).await;
        assert_eq!(run::Entity::find().count(copy.database.read()).await.unwrap(), 3);
        // What was under way is queued again, at no cost to it, and ends well.
        let worker = tokio::spawn(worker::run((*copy).clone(), binary()));
        for job in entity::job::Entity::find().all(copy.database.read()).await.unwrap() {
            let job = ended(&copy, job.id).await;
            assert_eq!((job.state, job.lost_count), (entity::job::JobState::Succeeded, 0));
        }
        copy.shutdown.cancel();
        worker.await.unwrap().unwrap();
        assert_clean(&variables(&copy)).await;
    }
}

/// Whether a complaint, wrapped for people as it is, has these words.
fn says(complaint: &str, words: &str) -> bool {
    let bare = |text: &str| text.replace(|c: char| c.is_whitespace() || c == '│', "");
    bare(complaint).contains(&bare(words))
}

fn first_file(folder: &Path) -> PathBuf {
    let mut path = folder.to_owned();
    while path.is_dir() {
        path = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).min().unwrap();
    }
    path
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_is_refused_by_name() {
    let original = TestRuntime::start().await.unwrap();
    converted(&original, LOG, DBC).await;
    let whole = original.folder().join("backup");
    backup(&original, &whole).await;
    let copy = TestRuntime::start().await.unwrap();
    let flip = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    let cut = |path: &Path| fs::write(path, &fs::read(path).unwrap()[1..]).unwrap();
    let remove = |path: &Path| fs::remove_file(path).unwrap();
    type Damage<'a> = &'a dyn Fn(&Path);
    let cases: [(&str, Damage, &str); 9] = [
        ("tables/run.jsonl", &flip, "run.jsonl is damaged"),
        ("tables/signal.jsonl", &cut, "signal.jsonl is damaged"),
        ("tables/job.jsonl", &remove, "job.jsonl cannot be read"),
        ("objects.jsonl", &flip, "objects.jsonl is damaged"),
        ("objects/uploads", &flip, "is damaged"),
        ("objects/runs", &cut, "is damaged"),
        ("objects/dbcs", &remove, "cannot be read"),
        ("backup.json", &cut, "backup.json is damaged"),
        ("backup.json", &remove, "holds no whole backup"),
    ];
    for (file, harm, expected) in cases {
        let folder = TempDir::new().unwrap();
        copy_folder(&whole, folder.path());
        let path = first_file(&folder.path().join(file));
        harm(&path);
        let refused = restore(&copy, folder.path()).await.unwrap_err();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(says(&refused, expected) && says(&refused, name), "{file}: {refused}");
        assert_eq!(rows(&copy).await, Vec::<String>::new(), "{file}");
    }
    restore(&copy, &whole).await.unwrap();
    assert_clean(&variables(&copy)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_lost_or_damaged_is_named_when_a_backup_is_made() {
    let original = TestRuntime::start().await.unwrap();
    converted(&original, LOG, DBC).await;
    let log = first_file(&original.config.storage.upload_folder.join("uploads"));
    let name = log.file_name().unwrap().to_str().unwrap().to_owned();
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[1..]).unwrap();
    let refused = run_backup(&original, &original.folder().join("one")).await;
    assert!(says(&refused, &name) && says(&refused, "is damaged in the storage"), "{refused}");
    fs::remove_file(&log).unwrap();
    let refused = run_backup(&original, &original.folder().join("two")).await;
    assert!(says(&refused, &name) && says(&refused, "is missing from the storage"), "{refused}");
    let copy = TestRuntime::start().await.unwrap();
    let half = restore(&copy, &original.folder().join("two")).await.unwrap_err();
    assert!(says(&half, "holds no whole backup"), "{half}");
}
