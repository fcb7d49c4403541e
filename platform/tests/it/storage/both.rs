//! What holds wherever objects lie.

use std::{fs, io::Read};

use bytes::Bytes;
use entity::id::{ConversionId, DbcId, RunId};
use futures::{StreamExt, TryStreamExt};
use platform::storage::{Expected, KeyPrefix, ObjectKey, StorageErrorKind};
use sha2::{Digest, Sha256};

use super::{Place, content, files, in_bucket, place, upload};

/// Each of these for a folder and for a bucket.
macro_rules! both {
    ($($name:ident)*) => {
        mod in_a_folder {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::place()).await;
            })*
        }
        mod in_a_bucket {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::in_bucket()).await;
            })*
        }
    };
}

both! {
    an_object_is_written_in_parts_and_read_back
    an_object_of_whole_parts_is_whole
    an_empty_object_is_an_object
    an_aborted_or_dropped_object_leaves_nothing
    files_come_and_go
    a_range_outside_the_object_is_refused
    what_is_missing_is_missing
    objects_are_listed_and_removed_by_prefix
    a_local_file_is_proved
    a_whole_read_is_proved
    a_place_answers_while_it_is_there
}

pub(super) fn bytes(count: u32) -> Vec<u8> {
    (0..count).map(|number| (number % 251) as u8).collect()
}

pub(super) fn expected(bytes: &[u8]) -> Expected {
    let sha256 = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Expected { bytes: bytes.len() as u64, sha256 }
}

async fn an_object_is_written_in_parts_and_read_back(Place { storage, server, .. }: Place) {
    let (key, text) = (upload(), bytes(20_000_001));
    let mut writer = storage.writer(&key).await.unwrap();
    for part in text.chunks(700_000) {
        writer.write(Bytes::copy_from_slice(part)).await.unwrap();
    }
    assert_eq!(
        storage.head(&key).await.unwrap_err().kind,
        StorageErrorKind::Missing,
        "invisible until finished"
    );
    assert_eq!(writer.finish().await.unwrap(), 20_000_001);
    assert_eq!(storage.head(&key).await.unwrap(), 20_000_001);
    assert!(content(&storage, &key, 0..20_000_001).await == text);
    assert_eq!(content(&storage, &key, 2_097_151..2_097_154).await, text[2_097_151..2_097_154]);
    assert_eq!(content(&storage, &key, 20_000_000..20_000_001).await, text[20_000_000..]);
    assert_eq!(content(&storage, &key, 5..5).await, b"");
    drop(server);
}

async fn an_object_of_whole_parts_is_whole(Place { storage, server, .. }: Place) {
    let text = bytes(8 << 20);
    for count in [1 << 20, 8 << 20] {
        let key = upload();
        storage.put(&key, Bytes::copy_from_slice(&text[..count])).await.unwrap();
        assert!(content(&storage, &key, 0..count as u64).await == text[..count]);
    }
    drop(server);
}

async fn an_empty_object_is_an_object(Place { storage, server, .. }: Place) {
    let key = upload();
    assert_eq!(storage.writer(&key).await.unwrap().finish().await.unwrap(), 0);
    assert_eq!(storage.head(&key).await.unwrap(), 0);
    assert_eq!(content(&storage, &key, 0..0).await, b"");
    assert_eq!(storage.local_file(&key, Some(&expected(b""))).await.unwrap().size().unwrap(), 0);
    drop(server);
}

async fn an_aborted_or_dropped_object_leaves_nothing(Place { storage, folder, server }: Place) {
    let part = || Bytes::from(vec![7; 9 << 20]);
    let mut aborted = storage.writer(&upload()).await.unwrap();
    aborted.write(part()).await.unwrap();
    aborted.abort().await.unwrap();
    let mut dropped = storage.writer(&upload()).await.unwrap();
    dropped.write(part()).await.unwrap();
    drop(dropped);
    let left = || match &server {
        Some(server) => server.unfinished().unwrap(),
        None => files(&folder.path().join("up/uploads")),
    };
    // The writer's last work goes on behind it.
    let began = std::time::Instant::now();
    while !left().is_empty() && began.elapsed().as_secs() < 20 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(left(), Vec::<String>::new());
    assert_eq!(storage.list(KeyPrefix::Uploads).count().await, 0);
}

async fn files_come_and_go(Place { storage, folder, server }: Place) {
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::write(&from, vec![9; 600_000]).unwrap();
    let key = ObjectKey::Dbc(DbcId::new());
    assert_eq!(storage.put_file(&key, &from).await.unwrap(), 600_000);
    assert_eq!(storage.fetch_to(&key, &to).await.unwrap(), 600_000);
    assert_eq!(fs::read(&to).unwrap(), fs::read(&from).unwrap());
    assert_eq!(storage.local_path(&key).is_some(), server.is_none());
    assert!(storage.fetch_to(&key, &to).await.is_err(), "never over a file that is there");
}

