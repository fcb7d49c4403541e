//! Copies of buckets' objects in local folders: fetched when wanted, at most so many bytes, the least recently
//! used removed first. A copy is never trusted: its size is compared each time, its SHA-256 once a process.
//!
//! Copies outlive the process. Two processes may share a folder; each keeps to its own bound then.

mod ledger;

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, SystemTime},
};

pub(super) use ledger::Pin;
use ledger::{Copied, Ledger};
use uuid::Uuid;

use super::{
    Expected, LocalFile, ObjectKey, StorageError, StorageErrorKind, blocking, folder,
    local_file::{Verified, damaged},
    place::Place,
    read,
};

/// Where copies lie in a folder: apart from what the folder holds itself.
const FOLDER: &str = "cache";
/// A copy that is being fetched is called like this at its end.
const UNFINISHED: &str = ".part";
/// An unfinished copy that nobody wrote to for this long belongs to a process that died.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Copies of objects.
#[derive(Debug)]
pub(super) struct Cache {
    ledger: Arc<Ledger>,
    verified: Arc<Verified>,
    /// Who fetches an object; others wait and find the copy.
    turns: Mutex<HashMap<ObjectKey, Weak<tokio::sync::Mutex<()>>>>,
}

impl Cache {
    /// Takes in what earlier processes left in the folders of the places that lie in buckets, and removes what is
    /// above `most` bytes.
    pub(super) fn open(
        places: [&Place; 2],
        most: u64,
        verified: Arc<Verified>,
    ) -> Result<Self, StorageError> {
        let mut copies = Vec::new();
        for place in places.into_iter().filter(|place| place.bucket.is_some()) {
            let root = place.folder.join(FOLDER);
            folder::make_private(&root)
                .and_then(|()| take_in(&root, &root, &mut copies))
                .map_err(|source| StorageError::new("look at the copies in", root.display(), source))?;
        }
        Ok(Self { ledger: Arc::new(Ledger::new(most, copies)), verified, turns: Mutex::default() })
    }

    /// The object as an open copy; fetched when there is none, or only a damaged one.
    pub(super) async fn open_copy(
        &self,
        place: &Arc<Place>,
        key: &ObjectKey,
        expected: Option<&Expected>,
    ) -> Result<LocalFile, StorageError> {
        let turn = self.turn(key);
        let _turn = turn.lock().await;
        let path = path_of(place, key);
        match self.verified.open(key, path.clone(), expected).await {
            Ok(file) => return Ok(self.pinned(key, file)),
            Err(error) if error.kind == StorageErrorKind::Missing => {}
            Err(error) => tracing::warn!(%error, "a damaged copy is fetched again"),
        }
        self.remove(place, key).await?;
        match self.fetch(place, key, &path, expected).await {
            Err(error) if error.kind == StorageErrorKind::Full => {
                // Others fill the disk too: copies that nobody reads give way.
                let ledger = self.ledger.clone();
                let made = blocking(move || {
                    ledger.make_room(u64::MAX);
                    Ok(())
                })
                .await;
                made.map_err(|source| StorageError::new("make room for", key, source))?;
                self.fetch(place, key, &path, expected).await?;
            }
            fetched => fetched?,
        }
        let file = self.verified.open(key, path, expected).await?;
        Ok(self.pinned(key, file))
    }

    /// The copy, if there is one as expected.
    pub(super) async fn find(
        &self,
        place: &Place,
        key: &ObjectKey,
        expected: &Expected,
    ) -> Option<LocalFile> {
        let found = self.verified.open(key, path_of(place, key), Some(expected)).await;
        found.ok().map(|file| self.pinned(key, file))
    }

    /// Removes the copy, if there is one.
    pub(super) async fn remove(&self, place: &Place, key: &ObjectKey) -> Result<(), StorageError> {
        let (path, ledger, name) = (path_of(place, key), self.ledger.clone(), key.clone());
        let removed = blocking(move || {
            ledger.forget(&name);
            remove_file(&path)
        });
        removed.await.map_err(|source| StorageError::new("remove the copy of", key, source))
    }

    /// Bytes of all copies.
    pub(super) fn bytes(&self) -> u64 {
        self.ledger.bytes()
    }

    fn pinned(&self, key: &ObjectKey, mut file: LocalFile) -> LocalFile {
        let bytes = file.size().unwrap_or_default();
        let copied = Copied { key: key.clone(), path: file.path.clone(), bytes };
        file.pin = Some(self.ledger.pin(copied));
        file
    }

    async fn fetch(
        &self,
        place: &Arc<Place>,
        key: &ObjectKey,
        path: &Path,
        expected: Option<&Expected>,
    ) -> Result<(), StorageError> {
        let bytes = match expected {
            Some(expected) => expected.bytes,
            None => place.head(key).await?,
        };
        let refused = |source: io::Error| StorageError::new("copy", key, source);
        let unfinished = Unfinished(path.with_extension(format!("{}{UNFINISHED}", Uuid::new_v4())));
        let (ledger, parent) = (self.ledger.clone(), path.parent().map(Path::to_owned));
        let made = blocking(move || {
            ledger.make_room(bytes);
            parent.as_deref().map_or(Ok(()), folder::make_private)
        });
        made.await.map_err(refused)?;
        let (fetched, sha256) = read::fetch(place, key, &unfinished.0).await?;
        if let Some(expected) = expected
            && (fetched != expected.bytes || sha256 != expected.sha256)
        {
            let what = format!("{fetched} bytes with SHA-256 {sha256}, not {expected:?}");
            return Err(damaged(key, what));
        }
        tokio::fs::rename(&unfinished.0, path).await.map_err(refused)?;
        self.verified.vouch(key, path, &sha256).await.map_err(refused)
    }

    fn turn(&self, key: &ObjectKey) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| turn.strong_count() > 0);
        if let Some(turn) = turns.get(key).and_then(Weak::upgrade) {
            return turn;
        }
        let turn = Arc::default();
        turns.insert(key.clone(), Arc::downgrade(&turn));
        turn
    }
}

/// A copy on its way; what is left of it goes with this.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn path_of(place: &Place, key: &ObjectKey) -> PathBuf {
    place.folder.join(FOLDER).join(key.to_string())
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Collects the copies under `folder` with the times of their last use.
fn take_in(root: &Path, folder: &Path, copies: &mut Vec<(SystemTime, Copied)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let found = fs::symlink_metadata(&path)?;
        if found.is_dir() {
            take_in(root, &path, copies)?;
            continue;
        }
        let modified = found.modified()?;
        let name = path.strip_prefix(root).ok().and_then(Path::to_str);
        if let Some(key) = name.and_then(|name| name.parse().ok()) {
            let used = found.accessed().map_or(modified, |accessed| accessed.max(modified));
            copies.push((used, Copied { key, path, bytes: found.len() }));
        } else if name.is_some_and(|name| name.ends_with(UNFINISHED))
            && modified.elapsed().is_ok_and(|silent| silent > ABANDONED)
        {
            remove_file(&path)?;
        }
    }
    Ok(())
}
