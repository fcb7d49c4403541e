//! A file of a conversion that is opened when it is first read, and not before.

use std::io::{self, Read, Seek, SeekFrom};

use platform::storage::{Expected, ObjectKey, RangedFile, Storage};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// Ends a reading: cancelled when nobody waits for its answer any more.
pub(crate) type Stop = CancellationToken;

/// A file of a conversion, of the size that its manifest says, and proved unless it is read from a bucket range by
/// range. What is kept in memory needs no file, so it is opened by the first read or seek: on a thread that may wait,
/// within a runtime.
#[derive(Debug)]
pub(crate) struct StoredFile {
    storage: Storage,
    key: ObjectKey,
    expected: Expected,
    stop: Stop,
    runtime: Handle,
    opened: Option<RangedFile>,
}

impl StoredFile {
    /// A file that is not opened yet; reading it fails once `stop` is cancelled.
    pub(super) fn new(storage: &Storage, (key, expected): (ObjectKey, Expected), stop: &Stop) -> Self {
        let (storage, stop) = (storage.clone(), stop.clone());
        Self { storage, key, expected, stop, runtime: Handle::current(), opened: None }
    }

    fn file(&mut self) -> io::Result<&mut RangedFile> {
        if self.stop.is_cancelled() {
            return Err(stopped());
        }
        if self.opened.is_none() {
            let opening = async {
                tokio::select! {
                    () = self.stop.cancelled() => Err(stopped()),
                    file = self.storage.ranged_file(&self.key, &self.expected) => file.map_err(io::Error::other),
                }
            };
            self.opened = Some(self.runtime.block_on(opening)?.until(&self.stop));
        }
        self.opened.as_mut().ok_or_else(stopped)
    }
}

fn stopped() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "nobody waits for it any more")
}

impl Read for StoredFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file()?.read(buffer)
    }
}

impl Seek for StoredFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file()?.seek(to)
    }

    /// Opens nothing: it is asked before what is kept in memory is used.
    fn stream_position(&mut self) -> io::Result<u64> {
        match &mut self.opened {
            _ if self.stop.is_cancelled() => Err(stopped()),
            Some(file) => file.stream_position(),
            None => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use entity::id::{ConversionId, RunId};
    use platform::testing::TestRuntime;

    use super::*;

    #[tokio::test]
    async fn nothing_is_read_for_somebody_who_is_gone() {
        let runtime = TestRuntime::start().await.unwrap();
        let file = "nothing.parquet".parse().unwrap();
        let key = ObjectKey::Conversion { run: RunId::new(), conversion: ConversionId::new(), file };
        let stop = Stop::new();
        let expected = Expected { bytes: 1, sha256: String::new() };
        let mut stored = StoredFile::new(&runtime.storage, (key, expected), &stop);
        assert_eq!(stored.stream_position().unwrap(), 0, "it is not there, and not looked for");
        stop.cancel();
        assert_eq!(stored.stream_position().unwrap_err().to_string(), stopped().to_string());
        assert_eq!(stored.read(&mut [0]).unwrap_err().to_string(), stopped().to_string());
    }
}
