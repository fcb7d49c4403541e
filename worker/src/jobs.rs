//! What each kind of job does.

pub(crate) mod convert_upload;
