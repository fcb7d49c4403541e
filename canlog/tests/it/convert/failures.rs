//! Logs that nothing can be made of, limits that are exceeded, outputs that cannot be written.

use std::io::{self, Cursor, ErrorKind, Read, Write};

use canlog::convert::{ConvertError, ConvertOptions, Source, convert};
use canlog::failure::FailureCode;
use canlog::synth::{Drive, LogShape};

use super::{failure, options, run};

const DBC: &str =
    "BU_: N\nBO_ 1 M: 8 N\n SG_ S : 0|16@1+ (1,0) [0|0] \"\" N\n SG_ T : 16|16@1+ (1,0) [0|0] \"\" N\n";

fn log() -> Vec<u8> {
    let mut log = Vec::new();
    Drive { seconds: 2, ..Drive::demo() }.write_log(LogShape::Candump, &mut log).unwrap();
    log
}

#[test]
fn nothing_in_it() {
    assert_eq!(failure(b"", &options(DBC)).code, FailureCode::EmptyFile);
    assert_eq!(failure(b"hello\nworld\n", &options(DBC)).code, FailureCode::UnsupportedFormat);
    let header_only = b"year,month,day,hour,min,sec,ms,id,data\n";
    assert_eq!(failure(header_only, &options(DBC)).code, FailureCode::NoFrames);
    let no_data = failure(b"(1.0) can0 001#R\n(2.0) can0 20000004#0000000000000000\n", &options(DBC));
    assert_eq!(no_data.code, FailureCode::NoFrames);
    assert_eq!(no_data.message, "The log holds no data: 1 error frames, 1 remote requests.");
}

#[test]
fn no_known_id() {
    let log = "(1.0) can0 100#00\n".repeat(1_200) + "(1.0) can0 18FF0001#00\n";
    let failed = failure(log.as_bytes(), &options(DBC));
    assert_eq!(failed.code, FailureCode::NoKnownIds);
    assert_eq!(failed.message, "0 of 1,201 frames known; top ids 0x100 (1200 x), 0x18FF0001 (1 x)");
    let without = ConvertOptions { dbcs: Vec::new(), ..options(DBC) };
    assert_eq!(failure(log.as_bytes(), &without).code, FailureCode::NoKnownIds);
}

#[test]
fn known_frames_without_a_signal() {
    let failed = failure(b"(1.0) can0 001#00\n(2.0) can0 001#\n", &options(DBC));
    assert_eq!(failed.code, FailureCode::NoKnownIds);
    assert_eq!(failed.message, "Not one signal could be read from 2 known frames.");
}

#[test]
fn limits() {
    let mut few = options(&Drive::demo().dbc());
    few.limits.signals = 40;
    assert_eq!(failure(&log(), &few).code, FailureCode::LimitSignals);
    let mut few = options(&Drive::demo().dbc());
    few.limits.rows = 1_000;
    assert_eq!(failure(&log(), &few).code, FailureCode::LimitRows);
    let decoded = b"timestamp,sender,msg_name,sig_name,sig_val,units\n1,N,M,S,1,\n1,N,M,T,2,\n2,N,M,S,3,\n";
    for (signals, rows, code) in [(1, 9, FailureCode::LimitSignals), (9, 1, FailureCode::LimitRows)] {
        let mut few = options(DBC);
        (few.limits.signals, few.limits.rows) = (signals, rows);
        assert_eq!(failure(decoded, &few).code, code);
    }
}

/// Writes until there is no room.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn outputs_that_cannot_be_written() {
    let log = log();
    let open = || -> io::Result<Box<dyn Read + Send>> { Ok(Box::new(Cursor::new(log.clone()))) };
    let source = Source { open: &open, bytes: log.len() as u64 };
    for victim in [".parquet", ".overview.parquet", "manifest.json", "report.json"] {
        let create = |name: &str| -> io::Result<Box<dyn Write + Send>> {
            let room = if name.ends_with(victim) { 10 } else { usize::MAX };
            Ok(Box::new(Full(room)))
        };
        for threads in [1, 3] {
            let options = ConvertOptions { threads, ..options(&Drive::demo().dbc()) };
            match convert(&source, &options, &create, &mut |_| {}) {
                Err(ConvertError::Write { name, source }) => {
                    assert!(name.ends_with(victim), "{name} is blamed");
                    assert_eq!(source.kind(), ErrorKind::StorageFull);
                }
                other => panic!("{victim}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_log_that_cannot_be_read() {
    let open = || -> io::Result<Box<dyn Read + Send>> { Err(ErrorKind::PermissionDenied.into()) };
    let create = |_: &str| -> io::Result<Box<dyn Write + Send>> { Ok(Box::new(io::sink())) };
    let converted = convert(&Source { open: &open, bytes: 1 }, &options(DBC), &create, &mut |_| {});
    assert!(
        matches!(converted, Err(ConvertError::Read(error)) if error.kind() == ErrorKind::PermissionDenied)
    );
}

#[test]
fn the_manifest_comes_last() {
    let (_, files) = run(&log(), &options(&Drive::demo().dbc())).unwrap();
    assert!(files.contains_key("manifest.json") && files.contains_key("report.json"));
}
