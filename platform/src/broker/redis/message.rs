//! What travels through Redis, and under which names.

use entity::id::JobId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::broker::JobProgressEvent;

/// The consumer group of all workers.
pub(super) const GROUP: &str = "workers";

/// Keys and channels, all under one prefix so that installations can share a server.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The stream of rings.
    pub(super) jobs: String,
    /// Which database the API works with.
    pub(super) instance: String,
    /// How far jobs are.
    pub(super) progress: String,
    /// Whose row changed.
    pub(super) changed: String,
    /// Proof that what is published arrives.
    pub(super) beat: String,
}

impl Names {
    pub(super) fn under(prefix: &str) -> Self {
        let name = |last: &str| format!("{prefix}:{last}");
        Self {
            jobs: name("jobs"),
            instance: name("instance"),
            progress: name("progress"),
            changed: name("changed"),
            beat: name("hb"),
        }
    }

    /// What a process listens to.
    pub(super) fn channels(&self) -> Vec<String> {
        vec![self.progress.clone(), self.changed.clone(), self.beat.clone()]
    }

    pub(super) fn channel(&self, news: &News) -> &str {
        match news {
            News::Progress(_) => &self.progress,
            News::Changed(_) => &self.changed,
            News::Beat(_) => &self.beat,
        }
    }
}

/// News of one process for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Message {
    /// The process: it has told itself already.
    pub(super) from: Uuid,
    #[serde(flatten)]
    pub(super) news: News,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum News {
    /// A running job went on.
    Progress(JobProgressEvent),
    /// This job's row changed state.
    Changed(JobId),
    /// The process lives; counts from 1.
    Beat(u64),
}

#[cfg(test)]
mod tests {
    use entity::job::JobStage;

    use super::*;

    #[test]
    fn news_travel_as_json() {
        let (from, job_id) = (Uuid::from_u128(7), JobId(Uuid::from_u128(1)));
        let (bytes, total, frames, warnings) = (4, 5, 6, 0);
        let progress = JobProgressEvent {
            job_id,
            token: 2,
            n: 3,
            stage: JobStage::Reading,
            bytes,
            total,
            frames,
            warnings,
        };
        let job = "job_00000000000000000000000000000001";
        for (news, text) in [
            (News::Beat(9), r#""beat":9"#.to_owned()),
            (News::Changed(job_id), format!(r#""changed":"{job}""#)),
            (
                News::Progress(progress),
                format!(
                    r#""progress":{{"jobId":"{job}","token":2,"n":3,"stage":"READING","bytes":4,"total":5,"frames":6,"warnings":0}}"#
                ),
            ),
        ] {
            let message = Message { from, news };
            let text = format!(r#"{{"from":"00000000-0000-0000-0000-000000000007",{text}}}"#);
            assert_eq!(serde_json::to_string(&message).unwrap(), text);
            assert_eq!(serde_json::from_str::<Message>(&text).unwrap(), message);
        }
    }

    #[test]
    fn names_lie_under_the_prefix() {
        let names = Names::under("pit");
        assert_eq!((names.jobs.as_str(), names.instance.as_str()), ("pit:jobs", "pit:instance"));
        assert_eq!(names.channels(), ["pit:progress", "pit:changed", "pit:hb"]);
    }
}
