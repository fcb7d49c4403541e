//! How often a transaction is attempted, and how long it rests between.

use std::time::{Duration, Instant};

use sea_orm::DbErr;

use super::{connect::PATIENCE, failure};

/// Attempts of one transaction, the first included.
const ATTEMPTS: u32 = 5;
/// Attempts that end because somebody inserted the same. The next sees that row; a third time it is no race.
const DUPLICATES: u32 = 2;

/// Counts the attempts of one transaction.
pub(super) struct Retry {
    began: Instant,
    failed: u32,
    duplicates: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self { began: Instant::now(), failed: 0, duplicates: 0 }
    }
}

impl Retry {
    /// Whether another attempt may go better; counts the one that failed.
    pub(super) fn is_worth(&mut self, error: &DbErr) -> bool {
        self.failed += 1;
        self.duplicates += u32::from(failure::is_duplicate(error));
        let may_pass = failure::is_worth_repeating(error)
            || (failure::is_duplicate(error) && self.duplicates <= DUPLICATES);
        // A lock that was held so long is not free a moment later: the caller is to come again, and to know it.
        let waited = failure::is_contention(error) && self.began.elapsed() >= PATIENCE;
        self.failed < ATTEMPTS && may_pass && !waited
    }

    /// Whether there are no attempts left; counts the one whose outcome was unknown.
    pub(super) fn is_spent(&mut self) -> bool {
        self.failed += 1;
        self.failed >= ATTEMPTS
    }

    /// Waits a random time that grows with the attempts, so that rivals do not meet again.
    pub(super) async fn pause(&self) {
        let most = 20 << self.failed.min(6);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(5..=most))).await;
    }
}
