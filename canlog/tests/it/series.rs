//! Windows of a signal against a reference that looks at every sample.

pub(crate) mod message;
mod naive;
mod paths;
mod property;
