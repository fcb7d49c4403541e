//! Short drives, and what their conversions must be to the byte.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::seed::binary;

/// Two messages, so that a conversion has several files.
pub(crate) const DBC: &str = r#"VERSION ""
NS_ :
BS_:
BU_: ECU
BO_ 256 Engine: 8 ECU
 SG_ Speed : 0|16@1+ (0.1,0) [0|6553.5] "rpm" ECU
 SG_ Torque : 16|16@1- (0.5,0) [-9999|9999] "Nm" ECU

BO_ 257 Brakes: 8 ECU
 SG_ Pressure : 0|12@1+ (0.05,0) [0|204.75] "bar" ECU
"#;

/// Lines of a drive: a conversion takes a few hundredths of a second.
const LINES: u64 = 300;

/// A log, and SHA-256 of every Parquet file that it becomes, by name.
#[derive(Clone, Debug)]
pub(crate) struct Drive {
    pub(crate) log: String,
    pub(crate) files: BTreeMap<String, String>,
}

/// `count` different drives, each converted offline by the very binary under test.
pub(crate) fn drives(count: u64) -> Vec<Drive> {
    drives_of(count, LINES)
}

/// The same, of so many lines each.
pub(crate) fn drives_of(count: u64, lines: u64) -> Vec<Drive> {
    (0..count).map(|number| drive(number, lines)).collect()
}

fn drive(number: u64, lines: u64) -> Drive {
    let mut log = String::new();
    for line in 0..lines {
        let (micros, value) = (line * 10_007 + number, (line * 37 + number * 101) % 40_000);
        let id = 0x100 + line % 2;
        let (seconds, micros) = (1_700_000_000 + micros / 1_000_000, micros % 1_000_000);
        writeln!(log, "({seconds}.{micros:06}) can0 {id:03X}#{:016X}", value << 40 | value << 8).unwrap();
    }
    let files = convert(&log);
    Drive { log, files }
}

fn convert(log: &str) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log"), log).unwrap();
    fs::write(folder.path().join("car.dbc"), DBC).unwrap();
    let mut command = Command::new(binary());
    command.current_dir(&folder).env_clear().args(["convert", "log", "--dbc", "car.dbc", "--out", "out"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    parquet(&folder.path().join("out"))
}

fn parquet(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let parquet = files.filter(|path| path.extension().is_some_and(|suffix| suffix == "parquet"));
    let named = parquet.map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, sha256(&fs::read(&path).unwrap()))
    });
    named.collect()
}

/// In hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
