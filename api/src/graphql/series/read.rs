//! Reading a signal's files, so many at once and so many values an answer.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_graphql::Context;
use canlog::series::{Series, SeriesError, SeriesRequest, read_series};
use platform::storage::{FileName, LocalFile, ObjectKey};
use sea_orm::EntityTrait;
use tokio::sync::Semaphore;

use super::proof::{self, Files};
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

/// Reads one signal, from files that are what their conversion wrote.
pub(crate) async fn signal(ctx: &Context<'_>, signal: &Signal, request: SeriesRequest) -> Answer<Series> {
    match whole(ctx, signal, request).await {
        Err(refusal) if refusal.code == Code::StorageUnavailable => {
            Err(gone(ctx, signal).await.unwrap_or(refusal))
        }
        read => read,
    }
}

/// Why the files could not be read, if it is no fault: the run was purged since its signal was looked up, or
/// converted again so long ago that the old files are gone.
async fn gone(ctx: &Context<'_>, signal: &Signal) -> Option<Refusal> {
    let row =
        entity::signal::Entity::find_by_id(signal.row.id).one(runtime(ctx).database.read()).await.ok()?;
    match row {
        None => Some(Refusal::not_found("signal", signal.row.id)),
        Some(row) if row.conversion_id != signal.row.conversion_id => {
            Some(Refusal::conflict("The run was converted again meanwhile; ask again."))
        }
        Some(_) => None,
    }
}

async fn whole(ctx: &Context<'_>, signal: &Signal, request: SeriesRequest) -> Answer<Series> {
    let files = proof::files(ctx, signal.row.conversion_id).await?;
    let (rows, overview) = tokio::try_join!(
        open(ctx, signal, &signal.row.file, &files),
        open(ctx, signal, &signal.row.overview, &files)
    )?;
    let name = signal.row.name.clone();
    let Readers(readers) = ctx.data_unchecked::<Readers>().clone();
    let permit = readers.acquire_owned().await.map_err(Refusal::internal)?;
    let task = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        read_series(rows, overview, &name, &request)
    });
    let series = task.await.map_err(Refusal::internal)?.map_err(refusal)?;
    ctx.data_unchecked::<Budget>().take(&series, runtime(ctx).config.limits.answer.values)?;
    Ok(series)
}

async fn open(ctx: &Context<'_>, signal: &Signal, file: &str, files: &Files) -> Answer<LocalFile> {
    let name: FileName = file.parse().map_err(Refusal::internal)?;
    let (run, conversion) = (signal.row.run_id, signal.row.conversion_id);
    let Some(expected) = files.get(file) else {
        return Err(Refusal::storage(format!("{conversion}: its manifest knows no {file}")));
    };
    let key = ObjectKey::Conversion { run, conversion, file: name };
    runtime(ctx).storage.local_file(&key, Some(expected)).await.map_err(Refusal::storage)
}

fn refusal(error: SeriesError) -> Refusal {
    match error {
        SeriesError::TooManySamples { max_points, .. } => {
            let message =
                format!("More than {max_points} samples: ask for a smaller window, or for a reduction.");
            Refusal::new(Code::TooManyPoints, message)
        }
        SeriesError::TooManyBuckets { buckets, max_points } => {
            let message = format!("{buckets} buckets where at most {max_points} points are wanted.");
            Refusal::new(Code::TooManyPoints, message)
        }
        other => Refusal::storage(other),
    }
}
