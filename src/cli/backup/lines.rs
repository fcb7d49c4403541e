//! Files of lines, hashed as they are written and read.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use super::index::Listing;
use crate::cli::content::Meter;

/// A file of lines that is being written.
pub(super) struct LineWriter {
    out: BufWriter<File>,
    meter: Meter,
    lines: u64,
}

impl LineWriter {
    /// Makes the file, and the folder it is in.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(Self { out: BufWriter::new(File::create_new(path)?), meter: Meter::default(), lines: 0 })
    }

    pub(super) fn write(&mut self, line: &str) -> io::Result<()> {
        for part in [line.as_bytes(), b"\n"] {
            self.out.write_all(part)?;
            self.meter.take(part);
        }
        self.lines += 1;
        Ok(())
    }

    /// Makes the file durable.
    pub(super) fn finish(self) -> io::Result<Listing> {
        self.out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        let content = self.meter.finish();
        Ok(Listing { lines: self.lines, bytes: content.bytes, sha256: content.sha256 })
    }
}

/// The lines of a file, some at a time.
pub(crate) struct Lines(BufReader<File>);

/// Lines read at once, and their bytes: what one statement may hold.
const MOST_LINES: usize = 500;
const MOST_BYTES: usize = 2 << 20;

impl Lines {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(BufReader::new(File::open(path)?)))
    }

    /// The next lines; none at the end.
    pub(crate) fn next_some(&mut self) -> io::Result<Vec<String>> {
        let (mut lines, mut bytes) = (Vec::new(), 0);
        while lines.len() < MOST_LINES && bytes < MOST_BYTES {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                break;
            }
            bytes += line.len();
            line.truncate(line.trim_end_matches('\n').len());
            lines.push(line);
        }
        Ok(lines)
    }
}
