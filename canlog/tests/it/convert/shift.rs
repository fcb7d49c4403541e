//! Times that a person moves.

use canlog::convert::ConvertOptions;
use canlog::failure::FailureCode;
use canlog::report::{ProblemCode, TimeSource};

use super::{Files, failure, message, options, run, samples};

const DBC: &str = "BU_: N\nBO_ 1 M: 8 N\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" N\n";
const RELATIVE: &[u8] = b"(0.500000) can0 001#01\n(1.000000) can0 001#02\n(0.750000) can0 001#03\n";
const DATED: i64 = 1_570_376_574_000_000;

fn shifted(shift: i64) -> ConvertOptions {
    ConvertOptions { shift, ..options(DBC) }
}

fn times(log: &[u8], options: &ConvertOptions) -> Vec<(i64, f64)> {
    let (converted, files): (_, Files) = run(log, options).unwrap();
    samples(&converted.manifest.messages[0], &files, "S")
}

#[test]
fn every_time_is_moved_and_the_report_says_by_how_much() {
    let (converted, files) = run(RELATIVE, &shifted(DATED)).unwrap();
    let report = &converted.report;
    assert_eq!((report.start, report.end), (Some(DATED + 500_000), Some(DATED + 1_000_000)));
    assert_eq!((report.time_source, report.time_shift), (TimeSource::User, Some(DATED)));
    assert_eq!(report.back_steps, 1);
    assert!(report.problems.iter().all(|problem| problem.code != ProblemCode::TimeUnset), "it is dated now");
    let file = message(&converted, Some("can0"), "M");
    let summary = &file.signals[0];
    assert_eq!((summary.first_time, summary.last_time), (Some(DATED + 500_000), Some(DATED + 750_000)));
    let moved = [(500_000, 1.0), (750_000, 3.0), (1_000_000, 2.0)].map(|(at, value)| (DATED + at, value));
    assert_eq!(samples(file, &files, "S"), moved);
}

#[test]
fn without_a_shift_all_is_as_the_log_says() {
    let report = run(RELATIVE, &shifted(0)).unwrap().0.report;
    assert_eq!((report.time_source, report.time_shift), (TimeSource::Relative, None));
    assert_eq!((report.start, report.end), (Some(500_000), Some(1_000_000)));
    assert_eq!(report.problems.iter().filter(|problem| problem.code == ProblemCode::TimeUnset).count(), 1);
    assert!(!serde_json::to_string(&report).unwrap().contains("timeShift"));
}

#[test]
fn a_clock_that_was_set_later_is_still_told() {
    let log = b"(0.000000) can0 001#01\n(1570376574.000000) can0 001#02\n";
    let report = run(log, &shifted(60_000_000)).unwrap().0.report;
    assert_eq!(report.time_source, TimeSource::User);
    assert!(report.problems.iter().any(|problem| problem.code == ProblemCode::TimeUnset));
}

#[test]
fn decoded_values_are_moved_too() {
    let log = b"timestamp,sender,msg_name,sig_name,sig_val,units\n1,N,M,S,1,\n2,N,M,S,3,\n";
    assert_eq!(times(log, &shifted(DATED)), [(DATED + 1_000, 1.0), (DATED + 2_000, 3.0)]);
}

#[test]
fn a_shift_goes_back_too_but_not_before_1970_nor_beyond_2262() {
    assert_eq!(times(RELATIVE, &shifted(-500_000))[0], (0, 1.0));
    for shift in [-500_001, i64::MIN, i64::MAX, i64::MAX / 1_000] {
        let failure = failure(RELATIVE, &shifted(shift));
        assert_eq!(failure.code, FailureCode::TimeRange, "{shift}");
    }
    // 9,223,372,036.854775 s is the last time there is.
    assert_eq!(times(RELATIVE, &shifted(i64::MAX / 1_000 - 1_000_000))[2].0, i64::MAX / 1_000);
}

#[test]
fn a_zone_is_read_before_the_shift_is_added() {
    // 02:30 occurs twice on this day in Chicago; a second later the second one has begun.
    let log = b"year,month,day,hour,min,sec,ms,id,data\n2019,11,3,0,59,59,0,1,01\n2019,11,3,1,30,0,0,1,02\n2019,11,3,1,0,0,0,1,03\n";
    let zone = jiff::tz::TimeZone::get("America/Chicago").unwrap();
    let own = times(log, &ConvertOptions { time_zone: zone.clone(), ..options(DBC) });
    let hour = 3_600_000_000;
    let moved = times(log, &ConvertOptions { time_zone: zone, ..shifted(hour) });
    assert_eq!(moved, own.iter().map(|(at, value)| (at + hour, *value)).collect::<Vec<_>>());
    assert_eq!(own[0].0, 1_572_760_799_000_000);
    assert_eq!(own[2].0 - own[1].0, hour / 2, "the clocks went back");
}
