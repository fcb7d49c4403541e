//! `RunStatus`: derived, never stored.

use async_graphql::Enum;
use entity::job::JobState;

/// Whether a run can be read, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum RunStatus {
    /// Its log waits to be converted.
    Pending,
    /// Its log is being converted for the first time.
    Converting,
    /// It can be read (also while it is converted again).
    Ready,
    /// Nothing could be made of its log: `job { failure }` says why.
    Failed,
    /// Its conversion was cancelled.
    Cancelled,
}

impl From<JobState> for RunStatus {
    /// The status of a run that has no conversion yet, by its newest job.
    fn from(state: JobState) -> Self {
        match state {
            JobState::Queued | JobState::RetryWait | JobState::Succeeded => Self::Pending,
            JobState::Running => Self::Converting,
            JobState::Failed => Self::Failed,
            JobState::Cancelled => Self::Cancelled,
        }
    }
}

impl RunStatus {
    /// The states of the newest job that mean it.
    pub(crate) fn job_states(self) -> &'static [JobState] {
        match self {
            Self::Pending => &[JobState::Queued, JobState::RetryWait, JobState::Succeeded],
            Self::Converting => &[JobState::Running],
            Self::Ready => &[],
            Self::Failed => &[JobState::Failed],
            Self::Cancelled => &[JobState::Cancelled],
        }
    }
}
