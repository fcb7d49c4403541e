//! A file to read, perhaps with a place to keep what is decoded.

use std::sync::Arc;

use crate::series::cache::ColumnCache;

/// A message file or an overview that is about to be read.
#[derive(Debug)]
pub struct Input<R> {
    pub(super) reader: R,
    pub(super) kept: Option<Kept>,
}

/// Where decoded columns of a file are kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub cache: Arc<ColumnCache>,
    pub file: Arc<str>,
}

impl<R> Input<R> {
    /// A file of which nothing is kept.
    #[must_use]
    pub fn new(reader: R) -> Self {
        Self { reader, kept: None }
    }

    /// A file whose decoded columns are kept under the name `file`: another file, or another content, must
    /// have another name. When all that is needed is there, `reader` is asked for its position only; the reading
    /// ends when it does not tell.
    #[must_use]
    pub fn kept(reader: R, cache: &Arc<ColumnCache>, file: &str) -> Self {
        Self { reader, kept: Some(Kept { cache: Arc::clone(cache), file: file.into() }) }
    }
}
