//! The platform with real folders and real databases.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod back_ends;
mod broker;
mod broker_faults;
mod broker_tls;
mod bucket_config;
mod config;
mod database;
mod database_tls;
mod env_example;
mod identity;
mod key;
mod secrets;
mod servers;
mod storage;
