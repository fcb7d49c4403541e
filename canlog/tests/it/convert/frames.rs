//! Frames whose values a person can work out.

use std::sync::Arc;

use canlog::convert::{ConvertOptions, Converted};
use canlog::dbc::{self, BoundDbc};
use canlog::failure::FailureCode;
use canlog::synth::{Drive, LogShape};

use super::{Files, columns, failure, float, message, options, run};

/// A message's columns on `can0`, null where a row has no sample.
fn rows((converted, files): &(Converted, Files), name: &str) -> Vec<Vec<Option<f64>>> {
    let columns = columns(&files[&message(converted, Some("can0"), name).file]);
    columns.iter().map(|(_, values)| values.iter().map(|value| value.map(float)).collect()).collect()
}

#[test]
fn a_short_frame_gives_the_signals_it_holds() {
    let dbc = "BU_: N\nBO_ 256 Pair: 3 N\n SG_ A : 0|8@1- (0.5,10) [0|0] \"V\" N\n \
        SG_ B : 8|16@1+ (1,0) [0|0] \"\" N\n";
    let log = b"(1.0) can0 100#FE0102\n(2.0) can0 100#0203\n(3.0) can0 100#04FFFF\n";
    let outputs = run(log, &options(dbc)).unwrap();
    let a = vec![Some(9.0), Some(11.0), Some(12.0)];
    assert_eq!(rows(&outputs, "Pair"), [a, vec![Some(513.0), None, Some(65_535.0)]]);
    let signal = &message(&outputs.0, Some("can0"), "Pair").signals[0];
    // Of 9, 11 and 12.
    assert!((signal.mean.unwrap() - 32.0 / 3.0).abs() < 1e-12);
    assert!((signal.standard_deviation.unwrap() - (7.0_f64 / 3.0).sqrt()).abs() < 1e-12);
}

#[test]
fn a_multiplexed_frame_gives_the_signals_of_its_page() {
    let dbc = "BU_: N\nBO_ 256 Paged: 2 N\n SG_ Page M : 0|8@1+ (1,0) [0|0] \"\" N\n \
        SG_ Zero m0 : 8|8@1+ (1,0) [0|0] \"\" N\n SG_ One m1 : 8|8@1+ (2,0) [0|0] \"\" N\n";
    let log = b"(1.0) can0 100#0005\n(2.0) can0 100#0106\n(3.0) can0 100#0207\n(4.0) can0 100#0008\n";
    let outputs = run(log, &options(dbc)).unwrap();
    let [page, zero, one] = &rows(&outputs, "Paged")[..] else { panic!("three signals") };
    assert_eq!(page[..], [Some(0.0), Some(1.0), Some(2.0), Some(0.0)]);
    assert_eq!(zero[..], [Some(5.0), None, None, Some(8.0)]);
    assert_eq!(one[..], [None, Some(12.0), None, None]);
    assert_eq!(outputs.0.report.samples, 4 + 2 + 1);
}

#[test]
fn a_message_longer_than_eight_bytes() {
    let dbc = "BU_: N\nBO_ 256 Long: 64 N\n SG_ First : 0|8@1+ (1,0) [0|0] \"\" N\n \
        SG_ Last : 504|8@1+ (1,0) [0|0] \"\" N\n";
    let payload: String = (1..65).map(|byte| format!("{byte:02X}")).collect();
    let outputs = run(format!("(1.0) can0 100##1{payload}\n").as_bytes(), &options(dbc)).unwrap();
    assert_eq!(rows(&outputs, "Long"), [[Some(1.0)], [Some(64.0)]]);
}

#[test]
fn a_dbc_decodes_its_own_bus_only() {
    let dbc = Arc::new(dbc::parse(b"BU_: N\nBO_ 256 M: 1 N\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" N\n").unwrap());
    let log = b"(1.0) can0 100#07\n(2.0) can1 100#08\n";
    let on = |bus: &str| {
        let dbcs = vec![BoundDbc { dbc: Arc::clone(&dbc), bus: Some(bus.to_owned()) }];
        ConvertOptions { dbcs, ..options("BU_: N\n") }
    };
    let outputs = run(log, &on("can0")).unwrap();
    assert_eq!(rows(&outputs, "M"), [[Some(7.0)]]);
    assert_eq!(outputs.0.report.unknown_ids[0].bus.as_deref(), Some("can1"));
    let failed = failure(log, &on("can2"));
    assert_eq!(failed.code, FailureCode::NoKnownIds);
    assert_eq!(failed.message, "0 of 2 frames known; top ids 0x100 (1 x), 0x100 (1 x)");
}

#[test]
fn a_whole_frame_is_a_sample_of_each_signal() {
    let drive = Drive::demo();
    let mut log = Vec::new();
    drive.write_log(LogShape::TeamCsv, &mut log).unwrap();
    let (converted, _) = run(&log, &options(&drive.dbc())).unwrap();
    assert_eq!(converted.manifest.messages.len(), drive.messages as usize + 1);
    // The multiplexed message gives its page number and one page of three.
    let each = |paged: bool, signals: usize| if paged { 4 } else { signals as u64 };
    let samples = converted.manifest.messages.iter();
    let samples = samples.map(|one| one.rows * each(one.message == "Diagnosis", one.signals.len()));
    assert_eq!(converted.report.samples, samples.sum::<u64>());
}