async fn a_range_outside_the_object_is_refused(Place { storage, server, .. }: Place) {
    let key = upload();
    storage.put(&key, Bytes::from_static(b"abc")).await.unwrap();
    assert_eq!(storage.read(&key, 0..4).await.err().unwrap().kind, StorageErrorKind::Corrupt);
    assert_eq!(storage.read(&key, 4..4).await.err().unwrap().kind, StorageErrorKind::Corrupt);
    assert!(storage.read(&key, 3..5).await.is_err());
    drop(server);
}

async fn what_is_missing_is_missing(Place { storage, server, .. }: Place) {
    let key = upload();
    let missing = [
        storage.head(&key).await.err().unwrap(),
        storage.read(&key, 0..1).await.err().unwrap(),
        storage.read_whole(&key, &expected(b"x")).await.err().unwrap(),
        storage.local_file(&key, None).await.err().unwrap(),
    ];
    for error in missing {
        assert_eq!(error.kind, StorageErrorKind::Missing, "{error}");
    }
    storage.delete(&key).await.unwrap();
    drop(server);
}

async fn objects_are_listed_and_removed_by_prefix(Place { storage, server, .. }: Place) {
    let (run, conversion, other) = (RunId::new(), ConversionId::new(), ConversionId::new());
    for conversion in [conversion, other] {
        for n in 0..12 {
            let file = format!("a+b={n}.parquet").parse().unwrap();
            let key = ObjectKey::Conversion { run, conversion, file };
            storage.put(&key, Bytes::from(vec![1; n])).await.unwrap();
        }
    }
    let prefix = KeyPrefix::Conversion { run, conversion };
    assert_eq!(storage.list(KeyPrefix::Runs).count().await, 24);
    let mut listed: Vec<_> = storage.list(prefix).try_collect().await.unwrap();
    listed.sort_by_key(|object| object.bytes);
    assert_eq!(listed.iter().map(|object| object.bytes).collect::<Vec<_>>(), (0..12).collect::<Vec<_>>());
    assert_eq!(listed[11].key.to_string(), format!("{prefix}/a+b=11.parquet"));
    assert_eq!(storage.list(KeyPrefix::Uploads).count().await, 0);
    assert_eq!(storage.delete_prefix(prefix).await.unwrap(), 12);
    assert_eq!(storage.delete_prefix(prefix).await.unwrap(), 0);
    assert_eq!(storage.list(KeyPrefix::Runs).count().await, 12, "the other conversion stays");
    drop(server);
}

async fn a_local_file_is_proved(Place { storage, server, .. }: Place) {
    let (key, text) = (upload(), bytes(5_000_000));
    storage.put(&key, text.clone().into()).await.unwrap();
    let right = expected(&text);
    let mut file = storage.local_file(&key, Some(&right)).await.unwrap();
    let wrongs =
        [Expected { bytes: 1, ..right.clone() }, Expected { sha256: "0".repeat(64), ..right.clone() }];
    for wrong in wrongs {
        let error = storage.local_file(&key, Some(&wrong)).await.unwrap_err();
        assert_eq!(error.kind, StorageErrorKind::Corrupt, "{error}");
    }
    storage.delete(&key).await.unwrap();
    assert_eq!(storage.local_file(&key, Some(&right)).await.unwrap_err().kind, StorageErrorKind::Missing);
    let mut read = Vec::new();
    file.read_to_end(&mut read).unwrap();
    assert!(read == text, "what is open stays readable");
    drop(server);
}

async fn a_whole_read_is_proved(Place { storage, server, .. }: Place) {
    let (key, text) = (upload(), bytes(5_000_000));
    storage.put(&key, text.clone().into()).await.unwrap();
    let right = expected(&text);
    let parts: Vec<_> = storage.read_whole(&key, &right).await.unwrap().try_collect().await.unwrap();
    assert!(parts.concat() == text);
    let wrong = Expected { sha256: "0".repeat(64), ..right.clone() };
    let parts: Vec<_> = storage.read_whole(&key, &wrong).await.unwrap().collect().await;
    let (last, before) = parts.split_last().unwrap();
    assert_eq!(last.as_ref().unwrap_err().kind, StorageErrorKind::Corrupt);
    assert!(before.iter().flatten().map(Bytes::len).sum::<usize>() < text.len(), "never whole");
    let wrong = Expected { bytes: 1, ..right };
    assert_eq!(storage.read_whole(&key, &wrong).await.err().unwrap().kind, StorageErrorKind::Corrupt);
    drop(server);
}

async fn a_place_answers_while_it_is_there(Place { storage, folder, server }: Place) {
    storage.check().await.unwrap();
    match server {
        Some(mut server) => server.stop(),
        None => fs::remove_dir_all(folder.path().join("out")).unwrap(),
    }
    storage.check().await.unwrap_err();
}
