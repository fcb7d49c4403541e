//! Reading a signal's files, so many at once and so many values an answer.

use std::{
    fs::File,
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_graphql::Context;
use canlog::series::{Series, SeriesError, SeriesRequest, read_series};
use platform::storage::key::ObjectKey;
use tokio::sync::Semaphore;

use crate::graphql::{
    error::{Answer, Code, Refusal},
    runtime,
    signal::Signal,
};

/// How many signals are read at once, over all operations.
#[derive(Clone, Debug)]
pub(crate) struct Readers(Arc<Semaphore>);

impl Readers {
    /// Twice as many as there are processors: while one waits for the disk another computes.
    pub(crate) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self(Arc::new(Semaphore::new(2 * processors)))
    }
}

/// The values that one operation's answer holds so far.
#[derive(Debug, Default)]
pub(crate) struct Budget(AtomicUsize);

impl Budget {
    /// Takes the values of `series` in.
    fn take(&self, series: &Series, most: usize) -> Answer<()> {
        let values = series.time.len() + series.values.len() + series.min.len() + series.max.len();
        if self.0.fetch_add(values, Ordering::Relaxed) + values > most {
            let message = format!("At most {most} values an answer: ask for fewer signals or points.");
            return Err(Refusal::new(Code::TooManyPoints, message));
        }
        Ok(())
    }
}

/// Reads one signal.
pub(crate) async fn signal(ctx: &Context<'_>, signal: &Signal, request: SeriesRequest) -> Answer<Series> {
    let (rows, overview) = (path(ctx, signal, &signal.row.file)?, path(ctx, signal, &signal.row.overview)?);
    let name = signal.row.name.clone();
    let Readers(readers) = ctx.data_unchecked::<Readers>().clone();
    let permit = readers.acquire_owned().await.map_err(Refusal::internal)?;
    let task = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        read_series(open(&rows)?, open(&overview)?, &name, &request)
    });
    let series = task.await.map_err(Refusal::internal)?.map_err(refusal)?;
    ctx.data_unchecked::<Budget>().take(&series, runtime(ctx).config.limits.answer.values)?;
    Ok(series)
}

fn open(path: &PathBuf) -> io::Result<File> {
    File::open(path)
}

fn path(ctx: &Context<'_>, signal: &Signal, file: &str) -> Answer<PathBuf> {
    let file = file.parse().map_err(Refusal::internal)?;
    let key = ObjectKey::Conversion { run: signal.row.run_id, conversion: signal.row.conversion_id, file };
    let path = runtime(ctx).storage.local_path(&key);
    path.ok_or_else(|| Refusal::storage(format!("{key} is not on this host")))
}

fn refusal(error: SeriesError) -> Refusal {
    match error {
        SeriesError::TooManySamples { max_points, .. } => {
            let message =
                format!("More than {max_points} samples: ask for a smaller window, or for a reduction.");
            Refusal::new(Code::TooManyPoints, message)
        }
        other => Refusal::storage(other),
    }
}
