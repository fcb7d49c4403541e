//! An output file: opened when there is much to write, counted and hashed on the way.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::convert::OpenOutput;

/// Bytes gathered before the file is opened or written to. A log of thousands of rare messages opens
/// their files one after the other at its end.
const GATHERED: usize = 32 << 10;

/// Where outputs go, and the first that went wrong.
pub(crate) struct Sinks<'a> {
    open: OpenOutput<'a>,
    trouble: Mutex<Option<(String, io::Error)>>,
}

impl<'a> Sinks<'a> {
    /// Outputs that `open` opens.
    pub(crate) fn new(open: OpenOutput<'a>) -> Self {
        Self { open, trouble: Mutex::new(None) }
    }

    /// Whether an output could not be written.
    pub(crate) fn is_troubled(&self) -> bool {
        self.first().is_some()
    }

    /// The first output that could not be written, and why; given once.
    pub(crate) fn take_trouble(&self) -> Option<(String, io::Error)> {
        self.first().take()
    }

    /// Notes that `name` could not be written; the first note stays.
    pub(crate) fn note(&self, name: &str, error: io::Error) {
        self.first().get_or_insert_with(|| (name.to_owned(), error));
    }

    /// Writes a JSON file.
    pub(crate) fn write_json(&self, name: &str, content: &impl Serialize) -> io::Result<()> {
        let mut out = Output::new(self, name.to_owned());
        serde_json::to_writer_pretty(&mut out, content)?;
        out.close().map(drop)
    }

    fn first(&self) -> MutexGuard<'_, Option<(String, io::Error)>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same error twice: noted here, because not every writer above keeps its kind, and given on.
    fn noted<T>(&self, name: &str, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            self.note(name, error);
            kind.into()
        })
    }
}

/// A file that is written once from beginning to end.
pub(crate) struct Output<'a> {
    sinks: &'a Sinks<'a>,
    name: String,
    gathered: Vec<u8>,
    file: Option<Box<dyn Write + Send>>,
    hash: Sha256,
    bytes: u64,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

impl<'a> Output<'a> {
    /// A file of this name; nothing is opened yet.
    pub(crate) fn new(sinks: &'a Sinks<'a>, name: String) -> Self {
        Self { sinks, name, gathered: Vec::new(), file: None, hash: Sha256::new(), bytes: 0 }
    }

    /// Writes what is left and closes the file.
    pub(crate) fn close(mut self) -> io::Result<Written> {
        self.drain()?;
        let flushed = self.open()?.flush();
        self.sinks.noted(&self.name, flushed)?;
        let sha256 = self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Written { name: self.name, bytes: self.bytes, sha256 })
    }

    fn open(&mut self) -> io::Result<&mut Box<dyn Write + Send>> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self.sinks.noted(&self.name, (self.sinks.open)(&self.name))?,
        };
        Ok(self.file.insert(file))
    }

    fn drain(&mut self) -> io::Result<()> {
        let gathered = std::mem::take(&mut self.gathered);
        self.put(&gathered)?;
        self.gathered = gathered;
        self.gathered.clear();
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        let written = self.open()?.write_all(bytes);
        self.sinks.noted(&self.name, written)
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.gathered.len() + bytes.len() > GATHERED {
            self.drain()?;
        }
        if bytes.len() > GATHERED {
            self.put(bytes)?;
        } else {
            self.gathered.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    /// Nothing: a flush in the middle would open files that can wait.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
