//! The platform with real folders and real databases.
#![expect(clippy::unwrap_used, reason = "tests")]

mod broker;
mod config;
mod database;
mod key;
mod servers;
mod storage;
