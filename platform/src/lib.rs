//! What the API and the worker must agree on: configuration, database, storage, broker.
//!
//! Admission test: would the two misunderstand each other if they had different versions of this?

mod authority;
pub mod broker;
pub mod config;
mod crashpoint;
pub mod database;
pub mod identity;
pub mod metrics;
pub mod runtime;
pub mod storage;
#[cfg(feature = "testing")]
pub mod testing;
pub mod trace;
