//! What a job's kind needs to know: ids and settings, no behaviour.

use serde::{Deserialize, Serialize};

use crate::id::{BlobId, DbcId, RunId};

/// The permanent name of the kind that converts a run's log.
pub const CONVERT_UPLOAD: &str = "convert_upload";

/// The newest payload that this version writes and reads.
pub const SCHEMA_VERSION: i32 = 1;

/// What [`CONVERT_UPLOAD`] needs to know. Its JSON is a contract between versions: see the golden test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConvertPayload {
    /// [`SCHEMA_VERSION`] of the version that wrote it.
    pub schema_version: i32,
    /// The run.
    pub run_id: RunId,
    /// Its log.
    pub blob_id: BlobId,
    /// The DBCs, in the order they are asked.
    pub dbcs: Vec<DbcBinding>,
    /// The IANA zone of the logger's clock.
    pub time_zone: String,
}

/// A DBC and the bus that it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DbcBinding {
    /// The DBC.
    pub dbc_id: DbcId,
    /// The bus, in the log's own text; null for all.
    pub bus: Option<String>,
}
