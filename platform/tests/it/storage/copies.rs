//! Copies of a bucket's objects.

use std::{
    fs,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use platform::storage::{Expected, ObjectKey, RangedFile, Storage, StorageErrorKind};

use super::{
    Place,
    both::{bytes, expected},
    config_with, in_bucket, in_bucket_with, upload,
};

fn copy_of(folder: &Path, key: &ObjectKey) -> PathBuf {
    folder.join("up/cache").join(key.to_string())
}

async fn stored(storage: &Storage, count: u32) -> ObjectKey {
    let key = upload();
    storage.put(&key, bytes(count).into()).await.unwrap();
    key
}

#[tokio::test]
async fn copies_stay_below_their_bound_and_the_least_used_goes_first() {
    let Place { storage, folder, server } = in_bucket_with(&[("DATAVIEWER_CACHE_BYTES", "2500")]);
    let keys = [stored(&storage, 1000).await, stored(&storage, 1000).await, stored(&storage, 1000).await];
    let exists = || keys.each_ref().map(|key| copy_of(folder.path(), key).exists());
    assert_eq!(exists(), [false; 3], "what is written goes to the bucket only");
    for key in [&keys[0], &keys[1], &keys[0]] {
        storage.local_file(key, None).await.unwrap();
    }
    assert_eq!(storage.cached_bytes(), 2000);
    storage.local_file(&keys[2], None).await.unwrap();
    assert_eq!(exists(), [true, false, true]);
    assert_eq!(storage.cached_bytes(), 2000);
    drop(server);
}

#[tokio::test]
async fn a_copy_in_use_stays_and_one_too_large_goes_after_use() {
    let Place { storage, folder, server } = in_bucket_with(&[("DATAVIEWER_CACHE_BYTES", "2500")]);
    let (held, large) = (stored(&storage, 1000).await, stored(&storage, 4000).await);
    let mut first = storage.local_file(&held, None).await.unwrap();
    let second = storage.local_file(&large, None).await.unwrap();
    assert_eq!(storage.cached_bytes(), 5000);
    assert!(copy_of(folder.path(), &held).exists());
    drop(second);
    assert_eq!(storage.cached_bytes(), 1000);
    assert!(!copy_of(folder.path(), &large).exists());
    let mut read = Vec::new();
    first.read_to_end(&mut read).unwrap();
    assert_eq!(read, bytes(1000));
    drop(server);
}

#[tokio::test]
async fn copies_outlive_the_process_and_damaged_ones_are_fetched_again() {
    let Place { storage, folder, server } = in_bucket();
    let server = server.unwrap();
    let (whole, damaged) = (stored(&storage, 3000).await, stored(&storage, 3000).await);
    for key in [&whole, &damaged] {
        storage.local_file(key, Some(&expected(&bytes(3000)))).await.unwrap();
    }
    fs::write(copy_of(folder.path(), &damaged), vec![0; 3000]).unwrap();
    fs::write(folder.path().join("up/cache/uploads/x.part"), "of a process that lives").unwrap();
    let again = Storage::open(&config_with(folder.path(), &server.variables())).unwrap();
    assert_eq!(again.cached_bytes(), 6000);
    let expected = expected(&bytes(3000));
    fs::remove_file(server.bucket_folder().join(whole.to_string())).unwrap();
    again.local_file(&whole, Some(&expected)).await.unwrap();
    let mut file = again.local_file(&damaged, Some(&expected)).await.unwrap();
    let mut read = Vec::new();
    file.read_to_end(&mut read).unwrap();
    assert_eq!(read, bytes(3000));
    assert_eq!(again.cached_bytes(), 6000);
    assert!(folder.path().join("up/cache/uploads/x.part").exists());
}

#[tokio::test]
async fn an_object_that_is_not_what_was_stored_is_never_handed_out() {
    let Place { storage, server, folder } = in_bucket();
    let bucket = server.as_ref().unwrap().bucket_folder();
    let right = expected(&bytes(3000));
    let mut flipped = bytes(3000);
    flipped[1500] ^= 1;
    for wrong in [flipped, bytes(2999), Vec::new()] {
        let key = stored(&storage, 3000).await;
        fs::write(bucket.join(key.to_string()), wrong).unwrap();
        let error = storage.local_file(&key, Some(&right)).await.unwrap_err();
        assert_eq!(error.kind, StorageErrorKind::Corrupt, "{error}");
        assert!(!copy_of(folder.path(), &key).exists());
    }
    assert_eq!(super::files(&folder.path().join("up/cache/uploads")), Vec::<String>::new());
}

#[tokio::test]
async fn many_who_want_one_object_fetch_it_once() {
    let Place { storage, server, .. } = in_bucket();
    let key = stored(&storage, 100_000).await;
    storage.faults().set(None);
    let expected = expected(&bytes(100_000));
    let readers = (0..20).map(|_| storage.local_file(&key, Some(&expected)));
    futures::future::try_join_all(readers).await.unwrap();
    assert_eq!(storage.faults().operations(), 2, "one look and one read");
    drop(server);
}

#[tokio::test]
async fn a_copy_goes_with_its_object() {
    let Place { storage, folder, server } = in_bucket();
    let key = stored(&storage, 10).await;
    storage.local_file(&key, None).await.unwrap();
    storage.delete(&key).await.unwrap();
    assert!(!copy_of(folder.path(), &key).exists());
    assert_eq!(storage.cached_bytes(), 0);
    storage.put(&key, Bytes::new()).await.unwrap();
    drop(server);
}

/// The bytes of a range, by one read: on a thread that may wait.
async fn ranged(
    mut file: RangedFile,
    from: SeekFrom,
    count: usize,
) -> (RangedFile, std::io::Result<Vec<u8>>) {
    let read = move || {
        let mut bytes = vec![0; count];
        let read = file.seek(from).and_then(|_| file.read_exact(&mut bytes));
        (file, read.map(|()| bytes))
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

#[tokio::test]
async fn ranges_of_what_lies_in_the_bucket_cost_a_request_each_and_no_copy() {
    let Place { storage, folder, server } = in_bucket();
    let key = stored(&storage, 400_000).await;
    let (all, expected) = (bytes(400_000), expected(&bytes(400_000)));
    let before = storage.faults().operations();
    let file = storage.ranged_file(&key, &expected).await.unwrap();
    assert_eq!(storage.faults().operations(), before, "opening asks nothing");
    let (file, tail) = ranged(file, SeekFrom::End(-65_536), 65_536).await;
    assert_eq!(tail.unwrap(), all[400_000 - 65_536..]);
    let (file, within) = ranged(file, SeekFrom::Start(399_000), 1_000).await;
    assert_eq!(within.unwrap(), all[399_000..], "it is known already");
    let (file, chunk) = ranged(file, SeekFrom::Start(1_000), 100_000).await;
    assert_eq!(chunk.unwrap(), all[1_000..101_000]);
    assert_eq!(storage.faults().operations(), before + 2);
    let (_, beyond) = ranged(file, SeekFrom::Start(399_999), 2).await;
    assert_eq!(beyond.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    assert_eq!((storage.cached_bytes(), copy_of(folder.path(), &key).exists()), (0, false));

    let file = storage.ranged_file(&key, &expected).await.unwrap();
    assert!(matches!(file, RangedFile::Remote(_)));
    ranged(file, SeekFrom::Start(0), 100_000).await.1.unwrap();
    let file = storage.ranged_file(&key, &expected).await.unwrap();
    assert!(matches!(file, RangedFile::Local(_)), "more than half was read: a copy is worth its while");
    assert_eq!(ranged(file, SeekFrom::Start(0), 400_000).await.1.unwrap(), all);
    assert_eq!(storage.cached_bytes(), 400_000);
    drop(server);
}

#[tokio::test]
async fn ranges_come_from_one_object_of_the_expected_size() {
    let Place { storage, server, .. } = in_bucket();
    let key = stored(&storage, 400_000).await;
    let right = expected(&bytes(400_000));
    let shorter = Expected { bytes: 300_000, ..right.clone() };
    let file = storage.ranged_file(&key, &shorter).await.unwrap();
    let error = ranged(file, SeekFrom::Start(0), 10).await.1.unwrap_err();
    assert!(error.to_string().contains("400000 bytes, not 300000"), "{error}");

    let file = storage.ranged_file(&key, &right).await.unwrap();
    let (file, begun) = ranged(file, SeekFrom::Start(0), 10).await;
    begun.unwrap();
    storage.put(&key, vec![7; 500_000].into()).await.unwrap();
    let (_, mixed) = ranged(file, SeekFrom::Start(100_000), 10).await;
    let error = mixed.expect_err("the two are never mixed").to_string();
    assert!(error.contains("damaged") || error.contains("recondition"), "{error}");
    drop(server);
}
