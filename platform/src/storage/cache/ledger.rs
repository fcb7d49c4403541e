//! Which copies there are, and which of them goes first.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use crate::storage::ObjectKey;

/// A copy of an object.
#[derive(Clone, Debug)]
pub(super) struct Copied {
    pub(super) key: ObjectKey,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

/// The copies and the bound on their bytes. A copy in use is never removed, so that only copies in use can be
/// above the bound.
#[derive(Debug)]
pub(super) struct Ledger {
    most: u64,
    copies: Mutex<Copies>,
}

#[derive(Debug, Default)]
struct Copies {
    entries: HashMap<ObjectKey, Entry>,
    /// The least recently used first.
    by_use: BTreeMap<u64, ObjectKey>,
    uses: u64,
    bytes: u64,
}

#[derive(Debug)]
struct Entry {
    copied: Copied,
    used: u64,
    pins: usize,
}

/// Keeps a copy from being removed.
#[derive(Debug)]
pub(in crate::storage) struct Pin {
    ledger: Arc<Ledger>,
    key: ObjectKey,
}

impl Ledger {
    pub(super) fn new(most: u64, mut copies: Vec<(SystemTime, Copied)>) -> Self {
        copies.sort_by_key(|(used, _)| *used);
        let mut taken = Copies::default();
        for (_, copied) in copies {
            taken.touch(copied, 0);
        }
        taken.shrink(most);
        Self { most, copies: Mutex::new(taken) }
    }

    /// The copy was used, and stays until the pin goes.
    pub(super) fn pin(self: &Arc<Self>, copied: Copied) -> Pin {
        let key = copied.key.clone();
        self.copies().touch(copied, 1);
        Pin { ledger: self.clone(), key }
    }

    /// Removes copies until `bytes` more fit.
    pub(super) fn make_room(&self, bytes: u64) {
        self.copies().shrink(self.most.saturating_sub(bytes));
    }

    pub(super) fn forget(&self, key: &ObjectKey) {
        self.copies().forget(key);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.copies().bytes
    }

    fn copies(&self) -> MutexGuard<'_, Copies> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut copies = self.ledger.copies();
        if let Some(entry) = copies.entries.get_mut(&self.key) {
            entry.pins = entry.pins.saturating_sub(1);
        }
        copies.shrink(self.ledger.most);
    }
}

impl Copies {
    fn touch(&mut self, copied: Copied, pins: usize) {
        let key = copied.key.clone();
        let pins = pins + self.forget(&key);
        self.uses += 1;
        self.bytes += copied.bytes;
        self.by_use.insert(self.uses, key.clone());
        self.entries.insert(key, Entry { copied, used: self.uses, pins });
    }

    /// Takes the copy out; how many still hold it.
    fn forget(&mut self, key: &ObjectKey) -> usize {
        let Some(entry) = self.entries.remove(key) else { return 0 };
        self.by_use.remove(&entry.used);
        self.bytes -= entry.copied.bytes;
        entry.pins
    }

    fn shrink(&mut self, most: u64) {
        if self.bytes <= most {
            return;
        }
        let unused = |key: &&ObjectKey| self.entries.get(*key).is_some_and(|entry| entry.pins == 0);
        let oldest_first: Vec<_> = self.by_use.values().filter(unused).cloned().collect();
        for key in oldest_first {
            if self.bytes <= most {
                return;
            }
            let Some(entry) = self.entries.get(&key) else { continue };
            // One that cannot be removed is forgotten: another process may have been first.
            if let Err(error) = std::fs::remove_file(&entry.copied.path) {
                tracing::debug!(%error, "a copy was not there to be removed");
            }
            self.forget(&key);
        }
    }
}
