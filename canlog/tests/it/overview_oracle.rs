//! The files of a conversion, read by DuckDB, polars, pandas and pyarrow.

use std::fs::File;
use std::io::{self, Cursor, Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use canlog::convert::{ConvertLimits, ConvertOptions, Converted, Source, convert};
use canlog::dbc::{self, BoundDbc};
use canlog::synth::{Drive, LogShape};

/// Long enough that the message of 200 Hz has levels.
pub(crate) const DRIVE: Drive = Drive {
    seed: 7,
    seconds: 400,
    messages: 3,
    buses: 2,
    value_tables: true,
    multiplexed: true,
    unknown_ids: 0,
    bad_line_every: 0,
};

/// The drive's log, of which some thousand lines come twice as late as they should: a step back.
pub(crate) fn log() -> Vec<u8> {
    let mut log = Vec::new();
    DRIVE.write_log(LogShape::Candump, &mut log).unwrap();
    let mut lines: Vec<_> = log.split_inclusive(|&byte| byte == b'\n').collect();
    lines[40_000..46_000].rotate_left(2_000);
    lines.concat()
}

pub(crate) fn convert_into(folder: &Path, log: &[u8]) -> Converted {
    let dbc = Arc::new(dbc::parse(DRIVE.dbc().as_bytes()).unwrap());
    let options = ConvertOptions {
        dbcs: vec![BoundDbc { dbc, bus: None }],
        time_zone: jiff::tz::TimeZone::UTC,
        shift: 0,
        threads: 2,
        limits: ConvertLimits::default(),
    };
    let open = || -> io::Result<Box<dyn Read + Send>> { Ok(Box::new(Cursor::new(log.to_vec()))) };
    let create =
        |name: &str| -> io::Result<Box<dyn Write + Send>> { Ok(Box::new(File::create(folder.join(name))?)) };
    convert(&Source { open: &open, bytes: log.len() as u64 }, &options, &create, &mut |_| {}).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "tests find Python by a variable")]
pub(crate) fn python() -> Command {
    let python = std::env::var_os("DATAVIEWER_PYTHON");
    let Some(python) = python else { panic!("DATAVIEWER_PYTHON is not set: bash deploy/test.sh sets it") };
    Command::new(python)
}

#[test]
fn others_read_what_we_write() {
    let folder = tempfile::tempdir().unwrap();
    let converted = convert_into(folder.path(), &log());
    assert!(converted.manifest.messages.iter().all(|message| !message.sorted), "the log steps back");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/oracle/read_outputs.py");
    let output = python().arg(script).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().count(), converted.manifest.messages.len());
    let levels = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["levels"].as_u64();
    assert!(said.lines().any(|line| levels(line) > Some(0)), "no overview was compared: {said}");
}
