//! The wish to end an execution early, and why.

use tokio::sync::watch;

/// Why an execution shall end before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// Somebody cancelled the job.
    Cancelled,
    /// The job is no longer ours: another worker holds it, or it has ended.
    Lost,
    /// This worker shuts down.
    Shutdown,
    /// It takes longer than one may.
    Timeout,
}

/// The wish to end one execution; the first reason given stays.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    reason: watch::Sender<Option<StopReason>>,
}

impl Stop {
    pub(crate) fn new() -> Self {
        Self { reason: watch::Sender::new(None) }
    }

    pub(crate) fn request(&self, reason: StopReason) {
        self.reason.send_if_modified(|slot| {
            let first = slot.is_none();
            slot.get_or_insert(reason);
            first
        });
    }

    /// The reason, if there is one already.
    pub(crate) fn reason(&self) -> Option<StopReason> {
        *self.reason.borrow()
    }

    /// Waits until there is one.
    pub(crate) async fn requested(&self) -> StopReason {
        let mut watching = self.reason.subscribe();
        let reason = watching.wait_for(Option::is_some).await.ok().and_then(|slot| *slot);
        // The sender is `self`, so it cannot have gone.
        reason.unwrap_or(StopReason::Lost)
    }
}
