//! What a report says of frames that are not plain rows.

use canlog::dbc::{self, BoundDbc};
use canlog::manifest::{Number, SignalSummary, ValueLabel};
use canlog::parquet;
use canlog::report::{ProblemCode, UnknownId};
use polars_parquet::read::read_metadata;
use proptest::prelude::*;
use std::io::Cursor;
use std::sync::Arc;

use super::{message, options, run};

const DBC: &str = r#"BU_: N
BO_ 1 Engine: 8 N
 SG_ Speed : 0|16@1+ (0.5,0) [0|0] "rpm" N
 SG_ Gear : 16|8@1+ (1,0) [0|0] "" N
BO_ 2147483650 Engine: 8 N
 SG_ Speed : 0|16@1+ (1,0) [0|0] "" N
VAL_ 1 Gear 0 "Neutral" 1 "First";
"#;

const LOG: &[u8] = b"(1.000000) can0 001#020001
(1.000000) can0 001#040000
(1.500000) can0 001#0600
(1.600000) can0 001#06
(1.700000) can1 001#080000
(1.450000) can0 001#0A0001
(2.000000) can0 00000002#0100
(2.100000) can0 123#00
(2.200000) can0 123#00
(2.300000) can0 00000123#00
(2.400000) can0 001#R
(2.500000) can0 20000004#0000000000000000
";

#[test]
fn every_frame_is_accounted_for() {
    let (converted, _) = run(LOG, &options(DBC)).unwrap();
    let report = &converted.report;
    let (counts, skipped) = (report.frames, report.frames.skipped);
    assert_eq!((counts.read, counts.decoded, counts.unknown_id), (12, 6, 3));
    assert_eq!((skipped.error, skipped.remote, skipped.unusable), (1, 1, 1));
    assert_eq!(report.samples, 10);
    let unknown =
        |extended, frames| UnknownId { bus: Some("can0".to_owned()), frame_id: 0x123, extended, frames };
    assert_eq!(report.unknown_ids, [unknown(false, 2), unknown(true, 1)]);
    let problem = |code| report.problems.iter().find(|problem| problem.code == code).unwrap();
    let short = problem(ProblemCode::SignalOutOfPayload);
    assert_eq!((short.count, &*short.samples[0].text), (1, "can0 0x1 Engine at 1970-01-01T00:00:01.5Z"));
    let equal = problem(ProblemCode::DuplicateFrames);
    assert_eq!((equal.count, &*equal.samples[0].text), (1, "can0 0x1 Engine at 1970-01-01T00:00:01Z"));
}

#[test]
fn a_message_is_one_bus_and_id() {
    let (converted, files) = run(LOG, &options(DBC)).unwrap();
    let names: Vec<_> = converted.manifest.messages.iter().map(|message| &*message.file).collect();
    assert_eq!(names, ["can0-1-Engine.parquet", "can0-2x-Engine.parquet", "can1-1-Engine.parquet"]);
    let engine = message(&converted, Some("can0"), "Engine");
    assert!(!engine.sorted && engine.rows == 4);
    let [speed, gear] = &*engine.signals else { panic!("two signals") };
    assert_eq!(
        (speed.count, speed.first, speed.last),
        (4, Some(Number::Float(1.0)), Some(Number::Float(5.0)))
    );
    assert_eq!((gear.count, gear.first_time, gear.last_time), (3, Some(1_000_000), Some(1_450_000)));
    let footer = read_metadata(&mut Cursor::new(&files[&engine.file])).unwrap();
    let entries = footer.key_value_metadata().clone().unwrap();
    let value =
        |key: &str| entries.iter().find(|entry| entry.key == key).and_then(|entry| entry.value.clone());
    assert_eq!(value(parquet::BUS).as_deref(), Some("can0"));
    assert_eq!(value(parquet::FRAME_ID).as_deref(), Some("1"));
    assert_eq!(value(parquet::SORTED).as_deref(), Some("false"));
    assert_eq!(value(parquet::DBCS), Some(format!("[\"{}\"]", converted.manifest.dbcs[0])));
    let signals: Vec<parquet::SignalEntry> = serde_json::from_str(&value(parquet::SIGNALS).unwrap()).unwrap();
    assert_eq!(signals[0].unit.as_deref(), Some("rpm"));
    assert_eq!(signals[1].labels[1], ValueLabel { raw: 1, value: Some(1.0), label: "First".to_owned() });
}

#[test]
fn unknown_ids_are_the_hundred_most_frequent() {
    let mut log = String::from("(1.0) can0 001#0000\n");
    for id in 0x200..0x2A0 {
        log += &format!("(1.0) can0 {id:03X}#00\n").repeat(if id == 0x29F { 2 } else { 1 });
    }
    let (converted, _) = run(log.as_bytes(), &options(DBC)).unwrap();
    let ids = &converted.report.unknown_ids;
    assert_eq!((ids.len(), ids[0].frame_id, ids[0].frames, ids[1].frame_id), (100, 0x29F, 2, 0x200));
    assert_eq!(converted.report.frames.unknown_id, 161);
}

#[test]
fn dbcs_of_buses_and_their_conflicts() {
    let other = "BU_: N\nBO_ 1 Brakes: 8 N\n SG_ Pressure : 0|8@1+ (1,0) [0|0] \"bar\" N\n";
    let other = Arc::new(dbc::parse(other.as_bytes()).unwrap());
    let mut bound = options(DBC);
    bound.dbcs.insert(0, BoundDbc { dbc: other, bus: Some("can1".to_owned()) });
    let (converted, _) = run(LOG, &bound).unwrap();
    assert_eq!(message(&converted, Some("can1"), "Brakes").rows, 1);
    assert_eq!(message(&converted, Some("can0"), "Engine").rows, 4);
    assert_eq!(converted.manifest.dbcs.len(), 2);
    let conflict = &converted.report.problems.iter().find(|problem| problem.code == ProblemCode::DbcConflict);
    assert!(conflict.unwrap().samples[0].text.contains("Brakes and Engine"));
}

proptest! {
    #[test]
    fn a_figure_reads_back_as_it_was_written(bits: u64) {
        let figure = f64::from_bits(bits);
        prop_assume!(figure.is_finite());
        let summary = SignalSummary { mean: Some(figure), min: Some(Number::Float(figure)), ..SignalSummary::default() };
        let text = serde_json::to_string(&summary).unwrap();
        prop_assert_eq!(serde_json::from_str::<SignalSummary>(&text).unwrap(), summary);
    }
}
