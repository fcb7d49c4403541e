//! Whole conversions, in memory.

mod bounds;
mod drive;
mod failures;
mod frames;
mod naive;
mod real;
mod report;
mod shift;
mod threads;
mod values;

use std::collections::HashMap;
use std::io::{self, Cursor, Read, Write};
use std::sync::{Arc, Mutex};

use canlog::convert::{ConvertError, ConvertLimits, ConvertOptions, Converted, Source, convert};
use canlog::dbc::{self, BoundDbc};
use canlog::failure::Failure;
use canlog::manifest::{MessageFile, Number};
use canlog::series::{Reduction, SeriesRequest, read_series};
use jiff::tz::TimeZone;
use polars::prelude::{DataFrame, DataType, ParquetReader, SerReader};

/// The files a conversion wrote, by name.
pub(crate) type Files = HashMap<String, Vec<u8>>;

/// A file that shows its content once it is dropped.
struct File {
    name: String,
    content: Vec<u8>,
    files: Arc<Mutex<Files>>,
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.content.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let before = self.files.lock().unwrap().insert(self.name.clone(), std::mem::take(&mut self.content));
        assert!(before.is_none(), "{} is written twice", self.name);
    }
}

/// `dbc` for every bus, two threads, UTC.
pub(crate) fn options(dbc: &str) -> ConvertOptions {
    let dbc = Arc::new(dbc::parse(dbc.as_bytes()).unwrap());
    ConvertOptions {
        dbcs: vec![BoundDbc { dbc, bus: None }],
        time_zone: TimeZone::UTC,
        shift: 0,
        threads: 2,
        limits: ConvertLimits::default(),
    }
}

/// What a conversion of `log` gives.
pub(crate) fn run(log: &[u8], options: &ConvertOptions) -> Result<(Converted, Files), ConvertError> {
    let files = Arc::new(Mutex::new(Files::new()));
    let open = || -> io::Result<Box<dyn Read + Send>> { Ok(Box::new(Cursor::new(log.to_vec()))) };
    let create = |name: &str| -> io::Result<Box<dyn Write + Send>> {
        let (name, files) = (name.to_owned(), Arc::clone(&files));
        Ok(Box::new(File { name, content: Vec::new(), files }))
    };
    let mut before = 0;
    let converted =
        convert(&Source { open: &open, bytes: log.len() as u64 }, options, &create, &mut |progress| {
            assert!((before..=progress.total).contains(&progress.bytes), "progress never steps back");
            before = progress.bytes;
        })?;
    assert_eq!(before, log.len() as u64, "progress ends at the end");
    let files = std::mem::take(&mut *files.lock().unwrap());
    Ok((converted, files))
}

/// Why nothing can be made of `log`.
pub(crate) fn failure(log: &[u8], options: &ConvertOptions) -> Failure {
    match run(log, options) {
        Err(ConvertError::Failure(failure)) => failure,
        other => panic!("a failure is expected: {other:?}"),
    }
}

/// The columns of a message file after `timestamp`: reading that takes a feature of polars that nothing
/// else needs.
pub(crate) fn columns(bytes: &[u8]) -> Vec<(String, Vec<Option<Number>>)> {
    let mut reader = ParquetReader::new(Cursor::new(bytes));
    let names = reader.schema().unwrap().iter_names().skip(1).map(ToString::to_string).collect();
    let frame: DataFrame = reader.with_columns(Some(names)).finish().unwrap();
    let numbers = frame.columns().iter().map(|column| match column.dtype() {
        DataType::Int64 => column.i64().unwrap().iter().map(|value| value.map(Number::Int)).collect(),
        DataType::UInt64 => column.u64().unwrap().iter().map(|value| value.map(Number::UInt)).collect(),
        _ => column.f64().unwrap().iter().map(|value| value.map(Number::Float)).collect(),
    });
    frame.columns().iter().map(|column| column.name().to_string()).zip(numbers).collect()
}

/// The samples of a signal as the files give them: microseconds and values.
pub(crate) fn samples(message: &MessageFile, files: &Files, signal: &str) -> Vec<(i64, f64)> {
    let open = |name: &String| Cursor::new(&files[name]);
    let (window, max_points) = (0..i64::MAX, 1 << 20);
    let request = SeriesRequest { window, max_points, method: Reduction::Raw, ..SeriesRequest::default() };
    let series = read_series(open(&message.file), open(&message.overview.file), signal, &request).unwrap();
    let micros = |time: &f64| series.t0 + (time * 1e6).round() as i64;
    series.time.iter().map(micros).zip(series.values.iter().copied()).collect()
}

/// The entry of a message.
pub(crate) fn message<'a>(converted: &'a Converted, bus: Option<&str>, name: &str) -> &'a MessageFile {
    let is_meant = |message: &&MessageFile| message.bus.as_deref() == bus && message.message == name;
    converted.manifest.messages.iter().find(is_meant).unwrap()
}

/// A number as a float.
pub(crate) fn float(number: Number) -> f64 {
    match number {
        Number::Float(value) => value,
        Number::Int(value) => value as f64,
        Number::UInt(value) => value as f64,
    }
}

/// Equality of figures of two tools.
pub(crate) fn near(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= 1e-9 * ours.abs().max(theirs.abs())
}
