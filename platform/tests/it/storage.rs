//! Objects on a real folder and in a real bucket.

mod both;
mod bucket;
mod copies;
mod faults;
mod service;

use std::{fs, io::Read, os::unix::fs::PermissionsExt, path::Path};

use bytes::Bytes;
use entity::id::{ConversionId, RunId, UploadId};
use futures::{StreamExt, TryStreamExt};
use platform::{
    config::{Config, storage::StorageConfig},
    storage::{Area, Expected, Found, KeyPrefix, ObjectKey, Storage, StorageErrorKind},
    testing::servers::S3Server,
};
use tempfile::TempDir;

struct Place {
    folder: TempDir,
    storage: Storage,
    /// Of a place in a bucket.
    server: Option<S3Server>,
}

fn config(folder: &Path) -> StorageConfig {
    config_with(folder, &[])
}

fn config_with(folder: &Path, more: &[(&str, String)]) -> StorageConfig {
    let inside = |name: &str| folder.join(name).display().to_string();
    let mut variables = vec![("UPLOAD_FOLDER", inside("up")), ("DATA_FOLDER", inside("out"))];
    variables.extend(more.iter().cloned());
    let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value));
    Config::from_variables(variables).unwrap().storage
}

fn place() -> Place {
    let folder = TempDir::new().unwrap();
    let storage = Storage::open(&config(folder.path())).unwrap();
    Place { folder, storage, server: None }
}

fn in_bucket() -> Place {
    in_bucket_with(&[])
}

fn in_bucket_with(more: &[(&'static str, &str)]) -> Place {
    let (folder, server) = (TempDir::new().unwrap(), S3Server::start().unwrap());
    let mut variables = server.variables();
    variables.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let storage = Storage::open(&config_with(folder.path(), &variables)).unwrap();
    Place { folder, storage, server: Some(server) }
}

fn upload() -> ObjectKey {
    ObjectKey::Upload(UploadId::new())
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

async fn content(storage: &Storage, key: &ObjectKey, range: std::ops::Range<u64>) -> Vec<u8> {
    storage.read(key, range).await.unwrap().try_collect::<Vec<_>>().await.unwrap().concat()
}

#[tokio::test]
async fn an_aborted_object_leaves_nothing() {
    let Place { storage, folder, .. } = place();
    let mut writer = storage.writer(&upload()).await.unwrap();
    writer.write(Bytes::from_static(&[7; 2_000_000])).await.unwrap();
    writer.abort().await.unwrap();
    assert_eq!(files(&folder.path().join("up/uploads")), Vec::<String>::new());
}

#[tokio::test]
async fn what_a_killed_writer_left_goes_with_the_object() {
    let Place { storage, folder, .. } = place();
    let key = upload();
    let left = folder.path().join("up").join(format!("{key}#1"));
    fs::write(&left, "x").unwrap();
    assert_eq!(storage.list(KeyPrefix::Uploads).count().await, 0);
    storage.delete(&key).await.unwrap();
    assert!(!left.exists());
}

#[tokio::test]
async fn a_truncated_object_ends_with_an_error() {
    let Place { storage, .. } = place();
    let key = upload();
    storage.put(&key, Bytes::from_static(&[1; 1000])).await.unwrap();
    let stream = storage.read(&key, 0..1000).await.unwrap();
    fs::write(storage.local_path(&key).unwrap(), [1; 10]).unwrap();
    let error = stream.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Corrupt);
}

#[tokio::test]
async fn only_our_names_are_listed_and_removed() {
    let Place { storage, folder, .. } = place();
    let (run, conversion, other) = (RunId::new(), ConversionId::new(), ConversionId::new());
    for conversion in [conversion, other] {
        for name in ["manifest.json", "a.parquet"] {
            let key = ObjectKey::Conversion { run, conversion, file: name.parse().unwrap() };
            storage.put(&key, Bytes::from_static(b"x")).await.unwrap();
        }
    }
    let prefix = KeyPrefix::Conversion { run, conversion };
    let inside = folder.path().join("out").join(prefix.to_string());
    fs::write(inside.join("b.parquet#3"), "x").unwrap();
    fs::write(inside.join("not ours.txt"), "x").unwrap();
    fs::write(folder.path().join("out/17.csv"), "x").unwrap();
    assert_eq!(storage.list(KeyPrefix::Runs).count().await, 4);
    assert_eq!(storage.list(prefix).count().await, 2);
    assert_eq!(storage.delete_prefix(prefix).await.unwrap(), 2);
    assert_eq!(files(&inside), ["not ours.txt"]);
    assert_eq!(storage.list(KeyPrefix::Runs).count().await, 2, "the other conversion stays");
    assert_eq!(storage.delete_prefix(KeyPrefix::Conversion { run, conversion: other }).await.unwrap(), 2);
    assert!(
        !folder
            .path()
            .join("out")
            .join(KeyPrefix::Conversion { run, conversion: other }.to_string())
            .exists()
    );
    assert!(folder.path().join("out/17.csv").exists());
}

#[tokio::test]
async fn folders_are_private() {
    let Place { folder, .. } = place();
    for name in ["up", "up/uploads", "up/dbcs", "out", "out/runs"] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{name}");
    }
}

#[tokio::test]
async fn a_symbolic_link_in_the_place_of_a_folder_is_refused() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("up")).unwrap();
    std::os::unix::fs::symlink("/tmp", folder.path().join("up/uploads")).unwrap();
    assert!(Storage::open(&config(folder.path())).is_err());
}

