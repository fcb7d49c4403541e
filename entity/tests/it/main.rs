//! The tables against a real SQLite database.

#![expect(clippy::unwrap_used, reason = "tests")]

mod census;
mod commit;
mod deletion;
mod machine;
mod payload;
mod publication;
mod store;
mod tables;
mod transitions;
