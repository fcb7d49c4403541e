//! Reading objects and files as streams of parts.

use std::{
    io::{self, SeekFrom},
    ops::Range,
    path::Path,
};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream::BoxStream};
use object_store::{GetOptions, GetResultPayload, ObjectStore};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
};

use super::{ObjectKey, Storage, StorageError};

/// Size of a part. The store's own default of 8 KiB costs a thread switch each.
const PART_BYTES: u64 = 256 << 10;

/// The file at `path`, which is about to become `key`.
pub(super) async fn file(
    path: &Path,
    key: &ObjectKey,
) -> Result<BoxStream<'static, Result<Bytes, StorageError>>, StorageError> {
    let refused = |source: io::Error| StorageError::new("read the file for", key, source);
    let file = File::open(path).await.map_err(refused)?;
    let bytes = file.metadata().await.map_err(refused)?.len();
    Ok(parts(file, bytes, key.clone()).boxed())
}

/// The object's bytes in `range`.
pub(super) async fn object(
    storage: &Storage,
    key: &ObjectKey,
    range: Range<u64>,
) -> Result<BoxStream<'static, Result<Bytes, StorageError>>, StorageError> {
    let found = storage
        .store(key)
        .get_opts(&storage.path(key)?, GetOptions::default())
        .await
        .map_err(|source| StorageError::new("read", key, source))?;
    if range.end > found.meta.size || range.start > range.end {
        let what = format!("bytes {}..{} asked of {}", range.start, range.end, found.meta.size);
        return Err(StorageError::corrupt("read", key, what));
    }
    match found.payload {
        GetResultPayload::File(file, _) => {
            let mut file = File::from_std(file);
            let sought = file.seek(SeekFrom::Start(range.start)).await;
            sought.map_err(|source| StorageError::new("read", key, source))?;
            Ok(parts(file, range.end - range.start, key.clone()).boxed())
        }
        GetResultPayload::Stream(_) => Err(StorageError::new("read", key, "a folder answered with a stream")),
    }
}

/// The next `bytes` bytes of `file`. Counted: a file that is truncated meanwhile must end with an error, and
/// not as if it were whole.
fn parts(file: File, bytes: u64, key: ObjectKey) -> impl Stream<Item = Result<Bytes, StorageError>> + Send {
    futures::stream::try_unfold((file, bytes, key), |(mut file, left, key)| async move {
        if left == 0 {
            return Ok(None);
        }
        let size = left.min(PART_BYTES);
        let mut part = BytesMut::with_capacity(usize::try_from(size).unwrap_or_default());
        let mut source = (&mut file).take(size);
        while (part.len() as u64) < size {
            match source.read_buf(&mut part).await {
                Ok(0) => {
                    let missing = left - part.len() as u64;
                    return Err(StorageError::corrupt("read", &key, format!("ends {missing} bytes early")));
                }
                Ok(_) => {}
                Err(error) => return Err(StorageError::new("read", &key, error)),
            }
        }
        Ok(Some((part.freeze(), (file, left - size, key))))
    })
}

/// Copies the object to the new file `path`.
pub(super) async fn fetch(storage: &Storage, key: &ObjectKey, path: &Path) -> Result<u64, StorageError> {
    let bytes = storage.head(key).await?;
    let refused = |source: io::Error| StorageError::new("fetch", key, source);
    let mut parts = object(storage, key, 0..bytes).await?;
    let mut file = File::create_new(path).await.map_err(refused)?;
    while let Some(part) = parts.next().await {
        file.write_all(&part?).await.map_err(refused)?;
    }
    file.flush().await.map_err(refused)?;
    Ok(bytes)
}
