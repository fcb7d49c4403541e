//! Real logs (`DATAVIEWER_REAL_DATA`), against figures that cantools made of them and, for the passenger
//! car, against the speeds and angles its makers published.

use std::path::PathBuf;
use std::sync::Arc;

use canlog::convert::{ConvertOptions, Converted};
use canlog::dbc::{self, BoundDbc};
use canlog::manifest::SignalSummary;
use canlog::report::{ProblemCode, TimeSource};
use jiff::tz::TimeZone;

use super::{Files, float, message, near, options, run, samples};

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "where the real logs are, and that there are none"
)]
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("DATAVIEWER_REAL_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("DATAVIEWER_REAL_DATA is not set: real logs skipped");
    }
    folder
}

fn converted(log: &str, dbc: &str, bus: Option<&str>) -> Option<(Converted, Files)> {
    let folder = folder()?;
    let dbc = Arc::new(dbc::parse(&std::fs::read(folder.join(dbc)).unwrap()).unwrap());
    let dbcs = vec![BoundDbc { dbc, bus: bus.map(str::to_owned) }];
    let time_zone = TimeZone::get("America/Chicago").unwrap();
    let options = ConvertOptions { dbcs, time_zone, ..options("BU_: N\n") };
    Some(run(&std::fs::read(folder.join(log)).unwrap(), &options).unwrap())
}

/// The figures of every signal equal those of `golden`, whose times count `micros` each.
fn check(converted: &Converted, golden: &str, micros: f64) {
    let text = std::fs::read_to_string(folder().unwrap().join("golden").join(golden)).unwrap();
    let mut lines: Vec<_> = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()).collect();
    for message in &converted.manifest.messages {
        for signal in &message.signals {
            let id = format!("{:#x}", message.frame_id.unwrap());
            let at = lines.iter().position(|line| line[0] == id && line[2] == signal.name).unwrap();
            check_signal(signal, &lines.remove(at), micros);
        }
    }
    assert!(lines.is_empty(), "not converted: {lines:?}");
}

fn check_signal(signal: &SignalSummary, line: &[&str], micros: f64) {
    // Counted from the end: a unit may contain a comma.
    let number = |at: usize| line[line.len() - 12 + at].parse::<f64>().unwrap();
    assert_eq!(signal.count, number(4) as u64, "{line:?}");
    for (time, at) in [(signal.first_time, 5), (signal.last_time, 7)] {
        assert!((time.unwrap() as f64 - number(at) * micros).abs() <= 1.0, "{line:?}");
    }
    let values = [(signal.first, 6), (signal.last, 8), (signal.min, 9), (signal.max, 10)];
    for (ours, at) in
        values.map(|(value, at)| (float(value.unwrap()), at)).into_iter().chain([(signal.mean.unwrap(), 11)])
    {
        assert!(near(ours, number(at)) || (ours - number(at)).abs() < 1e-12, "{ours}: {line:?}");
    }
}

#[test]
fn a_drive_of_2019() {
    let Some((converted, files)) = converted("wuracing/LOG00011.CSV", "wuracing/2019.2.1.dbc", None) else {
        return;
    };
    check(&converted, "LOG00011__2019.2.1.csv", 1e3);
    let report = &converted.report;
    assert_eq!((report.frames.read, report.samples, report.bad_lines, report.back_steps), (924, 3_642, 1, 1));
    let micros = |text: &str| Some(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
    assert_eq!(
        (report.start, report.end),
        (micros("2019-10-06T15:42:54Z"), micros("2019-10-06T15:42:57.247Z"))
    );
    let equal = report.problems.iter().find(|problem| problem.code == ProblemCode::DuplicateFrames).unwrap();
    // Of the 13 frames that share id and millisecond with another, 12 do so after the step back.
    assert_eq!(equal.count, 1);
    let voltage = |name: &str| samples(message(&converted, None, name), &files, "ECUBatteryVoltage").len();
    assert_eq!([voltage("AEMEngine2"), voltage("AEMEngine3")], [88, 86]);
}

#[test]
fn a_drive_without_a_clock() {
    let Some((converted, _)) = converted("wuracing/PE3-Batt-Only.CSV", "wuracing/2020.1.0.dbc", None) else {
        return;
    };
    check(&converted, "PE3-Batt-Only__2020.1.0.csv", 1e3);
    let report = &converted.report;
    assert_eq!((report.frames.read, report.samples, report.bad_lines), (52_006, 208_424, 1));
    assert_eq!(report.time_source, TimeSource::Relative);
}

#[test]
fn a_passenger_car() {
    let Some((converted, files)) = converted("comma2k19/drive.log", "comma2k19/rav4.dbc", Some("can0"))
    else {
        return;
    };
    check(&converted, "comma2k19_Example1_bus0__rav4.csv", 1e6);
    assert_eq!(converted.report.frames.read, 135_468);
    let published = |name: &str| {
        let text = std::fs::read_to_string(folder().unwrap().join("comma2k19").join(name)).unwrap();
        let row = |line: &str| line.split(',').map(|field| field.parse::<f64>().unwrap()).collect::<Vec<_>>();
        text.lines().skip(1).map(row).collect::<Vec<_>>()
    };
    let wheels = message(&converted, Some("can0"), "WHEEL_SPEEDS");
    let expected = published("expected_wheel_speed.csv");
    for (at, corner) in ["FL", "FR", "RL", "RR"].iter().enumerate() {
        let ours = samples(wheels, &files, &format!("WHEEL_SPEED_{corner}"));
        assert_eq!(ours.len(), expected.len());
        for ((time, speed), row) in ours.iter().zip(&expected) {
            assert!((*time as f64 - row[0] * 1e6).abs() <= 1.0 && near(speed / 3.6, row[at + 1]));
        }
    }
    let steering = message(&converted, Some("can0"), "STEER_ANGLE_SENSOR");
    let [whole, part] = ["STEER_ANGLE", "STEER_FRACTION"].map(|name| samples(steering, &files, name));
    let expected = published("expected_steering_angle.csv");
    assert_eq!(whole.len(), expected.len());
    for ((whole, part), row) in whole.iter().zip(&part).zip(&expected) {
        assert!((whole.0 as f64 - row[0] * 1e6).abs() <= 1.0);
        assert!((whole.1 + part.1 - row[1]).abs() <= 1e-9);
    }
}

#[test]
fn a_log_decoded_elsewhere() {
    let Some(folder) = folder() else { return };
    let log = std::fs::read_to_string(folder.join("wuracing/RUN00.CSV")).unwrap();
    let (converted, files) = run(log.as_bytes(), &options("BU_: N\n")).unwrap();
    assert_eq!((converted.report.samples, converted.report.frames.read), (4_890, 1_448));
    let lines: Vec<Vec<_>> = log.lines().skip(1).map(|line| line.split(',').collect()).collect();
    for message in &converted.manifest.messages {
        for signal in &message.signals {
            let of = lines.iter().filter(|line| line[2] == message.message && line[3] == signal.name);
            let expected: Vec<(i64, f64)> =
                of.map(|line| (1_000 * line[0].parse::<i64>().unwrap(), line[4].parse().unwrap())).collect();
            assert_eq!(samples(message, &files, &signal.name), expected, "{}", signal.name);
        }
    }
}
