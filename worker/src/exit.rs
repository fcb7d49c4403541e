//! Exit codes of `dataviewer convert`, as the worker understands them. Anything else is a crash.

/// Nothing can be made of this log; a `failed` line says why.
pub const FAILED: u8 = 1;
/// The command line was wrong.
pub const USAGE: u8 = 2;
/// A file could not be read or written; another try may succeed.
pub const IO: u8 = 3;
/// No room was left for the output; another try may succeed when there is.
pub const FULL: u8 = 4;
