//! What really lies where objects are stored: a check must see what a listing leaves out.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use futures::{
    Stream, StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::mpsc;

use super::{KeyPrefix, Listed, ObjectKey, Storage, StorageError, blocking, folder::staged_name};

/// Something found where objects are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An object.
    Object(Listed),
    /// What a writer that is under way, or was killed, left of an object.
    Staging {
        /// The object it was to become.
        key: ObjectKey,
        /// The file.
        path: PathBuf,
    },
    /// A name that is none of ours.
    Foreign(String),
}

/// Names on their way from the disk.
const AHEAD: usize = 256;

impl Storage {
    /// Everything under `prefix`, in no order: in a folder also staging files and names that are none of ours.
    /// Symbolic links are none of ours, and are not followed.
    pub fn survey(&self, prefix: KeyPrefix) -> BoxStream<'static, Result<Found, StorageError>> {
        let place = self.area(prefix.into());
        if place.bucket.is_some() {
            let listed = place.list(prefix);
            return listed.map_ok(|(key, bytes)| Found::Object(Listed { key, bytes })).boxed();
        }
        walk(place.folder.clone(), prefix).boxed()
    }

    /// Removes a staging file that [`Storage::survey`] found. One that is gone is fine.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn remove_staging(&self, key: &ObjectKey, path: PathBuf) -> Result<(), StorageError> {
        let removed = blocking(move || match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        });
        removed.await.map_err(|source| StorageError::new("remove what is left of", key, source))
    }
}

fn walk(root: PathBuf, prefix: KeyPrefix) -> impl Stream<Item = Result<Found, StorageError>> + Send {
    let (found, rest) = mpsc::channel(AHEAD);
    let name = prefix.to_string();
    let walk = async move {
        let told = found.clone();
        let walked = blocking(move || Walk { root: &root, found: &told }.folder(&name, depth(prefix))).await;
        if let Err(source) = walked {
            let _ = found.send(Err(StorageError::new("walk", prefix, source))).await;
        }
    };
    // The walk and its reader go on together, and end together.
    let names = stream::unfold(rest, |mut rest| async { Some((rest.recv().await?, rest)) });
    stream::select(names.map(Some), stream::once(walk).map(|()| None)).filter_map(async |found| found)
}

/// Folders between the prefix and its objects.
fn depth(prefix: KeyPrefix) -> usize {
    match prefix {
        KeyPrefix::Runs => 2,
        KeyPrefix::Uploads | KeyPrefix::Dbcs | KeyPrefix::Conversion { .. } => 0,
    }
}

struct Walk<'a> {
    root: &'a Path,
    found: &'a mpsc::Sender<Result<Found, StorageError>>,
}

impl Walk<'_> {
    /// Tells everything in the folder `name`, and in folders `deeper` levels below it.
    fn folder(&self, name: &str, deeper: usize) -> io::Result<()> {
        let entries = match fs::read_dir(self.root.join(name)) {
            Ok(entries) => entries,
            // Collected meanwhile, or never made.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let Ok(own) = entry.file_name().into_string() else {
                self.tell(Found::Foreign(entry.path().display().to_string()))?;
                continue;
            };
            let below = format!("{name}/{own}");
            match entry.file_type()? {
                kind if kind.is_dir() && deeper > 0 => self.folder(&below, deeper - 1)?,
                kind if kind.is_file() => match self.file(&entry, below) {
                    // Gone between the two looks.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    told => told?,
                },
                _ => self.tell(Found::Foreign(below))?,
            }
        }
        Ok(())
    }

    fn file(&self, entry: &fs::DirEntry, name: String) -> io::Result<()> {
        if let Ok(key) = name.parse() {
            return self.tell(Found::Object(Listed { key, bytes: entry.metadata()?.len() }));
        }
        match staged_name(&name).and_then(|target| target.parse().ok()) {
            Some(key) => self.tell(Found::Staging { key, path: entry.path() }),
            None => self.tell(Found::Foreign(name)),
        }
    }

    /// Ends the walk when nobody listens any more.
    fn tell(&self, found: Found) -> io::Result<()> {
        self.found.blocking_send(Ok(found)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
