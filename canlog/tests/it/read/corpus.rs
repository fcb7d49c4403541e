//! Every case under `tests/data/<format>/<case>`: a log and what it must become.
//!
//! Expected frames of candump logs are python-can's where the case names it, all others by reasoning
//! (local times by Python's zoneinfo). A new quirk is a new folder, no new code.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use canlog::format::sniff;
use canlog::frame::{Batch, DecodedValue, Frame, FrameKind, IdKind, Names};
use canlog::read::{ReadOptions, Reader};
use canlog::report::Problem;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

#[test]
fn every_case_becomes_what_it_must() {
    let cases = cases();
    assert!(cases.len() > 60, "{} cases", cases.len());
    let mut faults = String::new();
    for case in cases {
        let expected = expected(&case);
        let found = found(&log(&case), &expected);
        for (key, wanted) in expected.as_object().unwrap() {
            match found.get(key) {
                Some(value) if value != wanted => {
                    writeln!(faults, "{}: {key}\n  wanted {wanted}\n  found  {value}", case.display())
                        .unwrap();
                }
                _ => {}
            }
        }
        if expected.get("failure").is_some() != found.get("failure").is_some() {
            writeln!(faults, "{}: {found}", case.display()).unwrap();
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

/// The folders of all cases.
pub(super) fn cases() -> Vec<PathBuf> {
    let formats = folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"));
    let readers = formats.filter(|format| {
        let name = format.file_name().unwrap().to_string_lossy().into_owned();
        name.ends_with("-csv") || name.starts_with("candump")
    });
    let mut cases: Vec<_> = readers.flat_map(|format| folders(&format)).collect();
    cases.sort();
    cases
}

/// The log of a case.
pub(super) fn log(case: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path());
    let log = files.into_iter().find(|file| file.file_stem().is_some_and(|stem| stem == "log"));
    std::fs::read(log.unwrap()).unwrap()
}

fn folders(of: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
}

fn expected(case: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(case.join("expected.json")).unwrap()).unwrap()
}

fn found(log: &[u8], expected: &Value) -> Value {
    let zone = expected.get("timeZone").and_then(Value::as_str).unwrap_or("UTC");
    let options = ReadOptions { time_zone: TimeZone::get(zone).unwrap(), ..ReadOptions::default() };
    let sniffed = match sniff(log) {
        Ok(sniffed) => sniffed,
        Err(failure) => {
            assert!(failure.hint.is_some(), "{failure}");
            let line = failure.line.map(|line| json!({"code": failure.code, "line": line}));
            return json!({"failure": line.unwrap_or(json!({"code": failure.code}))});
        }
    };
    let mut reader = Reader::new(sniffed.format, &sniffed.also, &options);
    let mut batch = Batch::default();
    assert_eq!(reader.read(log, true, &mut batch), log.len());
    let frames: Vec<_> = batch.frames.iter().map(|frame| frame_text(frame, &batch, reader.names())).collect();
    let values: Vec<_> = batch.values.iter().map(|value| value_text(value, reader.names())).collect();
    let labels =
        reader.names().signals.iter().map(|signal| (signal.name.clone(), json!(signal.labels))).collect();
    let report = reader.finish();
    let also: Vec<_> = sniffed.also.iter().map(|format| format.name()).collect();
    json!({
        "format": sniffed.format.name(), "also": also, "frames": frames, "values": values,
        "labels": Value::Object(labels), "lines": report.lines, "badLines": report.bad_lines,
        "backSteps": report.back_steps, "timeSource": report.time_source, "start": report.start, "end": report.end,
        "problems": report.problems.iter().map(problem_text).collect::<Vec<_>>(),
    })
}

fn frame_text(frame: &Frame, batch: &Batch, names: &Names) -> String {
    let bus = frame.bus.map_or("-", |bus| &names.buses[usize::from(bus.0)]);
    let kind = match frame.id_kind {
        IdKind::Standard => 's',
        IdKind::Extended => 'x',
        IdKind::Unflagged => '?',
    };
    let payload = match frame.kind {
        FrameKind::Data => batch.data(frame).iter().map(|byte| format!("{byte:02x}")).collect(),
        FrameKind::Remote => "remote".to_owned(),
        FrameKind::Error => "error".to_owned(),
    };
    format!("{} {bus} {:x}{kind} {payload}", frame.time, frame.id)
}

fn value_text(value: &DecodedValue, names: &Names) -> String {
    let message = &names.messages[value.message as usize];
    let signal = &names.signals[value.signal as usize];
    assert_eq!(signal.message, value.message);
    let record = if value.new_record { " new" } else { "" };
    format!(
        "{} {}/{}/{}[{}] {}{record}",
        value.time, message.sender, message.name, signal.name, signal.unit, value.value
    )
}

/// The code, how often, and the lines.
fn problem_text(problem: &Problem) -> String {
    let line = |line: Option<u64>| line.map_or(" -".to_owned(), |line| format!(" {line}"));
    let lines: String = problem.samples.iter().map(|sample| line(sample.line)).collect();
    format!("{} {}:{lines}", json!(problem.code).as_str().unwrap(), problem.count)
}
