//! From frames to messages: the way of every log that was not decoded elsewhere.

use std::sync::Arc;

use super::chunk::Log;
use super::pool::{Job, Pool, Rows, with_pool};
use super::route::{Gathering, Lane, Newcomer, Router};
use super::settle::{Outcome, settle};
use super::target::Target;
use super::{ConvertError, Converted};
use crate::dbc::{Catalog, MessagePlan, SignalPlan};
use crate::failure::{Failure, FailureCode};
use crate::frame::{Batch, Frame, FrameKind};
use crate::parquet::{Description, FileNames, SignalEntry, Sinks};
use crate::progress::Progress;
use crate::report::{FrameCounts, UnknownId};

/// Converts a log of frames.
pub(super) fn convert(
    mut log: Log,
    sinks: &Sinks,
    progress: &mut dyn FnMut(Progress),
) -> Result<Converted, ConvertError> {
    let dbcs: Vec<_> = log.options.dbcs.iter().map(|bound| bound.dbc.sha256.clone()).collect();
    let catalog = Catalog::new(log.options.dbcs.clone());
    let sorting = with_pool(log.options.threads, sinks, |pool| {
        let mut sorting = Sorting::new((&dbcs, sinks), &catalog);
        let mut batch = Batch::default();
        while log.next(&mut batch)? {
            sorting.sort(&batch, &log, pool)?;
            progress(log.progress(sorting.counts.read));
        }
        sorting.flush_all(pool)?;
        Ok(sorting)
    })?;
    let outcome = sorting.outcome();
    settle(log, outcome, &catalog)
}

/// Sorts frames by message.
struct Sorting<'a> {
    place: (&'a [String], &'a Sinks<'a>),
    catalog: &'a Catalog,
    names: FileNames,
    router: Router,
    targets: Vec<Arc<Target<'a>>>,
    counts: FrameCounts,
    signals: usize,
    rows: u64,
    waiting_bytes: usize,
}

impl<'a> Sorting<'a> {
    fn new(place: (&'a [String], &'a Sinks<'a>), catalog: &'a Catalog) -> Self {
        Self {
            place,
            catalog,
            names: FileNames::default(),
            router: Router::new(),
            targets: Vec::new(),
            counts: FrameCounts::default(),
            signals: 0,
            rows: 0,
            waiting_bytes: 0,
        }
    }

    fn sort(&mut self, batch: &Batch, log: &Log, pool: &mut Pool<'_, 'a>) -> Result<(), ConvertError> {
        self.counts.read += batch.frames.len() as u64;
        for frame in &batch.frames {
            match frame.kind {
                FrameKind::Data => self.take(frame, batch.data(frame), log, pool)?,
                FrameKind::Error => self.counts.skipped.error += 1,
                FrameKind::Remote => self.counts.skipped.remote += 1,
            }
        }
        if self.rows > log.options.limits.rows {
            let text = format!("the log has more than {} rows", log.options.limits.rows);
            return Err(limit(FailureCode::LimitRows, text));
        }
        while self.waiting_bytes > log.options.limits.buffered_bytes {
            self.flush_largest(pool)?;
        }
        Ok(())
    }

    #[inline]
    fn take(
        &mut self,
        frame: &Frame,
        data: &[u8],
        log: &Log,
        pool: &mut Pool<'_, 'a>,
    ) -> Result<(), ConvertError> {
        let at = match self.router.find(frame) {
            Some(at) => Some(at),
            None => self.meet(frame, log)?,
        };
        let Some(at) = at else {
            self.counts.unknown_id += 1;
            return Ok(());
        };
        match &mut self.router.lanes[at] {
            Lane::Unknown(id) => id.frames += 1,
            Lane::Known(gathering) => {
                gathering.rows.push(frame.time, data, &gathering.plan);
                self.rows += 1;
                self.waiting_bytes += gathering.rows.row_bytes();
                if gathering.rows.times.len() == gathering.most {
                    self.flush(at, false, pool)?;
                }
            }
        }
        Ok(())
    }

    /// A bus and id that were not met before. No lane for an unknown id when there are too many of them.
    #[cold]
    fn meet(&mut self, frame: &Frame, log: &Log) -> Result<Option<usize>, ConvertError> {
        let Newcomer { bus, frame: id, plan } = Newcomer::of(frame, log.reader.names(), self.catalog);
        let Some(plan) = plan else {
            if self.router.lanes.len() - self.targets.len() >= log.options.limits.unknown_ids {
                return Ok(None);
            }
            let id = UnknownId { bus, frame_id: id.frame_id, extended: id.extended, frames: 0 };
            return Ok(Some(self.router.add(frame, Lane::Unknown(id))));
        };
        self.signals += plan.signals.len();
        if self.signals > log.options.limits.signals {
            let text = format!("the log has more than {} signals", log.options.limits.signals);
            return Err(limit(FailureCode::LimitSignals, text));
        }
        let signals = plan.signals.iter().map(entry).collect();
        let description = Description { bus, frame: Some(id), message: plan.name.clone(), signals };
        let target = self.target(description, &plan)?;
        self.targets.push(Arc::new(target));
        let gathering = Gathering::new(self.targets.len() - 1, plan);
        Ok(Some(self.router.add(frame, Lane::Known(Box::new(gathering)))))
    }

    fn target(&mut self, description: Description, plan: &MessagePlan) -> Result<Target<'a>, ConvertError> {
        let stem = self.names.give(&description);
        let kinds: Vec<_> = plan.signals.iter().map(|signal| signal.kind).collect();
        Target::new(description, &kinds, stem.clone(), self.place)
            .map_err(|source| ConvertError::Write { name: stem, source })
    }

