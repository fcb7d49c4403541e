//! Whether the disks have space for a conversion's files: on a full one every job would only fail.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;

/// What is known of the space on this worker's disks.
#[derive(Debug)]
pub(crate) struct Space {
    /// Where conversions work, and where their results go.
    folders: [PathBuf; 2],
    /// So many bytes must be free.
    wanted: u64,
    /// A write met a full disk since space was last found.
    was_full: AtomicBool,
}

impl Space {
    /// Of the `scratch` folder and of the folder where `results` go.
    pub(crate) fn new(scratch: &Path, results: &Path, wanted: u64) -> Self {
        Self { folders: [scratch.to_owned(), results.to_owned()], wanted, was_full: AtomicBool::new(false) }
    }

    /// A write met a full disk, whatever the file system says of it.
    pub(crate) fn was_full(&self) {
        self.was_full.store(true, Ordering::Relaxed);
    }

    /// Whether there is enough, as far as the file systems say; after a full disk, only once it was really
    /// there to be taken: a quota or a lack of inodes shows in no figure. Reads and writes the disk.
    pub(crate) fn is_enough(&self) -> bool {
        let enough = self.folders.iter().all(|folder| free(folder) >= self.wanted);
        if enough && self.was_full.load(Ordering::Relaxed) && self.can_be_taken() {
            self.was_full.store(false, Ordering::Relaxed);
        }
        enough && !self.was_full.load(Ordering::Relaxed)
    }

    fn can_be_taken(&self) -> bool {
        let [scratch, _] = &self.folders;
        let probe = scratch.join("probe");
        let taken = take(&probe, self.wanted);
        let removed = std::fs::remove_file(&probe);
        if let Err(error) = taken.as_ref().and(removed.as_ref()) {
            tracing::debug!(%error, "no space can be taken");
        }
        taken.is_ok()
    }
}

/// Bytes that an ordinary user can still write; all when the file system does not say.
fn free(folder: &Path) -> u64 {
    statvfs(folder).map_or(u64::MAX, |space| space.f_bavail.saturating_mul(space.f_frsize))
}

fn take(probe: &Path, bytes: u64) -> io::Result<()> {
    let file = File::create(probe)?;
    match fallocate(&file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) => Ok(()),
        // Then the file system's own figure has to do.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_full_must_prove_that_it_has_space() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert!(Space::new(path, path, 1 << 20).is_enough());
        assert!(!Space::new(path, path, 1 << 50).is_enough());

        let space = Space::new(path, path, 1 << 20);
        space.was_full();
        std::fs::create_dir(path.join("probe")).unwrap();
        assert!(!space.is_enough(), "nothing can be written there");
        assert!(!space.is_enough());
        std::fs::remove_dir(path.join("probe")).unwrap();
        assert!(space.is_enough());
        assert_eq!(std::fs::read_dir(path).unwrap().count(), 0);
    }
}
