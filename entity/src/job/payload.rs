//! What a job's kind needs to know: ids and settings, no behaviour.

use serde::{Deserialize, Serialize};

use crate::{
    id::{BlobId, DbcId, RunId},
    run,
};

/// The permanent name of the kind that converts a run's log.
pub const CONVERT_UPLOAD: &str = "convert_upload";

/// The newest payload that this version writes and reads.
pub const SCHEMA_VERSION: i32 = 2;

/// The version of a payload without a shift: what the first release reads, too.
const WITHOUT_SHIFT: i32 = 1;

/// What [`CONVERT_UPLOAD`] needs to know. Its JSON is a contract between versions: see the golden test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConvertPayload {
    /// The oldest [`SCHEMA_VERSION`] that understands it.
    pub schema_version: i32,
    /// The run.
    pub run_id: RunId,
    /// Its log.
    pub blob_id: BlobId,
    /// The DBCs, in the order they are asked.
    pub dbcs: Vec<DbcBinding>,
    /// The IANA zone of the logger's clock.
    pub time_zone: String,
    /// Microseconds to add to every time of the log; null leaves them as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<i64>,
}

impl ConvertPayload {
    /// What the run's settings ask for, with these DBCs.
    #[must_use]
    pub fn of(run: &run::Model, dbcs: Vec<DbcBinding>) -> Self {
        Self {
            schema_version: if run.time_shift.is_some() { SCHEMA_VERSION } else { WITHOUT_SHIFT },
            run_id: run.id,
            blob_id: run.blob_id,
            dbcs,
            time_zone: run.time_zone.clone(),
            shift: run.time_shift,
        }
    }
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
