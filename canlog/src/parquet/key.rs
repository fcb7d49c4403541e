//! What the footer of a message file says about its content.

use polars_parquet::write::KeyValue;
use serde::{Deserialize, Serialize};

use crate::frame::FrameId;
use crate::manifest::ValueLabel;

/// Key of the message's name.
pub const MESSAGE: &str = "dataviewer.message";
/// Key of the bus; absent where the log names none.
pub const BUS: &str = "dataviewer.bus";
/// Key of the frame id, decimal, without flag bits; absent for a log that was decoded elsewhere.
pub const FRAME_ID: &str = "dataviewer.frame_id";
/// Key of whether the id is of the 29-bit kind: `true` or `false`.
pub const EXTENDED: &str = "dataviewer.extended";
/// Key of whether the times never step back: `true` or `false`.
pub const SORTED: &str = "dataviewer.sorted";
/// Key of the SHA-256 of the DBCs, a JSON array of hex strings.
pub const DBCS: &str = "dataviewer.dbcs";
/// Key of the signals, a JSON array of [`SignalEntry`].
pub const SIGNALS: &str = "dataviewer.signals";

/// What the footer says about a signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalEntry {
    /// The column.
    pub name: String,
    /// The unit; null when there is none.
    pub unit: Option<String>,
    /// The value table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<ValueLabel>,
}

/// A message as its file describes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Description {
    pub(crate) bus: Option<String>,
    pub(crate) frame: Option<FrameId>,
    pub(crate) message: String,
    pub(crate) signals: Vec<SignalEntry>,
}

impl Description {
    /// The key-value metadata of the file.
    pub(crate) fn metadata(&self, dbcs: &[String], sorted: bool) -> serde_json::Result<Vec<KeyValue>> {
        let mut entries = vec![entry(MESSAGE, self.message.clone())];
        entries.extend(self.bus.clone().map(|bus| entry(BUS, bus)));
        if let Some(frame) = self.frame {
            entries.push(entry(FRAME_ID, frame.frame_id.to_string()));
            entries.push(entry(EXTENDED, frame.extended.to_string()));
        }
        entries.push(entry(DBCS, serde_json::to_string(dbcs)?));
        entries.extend(columns_metadata(&self.signals, sorted)?);
        Ok(entries)
    }
}

/// What a file says about its columns, whether it is a message's or not.
pub(crate) fn columns_metadata(signals: &[SignalEntry], sorted: bool) -> serde_json::Result<[KeyValue; 2]> {
    Ok([entry(SORTED, sorted.to_string()), entry(SIGNALS, serde_json::to_string(signals)?)])
}

fn entry(key: &str, value: String) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(value) }
}
