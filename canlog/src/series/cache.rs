//! Decoded columns, kept while they are asked for again: as many bytes as one limit allows, over all files.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use polars_parquet::read::FileMetadata;

use crate::series::SeriesError;
use crate::series::view::Numbers;

/// Bytes that an entry takes beside what it holds.
const ENTRY_BYTES: usize = 256;

/// Footers and decoded column chunks of files that never change; the least recently used are given up first.
///
/// One reading serves all who ask for a chunk while it is read; when it fails, the next of them tries.
#[derive(Debug)]
pub struct ColumnCache {
    most: usize,
    state: Mutex<State>,
    settled: Condvar,
}

/// What became of the questions so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Answered from memory.
    pub hits: u64,
    /// Read from a file.
    pub misses: u64,
    /// Given up to make room.
    pub evicted: u64,
    /// Bytes held now.
    pub bytes: usize,
}

/// A chunk of a column of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The file's name, unique over all files.
    pub file: Arc<str>,
    /// The row group; `None` for the footer.
    pub group: Option<usize>,
    /// The column.
    pub column: String,
}

/// What is kept.
#[derive(Clone)]
pub(super) enum Chunk {
    Footer(Arc<FileMetadata>),
    Integers(Arc<Vec<i64>>),
    Numbers(Arc<Numbers>),
}

#[derive(Default)]
struct State {
    slots: HashMap<Key, Slot>,
    /// Keys of what is kept, by the turn of its last use.
    order: BTreeMap<u64, Key>,
    turn: u64,
    counts: CacheCounts,
}

enum Slot {
    Reading,
    Kept { chunk: Chunk, turn: u64 },
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.counts.fmt(formatter)
    }
}

impl ColumnCache {
    /// A cache of at most `most` bytes; with 0 nothing is kept, but concurrent readings are still one.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, state: Mutex::default(), settled: Condvar::new() }
    }

    /// Whether so many bytes may be kept without most of the rest being dropped for them.
    pub(super) fn has_room_for(&self, bytes: u64) -> bool {
        bytes <= self.most as u64 / 2
    }

    /// What became of the questions so far.
    #[must_use]
    pub fn counts(&self) -> CacheCounts {
        self.lock().counts
    }

    /// The chunk, from memory or by `read`.
    pub(super) fn get(
        &self,
        key: Key,
        read: impl FnOnce() -> Result<Chunk, SeriesError>,
    ) -> Result<Chunk, SeriesError> {
        if let Some(chunk) = self.find(&key) {
            return Ok(chunk);
        }
        // Ends the reading whatever happens, so that nobody waits in vain.
        let reading = Reading { cache: self, key };
        let chunk = read()?;
        self.lock().keep(&reading.key, &chunk, self.most);
        Ok(chunk)
    }

    /// What is kept, perhaps after waiting for another's reading; `None` makes the caller the reader.
    fn find(&self, key: &Key) -> Option<Chunk> {
        let mut state = self.lock();
        loop {
            match state.slots.get(key) {
                Some(Slot::Kept { .. }) => return state.hit(key),
                Some(Slot::Reading) => {
                    state = self.settled.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                None => {
                    state.slots.insert(key.clone(), Slot::Reading);
                    state.counts.misses += 1;
                    return None;
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Reading<'a> {
    cache: &'a ColumnCache,
    key: Key,
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let mut state = self.cache.lock();
        if matches!(state.slots.get(&self.key), Some(Slot::Reading)) {
            state.slots.remove(&self.key);
        }
        drop(state);
        self.cache.settled.notify_all();
    }
}

impl State {
    fn hit(&mut self, key: &Key) -> Option<Chunk> {
        self.turn += 1;
        let Some(Slot::Kept { chunk, turn }) = self.slots.get_mut(key) else { return None };
        if let Some(key) = self.order.remove(&*turn) {
            self.order.insert(self.turn, key);
        }
        *turn = self.turn;
        self.counts.hits += 1;
        Some(chunk.clone())
    }

    fn keep(&mut self, key: &Key, chunk: &Chunk, most: usize) {
        if chunk.bytes() > most {
            return;
        }
        self.turn += 1;
        self.counts.bytes += chunk.bytes();
        self.order.insert(self.turn, key.clone());
        self.slots.insert(key.clone(), Slot::Kept { chunk: chunk.clone(), turn: self.turn });
        while self.counts.bytes > most {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            if let Some(Slot::Kept { chunk, .. }) = self.slots.remove(&oldest) {
                self.counts.bytes -= chunk.bytes();
                self.counts.evicted += 1;
            }
        }
    }
}

impl Chunk {
    fn bytes(&self) -> usize {
        ENTRY_BYTES
            + match self {
                // Parsed it takes about as much again, and a few words a column chunk.
                Self::Footer(footer) => {
                    let chunks: usize = footer.row_groups.iter().map(|group| group.n_columns()).sum();
                    2 * footer.footer_buf.len() + 128 * chunks
                }
                Self::Integers(integers) => 8 * integers.len(),
                Self::Numbers(numbers) => 8 * numbers.values.len() + numbers.values.len() / 8,
            }
    }
}
