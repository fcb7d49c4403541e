//! Which database errors pass by themselves, and how long to wait for that.

use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr};

/// Attempts of one transaction, the first included.
const ATTEMPTS: u32 = 5;

/// Counts the attempts of one transaction.
#[derive(Default)]
pub(super) struct Retry {
    failed: u32,
}

impl Retry {
    /// Whether another attempt may go better; counts the one that failed.
    pub(super) fn is_worth(&mut self, error: &DbErr) -> bool {
        self.failed += 1;
        self.failed < ATTEMPTS && is_passing(error)
    }

    /// Waits a random time that grows with the attempts, so that rivals do not meet again.
    pub(super) async fn pause(&self) {
        let most = 20 << self.failed.min(6);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(5..=most))).await;
    }
}

/// Busy or locked (SQLite), serialisation failure or deadlock (PostgreSQL, MariaDB).
fn is_passing(error: &DbErr) -> bool {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else { return false };
    let RuntimeErr::SqlxError(cause) = cause else { return false };
    let code = cause.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| match code.as_ref() {
        "40001" | "40P01" => true,
        // SQLite's extended codes keep the primary one in the low byte: 5 is busy, 6 is locked.
        other => other.parse::<u32>().is_ok_and(|code| code < 0x1000 && matches!(code & 0xFF, 5 | 6)),
    })
}
