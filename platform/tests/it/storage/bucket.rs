//! What only buckets have.

use std::{fs, time::Duration};

use bytes::Bytes;
use entity::part_upload;
use platform::{
    storage::{Area, ObjectKey, ObjectWriter, Storage, StorageErrorKind},
    testing::{
        TestRuntime,
        servers::{S3_SECRET, S3Server},
    },
};
use sea_orm::ConnectionTrait;

use super::{Place, config_with, in_bucket, in_bucket_with, place, upload};

#[tokio::test]
async fn objects_lie_in_the_bucket_under_their_prefix_and_no_folder_of_them_is_made() {
    let Place { storage, folder, server } = in_bucket_with(&[("UPLOAD_BUCKET", "s3://logs/team/a")]);
    let key = upload();
    storage.put(&key, Bytes::from_static(b"abc")).await.unwrap();
    let object = server.as_ref().unwrap().bucket_folder().join("team/a").join(key.to_string());
    assert_eq!(fs::read(object).unwrap(), b"abc");
    assert!(!folder.path().join("up/uploads").exists());
    assert_eq!(storage.store_id(Area::Uploads).await.unwrap(), None);
    assert_eq!(storage.free_upload_bytes().await.unwrap(), u64::MAX);
}

#[tokio::test]
async fn a_signed_address_reads_one_object_without_keys() {
    let Place { storage, server, .. } = in_bucket();
    let key = upload();
    storage.put(&key, Bytes::from_static(b"abc")).await.unwrap();
    let url = storage.signed_url(&key, Duration::from_secs(60)).await.unwrap().unwrap();
    assert_eq!(reqwest::get(url.clone()).await.unwrap().text().await.unwrap(), "abc");
    let mut unsigned = url;
    unsigned.set_query(None);
    assert!(reqwest::get(unsigned).await.unwrap().status().is_client_error());
    let Place { storage, .. } = place();
    assert_eq!(storage.signed_url(&key, Duration::from_secs(60)).await.unwrap(), None);
    drop(server);
}

#[tokio::test]
async fn wrong_keys_are_denied_and_never_told() {
    let Place { server, folder, .. } = in_bucket();
    let mut variables = server.as_ref().unwrap().variables();
    variables.push(("AWS_SECRET_ACCESS_KEY", "a canary that is wrong".to_owned()));
    let config = config_with(folder.path(), &variables);
    let storage = Storage::open(&config).unwrap();
    let error = storage.put(&upload(), Bytes::from_static(b"abc")).await.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Denied, "{error}");
    storage.check().await.unwrap_err();
    let right = Storage::open(&config_with(folder.path(), &server.as_ref().unwrap().variables())).unwrap();
    let told = format!("{error} {error:?} {storage:?} {right:?} {config:?}");
    assert!(!told.contains("canary"), "{told}");
    assert!(S3_SECRET.contains("canary"));
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_no_place() {
    let Place { server, folder, .. } = in_bucket();
    let mut variables = server.as_ref().unwrap().variables();
    variables.push(("UPLOAD_BUCKET", "elsewhere".to_owned()));
    let storage = Storage::open(&config_with(folder.path(), &variables)).unwrap();
    storage.check().await.unwrap_err();
}

/// A runtime on a bucket, and the notes in its database.
async fn noting() -> (TestRuntime, S3Server) {
    let server = S3Server::start().unwrap();
    let variables = server.variables();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    (TestRuntime::start_with(&variables).await.unwrap(), server)
}

async fn notes(runtime: &TestRuntime) -> Vec<part_upload::Model> {
    part_upload::of(runtime.database.read(), "uploads", 10).await.unwrap()
}

async fn begun(runtime: &TestRuntime) -> ObjectWriter {
    let mut writer = runtime.storage.writer(&upload()).await.unwrap();
    writer.write(vec![7; 9 << 20].into()).await.unwrap();
    writer
}

#[tokio::test]
async fn an_upload_by_parts_is_noted_until_it_is_completed_or_aborted() {
    let (runtime, server) = noting().await;
    let writer = begun(&runtime).await;
    assert_eq!(notes(&runtime).await.len(), 1);
    let completed = notes(&runtime).await.remove(0);
    writer.finish().await.unwrap();
    assert_eq!(notes(&runtime).await, []);
    begun(&runtime).await.abort().await.unwrap();
    assert_eq!(notes(&runtime).await, []);
    assert_eq!(server.unfinished().unwrap(), Vec::<String>::new());

    // As if the process had died; the part may be on its way yet.
    std::mem::forget(begun(&runtime).await);
    let left = notes(&runtime).await.remove(0);
    let key: ObjectKey = left.object_key.parse().unwrap();
    while server.unfinished().unwrap().len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    runtime.storage.abort_upload(&key, &left.upload_id).await.unwrap();
    assert_eq!(server.unfinished().unwrap(), Vec::<String>::new());
    // The note of a completed one may have stayed: its object is no less there.
    let key: ObjectKey = completed.object_key.parse().unwrap();
    runtime.storage.abort_upload(&key, &completed.upload_id).await.unwrap();
    assert_eq!(runtime.storage.head(&key).await.unwrap(), 9 << 20);
}

#[tokio::test]
async fn nothing_is_uploaded_by_parts_that_cannot_be_noted() {
    let (runtime, server) = noting().await;
    runtime.database.write().execute_unprepared("DROP TABLE part_upload").await.unwrap();
    let mut writer = runtime.storage.writer(&upload()).await.unwrap();
    let error = writer.write(vec![7; 9 << 20].into()).await.unwrap_err();
    assert!(error.to_string().contains("note the parts"), "{error}");
    assert_eq!(server.unfinished().unwrap(), Vec::<String>::new());
}
