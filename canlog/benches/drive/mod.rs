//! A made-up run: one message of four noisy signals at 100 Hz, converted into a folder.

use std::f64::consts::TAU;
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use canlog::convert::{ConvertLimits, ConvertOptions, Source, convert};
use canlog::dbc::{self, BoundDbc};

const DBC: &str = "BU_: N\nBO_ 256 Motion: 8 N\n SG_ A : 0|16@1- (0.01,0) [0|0] \"\" N\n \
    SG_ B : 16|16@1- (0.01,0) [0|0] \"\" N\n SG_ C : 32|16@1- (0.5,0) [0|0] \"\" N\n \
    SG_ D : 48|16@1+ (1,0) [0|0] \"\" N\n";
/// Microseconds from one frame to the next.
const STEP: u64 = 10_000;
pub(crate) const SHORT: u64 = 300_000;
pub(crate) const LONG: u64 = 36_000_000;

/// A candump log that is made while it is read.
struct Log {
    frames: Range<u64>,
    random: u64,
    line: Vec<u8>,
}

impl Log {
    fn next_line(&mut self, frame: u64) {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (self.random >> 58) as i16;
        let wave = |period: f64| ((frame as f64 / period * TAU).sin() * 8_000.0) as i16;
        let (time, values) =
            (frame * STEP, [wave(9_000.0) + noise, wave(700.0) + noise / 4, noise, frame as i16]);
        let payload = values
            .iter()
            .fold(0, |payload: u64, &value| payload << 16 | u64::from(value.swap_bytes() as u16));
        self.line.clear();
        let (seconds, micros) = (1_700_000_000 + time / 1_000_000, time % 1_000_000);
        let _ = writeln!(self.line, "({seconds}.{micros:06}) can0 100#{payload:016X}");
    }
}

impl Read for Log {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while buffer.len() - filled >= 64 {
            let Some(frame) = self.frames.next() else { break };
            self.next_line(frame);
            buffer[filled..filled + self.line.len()].copy_from_slice(&self.line);
            filled += self.line.len();
        }
        Ok(filled)
    }
}

/// Files of a conversion.
pub(crate) struct Run {
    folder: PathBuf,
    rows: String,
    overview: String,
}

impl Run {
    /// Makes its files anew.
    pub(crate) fn make(folder: &Path, frames: u64) -> Self {
        let Ok(dbc) = dbc::parse(DBC.as_bytes()) else { panic!("no DBC") };
        let log = || Log { frames: 0..frames, random: 1, line: Vec::new() };
        let open = || -> io::Result<Box<dyn Read + Send>> {
            Ok(Box::new(io::BufReader::with_capacity(1 << 20, log())))
        };
        let options = ConvertOptions {
            dbcs: vec![BoundDbc { dbc: Arc::new(dbc), bus: None }],
            time_zone: jiff::tz::TimeZone::UTC,
            shift: 0,
            threads: 2,
            limits: ConvertLimits::default(),
        };
        let create = |name: &str| -> io::Result<Box<dyn Write + Send>> {
            Ok(Box::new(File::create(folder.join(name))?))
        };
        match convert(&Source { open: &open, bytes: frames * 42 }, &options, &create, &mut |_| {}) {
            Ok(converted) => {
                let message = &converted.manifest.messages[0];
                let (rows, overview) = (message.file.clone(), message.overview.file.clone());
                Self { folder: folder.to_owned(), rows, overview }
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens the message file.
    pub(crate) fn rows(&self) -> File {
        self.open(&self.rows)
    }

    /// Opens its overview.
    pub(crate) fn overview(&self) -> File {
        self.open(&self.overview)
    }

    fn open(&self, name: &str) -> File {
        match File::open(self.folder.join(name)) {
            Ok(file) => file,
            Err(error) => panic!("{error}"),
        }
    }
}

/// A window by its place in the run, in thousandths; off the rims of the cells, as a drag of the mouse is.
pub(crate) fn window(frames: u64, thousandths: Range<u64>) -> Range<i64> {
    let at = |thousandths: u64| (1_700_000_000_000_000 + frames * STEP / 1_000 * thousandths) as i64;
    at(thousandths.start) + 1_234..at(thousandths.end) + 1_234
}
