//! Derived signals read from message files, and rows that are exported.

mod derivation;
mod export;
mod export_shapes;
mod property;
