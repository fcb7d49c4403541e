//! Whether Redis is to be counted on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::watch;

/// Whether news arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Not known yet.
    Starting,
    /// Our own heartbeat came back since the last break.
    Flowing,
    /// They do not, or nobody knows.
    Broken,
}

/// What is known about both ways: out (commands are answered) and in (news arrive).
#[derive(Debug)]
pub(super) struct Link {
    arrival: watch::Sender<Arrival>,
    /// A command was not answered, and none was since: nobody waits for another.
    mute: AtomicBool,
    /// The last heartbeat that was sent.
    beat: AtomicU64,
    /// The first heartbeat whose return proves that the subscription of now works.
    proof: AtomicU64,
}

impl Link {
    pub(super) fn new() -> Self {
        Self {
            arrival: watch::Sender::new(Arrival::Starting),
            mute: AtomicBool::new(false),
            beat: AtomicU64::new(0),
            proof: AtomicU64::new(0),
        }
    }

    pub(super) fn is_flowing(&self) -> bool {
        *self.arrival.borrow() == Arrival::Flowing && !self.is_mute()
    }

    /// Waits until it is known whether Redis is there.
    pub(super) async fn settled(&self) {
        // The sender is `self`, so it cannot have gone.
        let _ = self.arrival.subscribe().wait_for(|arrival| *arrival != Arrival::Starting).await;
    }

    /// News may have been lost from now on; whether that is new.
    pub(super) fn breaks(&self) -> bool {
        self.arrival.send_replace(Arrival::Broken) != Arrival::Broken
    }

    /// We listen anew: only heartbeats sent from now on prove that it works.
    pub(super) fn listens(&self) {
        self.proof.store(self.beat.load(Ordering::SeqCst) + 1, Ordering::SeqCst);
    }

    /// The number of the next heartbeat.
    pub(super) fn next_beat(&self) -> u64 {
        self.beat.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// A heartbeat of ours came back; whether news flow only since then.
    pub(super) fn heard(&self, beat: u64) -> bool {
        beat >= self.proof.load(Ordering::SeqCst)
            && self.arrival.send_replace(Arrival::Flowing) != Arrival::Flowing
    }

    pub(super) fn is_mute(&self) -> bool {
        self.mute.load(Ordering::SeqCst)
    }

    /// A command was answered or not; whether that is new.
    pub(super) fn answers(&self, answers: bool) -> bool {
        self.mute.swap(!answers, Ordering::SeqCst) == answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_heartbeat_sent_after_the_break_proves_that_news_flow() {
        let link = Link::new();
        link.listens();
        assert!(!link.is_flowing());
        let first = link.next_beat();
        assert!(link.heard(first) && link.is_flowing());
        let late = link.next_beat();
        assert!(link.breaks() && !link.breaks());
        link.listens();
        assert!(!link.heard(late) && !link.is_flowing());
        let fresh = link.next_beat();
        assert!(link.heard(fresh) && !link.heard(fresh) && link.is_flowing());
    }

    #[test]
    fn who_is_not_answered_is_not_connected() {
        let link = Link::new();
        let beat = link.next_beat();
        assert!(link.heard(beat) && link.is_flowing());
        assert!(!link.answers(true));
        assert!(link.answers(false) && !link.answers(false) && !link.is_flowing());
        assert!(link.answers(true) && link.is_flowing());
    }
}