#[tokio::test]
async fn errors_say_what_to_make_of_them() {
    let Place { storage, folder, .. } = place();
    fs::remove_dir(folder.path().join("up/uploads")).unwrap();
    fs::write(folder.path().join("up/uploads"), "a file").unwrap();
    let error = storage.put(&upload(), Bytes::new()).await.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Unavailable);
    assert!(storage.free_upload_bytes().await.unwrap() > 0);
}

#[tokio::test]
async fn a_local_file_is_proved_and_stays_readable() {
    let Place { storage, .. } = place();
    let key = upload();
    storage.put(&key, Bytes::from_static(b"hello world")).await.unwrap();
    // sha256sum of "hello world" (coreutils 9.1)
    let sha256 = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9".to_owned();
    let expected = Expected { bytes: 11, sha256 };
    let mut file = storage.local_file(&key, Some(&expected)).await.unwrap();
    storage.local_file(&key, Some(&expected)).await.unwrap();
    fs::write(file.path(), "hello_world").unwrap();
    for (wrong, bytes) in [("a bit", 11), ("the size", 12)] {
        let expected = Expected { bytes, ..expected.clone() };
        let error = storage.local_file(&key, Some(&expected)).await.unwrap_err();
        assert_eq!(error.kind, StorageErrorKind::Corrupt, "{wrong}");
    }
    storage.delete(&key).await.unwrap();
    assert_eq!(storage.local_file(&key, None).await.unwrap_err().kind, StorageErrorKind::Missing);
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello_world");
}

#[tokio::test]
async fn a_folder_has_one_id_for_all_who_see_it() {
    let Place { storage, folder, .. } = place();
    let again = Storage::open(&config(folder.path())).unwrap();
    let (first, second) = tokio::join!(storage.store_id(Area::Uploads), again.store_id(Area::Uploads));
    assert_eq!(first.unwrap().unwrap(), second.unwrap().unwrap());
    assert_ne!(storage.store_id(Area::Data).await.unwrap(), storage.store_id(Area::Uploads).await.unwrap());
    fs::write(folder.path().join("up/.dataviewer-store-id"), "x").unwrap();
    assert!(storage.store_id(Area::Uploads).await.is_err());
    assert_eq!(files(&folder.path().join("up")), [".dataviewer-store-id", "dbcs", "uploads"]);
}

#[tokio::test]
async fn a_survey_sees_what_a_listing_leaves_out() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt, os::unix::fs::symlink};
    let Place { storage, folder, .. } = place();
    let (key, run, conversion) = (upload(), RunId::new(), ConversionId::new());
    storage.put(&key, "some".into()).await.unwrap();
    let made = ObjectKey::Conversion { run, conversion, file: "a.parquet".parse().unwrap() };
    storage.put(&made, "rows".into()).await.unwrap();
    let uploads = folder.path().join("up/uploads");
    fs::write(folder.path().join("up").join(format!("{key}#1")), "half").unwrap();
    fs::write(uploads.join("3.csv"), "an old log").unwrap();
    fs::write(uploads.join(OsStr::from_bytes(b"\xff")), "no text").unwrap();
    symlink("/etc/passwd", uploads.join("link")).unwrap();
    fs::create_dir(uploads.join("deeper")).unwrap();
    fs::write(folder.path().join("out/runs").join("notes.txt"), "mine").unwrap();

    let survey = async |prefix| storage.survey(prefix).try_collect::<Vec<_>>().await.unwrap();
    let (mut objects, mut staging, mut foreign) = (Vec::new(), Vec::new(), Vec::new());
    for found in survey(KeyPrefix::Uploads).await.into_iter().chain(survey(KeyPrefix::Runs).await) {
        match found {
            Found::Object(listed) => objects.push((listed.key, listed.bytes)),
            Found::Staging { key, path } => staging.push((key, path)),
            Found::Foreign(name) => foreign.push(name),
        }
    }
    assert_eq!(objects, [(key.clone(), 4), (made, 4)]);
    assert_eq!(foreign.len(), 5, "{foreign:?}");
    let (of, path) = staging.remove(0);
    assert_eq!((of, staging.len()), (key.clone(), 0));
    storage.remove_staging(&key, path.clone()).await.unwrap();
    storage.remove_staging(&key, path).await.unwrap();
    assert_eq!(storage.head(&key).await.unwrap(), 4, "the object itself stays");
    let left = survey(KeyPrefix::Uploads).await;
    assert!(!left.iter().any(|found| matches!(found, Found::Staging { .. })), "{left:?}");
}

#[tokio::test]
async fn only_names_of_ours_are_deleted_by_name() {
    let Place { storage, .. } = place();
    let (key, other) = (upload(), upload());
    for key in [&key, &other] {
        storage.put(key, "some".into()).await.unwrap();
    }
    for name in ["uploads", "runs", "dbcs", "../up", "uploads/../x", ""] {
        storage.delete_named(name).await.unwrap();
    }
    storage.delete_named(&key.to_string()).await.unwrap();
    assert_eq!(storage.head(&key).await.unwrap_err().kind, StorageErrorKind::Missing);
    assert_eq!(storage.head(&other).await.unwrap(), 4);
}
