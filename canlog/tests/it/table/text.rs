//! What lines of text look like.

use std::io::ErrorKind;

use canlog::export::{Rows, Table, TableFormat};

use super::{columns, file, rows};

fn text(format: TableFormat, names: &[&str], blocks: &[Rows]) -> String {
    String::from_utf8(file(format, columns(names), blocks)).unwrap()
}

const ODD: [f64; 6] = [1.0, -0.0, 0.1 + 0.2, 1e300, 5e-324, f64::INFINITY];

#[test]
fn csv_has_a_heading_and_empty_fields_where_nothing_is() {
    let rows = rows(&[1_570_376_574_000_000, 1_570_376_574_010_000], &[&[f64::NAN, 1.5], &[-2.0, f64::NAN]]);
    let csv = text(TableFormat::Csv, &["Engine.Speed", "T"], &[rows]);
    let wanted =
        "timestamp,Engine.Speed,T\n2019-10-06T15:42:54.000000Z,,-2.0\n2019-10-06T15:42:54.010000Z,1.5,\n";
    assert_eq!(csv, wanted);
}

#[test]
fn names_are_quoted_and_told_apart() {
    let names = ["a,b", "say \"it\"", "A", "A", "timestamp", "", " x", "two\nlines"];
    let csv = text(TableFormat::Csv, &names, &[]);
    let wanted = "timestamp,\"a,b\",\"say \"\"it\"\"\",A,A_2,timestamp_2,\"\",\" x\",\"two\nlines\"\n";
    assert_eq!(csv, wanted);
    let values = vec![vec![1.0]; names.len()];
    let json = text(TableFormat::NdJson, &names, &[Rows { times: vec![0], columns: values }]);
    let read: serde_json::Map<_, _> = serde_json::from_str(&json).unwrap();
    let mut keys: Vec<&str> = read.keys().map(String::as_str).collect();
    let mut wanted = ["timestamp", "a,b", "say \"it\"", "A", "A_2", "timestamp_2", "", " x", "two\nlines"];
    keys.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(keys, wanted);
}

#[test]
fn a_line_of_json_has_what_there_is() {
    let rows = rows(&[0, 1], &[&[f64::NAN, 1.5], &[f64::NEG_INFINITY, f64::NAN]]);
    let json = text(TableFormat::NdJson, &["A", "B"], &[rows]);
    let wanted = "{\"timestamp\":\"1970-01-01T00:00:00.000000Z\",\"B\":null}\n\
        {\"timestamp\":\"1970-01-01T00:00:00.000001Z\",\"A\":1.5}\n";
    assert_eq!(json, wanted);
}

#[test]
fn numbers_are_short_and_read_back_the_same() {
    let csv = text(TableFormat::Csv, &["A"], &[rows(&[0; 6], &[&ODD])]);
    let fields: Vec<&str> = csv.lines().skip(1).map(|line| line.split_once(',').unwrap().1).collect();
    assert_eq!(fields, ["1.0", "-0.0", "0.30000000000000004", "1e+300", "5e-324", "inf"]);
    let read = fields.iter().map(|field| field.parse::<f64>().unwrap().to_bits());
    assert!(read.eq(ODD.map(f64::to_bits)));
}

#[test]
fn rows_of_other_columns_are_refused() {
    for wrong in [rows(&[0], &[]), rows(&[0], &[&[1.0], &[1.0]]), rows(&[0], &[&[]])] {
        let mut table = Table::new(Vec::new(), TableFormat::Csv, columns(&["A"])).unwrap();
        assert_eq!(table.write(&wrong).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
