//! The schema itself, without HTTP: real tables, rows made as the rest of the server makes them.

mod dbcs;
mod jobs;
mod runs;
mod seed;
mod signals;
