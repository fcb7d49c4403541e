//! What was found: one line a finding as it is found, and a summary.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Kind {
    /// A row refers to an object that is not there.
    Missing,
    /// An object has another size than its row says.
    WrongSize,
    /// An object has another content than its row says, or cannot be read whole.
    WrongContent,
    /// Nothing refers to an object, and nothing will remove it.
    Unreferenced,
    /// What a killed writer left.
    Staging,
    /// Rows that cannot be true together.
    Contradiction,
}

/// Something wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    /// An object's name, or a row.
    pub(super) subject: String,
    /// What is wrong with it, in words.
    pub(super) detail: String,
    /// Whether it was removed.
    pub(super) repaired: bool,
}

/// What was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Counts {
    pub(super) runs: u64,
    pub(super) jobs: u64,
    /// Objects that rows refer to.
    pub(super) referenced: u64,
    /// Their size.
    pub(super) bytes: u64,
    /// Objects of uploads and conversions under way.
    pub(super) under_way: u64,
    /// Objects that the collector will remove.
    pub(super) garbage: u64,
    /// Objects that nothing refers to, too young to judge.
    pub(super) young: u64,
    /// Names that are none of ours.
    pub(super) foreign: u64,
    /// Jobs whose holder went silent; another worker will take them.
    pub(super) expired_leases: u64,
    pub(super) findings: u64,
    pub(super) repaired: u64,
}

/// Tells findings as they come.
pub(super) struct Reporter {
    json: bool,
    out: io::Stdout,
    /// Who reads our output may go away; the check goes on all the same, and its exit code counts.
    pub(super) counts: Counts,
}

impl Reporter {
    pub(super) fn new(json: bool) -> Self {
        Self { json, out: io::stdout(), counts: Counts::default() }
    }

    /// Tells one.
    pub(super) fn find(&mut self, finding: &Finding) {
        self.counts.findings += 1;
        self.counts.repaired += u64::from(finding.repaired);
        let line = if self.json { json!({ "finding": finding }).to_string() } else { said(finding) };
        let _ = writeln!(self.out, "{line}");
    }

    /// Tells the summary; whether all is well. What was repaired is well again.
    pub(super) fn finish(mut self) -> io::Result<bool> {
        let counts = &self.counts;
        let clean = counts.findings == counts.repaired;
        if self.json {
            writeln!(self.out, "{}", json!({ "summary": counts, "clean": clean }))?;
            return Ok(clean);
        }
        let bytes = indicatif::HumanBytes(counts.bytes);
        writeln!(
            self.out,
            "{} runs, {} jobs, {} objects ({bytes}); {} under way, {} to be collected, {} too young to judge, \
             {} foreign names, {} expired leases",
            counts.runs,
            counts.jobs,
            counts.referenced,
            counts.under_way,
            counts.garbage,
            counts.young,
            counts.foreign,
            counts.expired_leases,
        )?;
        match (counts.findings, counts.repaired) {
            (0, _) => writeln!(self.out, "clean")?,
            (findings, repaired) => writeln!(self.out, "{findings} findings, {repaired} of them repaired")?,
        }
        Ok(clean)
    }
}

fn said(finding: &Finding) -> String {
    let kind = json!(finding.kind);
    let repaired = if finding.repaired { " (removed)" } else { "" };
    format!("{}: {}: {}{repaired}", kind.as_str().unwrap_or_default(), finding.subject, finding.detail)
}
