//! Signals as one table to take away: CSV, NDJSON, Arrow or Parquet, streamed however long.

#[cfg_attr(not(test), expect(dead_code, reason = "the routes and the links that use it are on their way"))]
pub(crate) mod query;
