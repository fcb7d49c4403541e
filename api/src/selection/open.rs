//! The files of selected signals, and the threads that read them.

use std::{
    collections::{HashMap, HashSet},
    io,
    ops::Range,
    sync::Arc,
};

use canlog::expression::Plan;
use canlog::frame::Micros;
use canlog::series::{BaseFile, ColumnCache, Derivation, Input, Recording, SeriesError, Trace};
use entity::{
    id::{ConversionId, RunId},
    signal,
};
use futures::future::try_join_all;
use platform::{
    metrics::name,
    storage::{FileName, ObjectKey, Storage},
};
use sea_orm::EntityTrait;

use super::{Axis, Kind, Library, Selected, Stop, StoredFile, manifest::Messages};
use crate::graphql::{Answer, Code, Refusal, load::Lookup};

/// Signals whose conversions' files are known.
#[derive(Debug)]
pub(crate) struct Opened {
    selected: Vec<Selected>,
    /// The runs that are read.
    runs: HashSet<RunId>,
    files: HashMap<ConversionId, Arc<Messages>>,
    storage: Storage,
    columns: Arc<ColumnCache>,
}

impl Opened {
    /// The signals as they are read: of each one its runs, in the order of the axis. To be called within
    /// [`Library::read`]; reading them fails once `stop` is cancelled.
    ///
    /// # Errors
    /// STORAGE_UNAVAILABLE when a manifest does not know a file that SQL knows.
    pub(crate) fn traces(&self, stop: &Stop) -> Answer<Vec<Vec<Trace<'_, StoredFile, StoredFile>>>> {
        self.selected.iter().map(|selected| self.runs_of(selected, stop)).collect()
    }

    /// The rows of all that is read.
    pub(crate) fn rows(&self) -> Vec<signal::Model> {
        self.read().cloned().collect()
    }

    /// From the first sample of any of the signals to the last one, of each run.
    pub(crate) fn spans(&self) -> Vec<Range<Micros>> {
        let mut spans: HashMap<RunId, Range<Micros>> = HashMap::new();
        for row in self.read() {
            if let Some((first, last)) = row.first_at.zip(row.last_at) {
                let (start, end) = (first.min(last), first.max(last).saturating_add(1));
                let span = spans.entry(row.run_id).or_insert(start..end);
                *span = span.start.min(start)..span.end.max(end);
            }
        }
        spans.into_values().collect()
    }

    fn read(&self) -> impl Iterator<Item = &signal::Model> {
        self.selected.iter().flat_map(Selected::sources).filter(|row| self.runs.contains(&row.run_id))
    }

    fn runs_of<'s>(
        &self,
        selected: &'s Selected,
        stop: &Stop,
    ) -> Answer<Vec<Trace<'s, StoredFile, StoredFile>>> {
        match &selected.kind {
            Kind::Recorded(rows) => {
                let rows = rows.iter().filter(|row| self.runs.contains(&row.run_id));
                rows.map(|row| self.recording(row, stop)).collect()
            }
            Kind::Derived(derived) => {
                let is_read = |bases: &&Vec<Vec<signal::Model>>| {
                    bases.iter().flatten().all(|row| self.runs.contains(&row.run_id))
                };
                let runs = derived.runs.iter().filter(is_read);
                runs.map(|bases| self.derivation(&derived.plan, bases, stop)).collect()
            }
        }
    }

    fn derivation<'s>(
        &self,
        plan: &'s Plan,
        bases: &'s [Vec<signal::Model>],
        stop: &Stop,
    ) -> Answer<Trace<'s, StoredFile, StoredFile>> {
        let base = |columns: &'s Vec<signal::Model>| {
            let Some(row) = columns.first() else { return Err(Refusal::internal("a base without columns")) };
            let rows = self.input((row.run_id, row.conversion_id), &row.file, stop)?;
            Ok(BaseFile { rows, columns: columns.iter().map(|row| row.name.as_str()).collect() })
        };
        let bases = bases.iter().map(base).collect::<Answer<Vec<_>>>()?;
        Ok(Derivation { plan, bases }.into())
    }

    fn recording<'s>(
        &self,
        row: &'s signal::Model,
        stop: &Stop,
    ) -> Answer<Trace<'s, StoredFile, StoredFile>> {
        let rows = self.input((row.run_id, row.conversion_id), &row.file, stop)?;
        let overview = self.input((row.run_id, row.conversion_id), &row.overview, stop)?;
        Ok(Recording { rows, overview, signal: &row.name }.into())
    }

    /// A file of a conversion, whose decoded columns are kept.
    fn input(
        &self,
        (run, conversion): (RunId, ConversionId),
        file: &str,
        stop: &Stop,
    ) -> Answer<Input<StoredFile>> {
        let Some(expected) = self.files.get(&conversion).and_then(|files| files.file(file)) else {
            return Err(Refusal::storage(format!("{conversion}: its manifest knows no {file}")));
        };
        let name: FileName = file.parse().map_err(Refusal::internal)?;
        let key = ObjectKey::Conversion { run, conversion, file: name };
        let kept_as = format!("{conversion}/{file}");
        let stored = StoredFile::new(&self.storage, (key, expected.is()), stop);
        Ok(Input::kept(stored, &self.columns, &kept_as))
    }
}

