//! Logs that were decoded elsewhere.

use canlog::manifest::ValueLabel;

use super::{columns, float, message, options, run, samples};

const LOG: &[u8] = b"timestamp,sender,msg_name,sig_name,sig_val,units
10,ECU,Engine,Speed,100.5,rpm
10,ECU,Engine,Gear,N,
20,ECU,Brakes,Front,1,bar
30,ECU,Engine,Speed,101,rpm
30,ECU,Engine,Speed,102,rpm
30,ECU,Engine,Gear,1st,
30,ECU,Engine,Late,7,V
";

#[test]
fn a_record_is_a_row() {
    let (converted, files) = run(LOG, &options("BU_: N\n")).unwrap();
    assert_eq!(converted.manifest.format, "decoded-csv");
    assert_eq!(
        (converted.report.frames.read, converted.report.frames.decoded, converted.report.samples),
        (4, 4, 7)
    );
    let engine = message(&converted, None, "Engine");
    assert_eq!((engine.frame_id, engine.rows, &*engine.file), (None, 3, "Engine.parquet"));
    let columns = columns(&files[&engine.file]);
    let column = |at: usize| columns[at].1.iter().map(|value| value.map(float)).collect::<Vec<_>>();
    assert_eq!(column(0), [Some(100.5), Some(101.0), Some(102.0)]);
    assert_eq!(column(1), [Some(0.0), None, Some(1.0)]);
    assert_eq!(column(2), [None, None, Some(7.0)]);
    assert_eq!(samples(engine, &files, "Gear"), [(10_000, 0.0), (30_000, 1.0)]);
    let label = |raw: i32, label: &str| ValueLabel {
        raw: raw.into(),
        value: Some(raw.into()),
        label: label.to_owned(),
    };
    assert_eq!(engine.signals[1].labels, [label(0, "N"), label(1, "1st")]);
    assert_eq!((engine.signals[0].unit.as_deref(), engine.signals[1].unit.as_deref()), (Some("rpm"), None));
}

#[test]
fn many_records_make_row_groups() {
    let mut log = b"timestamp,sender,msg_name,sig_name,sig_val,units\n".to_vec();
    for time in 0..70_000 {
        log.extend_from_slice(format!("{time},N,M,S,{},\n", time % 1_000).as_bytes());
    }
    let mut tight = options("BU_: N\n");
    tight.limits.buffered_bytes = 64 << 10;
    for options in [options("BU_: N\n"), tight] {
        let (converted, files) = run(&log, &options).unwrap();
        let expected: Vec<_> = (0..70_000).map(|time| (time * 1_000, (time % 1_000) as f64)).collect();
        assert_eq!(samples(message(&converted, None, "M"), &files, "S"), expected);
    }
}
