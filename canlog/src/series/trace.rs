//! One signal in one run: recorded, or derived from what was.

use crate::expression::Plan;
use crate::series::Input;

/// One signal in one run.
#[derive(Debug)]
pub enum Trace<'a, R, O> {
    /// As the run recorded it.
    Recorded(Recording<'a, R, O>),
    /// By an expression over what the run recorded.
    Derived(Derivation<'a, R>),
}

/// A signal as one run recorded it.
#[derive(Debug)]
pub struct Recording<'a, R, O> {
    /// The message file; not touched when the overview suffices.
    pub rows: Input<R>,
    /// Its overview; of use to a series, and where buckets are exported.
    pub overview: Input<O>,
    /// The signal's column.
    pub signal: &'a str,
}

/// An expression and the files of one run that it is computed from.
///
/// Its samples are the rows where it is not NaN: a gap is no sample. They do not depend on the window asked for, to
/// the last bit: what looks back in time, and what joins several messages, is computed from as far back as its values
/// depend on, an integral or a low-pass from the beginning of the run.
#[derive(Debug)]
pub struct Derivation<'a, R> {
    /// What to compute.
    pub plan: &'a Plan,
    /// One for each of [`Plan::bases`], in that order.
    pub bases: Vec<BaseFile<'a, R>>,
}

/// A message file that an expression reads. Rows in which none of the columns has a value are no rows of it.
#[derive(Debug)]
pub struct BaseFile<'a, R> {
    /// The file.
    pub rows: Input<R>,
    /// Its columns, in the order of [`crate::expression::Base::columns`].
    pub columns: Vec<&'a str>,
}

impl<'a, R, O> From<Recording<'a, R, O>> for Trace<'a, R, O> {
    fn from(recording: Recording<'a, R, O>) -> Self {
        Self::Recorded(recording)
    }
}

impl<'a, R, O> From<Derivation<'a, R>> for Trace<'a, R, O> {
    fn from(derivation: Derivation<'a, R>) -> Self {
        Self::Derived(derivation)
    }
}