impl Library {
    /// Finds the files of `selected` in the runs that `axis` reads; none is opened before it is read.
    ///
    /// # Errors
    /// STORAGE_UNAVAILABLE when a conversion's manifest cannot be read.
    pub(crate) async fn open(&self, lookup: &Lookup, axis: &Axis, selected: Vec<Selected>) -> Answer<Opened> {
        let mut opened = Opened {
            selected,
            runs: axis.read(),
            files: HashMap::new(),
            storage: self.runtime().storage.clone(),
            columns: Arc::clone(&self.0.columns),
        };
        let mut conversions: Vec<ConversionId> = opened.read().map(|row| row.conversion_id).collect();
        conversions.sort_unstable();
        conversions.dedup();
        let known =
            conversions.iter().map(|id| async { Answer::Ok((*id, self.messages(lookup, *id).await?)) });
        opened.files = try_join_all(known).await?.into_iter().collect();
        Ok(opened)
    }

    /// Reads on a thread of its own, as soon as there is a place among all readings. When the caller gives up, what
    /// `read` opened fails at its next read.
    ///
    /// # Errors
    /// Those of `read`, but CONFLICT or NOT_FOUND when files are gone because their run is.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        opened: Opened,
        read: impl FnOnce(&Opened, &Stop) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let place = Arc::clone(&self.0.readers).acquire_owned().await.map_err(Refusal::internal)?;
        let stop = Stop::new();
        let _waiting = stop.clone().drop_guard();
        let rows = opened.rows();
        let reading = tokio::task::spawn_blocking(move || {
            let _place = place;
            read(&opened, &stop)
        });
        let answer = reading.await.map_err(Refusal::internal)?;
        self.count();
        match answer {
            Err(refusal) => Err(self.explained(refusal, &rows).await),
            answer => answer,
        }
    }

    /// `refusal`, or what is behind it when it says that files of these rows cannot be read.
    pub(crate) async fn explained(&self, refusal: Refusal, rows: &[signal::Model]) -> Refusal {
        if refusal.code != Code::StorageUnavailable {
            return refusal;
        }
        self.gone(rows).await.unwrap_or(refusal)
    }

    /// Why files could not be read, if it is no fault: a run was purged since its signal was looked up, or converted
    /// again so long ago that the old files are gone.
    async fn gone(&self, rows: &[signal::Model]) -> Option<Refusal> {
        for row in rows {
            let found = signal::Entity::find_by_id(row.id).one(self.runtime().database.read()).await.ok()?;
            match found {
                None => return Some(Refusal::not_found("signal", row.id)),
                Some(found) if found.conversion_id != row.conversion_id => {
                    return Some(Refusal::conflict("The run was converted again meanwhile; ask again."));
                }
                Some(_) => {}
            }
        }
        None
    }

    fn count(&self) {
        let counts = self.0.columns.counts();
        metrics::counter!(name::COLUMN_CACHE, "outcome" => "hit").absolute(counts.hits);
        metrics::counter!(name::COLUMN_CACHE, "outcome" => "miss").absolute(counts.misses);
        metrics::counter!(name::COLUMN_CACHE, "outcome" => "evicted").absolute(counts.evicted);
        metrics::gauge!(name::COLUMN_CACHE_BYTES).set(counts.bytes as f64);
    }
}

/// In a caller's words.
pub(crate) fn refusal(error: SeriesError) -> Refusal {
    match error {
        SeriesError::TooManySamples { samples, max_points } => Refusal::too_many_points(format!(
            "{samples} or more samples where at most {max_points} points are wanted: make the window smaller, raise \
             `maxPoints`, or choose a method that reduces."
        )),
        SeriesError::TooManyBuckets { buckets, max_points } => Refusal::too_many_points(format!(
            "{buckets} buckets where at most {max_points} points are wanted: make `every` longer or the window \
             smaller, or raise `maxPoints`."
        ))
        .at("every"),
        SeriesError::Constant(_) | SeriesError::WindowTooLarge { .. } | SeriesError::TooManyRows { .. } => {
            Refusal::new(Code::Expression, format!("This cannot be computed: {error}."))
                .at("expression")
                .with("reason", "TOO_COMPLEX")
        }
        // No fault: who asked has gone, or has another answer already.
        SeriesError::Read(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Refusal::new(Code::Timeout, "Nobody waits for this any more.")
        }
        other => Refusal::storage(other),
    }
}
