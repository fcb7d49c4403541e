//! `manifest.json`: what a conversion wrote. The contract between the converter, the worker and the API.

use serde::{Deserialize, Serialize};

use crate::frame::Micros;

/// The content of `manifest.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The log's format as sniffed, e.g. `candump`.
    pub format: String,
    /// SHA-256 (hex) of each DBC used, in the order given.
    pub dbcs: Vec<String>,
    /// One entry a (bus, frame id, message) with at least one row.
    pub messages: Vec<MessageFile>,
}

/// One message's files and what is in them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageFile {
    /// The log's own text for the wire; null where the format has none.
    pub bus: Option<String>,
    /// The frame id without flag bits; null for a log that was decoded before it reached us.
    pub frame_id: Option<u32>,
    /// Whether the frame id is of the 29-bit kind.
    pub extended: bool,
    /// The message's name in the DBC.
    pub message: String,
    /// The Parquet file of the rows, relative to the manifest.
    pub file: String,
    /// The Parquet file of the overview, relative to the manifest.
    pub overview: OverviewFile,
    /// Rows in `file`.
    pub rows: u64,
    /// Size of `file` in bytes.
    pub bytes: u64,
    /// SHA-256 (hex) of `file`.
    pub sha256: String,
    /// Whether the rows' times never step back.
    pub sorted: bool,
    /// The columns of `file` after `timestamp`, in order.
    pub signals: Vec<SignalSummary>,
}

/// The overview beside a message file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OverviewFile {
    /// The Parquet file, relative to the manifest.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 (hex).
    pub sha256: String,
}

/// One signal over the whole conversion. Values are physical, first and last in file order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignalSummary {
    /// The column's name: the signal's, with a suffix where a message repeats one.
    pub name: String,
    /// The unit as the DBC gives it; null when empty.
    pub unit: Option<String>,
    /// Samples (rows where the signal is not null).
    pub count: u64,
    /// Smallest value; null without samples, or when all are NaN.
    pub min: Option<Number>,
    /// Largest value.
    pub max: Option<Number>,
    /// First value in file order.
    pub first: Option<Number>,
    /// Last value in file order.
    pub last: Option<Number>,
    /// Time of the first value.
    pub first_time: Option<Micros>,
    /// Time of the last value.
    pub last_time: Option<Micros>,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Sample standard deviation (ddof 1); null below two samples.
    pub standard_deviation: Option<f64>,
    /// Value table: number to label; empty when the signal has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<ValueLabel>,
}

/// One line of a value table (`VAL_`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueLabel {
    /// The raw value that the DBC gives the label to.
    pub raw: i64,
    /// The physical value of a sample that has the label: `raw` scaled as the signal's samples are; null when
    /// that is no finite number.
    pub value: Option<f64>,
    /// The label.
    pub label: String,
}

/// A physical value: a float, or an integer that a float could not hold exactly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Number {
    /// A signed integer wider than 53 bits.
    Int(i64),
    /// An unsigned integer wider than 53 bits.
    UInt(u64),
    /// Everything else.
    Float(f64),
}

impl Number {
    /// The nearest float.
    #[must_use]
    pub fn float(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::UInt(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}
