//! The tables: models, typed ids, states and their legal transitions.
//!
//! Times are integer microseconds since 1970-01-01T00:00:00Z and come from the database's clock.

pub mod blob;
pub mod catalog_signal;
pub mod clock;
pub mod conversion;
pub mod dbc;
pub mod derived_signal;
pub mod id;
pub mod instance;
pub mod interval;
pub mod job;
pub mod job_event;
pub mod marker;
pub mod part_upload;
pub mod portable;
pub mod run;
pub mod run_dbc;
pub mod signal;
pub mod signing_key;
pub mod store;
pub mod test_day;
pub mod tombstone;
pub mod upload;
pub mod vehicle;
pub mod vehicle_dbc;
