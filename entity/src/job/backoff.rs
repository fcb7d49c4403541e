//! How long a job waits before its next attempt. Each trouble has its own count, so that a poisonous log dies
//! after three attempts while an outage of hours costs no good log anything.

/// One second in the database's unit.
const SECOND: i64 = 1_000_000;

/// No wait is longer than this.
const LONGEST: i64 = 300 * SECOND;

/// A passing trouble is given up after this long.
pub(super) const BUDGET: i64 = 24 * 3600 * SECOND;

/// The child died this often: the log is poison.
pub(super) const MOST_CRASHES: i32 = 3;

/// The worker was lost this often: the log is poison.
pub(super) const MOST_LOSSES: i32 = 20;

/// After the child died for the `count`th time: at once, then 5 s x 3^n.
pub(super) fn after_crash(count: i32) -> i64 {
    growing(5 * SECOND, 3, count - 2)
}

/// After the worker was lost for the `count`th time: at once, then 5 s x 2^n.
pub(super) fn after_loss(count: i32) -> i64 {
    growing(5 * SECOND, 2, count - 2)
}

/// Before the `count`th retry after a passing trouble: anything up to 2 s x 2^n, so that many jobs that met
/// the same outage do not come back together.
pub(super) fn after_trouble(count: i32) -> i64 {
    fastrand::i64(0..=growing(2 * SECOND, 2, count - 1))
}

fn growing(first: i64, factor: i64, exponent: i32) -> i64 {
    u32::try_from(exponent)
        .map_or(0, |exponent| first.saturating_mul(factor.saturating_pow(exponent)).min(LONGEST))
}
