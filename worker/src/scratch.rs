//! Scratch folders: one a worker, locked while it lives; in it a room for every execution.
//!
//! The lock tells the living from the dead on one host: whoever can take another worker's lock knows that
//! it is gone, may give its jobs back at once and remove what it left. The kernel drops a lock with its
//! process, however that ends.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use platform::storage::folder::network_file_system;
use uuid::Uuid;

const LOCK: &str = "lock";
const PREFIX: &str = "worker-";

/// The scratch folder of this worker.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: PathBuf,
    lock: File,
}

impl Scratch {
    /// Makes and locks `root/worker_id`.
    pub(crate) fn open(root: &Path, worker_id: &str) -> io::Result<Self> {
        let folder = root.join(worker_id);
        loop {
            fs::create_dir_all(&folder)?;
            match Self::try_lock(folder.clone())? {
                Some(scratch) => return Ok(scratch),
                // Somebody swept the folder in the moment between its making and its locking.
                None => continue,
            }
        }
    }

    /// Takes the lock of a folder; none when it is held, or went away together with its folder.
    fn try_lock(folder: PathBuf) -> io::Result<Option<Self>> {
        let path = folder.join(LOCK);
        let lock = match File::options().create(true).truncate(false).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let same = fs::metadata(&path)
            .is_ok_and(|there| lock.metadata().is_ok_and(|ours| ours.ino() == there.ino()));
        Ok(same.then_some(Self { folder, lock }))
    }

    /// A new empty room for one execution.
    pub(crate) fn room(&self) -> io::Result<Room> {
        let folder = self.folder.join(Uuid::new_v4().simple().to_string());
        fs::create_dir(&folder)?;
        Ok(Room { folder })
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The id of the worker it belongs, or belonged, to.
    pub(crate) fn worker_id(&self) -> &str {
        self.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// Removes the folder and all in it; the lock goes last.
    pub(crate) fn remove(self) -> io::Result<()> {
        fs::remove_dir_all(&self.folder)?;
        drop(self.lock);
        Ok(())
    }
}

/// The scratch folders of workers that are gone, locked by us.
pub(crate) fn abandoned(root: &Path) -> io::Result<Vec<Scratch>> {
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    // A network file system's locks may not hold between hosts: there, only this host's workers are judged.
    let prefix = match network_file_system(root)? {
        Some(_) => format!("{PREFIX}{}-", host()),
        None => PREFIX.to_owned(),
    };
    let is_judged = |name: &str| name.starts_with(&prefix) && is_worker_id(name);
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        // Only what looks like ours is touched.
        if path.is_dir() && path.file_name().and_then(|name| name.to_str()).is_some_and(is_judged) {
            found.extend(Scratch::try_lock(path)?);
        }
    }
    Ok(found)
}

/// A worker's id: host, process and 64 random bits; new for every start of a process.
pub(crate) fn new_worker_id() -> String {
    let (_, random) = Uuid::new_v4().as_u64_pair();
    format!("{PREFIX}{}-{}-{random:016x}", host(), std::process::id())
}

fn host() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    host.trim().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect()
}

fn is_worker_id(name: &str) -> bool {
    let random = name.rsplit('-').next().unwrap_or_default();
    name.starts_with(PREFIX) && random.len() == 16 && random.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An execution's own folder; gone when dropped.
#[derive(Debug)]
pub(crate) struct Room {
    folder: PathBuf,
}

impl Room {
    /// The path of a file or folder in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, "a scratch folder stays behind until the next start");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_living_are_left_alone_and_the_dead_are_found() {
        let root = tempfile::tempdir().unwrap();
        let (alive, dead) = (new_worker_id(), new_worker_id());
        let living = Scratch::open(root.path(), &alive).unwrap();
        let room = living.room().unwrap();
        drop(Scratch::open(root.path(), &dead).unwrap());
        fs::create_dir(root.path().join("somebody-elses")).unwrap();

        let found = abandoned(root.path()).unwrap();
        assert_eq!(found.iter().map(Scratch::worker_id).collect::<Vec<_>>(), [&dead]);
        for scratch in found {
            scratch.remove().unwrap();
        }
        assert!(room.path("").is_dir() && root.path().join("somebody-elses").is_dir());
        assert!(abandoned(root.path()).unwrap().is_empty());
        drop(room);
        living.remove().unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_without_a_root_holds_nothing() {
        let root = tempfile::tempdir().unwrap();
        assert!(abandoned(&root.path().join("none")).unwrap().is_empty());
    }
}
