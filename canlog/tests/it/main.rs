//! The crate from outside.
#![expect(clippy::unwrap_used, reason = "tests")]

mod convert;
mod dbc_catalog;
mod dbc_extract;
mod dbc_faults;
mod dbc_oracle;
mod derived;
mod expression;
mod overview;
mod overview_oracle;
mod read;
mod series;
mod statistics;
mod table;
