//! CAN logs in, signals and Parquet out.
//!
//! Pure: bytes come from a reader we are given, Parquet goes to writers a closure opens. Nothing here
//! opens a file, awaits, logs, reads the environment or knows the time of day.

pub mod convert;
pub mod dbc;
pub mod export;
pub mod expression;
pub mod failure;
pub mod format;
pub mod frame;
pub mod manifest;
pub mod overview;
pub mod parquet;
pub mod progress;
pub mod read;
pub mod report;
pub mod series;
pub mod statistics;
pub mod synth;
pub mod table;
