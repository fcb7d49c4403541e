//! `dataviewer convert`: what a script, or the worker, can rely on.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

use canlog::failure::FailureCode;
use canlog::manifest::Manifest;
use canlog::progress::ConvertLine;
use canlog::report::Report;
use tempfile::TempDir;

use crate::logs::{DBC, LOG, NO_LOG, long_drive};

/// A folder with a log and a DBC.
fn folder(log: impl AsRef<[u8]>, dbc: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log"), log).unwrap();
    fs::write(folder.path().join("car.dbc"), dbc).unwrap();
    folder
}

fn convert(folder: &TempDir, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dataviewer"));
    command.current_dir(folder).env_clear();
    command.args(["convert", "log", "--dbc", "car.dbc", "--out", "out", "--progress", "json"]);
    command.args(more).output().unwrap()
}

fn last_line(output: &Output) -> ConvertLine {
    serde_json::from_slice(
        output.stdout.split(|byte| *byte == b'\n').rev().find(|line| !line.is_empty()).unwrap(),
    )
    .unwrap()
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_log_becomes_files_a_manifest_and_a_report() {
    let folder = folder(LOG, DBC);
    let output = convert(&folder, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let ConvertLine::Done(at) = last_line(&output) else { panic!("{output:?}") };
    assert_eq!((at.bytes, at.total, at.frames), (LOG.len() as u64, LOG.len() as u64, 4));

    let out = folder.path().join("out");
    let report: Report = read(&out.join("report.json"));
    assert_eq!((report.frames.read, report.frames.decoded, report.frames.unknown_id), (4, 3, 1));
    let manifest: Manifest = read(&out.join("manifest.json"));
    let files = manifest.messages.iter().flat_map(|message| [&message.file, &message.overview.file]);
    assert!(files.clone().all(|file| out.join(file).is_file()));
    assert_eq!(fs::read_dir(&out).unwrap().count(), files.count() + 2);
}

#[test]
fn a_person_is_told_on_standard_error() {
    let folder = folder(LOG, DBC);
    let output = convert(&folder, &["--progress", "bar"]);
    assert_eq!(output.status.code(), Some(2), "an option is given once: {output:?}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_dataviewer"));
    let output = command
        .current_dir(&folder)
        .args(["convert", "log", "--dbc", "car.dbc@can0", "--out", "out"])
        .output()
        .unwrap();
    assert!(output.status.success() && output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("4 frames read, 3 decoded"), "{output:?}");
}

#[test]
fn a_log_of_no_use_is_refused_with_a_code() {
    let cases = [
        (NO_LOG, DBC, FailureCode::UnsupportedFormat),
        ("", DBC, FailureCode::EmptyFile),
        (LOG, "BO_ 1 x", FailureCode::DbcInvalid),
        ("(1.000000) can0 7FF#00\n", DBC, FailureCode::NoKnownIds),
    ];
    for (log, dbc, code) in cases {
        let folder = folder(log, dbc);
        let output = convert(&folder, &[]);
        let ConvertLine::Failed(failure) = last_line(&output) else { panic!("{output:?}") };
        assert_eq!((failure.code, output.status.code()), (code, Some(1)));
        assert!(!folder.path().join("out/manifest.json").exists());
    }
}

#[test]
fn wrong_usage_is_refused_before_anything_is_written() {
    let folder = folder(LOG, DBC);
    fs::create_dir(folder.path().join("full")).unwrap();
    fs::write(folder.path().join("full/notes.txt"), "mine").unwrap();
    let cases: [&[&str]; 5] = [
        &["log", "--out", "full"],
        &["missing", "--out", "out"],
        &["log", "--out", "out", "--dbc", "missing.dbc"],
        &["log", "--out", "out", "--time-zone", "Middle/Earth"],
        &["log", "--out", "out", "--threads", "0"],
    ];
    for args in cases {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dataviewer"));
        let output = command.current_dir(&folder).arg("convert").args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
        assert!(!output.stderr.is_empty());
    }
    assert_eq!(fs::read_dir(folder.path().join("full")).unwrap().count(), 1);
}

#[test]
fn a_child_that_needs_more_than_its_limits_dies_without_a_manifest() {
    let (log, dbc) = long_drive();
    let parent = std::process::id().to_string();
    let cases = [("--limit-file-size", "1000", 25), ("--limit-address-space", "30000000", 6)];
    for (limit, value, signal) in cases {
        let folder = folder(&log, &dbc);
        let output = convert(&folder, &["--parent", &parent, limit, value]);
        assert_eq!(output.status.signal(), Some(signal), "{limit}: {output:?}");
        assert!(!folder.path().join("out/manifest.json").exists());
    }
}

#[test]
fn a_child_without_its_worker_does_not_begin() {
    let folder = folder(LOG, DBC);
    let output = convert(&folder, &["--parent", "1"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(!folder.path().join("out").exists());
}

#[test]
fn contents_beyond_the_limits_are_refused() {
    let folder = folder(LOG, DBC);
    let output = convert(&folder, &["--limit-rows", "2"]);
    let ConvertLine::Failed(failure) = last_line(&output) else { panic!("{output:?}") };
    assert_eq!(failure.code, FailureCode::LimitRows);
}
