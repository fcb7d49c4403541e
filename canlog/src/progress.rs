//! What a converting process says while it works: one JSON object a line on its standard output.
//!
//! Any number of `progress` lines, then exactly one `done` or `failed`. A process that ends without one
//! of the two has crashed.

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// One line of the converter's standard output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConvertLine {
    /// How far it is; at most ten a second.
    Progress(Progress),
    /// `manifest.json`, `report.json` and all files they name are written.
    Done(Progress),
    /// Nothing can be made of this log; a retry would end the same.
    Failed(Failure),
}

/// How far a conversion is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Bytes of the log read and decoded so far; never steps back.
    pub bytes: u64,
    /// Bytes of the log.
    pub total: u64,
    /// Frames read so far.
    pub frames: u64,
    /// Problems met so far (bad lines and the like): what the report will count as warnings.
    pub warnings: u64,
}
