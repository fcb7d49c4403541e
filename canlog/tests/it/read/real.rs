//! Real logs (`DATAVIEWER_REAL_DATA`): counts and times as its README states them.

use std::path::PathBuf;

use canlog::frame::{FrameKind, IdKind};
use canlog::read::{ReadOptions, ReadReport};
use canlog::report::{ProblemCode, TimeSource};
use jiff::tz::TimeZone;

use super::whole::{Whole, read_sniffed};

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "where the real logs are, and that there are none"
)]
fn read(log: &str, zone: &str) -> Option<Whole> {
    let Some(folder) = std::env::var_os("DATAVIEWER_REAL_DATA") else {
        println!("DATAVIEWER_REAL_DATA is not set: {log} skipped");
        return None;
    };
    let bytes = std::fs::read(PathBuf::from(folder).join(log)).unwrap();
    let time_zone = TimeZone::get(zone).unwrap();
    Some(read_sniffed(&bytes, &ReadOptions { time_zone, ..ReadOptions::default() }))
}

fn micros(text: &str) -> Option<i64> {
    Some(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

fn counts(report: &ReadReport) -> Vec<(ProblemCode, u64)> {
    report.problems.iter().map(|problem| (problem.code, problem.count)).collect()
}

#[test]
fn a_drive_of_2019() {
    let Some(Whole { batch, report, .. }) = read("wuracing/LOG00011.CSV", "America/Chicago") else { return };
    assert_eq!((batch.frames.len(), report.lines, report.bad_lines), (924, 926, 1));
    assert_eq!(
        (report.start, report.end),
        (micros("2019-10-06T15:42:54.000Z"), micros("2019-10-06T15:42:57.247Z"))
    );
    assert_eq!((report.time_source, report.back_steps), (TimeSource::Rtc, 1));
    assert_eq!(counts(&report), [(ProblemCode::TruncatedInput, 1), (ProblemCode::TimeBackwards, 1)]);
    assert_eq!(report.problems[0].samples[0].line, Some(926));
    assert!(report.problems[1].samples[0].reason.starts_with("0.512000 s"));
}

#[test]
fn a_drive_without_a_clock() {
    let Some(Whole { batch, report, .. }) = read("wuracing/PE3-Batt-Only.CSV", "America/Chicago") else {
        return;
    };
    assert_eq!((batch.frames.len(), report.bad_lines), (52_006, 1));
    // The truncated line would be of 542.290 s.
    assert_eq!((report.start, report.end), (Some(216_557_000), Some(542_280_000)));
    assert_eq!((report.time_source, report.back_steps), (TimeSource::Relative, 0));
    assert_eq!(counts(&report), [(ProblemCode::TruncatedInput, 1), (ProblemCode::TimeUnset, 1)]);
}

#[test]
fn an_already_decoded_drive() {
    let Some(Whole { batch, report, .. }) = read("wuracing/RUN00.CSV", "America/Chicago") else { return };
    assert_eq!((batch.values.len(), batch.frames.len(), report.bad_lines), (4_890, 0, 0));
    assert_eq!((report.start, report.end), (Some(2_166_000), Some(8_902_000)));
    assert_eq!(report.time_source, TimeSource::Relative);
}

#[test]
fn a_passenger_car() {
    let Some(Whole { batch, names, report, .. }) = read("comma2k19/drive.log", "America/Chicago") else {
        return;
    };
    assert_eq!((batch.frames.len(), batch.payload.len(), report.bad_lines), (135_468, 135_468 * 8, 0));
    assert_eq!((report.start, report.end), (Some(46_408_584_930), Some(46_468_577_630)));
    assert!(names.contains(r#"buses: ["can0", "can128", "can1", "can129"]"#));
    let plain = |kind, id| kind == FrameKind::Data && id != IdKind::Unflagged;
    assert!(batch.frames.iter().all(|frame| plain(frame.kind, frame.id_kind)));
}
