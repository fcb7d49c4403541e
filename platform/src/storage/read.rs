//! Reading objects and files as streams of parts.

use std::{
    io::{self, SeekFrom},
    ops::Range,
    path::Path,
    sync::Arc,
};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{GetOptions, GetResult, GetResultPayload};
use sha2::{Digest, Sha256};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
};

use super::{
    Expected, ObjectKey, StorageError,
    local_file::{damaged, hex},
    place::Place,
};

/// A file's part. The store's own default of 8 KiB costs a thread switch each.
const PART_BYTES: u64 = 256 << 10;
/// A bucket's part: one request each, so that a slow reader holds no request open.
const REQUEST_BYTES: u64 = 2 << 20;
/// Of them on their way at once, for one reader.
const REQUESTS: usize = 4;

/// Parts of an object, in order.
pub(super) type Parts = BoxStream<'static, Result<Bytes, StorageError>>;

/// The file at `path`, which is about to become `key`.
pub(super) async fn file(path: &Path, key: &ObjectKey) -> Result<Parts, StorageError> {
    let refused = |source: io::Error| StorageError::new("read the file for", key, source);
    let file = File::open(path).await.map_err(refused)?;
    let bytes = file.metadata().await.map_err(refused)?.len();
    Ok(parts(file, bytes, key.clone()).boxed())
}

/// The object's bytes in `range`. The first part is read at once: what is not there is known before the first
/// byte is passed on.
pub(super) async fn object(
    place: &Arc<Place>,
    key: &ObjectKey,
    range: Range<u64>,
) -> Result<Parts, StorageError> {
    if range.start >= range.end {
        let bytes = place.head(key).await?;
        return match range.start == range.end && range.end <= bytes {
            true => Ok(futures::stream::empty().boxed()),
            false => Err(outside(key, &range, bytes)),
        };
    }
    if place.bucket.is_none() {
        return from_folder(place, key, range).await;
    }
    let first = range.start..range.end.min(range.start + REQUEST_BYTES);
    let rest = requests(first.end..range.end);
    let first = request(place.clone(), key.clone(), first).await?;
    let (place, key) = (place.clone(), key.clone());
    let rest = futures::stream::iter(rest).map(move |range| request(place.clone(), key.clone(), range));
    Ok(futures::stream::once(async { Ok(first) }).chain(rest.buffered(REQUESTS)).boxed())
}

fn requests(range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let end = range.end;
    let starts = std::iter::successors(Some(range.start), |start| Some(start + REQUEST_BYTES));
    starts.take_while(move |start| *start < end).map(move |start| start..end.min(start + REQUEST_BYTES))
}

async fn from_folder(place: &Place, key: &ObjectKey, range: Range<u64>) -> Result<Parts, StorageError> {
    let options = GetOptions { range: Some(range.clone().into()), ..GetOptions::default() };
    let found = check(key, &range, place.get(key, options).await?)?;
    let bytes = range.end - range.start;
    let GetResultPayload::File(file, _) = found.payload else {
        let whole = place.timed("read", key, found.bytes()).await?;
        return counted(key, bytes, whole).map(|whole| futures::stream::iter([Ok(whole)]).boxed());
    };
    let mut file = File::from_std(file);
    let sought = file.seek(SeekFrom::Start(range.start)).await;
    sought.map_err(|source| StorageError::new("read", key, source))?;
    Ok(parts(file, bytes, key.clone()).boxed())
}

/// One request of a bucket, its body included.
async fn request(place: Arc<Place>, key: ObjectKey, range: Range<u64>) -> Result<Bytes, StorageError> {
    let options = GetOptions { range: Some(range.clone().into()), ..GetOptions::default() };
    self::range(&place, &key, range, options).await.map(|(bytes, _)| bytes)
}

/// What tells one object of a name from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// Its size.
    pub(super) bytes: u64,
    /// The store's own word for its content.
    pub(super) e_tag: Option<String>,
}

/// One request for a range, its body included, with these options.
pub(super) async fn range(
    place: &Place,
    key: &ObjectKey,
    range: Range<u64>,
    options: GetOptions,
) -> Result<(Bytes, Version), StorageError> {
    let found = check(key, &range, place.get(key, options).await?)?;
    let version = Version { bytes: found.meta.size, e_tag: found.meta.e_tag.clone() };
    let bytes = place.timed("read", key, found.bytes()).await?;
    Ok((counted(key, range.end - range.start, bytes)?, version))
}

/// Stores answer what they have of a range.
fn check(key: &ObjectKey, range: &Range<u64>, found: GetResult) -> Result<GetResult, StorageError> {
    if found.range == *range { Ok(found) } else { Err(outside(key, range, found.meta.size)) }
}

fn outside(key: &ObjectKey, range: &Range<u64>, bytes: u64) -> StorageError {
    StorageError::corrupt("read", key, format!("bytes {}..{} asked of {bytes}", range.start, range.end))
}

fn counted(key: &ObjectKey, expected: u64, bytes: Bytes) -> Result<Bytes, StorageError> {
    match bytes.len() as u64 {
        found if found == expected => Ok(bytes),
        found => {
            Err(StorageError::corrupt("read", key, format!("{found} bytes came of the {expected} asked for")))
        }
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

/// The whole object as it is expected: the last part is held back until the SHA-256 of all is right.
pub(super) async fn whole(
    place: &Arc<Place>,
    key: &ObjectKey,
    expected: &Expected,
) -> Result<Parts, StorageError> {
    let bytes = place.head(key).await?;
    if bytes != expected.bytes {
        return Err(damaged(key, format!("{bytes} bytes, not {}", expected.bytes)));
    }
    let parts = object(place, key, 0..bytes).await?;
    let (key, wanted) = (key.clone(), expected.sha256.clone());
    let begun = (parts, Sha256::new(), None::<Bytes>);
    let proved = futures::stream::try_unfold(Some(begun), move |state| {
        let (key, wanted) = (key.clone(), wanted.clone());
        async move {
            let Some((mut parts, mut hash, mut held)) = state else { return Ok(None) };
            while let Some(part) = parts.try_next().await? {
                hash.update(&part);
                if let Some(earlier) = held.replace(part) {
                    return Ok(Some((earlier, Some((parts, hash, held)))));
                }
            }
            match hex(hash) {
                sha256 if sha256 == wanted => Ok(held.map(|last| (last, None))),
                sha256 => Err(damaged(&key, format!("SHA-256 {sha256}, not {wanted}"))),
            }
        }
    });
    Ok(proved.boxed())
}

/// Copies the object to the new file `path`; its size, and its SHA-256.
pub(super) async fn fetch(
    place: &Arc<Place>,
    key: &ObjectKey,
    path: &Path,
) -> Result<(u64, String), StorageError> {
    let bytes = place.head(key).await?;
    let refused = |source: io::Error| StorageError::new("fetch", key, source);
    let mut parts = object(place, key, 0..bytes).await?;
    let mut file = File::create_new(path).await.map_err(refused)?;
    let mut hash = Sha256::new();
    while let Some(part) = parts.next().await {
        let part = part?;
        hash.update(&part);
        file.write_all(&part).await.map_err(refused)?;
    }
    file.flush().await.map_err(refused)?;
    Ok((bytes, hex(hash)))
}
