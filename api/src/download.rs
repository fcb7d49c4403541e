//! What is taken over plain HTTP, byte for byte: raw logs and the files of conversions.
//!
//! | path | what |
//! | --- | --- |
//! | `/logs/{id}` | a raw log |
//! | `/runs/{id}/messages/{file}` | a file of what readers see of a run now |
//! | `/runs/{id}/conversions/{conversion}/{file}` | a file of this conversion, as long as it is there |
//! | `/runs/{id}/data.{csv,ndjson,arrow,parquet}` | signals of a run as one table |
//! | `/range/data.{csv,ndjson,arrow,parquet}` | signals of all runs in a window |
//! | `/lake` | the messages that were converted, over all runs |
//! | `/lake/{message}` | the files of one message over all runs |
//!
//! A file answers GET and HEAD, whole or one range (`bytes=-262144` too), with the SHA-256 as its ETag. None is
//! compressed on the way: what is stored is compact already, and a range is one of the bytes as they are stored.
//! A refusal is JSON: `{code, message, hint}`.

pub(crate) mod export;
mod file;
mod lake;
mod log;
mod name;
mod range;
mod refusal;
mod reply;
mod validator;

use axum::{Router, routing::get};

pub(crate) use name::escaped;
pub(crate) use refusal::Refused;

use crate::selection::Library;

/// The paths.
pub(crate) fn routes() -> Router<Library> {
    Router::new()
        .route("/logs/{id}", get(log::log))
        .route("/runs/{id}/messages/{file}", get(file::of_run))
        .route("/runs/{id}/conversions/{conversion}/{file}", get(file::of_conversion))
        .route("/runs/{id}/{file}", get(export::of_run))
        .route("/range/{file}", get(export::of_range))
        .route("/lake", get(lake::messages))
        .route("/lake/{message}", get(lake::files))
}
