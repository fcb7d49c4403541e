//! What a reader met that was not as it should be: counted, and the first ones kept as samples.

use std::collections::BTreeMap;

use crate::report::{Problem, ProblemCode, ProblemSample};

use super::SAMPLE_BYTES;

/// Samples kept of each code.
const SAMPLES: usize = 100;

/// A line that is no frame, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    /// What to count it as.
    pub(super) code: ProblemCode,
    /// What was expected.
    pub(super) reason: &'static str,
}

impl BadLine {
    /// A line that is no frame.
    pub(super) const fn new(reason: &'static str) -> Self {
        Self { code: ProblemCode::BadLines, reason }
    }

    /// A line whose stamp is no time.
    pub(super) const fn time(reason: &'static str) -> Self {
        Self { code: ProblemCode::TimeRange, reason }
    }

    /// A line that the log ends in.
    pub(super) const fn truncated(reason: &'static str) -> Self {
        Self { code: ProblemCode::TruncatedInput, reason }
    }
}

/// All problems of a log so far.
#[derive(Default)]
pub(super) struct Problems {
    by_code: BTreeMap<ProblemCode, Problem>,
    count: u64,
}

impl Problems {
    /// Counts one; the reason is made only when it is among the first.
    pub(super) fn add(&mut self, code: ProblemCode, line: u64, text: &[u8], reason: impl FnOnce() -> String) {
        self.count += 1;
        let problem =
            self.by_code.entry(code).or_insert_with(|| Problem { code, count: 0, samples: Vec::new() });
        problem.count += 1;
        if problem.samples.len() < SAMPLES {
            let line = Some(line).filter(|line| *line > 0);
            problem.samples.push(ProblemSample {
                line,
                byte_offset: None,
                text: readable(text),
                reason: reason(),
            });
        }
    }

    /// How many so far.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// All of them, one entry a code.
    pub(super) fn into_vec(self) -> Vec<Problem> {
        self.by_code.into_values().collect()
    }
}

/// The first characters of a line, fit to be shown: no control and no text direction characters.
fn readable(text: &[u8]) -> String {
    let head = &text[..text.len().min(SAMPLE_BYTES)];
    String::from_utf8_lossy(head)
        .chars()
        .map(|c| match c {
            '\t' => ' ',
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}
