//! Windows of a signal against a reference that looks at every sample.

pub(crate) mod message;
pub(crate) mod naive;
mod paths;
pub(crate) mod property;
mod range;
mod shapes;
mod store;
