//! The end of a conversion: what to report, or why nothing could be made of the log.

use std::sync::Arc;

use jiff::Timestamp;

use super::chunk::Log;
use super::tally::Examples;
use super::target::Target;
use super::{ConvertError, Converted};
use crate::dbc::Catalog;
use crate::failure::{Failure, FailureCode};
use crate::frame::Micros;
use crate::manifest::Manifest;
use crate::parquet::Description;
use crate::read::ReadReport;
use crate::report::{FrameCounts, Problem, ProblemCode, ProblemSample, Report, TimeSource, UnknownId};

/// Unknown ids that are reported, and samples of a problem.
const REPORTED: usize = 100;
/// Unknown ids that a failure names.
const NAMED: usize = 5;

/// What the passes over the log left behind.
pub(super) struct Outcome<'a> {
    pub(super) counts: FrameCounts,
    pub(super) unknown: Vec<UnknownId>,
    pub(super) targets: Vec<Arc<Target<'a>>>,
}

/// Makes manifest and report of it.
pub(super) fn settle(log: Log, outcome: Outcome, catalog: &Catalog) -> Result<Converted, ConvertError> {
    let Outcome { mut counts, mut unknown, targets } = outcome;
    let (mut short, mut equal) = (Found::short(), Found::equal());
    let (mut messages, mut samples) = (Vec::new(), 0);
    for target in targets.into_iter().filter_map(Arc::into_inner) {
        let (description, tally, file) = target.outcome();
        counts.decoded += tally.rows;
        counts.skipped.unusable += tally.unusable;
        samples += tally.samples();
        short.add(&description, &tally.short);
        equal.add(&description, &tally.duplicates);
        messages.extend(file);
    }
    unknown.sort_by_key(|id| (std::cmp::Reverse(id.frames), id.frame_id, id.extended));
    counts.unknown_id += unknown.iter().map(|id| id.frames).sum::<u64>();
    if messages.is_empty() {
        return Err(ConvertError::Failure(nothing(&counts, &unknown)));
    }
    unknown.truncate(REPORTED);
    messages.sort_by(|a, b| (&a.bus, a.frame_id, &a.file).cmp(&(&b.bus, b.frame_id, &b.file)));
    let (format, bytes) = (log.sniffed.format.name().to_owned(), log.source.bytes);
    let dbcs = log.options.dbcs.iter().map(|bound| bound.dbc.sha256.clone()).collect();
    let shift = log.options.shift;
    let ReadReport { lines, bad_lines, back_steps, time_source, start, end, mut problems } =
        moved(log.reader.finish(), shift);
    problems.extend([conflicts(catalog), short.problem(), equal.problem()].into_iter().flatten());
    problems.sort_by_key(|problem| problem.code);
    let report = Report {
        format: format.clone(),
        bytes,
        lines,
        bad_lines,
        frames: counts,
        samples,
        back_steps,
        time_source,
        time_shift: (shift != 0).then_some(shift),
        start,
        end,
        unknown_ids: unknown,
        problems,
    };
    Ok(Converted { manifest: Manifest { format, dbcs, messages }, report })
}

/// The report of a log whose times were moved.
fn moved(mut report: ReadReport, shift: Micros) -> ReadReport {
    if shift == 0 {
        return report;
    }
    // A clock that was never set is no trouble once a person has dated the run.
    if report.time_source == TimeSource::Relative {
        report.problems.retain(|problem| problem.code != ProblemCode::TimeUnset);
    }
    report.time_source = TimeSource::User;
    report.start = report.start.map(|time| time.saturating_add(shift));
    report.end = report.end.map(|time| time.saturating_add(shift));
    report
}

fn conflicts(catalog: &Catalog) -> Option<Problem> {
    let mut samples = catalog.conflicts();
    let count = samples.len() as u64;
    samples.truncate(REPORTED);
    (count > 0).then_some(Problem { code: ProblemCode::DbcConflict, count, samples })
}

/// Why there is not one row.
fn nothing(counts: &FrameCounts, unknown: &[UnknownId]) -> Failure {
    let FrameCounts { read, skipped, .. } = counts;
    let (code, message, hint) = if read - skipped.error - skipped.remote == 0 {
        let message = match read {
            0 => "The log holds no frame.".to_owned(),
            _ => format!(
                "The log holds no data: {} error frames, {} remote requests.",
                skipped.error, skipped.remote
            ),
        };
        (FailureCode::NoFrames, message, None)
    } else if skipped.unusable > 0 {
        let message = format!("Not one signal could be read from {} known frames.", skipped.unusable);
        (
            FailureCode::NoKnownIds,
            message,
            Some("Their payloads are shorter than the DBC says: is it the right DBC?"),
        )
    } else {
        let top = unknown.iter().take(NAMED).map(|id| format!("0x{:X} ({} x)", id.frame_id, id.frames));
        let top = top.collect::<Vec<_>>().join(", ");
        let message = format!("0 of {} frames known; top ids {top}", grouped(*read));
        (FailureCode::NoKnownIds, message, Some("Convert the log with the DBC of this car and season."))
    };
    Failure { code, message, hint: hint.map(str::to_owned), line: None }
}

/// `812,334`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join(",")
}

/// A problem of frames, gathered message by message.
struct Found {
    code: ProblemCode,
    reason: &'static str,
    count: u64,
    samples: Vec<ProblemSample>,
}

impl Found {
    fn short() -> Self {
        let reason = "the frame is too short for some of its signals: those that fit are read";
        Self { code: ProblemCode::SignalOutOfPayload, reason, count: 0, samples: Vec::new() }
    }

    fn equal() -> Self {
        let reason = "a frame of this id was stamped with the same time just before: both are kept";
        Self { code: ProblemCode::DuplicateFrames, reason, count: 0, samples: Vec::new() }
    }

    fn add(&mut self, message: &Description, examples: &Examples) {
        self.count += examples.count;
        let room = REPORTED - self.samples.len();
        self.samples.extend(examples.times.iter().take(room).map(|time| ProblemSample {
            line: None,
            byte_offset: None,
            text: place(message, *time),
            reason: self.reason.to_owned(),
        }));
    }

    fn problem(self) -> Option<Problem> {
        let Self { code, count, samples, .. } = self;
        (count > 0).then_some(Problem { code, count, samples })
    }
}

/// `can0 0x123 Engine at 2024-06-01T09:00:00Z`
fn place(message: &Description, time: Micros) -> String {
    let bus = message.bus.as_ref().map(|bus| format!("{bus} ")).unwrap_or_default();
    let id = message.frame.map(|frame| format!("0x{:X} ", frame.frame_id)).unwrap_or_default();
    let time = Timestamp::from_microsecond(time).map_or_else(|_| time.to_string(), |time| time.to_string());
    let text = format!("{bus}{id}{} at {time}", message.message);
    text.chars().take(200).collect()
}
