//! Our decoding against cantools': the fixtures with its committed answers, and the real DBC files with
//! its answers made on the spot.

use std::path::{Path, PathBuf};
use std::process::Command;

use canlog::dbc::{self, Catalog, Dbc, Message, Row};
use canlog::frame::IdKind;
use canlog::manifest::Number;
use serde_json::Value;

fn fixture(case: &str) -> (Dbc, Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dbc").join(case);
    let dbc = dbc::parse(&std::fs::read(folder.join(format!("{case}.dbc"))).unwrap()).unwrap();
    let expected = std::fs::read(folder.join("expected.json")).unwrap();
    (dbc, serde_json::from_slice(&expected).unwrap())
}

/// Compares every message, signal, label and value; returns how many values.
fn compare(dbc: &Dbc, verdict: &Value) -> usize {
    let expected = verdict["messages"].as_array().unwrap();
    assert_eq!(dbc.messages.len(), expected.len(), "messages");
    let mut values = 0;
    for message in expected {
        let named = |m: &&Message| m.plan.name == message["name"] && u64::from(m.id) == message["id"];
        let ours =
            dbc.messages.iter().find(named).unwrap_or_else(|| panic!("{} is missing", message["name"]));
        compare_signals(ours, message);
        values += message["frames"]
            .as_array()
            .unwrap()
            .iter()
            .map(|frame| compare_frame(ours, frame))
            .sum::<usize>();
    }
    values
}

fn compare_signals(ours: &Message, expected: &Value) {
    let signals = expected["signals"].as_array().unwrap();
    assert_eq!(ours.length, expected["length"], "{}", ours.plan.name);
    assert_eq!(ours.plan.signals.len(), signals.len(), "{}", ours.plan.name);
    for signal in signals {
        let name = signal["name"].as_str().unwrap();
        let ours = ours.plan.signals.iter().find(|ours| ours.name == name).unwrap();
        assert_eq!(ours.unit.as_deref(), signal["unit"].as_str(), "{name}");
        let mut labels: Vec<_> =
            ours.labels.iter().map(|label| serde_json::json!([label.raw, label.label])).collect();
        let mut theirs = signal["labels"].as_array().unwrap().clone();
        labels.sort_by_key(|label| label[0].as_i64());
        theirs.sort_by_key(|label| label[0].as_i64());
        assert_eq!(labels, theirs, "{name}");
    }
}

fn compare_frame(ours: &Message, frame: &Value) -> usize {
    let payload = bytes(frame["payload"].as_str().unwrap());
    let values = frame["values"].as_object().unwrap();
    let mut row = Row::default();
    ours.plan.extract(&payload, &mut row);
    for (at, signal) in ours.plan.signals.iter().enumerate() {
        let place = format!("{}.{} in {}", ours.plan.name, signal.name, frame["payload"]);
        assert_eq!(row.has(at), values.contains_key(&signal.name), "presence of {place}");
        if row.has(at) {
            let (ours, theirs) = (signal.physical(row.raw[at]), &values[&signal.name]);
            assert!(equal(ours, theirs), "{place}: {ours:?}, expected {theirs}");
        }
    }
    values.len()
}

/// Equal to 1e-9 relative; integers and what is no number exactly.
fn equal(ours: Number, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Number::Int(ours), theirs) => theirs.as_i64() == Some(ours),
        (Number::UInt(ours), theirs) => theirs.as_u64() == Some(ours),
        (Number::Float(ours), Value::String(theirs)) => {
            let theirs: f64 = theirs.parse().unwrap();
            ours == theirs || (ours.is_nan() && theirs.is_nan())
        }
        (Number::Float(ours), theirs) => {
            let theirs = theirs.as_f64().unwrap();
            ours == theirs || (ours - theirs).abs() <= 1e-9 * theirs.abs().max(ours.abs())
        }
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn layouts() {
    let (dbc, expected) = fixture("layouts");
    assert!(compare(&dbc, &expected) > 150);
    assert_eq!(dbc.version, "1.0 \"layouts\"");
    assert_eq!(dbc.diagnostics, []);
}

#[test]
fn floats() {
    let (dbc, expected) = fixture("floats");
    assert!(compare(&dbc, &expected) > 50);
}

