//! What brokers carry.

use entity::{id::JobId, job::JobStage};
use serde::{Deserialize, Serialize};

/// How far a running job is. Advice: the row is the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobProgressEvent {
    /// The job.
    pub job_id: JobId,
    /// The fencing token of the attempt.
    pub token: i64,
    /// Grows within the attempt: `(token, n)` orders all news of a job.
    pub n: i64,
    /// What it is at.
    #[serde(with = "stage")]
    pub stage: JobStage,
    /// Bytes done.
    pub bytes: i64,
    /// Bytes to do.
    pub total: i64,
    /// Frames read.
    pub frames: i64,
    /// Problems met.
    pub warnings: i64,
}

impl JobProgressEvent {
    /// Whether this is newer than `other`.
    #[must_use]
    pub fn is_after(&self, other: &Self) -> bool {
        (self.token, self.n) > (other.token, other.n)
    }
}

/// The latest about one job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobSignal {
    /// Grows whenever the row changed state: read it again then.
    pub changes: u64,
    /// The newest progress since the first watcher came.
    pub progress: Option<JobProgressEvent>,
}

impl JobSignal {
    /// Notes that the row is to be read again; always news.
    pub(super) fn change(&mut self) -> bool {
        self.changes += 1;
        true
    }
}

/// News on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoardEvent {
    /// This job's row changed state.
    Changed(JobId),
    /// A running job went on.
    Progress(JobProgressEvent),
    /// News were dropped because they were not taken in time: read all rows again.
    Missed,
}

/// Stages by their names in the database.
mod stage {
    use entity::job::JobStage;
    use sea_orm::ActiveEnum;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
    pub(super) fn serialize<S: Serializer>(stage: &JobStage, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&stage.to_value())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<JobStage, D::Error> {
        let text = String::deserialize(deserializer)?;
        JobStage::try_from_value(&text).map_err(D::Error::custom)
    }
}
