//! Logs into frames.

mod corpus;
mod damage;
mod limits;
mod real;
mod sniffing;
mod whole;
