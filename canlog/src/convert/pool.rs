//! Threads that decode, encode and write row groups.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::ConvertError;
use super::target::{Encoded, Target};
use crate::dbc::MessagePlan;
use crate::parquet::{Encoder, Sinks};
use crate::table::{Coder, FrameRows, Summary, ValueRows};

/// Row groups that wait for each thread.
const WAITING: usize = 2;

/// The rows of one row group.
pub(super) struct Job<'a> {
    pub(super) target: Arc<Target<'a>>,
    /// Its place among the message's row groups.
    pub(super) ordinal: u64,
    pub(super) rows: Rows,
    /// No other comes after it.
    pub(super) last: bool,
}

/// Rows before they are columns.
pub(super) enum Rows {
    /// Undecoded frames.
    Frames(FrameRows, Arc<MessagePlan>),
    /// Values of a log that was decoded elsewhere.
    Values(ValueRows),
}

/// The threads, seen from the one that reads.
pub(super) struct Pool<'s, 'a> {
    jobs: SyncSender<Job<'a>>,
    bench: Bench,
    sinks: &'s Sinks<'a>,
}

/// Runs `body` with a pool of `threads` threads, the calling one among them. All jobs are done when it
/// returns, unless an output could not be written: the sinks know which.
pub(super) fn with_pool<'a, R>(
    threads: usize,
    sinks: &Sinks<'a>,
    body: impl FnOnce(&mut Pool<'_, 'a>) -> Result<R, ConvertError>,
) -> Result<R, ConvertError> {
    let (jobs, queue) = sync_channel(WAITING * threads.max(1));
    let queue = Mutex::new(queue);
    let bench = || Bench::new().map_err(not_written);
    thread::scope(|scope| {
        for _ in 1..threads {
            let (mut bench, queue) = (bench()?, &queue);
            scope.spawn(move || bench.work(queue, sinks));
        }
        let mut pool = Pool { jobs, bench: bench()?, sinks };
        let result = body(&mut pool)?;
        let Pool { jobs, mut bench, .. } = pool;
        drop(jobs);
        bench.work(&queue, sinks);
        Ok(result)
    })
}

impl<'a> Pool<'_, 'a> {
    /// Hands a job to whoever is free; when nobody is, does it at once.
    ///
    /// # Errors
    /// When an output could not be written: it is of no use to go on.
    pub(super) fn submit(&mut self, job: Job<'a>) -> Result<(), ConvertError> {
        if let Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) = self.jobs.try_send(job) {
            self.bench.settle(job, self.sinks);
        }
        if self.sinks.is_troubled() { Err(not_written(io::ErrorKind::Other.into())) } else { Ok(()) }
    }
}

/// What the caller sees only if the sinks do not know better.
fn not_written(source: io::Error) -> ConvertError {
    ConvertError::Write { name: "output".to_owned(), source }
}

/// What one thread works with.
struct Bench {
    coder: Coder,
    encoder: Encoder,
}

impl Bench {
    fn new() -> io::Result<Self> {
        Ok(Self { coder: Coder::default(), encoder: Encoder::new()? })
    }

    /// Works until there is nothing left and nobody to bring more, or an output cannot be written.
    fn work(&mut self, queue: &Mutex<Receiver<Job<'_>>>, sinks: &Sinks) {
        while let Some(job) = next(queue).filter(|_| !sinks.is_troubled()) {
            self.settle(job, sinks);
        }
    }

    fn settle(&mut self, job: Job, sinks: &Sinks) {
        let target = Arc::clone(&job.target);
        if let Err(error) = self.finish(job) {
            sinks.note(&target.file(), error);
        }
    }

    fn finish(&mut self, job: Job) -> io::Result<()> {
        let Job { target, ordinal, rows, last } = job;
        let table = match rows {
            Rows::Frames(rows, plan) => rows.decode(&plan, &mut self.coder),
            Rows::Values(rows) => rows.decode(&mut self.coder),
        };
        let group = self.encoder.encode(&table, &target.schema)?;
        let summaries = table.columns.iter().map(|column| Summary::of(column, &table.times)).collect();
        target.commit(ordinal, Encoded { table, group, summaries, last })
    }
}

fn next<'a>(queue: &Mutex<Receiver<Job<'a>>>) -> Option<Job<'a>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
