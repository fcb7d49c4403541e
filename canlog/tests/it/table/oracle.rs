//! Files as polars, pandas, pyarrow and DuckDB read them.

use std::path::Path;

use canlog::export::{Rows, TableColumn, TableFormat};
use serde_json::{Value, json};

use super::file;
use crate::overview_oracle::python;

const NAN: f64 = f64::NAN;
const START: i64 = 1_570_376_574_000_000;

/// Named columns with units, at times a hundredth of a second apart.
struct Case<'a> {
    name: &'a str,
    columns: Vec<(&'a str, Option<&'a str>, Vec<f64>)>,
    rows: usize,
    /// Rows of a row group.
    most: usize,
}

impl Case<'_> {
    fn times(&self) -> Vec<i64> {
        (0..self.rows as i64).map(|row| START + row * 10_000).collect()
    }

    /// The rows in blocks, as an export has them.
    fn blocks(&self) -> Vec<Rows> {
        let times = self.times();
        let ranges = (0..self.rows).step_by(8_192).map(|start| start..self.rows.min(start + 8_192));
        let block = |range: std::ops::Range<usize>| Rows {
            times: times[range.clone()].to_vec(),
            columns: self.columns.iter().map(|column| column.2[range.clone()].to_vec()).collect(),
        };
        ranges.map(block).collect()
    }

    /// Writes all its files; says what is in them.
    fn write(&self, folder: &Path) -> Value {
        let (blocks, mut said) = (self.blocks(), serde_json::Map::new());
        let formats = [
            ("csv", TableFormat::Csv),
            ("ndjson", TableFormat::NdJson),
            ("arrow", TableFormat::Arrow),
            ("parquet", TableFormat::Parquet),
        ];
        for (ending, format) in formats {
            let column = |column: &(&str, Option<&str>, Vec<f64>)| TableColumn {
                name: column.0.to_owned(),
                unit: column.1.map(str::to_owned),
            };
            let path = folder.join(format!("{}.{ending}", self.name));
            std::fs::write(&path, file(format, self.columns.iter().map(column).collect(), &blocks)).unwrap();
            said.insert(ending.to_owned(), json!(path));
        }
        let text = |value: &f64| (!value.is_nan()).then(|| format!("{value:?}"));
        let values = self.columns.iter().map(|column| column.2.iter().map(text).collect::<Vec<_>>());
        said.insert("names".to_owned(), self.columns.iter().map(|column| column.0).collect());
        said.insert("units".to_owned(), self.columns.iter().map(|column| column.1).collect());
        said.insert("values".to_owned(), json!(values.collect::<Vec<_>>()));
        said.insert("times".to_owned(), json!(self.times()));
        said.insert("most_rows".to_owned(), json!(self.most));
        said.into()
    }
}

fn cases() -> Vec<Case<'static>> {
    let odd = vec![1.0, -0.0, 0.1 + 0.2, 1e300, 1e-300, -1.5, 123_456_789.0, 1e16];
    let gaps = vec![NAN, 1.0, NAN, NAN, -2.5, 1e-7, 0.0, NAN];
    let long =
        |period: usize| move |row: usize| if row.is_multiple_of(period) { NAN } else { (row as f64).sqrt() };
    let endless = vec![f64::INFINITY, f64::NEG_INFINITY, NAN, 1.5];
    let many: Vec<String> = (0..127).map(|column| format!("S{column}")).collect();
    let wide = many.leak().iter().map(|name| (&**name, None, vec![2.25; 9_000])).collect();
    vec![
        Case {
            name: "gaps",
            columns: vec![
                ("Engine.Speed", Some("rpm"), gaps),
                ("say it, µ", Some("°C"), odd),
                ("None", None, vec![NAN; 8]),
                ("Whole", None, (0..8).map(f64::from).collect()),
            ],
            rows: 8,
            most: 65_536,
        },
        Case { name: "infinite", columns: vec![("A", None, endless)], rows: 4, most: 65_536 },
        Case { name: "one", columns: vec![("A", Some("V"), vec![3.0])], rows: 1, most: 65_536 },
        Case {
            name: "none",
            columns: vec![("A", Some("V"), vec![]), ("B", None, vec![])],
            rows: 0,
            most: 65_536,
        },
        Case {
            name: "long",
            columns: vec![
                ("A", Some("V"), (0..70_000).map(long(7)).collect()),
                ("B", None, (0..70_000).map(|row| f64::from(row % 100)).collect()),
            ],
            rows: 70_000,
            most: 65_536,
        },
        Case { name: "wide", columns: wide, rows: 9_000, most: 8_192 },
    ]
}

#[test]
fn others_read_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let cases = cases();
    let said: Vec<Value> = cases.iter().map(|case| case.write(folder.path())).collect();
    let path = folder.path().join("cases.json");
    std::fs::write(&path, serde_json::to_vec(&said).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/oracle/tables.py");
    let output = python().arg(script).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let compared: usize = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    let values: usize = cases.iter().map(|case| case.rows * case.columns.len()).sum();
    assert!(compared > 15 * values, "only {compared} values of {values} were compared");
}