#[test]
fn multiplexed() {
    let (dbc, expected) = fixture("multiplexed");
    assert!(compare(&dbc, &expected) > 100);
    assert_eq!(dbc.diagnostics, []);
}

#[test]
fn can_fd() {
    let (dbc, expected) = fixture("fd");
    assert!(compare(&dbc, &expected) > 40);
}

#[test]
fn long_names_and_cp1252() {
    let (dbc, expected) = fixture("names");
    assert!(compare(&dbc, &expected) > 10);
    assert_eq!(dbc.messages[0].plan.signals[0].unit.as_deref(), Some("°C"));
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests find the real files and a Python with cantools by variables"
)]
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

fn real_files(root: &Path) -> Vec<PathBuf> {
    let folders = ["dbc", "wuracing", "canedge", "comma2k19"].map(|folder| root.join(folder));
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "dbc"));
    files.sort();
    files
}

/// cantools' verdict on each file, or none when there is no such Python.
fn verdicts(files: &[PathBuf]) -> Option<Vec<Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/oracle/decode.py");
    let output = Command::new(variable("DATAVIEWER_PYTHON")?).arg(script).args(files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::Deserializer::from_slice(&output.stdout).into_iter().map(Result::unwrap).collect())
}

#[test]
fn real_files_equal_cantools() {
    let Some(root) = variable("DATAVIEWER_REAL_DATA") else {
        println!("skipped: DATAVIEWER_REAL_DATA is not set");
        return;
    };
    let files = real_files(&root);
    assert!(files.len() >= 90);
    let parsed: Vec<_> = files.iter().map(|file| dbc::parse(&std::fs::read(file).unwrap())).collect();
    for (file, parsed) in files.iter().zip(&parsed) {
        assert!(parsed.is_ok(), "{}: {}", file.display(), parsed.as_ref().unwrap_err());
    }
    let Some(verdicts) = verdicts(&files) else {
        println!("skipped: DATAVIEWER_PYTHON is not set");
        return;
    };
    let mut values = 0;
    for (verdict, dbc) in verdicts.iter().zip(&parsed).filter(|(verdict, _)| verdict["refused"].is_null()) {
        println!("{}", verdict["file"]);
        values += compare(dbc.as_ref().unwrap(), verdict);
    }
    assert!(values > 10_000, "only {values} values compared");
}

#[test]
fn team_files_have_known_faults() {
    let Some(root) = variable("DATAVIEWER_REAL_DATA") else {
        println!("skipped: DATAVIEWER_REAL_DATA is not set");
        return;
    };
    let read = |name: &str| dbc::parse(&std::fs::read(root.join("wuracing").join(name)).unwrap()).unwrap();
    let count = |dbc: &Dbc, code| dbc.diagnostics.iter().filter(|diagnostic| diagnostic.code == code).count();
    let (wufr24, wufr25, ecu) = (read("WUFR24.dbc"), read("WUFR25.dbc"), read("PE3-2025.dbc"));
    assert_eq!(count(&wufr24, dbc::DiagnosticCode::DuplicateMessageName), 8);
    assert_eq!(count(&wufr25, dbc::DiagnosticCode::DuplicateMessageName), 1);
    assert_eq!(count(&wufr25, dbc::DiagnosticCode::UndeclaredNode), 1);
    assert_eq!(count(&wufr25, dbc::DiagnosticCode::MinAboveMax), 5);
    assert_eq!(count(&ecu, dbc::DiagnosticCode::SignalOverlap), 2);
}

#[test]
fn j1939_demo_is_found_by_group() {
    let Some(root) = variable("DATAVIEWER_REAL_DATA") else {
        println!("skipped: DATAVIEWER_REAL_DATA is not set");
        return;
    };
    let bytes = std::fs::read(root.join("canedge/j1939-demo.dbc")).unwrap();
    let dbc = std::sync::Arc::new(dbc::parse(&bytes).unwrap());
    let catalog = Catalog::new(vec![dbc::BoundDbc { dbc, bus: None }]);
    let engine = catalog.resolve(Some("0"), 0x0CF0_0400, IdKind::Extended).unwrap();
    assert_eq!(engine.plan.name, "EEC1");
    assert_eq!(catalog.resolve(Some("0"), 0x18F0_0417, IdKind::Extended).unwrap().plan.name, "EEC1");
}
