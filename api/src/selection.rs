//! What to read: names, ids and expressions become signals and plans. GraphQL and HTTP share it.

pub(crate) mod catalog;
pub(crate) mod dependency;
