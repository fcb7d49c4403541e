//! Made-up drives, compared value by value with the naive way.

use std::fmt::Write as _;

use canlog::convert::{ConvertOptions, Converted};
use canlog::frame::FrameId;
use canlog::manifest::{MessageFile, Number, SignalSummary};
use canlog::synth::{Drive, LogShape};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::naive::{self, Rows};
use super::{Files, columns, float, near, options, run, samples};

/// All there is, and enough rows of one message for a second row group.
const DRIVE: Drive = Drive { seconds: 340, messages: 6, ..DEMO };
const DEMO: Drive = Drive {
    seed: 1,
    seconds: 20,
    messages: 6,
    buses: 2,
    value_tables: true,
    multiplexed: true,
    unknown_ids: 2,
    bad_line_every: 5_000,
};

fn log(drive: &Drive, shape: LogShape) -> Vec<u8> {
    let mut log = Vec::new();
    drive.write_log(shape, &mut log).unwrap();
    log
}

/// The files hold exactly the rows that the naive way gives.
fn check(log: &[u8], options: &ConvertOptions) -> (Converted, Files) {
    let (converted, files) = run(log, options).unwrap();
    let expected = naive::rows(log, options);
    assert_eq!(converted.manifest.messages.len(), expected.len());
    for message in &converted.manifest.messages {
        let id = FrameId { frame_id: message.frame_id.unwrap(), extended: message.extended };
        check_message(message, &files, &expected[&(message.bus.clone(), id, message.message.clone())]);
    }
    (converted, files)
}

fn check_message(message: &MessageFile, files: &Files, rows: &Rows) {
    for (name, bytes, sha256) in [
        (&message.file, message.bytes, &message.sha256),
        (&message.overview.file, message.overview.bytes, &message.overview.sha256),
    ] {
        let hash: String = Sha256::digest(&files[name]).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((files[name].len() as u64, &hash), (bytes, sha256), "{name}");
    }
    assert_eq!(message.rows, rows.len() as u64);
    assert_eq!(message.sorted, rows.is_sorted_by_key(|(time, _)| *time));
    let columns = columns(&files[&message.file]);
    assert_eq!(columns.len(), message.signals.len());
    for (at, ((name, column), signal)) in columns.iter().zip(&message.signals).enumerate() {
        assert_eq!(*name, signal.name);
        let expected = rows.iter().map(|(_, values)| values[at]);
        assert!(column.iter().copied().map(bits).eq(expected.map(bits)), "{}.{name}", message.message);
        let mut expected: Vec<_> =
            rows.iter().filter_map(|(time, values)| Some((*time, values[at]?))).collect();
        check_summary(signal, &expected);
        expected.sort_by_key(|(time, _)| *time);
        let ours = samples(message, files, name);
        assert_eq!(ours.len(), expected.len());
        let pairs = ours.iter().zip(&expected);
        pairs.for_each(|(ours, (time, value))| {
            assert_eq!((ours.0, ours.1.to_bits()), (*time, float(*value).to_bits()));
        });
    }
}

/// NaN equals NaN, zero is not minus zero.
fn bits(value: Option<Number>) -> Option<(u8, u64)> {
    value.map(|value| match value {
        Number::Float(value) => (0, value.to_bits()),
        Number::Int(value) => (1, value.cast_unsigned()),
        Number::UInt(value) => (2, value),
    })
}

fn check_summary(signal: &SignalSummary, samples: &[(i64, Number)]) {
    assert_eq!(signal.count, samples.len() as u64);
    assert_eq!(signal.first_time, samples.first().map(|(time, _)| *time));
    assert_eq!(signal.last_time, samples.last().map(|(time, _)| *time));
    assert_eq!(bits(signal.first), bits(samples.first().map(|(_, value)| *value)));
    assert_eq!(bits(signal.last), bits(samples.last().map(|(_, value)| *value)));
    let values: Vec<f64> = samples.iter().map(|(_, value)| float(*value)).collect();
    let ordered = || values.iter().copied().filter(|value| !value.is_nan());
    assert_eq!(signal.min.map(float), ordered().reduce(f64::min));
    assert_eq!(signal.max.map(float), ordered().reduce(f64::max));
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    assert_eq!(signal.mean.is_some(), mean.is_finite());
    let Some(ours) = signal.mean else { return };
    let size = values.iter().fold(0.0, |size: f64, value| size.max(value.abs()));
    assert!((ours - mean).abs() <= 1e-9 * size, "{ours} {mean}");
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (count > 1.0).then(|| (squares / (count - 1.0)).sqrt());
    match (signal.standard_deviation, deviation) {
        (None, None) => {}
        (Some(ours), Some(theirs)) => assert!(near(ours, theirs) || (ours - theirs).abs() <= 1e-9 * size),
        (ours, theirs) => assert!(theirs.is_some_and(|theirs| !theirs.is_finite()), "{ours:?} {theirs:?}"),
    }
}

