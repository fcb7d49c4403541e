//! The forms of a table, by the ends of their names.

use canlog::export::TableFormat;

use crate::graphql::{Answer, Refusal};

/// Each form, what its names end in, and its media type.
const FORMATS: [(TableFormat, &str, &str); 4] = [
    (TableFormat::Csv, "csv", "text/csv; charset=utf-8; header=present"),
    (TableFormat::NdJson, "ndjson", "application/x-ndjson"),
    (TableFormat::Arrow, "arrow", "application/vnd.apache.arrow.file"),
    (TableFormat::Parquet, "parquet", "application/vnd.apache.parquet"),
];

/// The form of the last part of a path: `data.csv` …
pub(super) fn of_file(name: &str) -> Answer<TableFormat> {
    let ending = name.strip_prefix("data.");
    let found = FORMATS.iter().find(|(_, known, _)| Some(*known) == ending);
    found.map(|(format, ..)| *format).ok_or_else(|| {
        let hint = "There are `data.csv`, `data.ndjson`, `data.arrow` and `data.parquet`.";
        Refusal::not_found("file", name).with("hint", hint)
    })
}

/// What names of files of this form end in, without the dot.
pub(super) fn ending(format: TableFormat) -> &'static str {
    FORMATS.iter().find(|(known, ..)| *known == format).map_or("", |(_, ending, _)| ending)
}

/// What `Content-Type` says.
pub(super) fn media_type(format: TableFormat) -> &'static str {
    FORMATS.iter().find(|(known, ..)| *known == format).map_or("", |(.., media_type)| media_type)
}
