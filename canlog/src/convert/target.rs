//! A message's files: row groups come from any thread and are written in the order of the log.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use polars_parquet::parquet::metadata::SchemaDescriptor;

use super::tally::Tally;
use crate::dbc::ValueKind;
use crate::manifest::{MessageFile, OverviewFile};
use crate::overview::OverviewBuilder;
use crate::parquet::{Description, GroupWriter, Output, RowGroup, Sinks, schema};
use crate::table::{GroupSummary, Table};

/// One message of the log.
pub(super) struct Target<'a> {
    pub(super) description: Description,
    pub(super) schema: SchemaDescriptor,
    stem: String,
    dbcs: &'a [String],
    sinks: &'a Sinks<'a>,
    state: Mutex<State<'a>>,
}

/// A row group decoded and encoded.
pub(super) struct Encoded {
    pub(super) table: Table,
    pub(super) group: RowGroup,
    pub(super) summaries: Vec<GroupSummary>,
    /// No row group comes after it.
    pub(super) last: bool,
}

struct State<'a> {
    /// The row group to write next, and those that came too early.
    next: u64,
    early: BTreeMap<u64, Encoded>,
    files: Option<Files<'a>>,
    tally: Tally,
    written: Option<MessageFile>,
}

struct Files<'a> {
    rows: GroupWriter<Output<'a>>,
    overview: OverviewBuilder<Output<'a>>,
}

impl<'a> Target<'a> {
    /// A message whose files are named after `stem`. Files exist once there are rows.
    pub(super) fn new(
        description: Description,
        kinds: &[ValueKind],
        stem: String,
        (dbcs, sinks): (&'a [String], &'a Sinks<'a>),
    ) -> io::Result<Self> {
        let names = description.signals.iter().map(|signal| signal.name.as_str());
        let schema = schema(&names.zip(kinds.iter().copied()).collect::<Vec<_>>())?;
        let tally = Tally::new(description.signals.len());
        let state = State { next: 0, early: BTreeMap::new(), files: None, tally, written: None };
        Ok(Self { description, schema, stem, dbcs, sinks, state: Mutex::new(state) })
    }

    /// The name to blame when this message's files cannot be written.
    pub(super) fn file(&self) -> String {
        format!("{}.parquet", self.stem)
    }

    /// Writes the row group of this ordinal, at once or when those before it have come.
    pub(super) fn commit(&self, ordinal: u64, encoded: Encoded) -> io::Result<()> {
        let state = &mut *self.state();
        state.early.insert(ordinal, encoded);
        while let Some(encoded) = state.early.remove(&state.next) {
            state.next += 1;
            self.append(state, encoded)?;
        }
        Ok(())
    }

    /// What became of the message: its files if it has rows, and its tally.
    pub(super) fn outcome(self) -> (Description, Tally, Option<MessageFile>) {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        (self.description, state.tally, state.written)
    }

    fn state(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self, state: &mut State<'a>, encoded: Encoded) -> io::Result<()> {
        let Encoded { table, group, summaries, last } = encoded;
        state.tally.add(&table, summaries);
        if group.rows > 0 {
            let files = state.files.get_or_insert_with(|| self.files());
            files.rows.write(group)?;
            files.overview.push(&table.times, &table.columns)?;
        }
        if let Some(files) = state.files.take_if(|_| last) {
            state.written = Some(self.finish(files, &state.tally)?);
        }
        Ok(())
    }

    fn files(&self) -> Files<'a> {
        let rows = GroupWriter::new(Output::new(self.sinks, self.file()), self.schema.clone());
        let overview = Output::new(self.sinks, format!("{}.overview.parquet", self.stem));
        let names = self.description.signals.iter().map(|signal| signal.name.clone()).collect();
        Files { rows, overview: OverviewBuilder::new(overview, names) }
    }

    fn finish(&self, files: Files<'a>, tally: &Tally) -> io::Result<MessageFile> {
        let metadata = self.description.metadata(self.dbcs, tally.sorted)?;
        let rows = files.rows.finish(metadata)?.close()?;
        let overview = files.overview.finish()?.close()?;
        Ok(MessageFile {
            bus: self.description.bus.clone(),
            frame_id: self.description.frame.map(|frame| frame.frame_id),
            extended: self.description.frame.is_some_and(|frame| frame.extended),
            message: self.description.message.clone(),
            file: rows.name,
            overview: OverviewFile { file: overview.name, bytes: overview.bytes, sha256: overview.sha256 },
            rows: tally.rows,
            bytes: rows.bytes,
            sha256: rows.sha256,
            sorted: tally.sorted,
            signals: tally.signals(&self.description.signals),
        })
    }
}
