//! What only buckets have.

use std::{fs, time::Duration};

use bytes::Bytes;
use platform::{
    storage::{Area, Storage, StorageErrorKind},
    testing::servers::S3_SECRET,
};

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
