//! Real servers for tests, each private to the test that starts it.

mod redis;

pub use redis::{RedisServer, ServerError};
