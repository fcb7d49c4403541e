//! The tables against real databases of every back end.

#![expect(clippy::unwrap_used, reason = "tests")]

mod catalog;
mod census;
mod collection;
mod commit;
mod deletion;
mod machine;
mod part_upload;
mod payload;
mod portable;
mod publication;
mod store;
mod tables;
mod texts;
mod transitions;
