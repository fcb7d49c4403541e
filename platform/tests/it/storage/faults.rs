//! A store that fails, at any operation.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use platform::{
    config::storage::StorageConfig,
    storage::{KeyPrefix, ObjectKey, Storage, StorageError, StorageErrorKind},
    testing::{Fault, TestRuntime, servers::S3Server},
};
use tempfile::TempDir;

use super::{
    both::{bytes, expected},
    config, config_with, upload,
};

/// Stories at once: those that hang mostly wait.
const AT_ONCE: usize = 6;

/// Writes an object of several parts, reads it in two ways, removes it. Each step is repeated once when it fails:
/// one fault must not be able to cost more.
async fn story(storage: &Storage, text: &[u8]) -> Result<(), StorageError> {
    let key = match write(storage, text).await {
        Ok(key) => key,
        Err(_) => write(storage, text).await?,
    };
    let expected = expected(text);
    if storage.local_file(&key, Some(&expected)).await.is_err() {
        storage.local_file(&key, Some(&expected)).await?;
    }
    let read = async || storage.read_whole(&key, &expected).await?.try_collect::<Vec<_>>().await;
    let read = match read().await {
        Ok(parts) => parts,
        Err(_) => read().await?,
    };
    assert!(read.concat() == text, "wrong bytes were served");
    match storage.delete(&key).await {
        Ok(()) => Ok(()),
        Err(_) => storage.delete(&key).await,
    }
}

/// Under a new name; what fails is removed.
async fn write(storage: &Storage, text: &[u8]) -> Result<ObjectKey, StorageError> {
    let key = upload();
    let written = async {
        let mut writer = storage.writer(&key).await?;
        for part in text.chunks(300_000) {
            writer.write(Bytes::copy_from_slice(part)).await?;
        }
        writer.finish().await
    };
    match written.await {
        Ok(bytes) => {
            assert_eq!(bytes, text.len() as u64, "accepted, but not whole");
            Ok(key)
        }
        Err(error) => {
            storage.delete(&key).await?;
            Err(error)
        }
    }
}

/// The story with each fault at each of its operations.
async fn survives(config: &StorageConfig, text: &[u8], kinds: &[&str]) {
    let runtime = TestRuntime::start().await.unwrap();
    let database = &runtime.database;
    let storage = Storage::open(config).unwrap().noting_in(database);
    story(&storage, text).await.unwrap();
    let operations = storage.faults().operations();
    assert!(operations > 5);
    let stories = kinds.iter().flat_map(|kind| (1..=operations).map(move |k| format!("{kind}:{k}")));
    let told = stories.map(|fault| async move {
        let mut config = config.clone();
        config.fault = Some(fault.parse::<Fault>().unwrap());
        let storage = Storage::open(&config).unwrap().noting_in(database);
        let told = story(&storage, text).await;
        told.unwrap_or_else(|error| panic!("{fault}: {error}"));
        assert_eq!(storage.faults().struck(), 1, "{fault}");
    });
    futures::stream::iter(told).buffer_unordered(AT_ONCE).collect::<()>().await;
    assert_eq!(storage.list(KeyPrefix::Uploads).count().await, 0, "an orphan stays");
    // Where an abort failed, too, a note stays for the collector. This server forgets an upload whose completion it
    // refuses, as that of a part cut short, and denies its abort.
    for left in entity::part_upload::of(database.read(), "uploads", 100).await.unwrap() {
        let _ = storage.abort_upload(&left.object_key.parse().unwrap(), &left.upload_id).await;
    }
}

const KINDS: [&str; 5] = ["error", "after", "hang", "short", "flip"];

#[tokio::test]
async fn a_bucket_survives_each_fault_at_each_operation() {
    let (folder, server) = (TempDir::new().unwrap(), S3Server::start().unwrap());
    let mut variables = server.variables();
    variables.push(("DATAVIEWER_STORAGE_TIMEOUT_SECONDS", "4".to_owned()));
    let config = config_with(folder.path(), &variables);
    survives(&config, &bytes(9_000_000), &KINDS).await;
    // Where the answer to an upload's beginning was lost nobody knows its name: a bucket's lifecycle rule is for it.
    let mut uploads = server.unfinished().unwrap();
    uploads.retain(|name| name.starts_with(".upload-"));
    assert_eq!(uploads.len(), 1, "{uploads:?}");
}

#[tokio::test]
async fn a_small_object_in_a_bucket_survives_each_fault_at_each_operation() {
    let (folder, server) = (TempDir::new().unwrap(), S3Server::start().unwrap());
    let mut variables = server.variables();
    variables.push(("DATAVIEWER_STORAGE_TIMEOUT_SECONDS", "2".to_owned()));
    survives(&config_with(folder.path(), &variables), &bytes(1000), &KINDS).await;
}

#[tokio::test]
async fn a_folder_survives_each_fault_at_each_operation() {
    let folder = TempDir::new().unwrap();
    let variables = [("DATAVIEWER_STORAGE_TIMEOUT_SECONDS", "2".to_owned())];
    survives(&config_with(folder.path(), &variables), &bytes(2_500_000), &KINDS).await;
    let left = std::fs::read_dir(folder.path().join("up/uploads"));
    assert_eq!(left.map_or(0, Iterator::count), 0, "an emptied folder may be gone itself");
}

#[tokio::test]
async fn an_operation_that_never_ends_is_given_up() {
    let folder = TempDir::new().unwrap();
    let mut config = config(folder.path());
    config.timeout = std::time::Duration::from_millis(50);
    config.fault = Some("hang:100%".parse().unwrap());
    let storage = Storage::open(&config).unwrap();
    let error = storage.put(&upload(), Bytes::from_static(b"abc")).await.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Unavailable);
    assert!(error.to_string().contains("no answer within 0.05 s"), "{error}");
    storage.list(KeyPrefix::Uploads).next().await.unwrap().unwrap_err();
    storage.delete(&upload()).await.unwrap_err();
}

#[test]
fn faults_are_spelt_in_one_way() {
    for text in ["error:7", "after:1", "hang:50%", "short:3", "flip:100%"] {
        text.parse::<Fault>().unwrap();
    }
    for text in ["", "error", "error:", "error:x", "melt:1", "error:-1", "error:300%"] {
        text.parse::<Fault>().unwrap_err();
    }
}