    fn flush(&mut self, lane: usize, last: bool, pool: &mut Pool<'_, 'a>) -> Result<(), ConvertError> {
        let Some(Lane::Known(gathering)) = self.router.lanes.get_mut(lane) else { return Ok(()) };
        self.waiting_bytes -= gathering.rows.times.len() * gathering.rows.row_bytes();
        let (ordinal, rows) = gathering.take();
        let rows = Rows::Frames(rows, Arc::clone(&gathering.plan));
        pool.submit(Job { target: Arc::clone(&self.targets[gathering.target]), ordinal, rows, last })
    }

    fn flush_largest(&mut self, pool: &mut Pool<'_, 'a>) -> Result<(), ConvertError> {
        let bytes = |lane: &Lane| match lane {
            Lane::Known(gathering) => gathering.rows.times.len() * gathering.rows.row_bytes(),
            Lane::Unknown(_) => 0,
        };
        let largest = self.router.lanes.iter().enumerate().max_by_key(|(_, lane)| bytes(lane));
        largest.map(|(at, _)| at).map_or(Ok(()), |at| self.flush(at, false, pool))
    }

    fn flush_all(&mut self, pool: &mut Pool<'_, 'a>) -> Result<(), ConvertError> {
        (0..self.router.lanes.len()).try_for_each(|lane| self.flush(lane, true, pool))
    }

    fn outcome(self) -> Outcome<'a> {
        let unknown = self.router.lanes.into_iter().filter_map(|lane| match lane {
            Lane::Unknown(id) => Some(id),
            Lane::Known(_) => None,
        });
        Outcome { counts: self.counts, unknown: unknown.collect(), targets: self.targets }
    }
}

fn entry(signal: &SignalPlan) -> SignalEntry {
    SignalEntry { name: signal.name.clone(), unit: signal.unit.clone(), labels: signal.labels.clone() }
}

pub(super) fn limit(code: FailureCode, message: String) -> ConvertError {
    let hint = Some("Split the log, or raise the limit in the server's settings.".to_owned());
    ConvertError::Failure(Failure { code, message, hint, line: None })
}