#[test]
fn a_drive_value_by_value() {
    let mut log_bytes = Vec::new();
    let counts = DRIVE.write_log(LogShape::Candump, &mut log_bytes).unwrap();
    let (converted, files) = check(&log_bytes, &options(&DRIVE.dbc()));
    let report = &converted.report;
    assert!(converted.manifest.messages.iter().any(|message| message.rows > 65_536), "several row groups");
    assert_eq!((report.frames.read, report.bad_lines), (counts.frames, counts.bad_lines));
    assert_eq!(report.frames.unknown_id, counts.unknown);
    assert_eq!(report.frames.decoded, counts.frames - counts.unknown);
    let kept: Vec<_> = files.keys().filter(|name| name.ends_with(".parquet")).collect();
    assert_eq!(kept.len(), 2 * converted.manifest.messages.len());
    assert_eq!(serde_json::to_vec_pretty(&converted.manifest).unwrap(), files["manifest.json"]);
    assert_eq!(serde_json::to_vec_pretty(&converted.report).unwrap(), files["report.json"]);
}

#[test]
fn the_team_csv_too() {
    check(&log(&DEMO, LogShape::TeamCsv), &options(&DEMO.dbc()));
}

#[test]
fn threads_and_memory_change_nothing() {
    let log = log(&DEMO, LogShape::Candump);
    let alone = ConvertOptions { threads: 1, ..options(&DEMO.dbc()) };
    let expected = run(&log, &alone).unwrap();
    for threads in [2, 7] {
        assert_eq!(run(&log, &ConvertOptions { threads, ..alone.clone() }).unwrap(), expected);
    }
    // Rows wait in so little memory that row groups are written early: other files, the same rows.
    let mut tight = alone;
    tight.limits.buffered_bytes = 16 << 10;
    check(&log, &tight);
}

/// One of everything that a bit field can mean.
const ODD: &str = r#"BU_: N
BO_ 1 Words: 8 N
 SG_ Single : 0|32@1- (1,0) [0|0] "" N
 SG_ Falling : 32|12@1- (-0.5,3) [0|0] "" N
 SG_ Motorola : 47|9@0+ (0.1,0) [0|0] "" N
 SG_ Constant : 63|1@1+ (0,4) [0|0] "" N
BO_ 2 Signed: 8 N
 SG_ Whole : 0|64@1- (1,0) [0|0] "" N
BO_ 3 Unsigned: 8 N
 SG_ Whole : 7|64@0+ (1,0) [0|0] "" N
BO_ 4 Double: 8 N
 SG_ Double : 0|64@1- (1,0) [0|0] "" N
BO_ 5 Long: 64 N
 SG_ Early : 4|20@1+ (1,0) [0|0] "" N
 SG_ Late : 500|12@1- (0.25,0) [0|0] "" N
BO_ 6 Paged: 8 N
 SG_ Page M : 0|2@1+ (1,0) [0|0] "" N
 SG_ A m0 : 8|16@1+ (1,0) [0|0] "" N
 SG_ B m1 : 8|56@1+ (1,0) [0|0] "" N
BO_ 7 Empty: 8 N

SIG_VALTYPE_ 1 Single : 1;
SIG_VALTYPE_ 4 Double : 2;
"#;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Bytes drawn from few make values repeat, from many make them differ: dictionary and plain columns.
    #[test]
    fn any_payload_value_by_value(
        frames in prop::collection::vec((1_u32..8, 0_usize..10, any::<u64>(), 0_u64..3), 1..400),
        mask in prop::sample::select(vec![0x0101_u64, 0xFF, 0xF0F0_F0F0_F0F0_F0F0, u64::MAX]),
    ) {
        let mut log = String::from("(0.5) can0 001#0102030405060708\n");
        let mut time = 1_000_000;
        for (id, length, payload, step) in frames {
            time += step;
            let _ = write!(log, "({}.{:06}) can0 {id:03X}#", time / 1_000_000, time % 1_000_000);
            if length == 9 {
                let _ = write!(log, "#0");
            }
            let bytes = (payload & mask).to_le_bytes();
            let length = if length == 9 { 64 } else { length };
            (0..length).for_each(|at| { let _ = write!(log, "{:02X}", bytes[at % 8]); });
            log.push('\n');
        }
        // One float is an infinity, one is no number.
        log.push_str("(9.0) can0 004#000000000000F07F\n(9.0) can0 004#000000000000F8FF\n");
        let (converted, _) = check(log.as_bytes(), &options(ODD));
        let counts = converted.report.frames;
        prop_assert_eq!(counts.read, counts.decoded + counts.unknown_id + counts.skipped.total());
    }
}
