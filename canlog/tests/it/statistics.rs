//! Figures of any window against every sample, and against polars and DuckDB.

mod oracle;
pub(crate) mod property;
