//! The files that a conversion writes: they remember whether the disk was full, which the layers above may
//! fold into an error of their own.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const BUFFER_BYTES: usize = 256 * 1024;

/// Makes the files of one conversion.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    met_full_disk: Arc<AtomicBool>,
}

struct Output {
    file: File,
    met_full_disk: Arc<AtomicBool>,
}

impl Outputs {
    /// A new file; one that exists is refused.
    pub(crate) fn create(&self, path: &Path) -> io::Result<Box<dyn Write + Send>> {
        let created = File::options().write(true).create_new(true).open(path);
        let file = created.inspect_err(|error| note(&self.met_full_disk, error))?;
        let output = Output { file, met_full_disk: self.met_full_disk.clone() };
        Ok(Box::new(BufWriter::with_capacity(BUFFER_BYTES, output)))
    }

    /// Whether something could not be written for lack of room.
    pub(crate) fn met_full_disk(&self) -> bool {
        self.met_full_disk.load(Ordering::Relaxed)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).inspect_err(|error| note(&self.met_full_disk, error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().inspect_err(|error| note(&self.met_full_disk, error))
    }
}

fn note(met_full_disk: &AtomicBool, error: &io::Error) {
    if is_full(error) {
        met_full_disk.store(true, Ordering::Relaxed);
    }
}

/// Whether it is for lack of room.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_remembered_and_other_trouble_is_not() {
        let outputs = Outputs::default();
        assert!(outputs.create(Path::new("/dev/full")).is_err(), "it exists");
        assert!(!outputs.met_full_disk());
        let file = File::options().write(true).open("/dev/full").unwrap();
        let mut output = Output { file, met_full_disk: outputs.met_full_disk.clone() };
        assert!(output.write(b"x").is_err());
        assert!(outputs.met_full_disk());
    }
}
