//! The real binary from outside.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod backup;
mod buckets;
mod child;
mod client;
mod converter;
mod faults;
mod fsck;
mod journey;
mod kill;
mod logs;
mod migrate;
mod oracle;
mod parts;
mod process;
mod purge;
mod roles;
mod rolling;
mod secrets;
mod seed;
mod storage_faults;
mod telling;
mod times;
mod worker;
