//! The samples of a derived signal in one run, block by block.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::expression::{Base, Block, Evaluation, EvaluationError, Joining, Plan};
use crate::frame::Micros;
use crate::series::file::ColumnFile;
use crate::series::ordered::Ordered;
use crate::series::rows::Take;
use crate::series::{Derivation, SeriesError};

/// How much longer the next lead is where one was too short.
const FURTHER: Micros = 16;

/// A derived signal as far as it lies in a window.
pub(crate) struct Derived<'a, R> {
    plan: &'a Plan,
    evaluation: Evaluation<'a>,
    bases: Vec<Ordered<'a, R>>,
    window: Range<Micros>,
    /// How much earlier than the window it is computed from; none from the first row.
    lead: Option<Micros>,
    times: Vec<Micros>,
    values: Vec<f64>,
    /// How many of these were taken.
    taken: usize,
    ended: bool,
}

impl<'a, R: Read + Seek> Derived<'a, R> {
    pub(crate) fn open(derivation: Derivation<'a, R>, window: &Range<Micros>) -> Result<Self, SeriesError> {
        let Derivation { plan, bases } = derivation;
        if let Joining::Constant(value) = plan.joining() {
            return Err(SeriesError::Constant(value));
        }
        let fits =
            |(base, file): (&Base, &crate::series::BaseFile<'a, R>)| base.columns.len() == file.columns.len();
        if bases.len() != plan.bases().len() || !plan.bases().iter().zip(&bases).all(fits) {
            return Err(SeriesError::malformed(
                "the files are not those that the expression names".to_owned(),
            ));
        }
        let open =
            |base: crate::series::BaseFile<'a, R>| Ordered::open(ColumnFile::open(base.rows)?, base.columns);
        let bases = bases.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let mut extent: Option<Range<Micros>> = None;
        for one in bases.iter().map(Ordered::extent).filter(|extent| !extent.is_empty()) {
            let all = extent.unwrap_or(one.clone());
            extent = Some(all.start.min(one.start)..all.end.max(one.end));
        }
        let extent = extent.unwrap_or(0..0);
        let window = window.start.max(extent.start)..window.end.min(extent.end);
        let mut bases: Vec<_> = bases.into_iter().map(|base| base.kept_within(&window)).collect();
        let lead = plan.lead();
        let evaluation = begin(plan, &mut bases, &window, lead);
        let (times, values) = (Vec::new(), Vec::new());
        Ok(Self { plan, evaluation, bases, window, lead, times, values, taken: 0, ended: false })
    }

    /// What of the window lies in the run.
    pub(crate) fn window(&self) -> Range<Micros> {
        self.window.clone()
    }

    /// Begins anew.
    pub(crate) fn rewind(&mut self) {
        self.evaluation = begin(self.plan, &mut self.bases, &self.window, self.lead);
        self.times.clear();
        self.values.clear();
        (self.taken, self.ended) = (0, false);
    }

    /// As [`ColumnFile::passing`], for all its files.
    pub(crate) fn passing(self) -> Self {
        Self { bases: self.bases.into_iter().map(Ordered::passing).collect(), ..self }
    }

    /// Makes the next samples ready; false when there are no more.
    pub(crate) fn advance(&mut self) -> Result<bool, SeriesError> {
        if self.times().is_empty() && !self.ended {
            self.ended = !self.compute()?;
        }
        Ok(!self.times().is_empty())
    }

    fn compute(&mut self) -> Result<bool, SeriesError> {
        self.times.clear();
        self.values.clear();
        self.taken = 0;
        while self.times.is_empty() {
            let Self { plan, evaluation, bases, window, lead, times, values, .. } = self;
            let mut read = |base: &Base, rows: usize, block: &mut Block| {
                let place = plan.bases().iter().position(|one| one.base == base.base);
                match place.and_then(|place| bases.get_mut(place)) {
                    Some(file) => feed(file, rows, block),
                    None => Ok(()),
                }
            };
            let Some(chunk) = evaluation.next(&mut read).map_err(refused)? else { return Ok(false) };
            let before = chunk.times.partition_point(|&time| time < window.start);
            let first = chunk.times.get(before).copied();
            let rows = chunk.times.iter().zip(chunk.values).skip(before);
            for (&time, &value) in rows.filter(|(_, value)| !value.is_nan()) {
                times.push(time);
                values.push(value);
            }
            if first.is_some_and(|first| first < evaluation.sound_from()) {
                *lead = lead.and_then(|lead| lead.max(1).checked_mul(FURTHER));
                self.rewind();
            }
        }
        Ok(true)
    }

    /// No later sample has an earlier time; `None` at the end.
    pub(crate) fn bound(&self) -> Option<Micros> {
        let passed = self.times.last().copied().unwrap_or(self.window.start);
        self.times().first().copied().or((!self.ended && !self.window.is_empty()).then_some(passed))
    }

    /// Times of samples that are ready, ascending.
    pub(crate) fn times(&self) -> &[Micros] {
        self.times.get(self.taken..).unwrap_or_default()
    }

    /// Their values.
    pub(crate) fn values(&self) -> &[f64] {
        self.values.get(self.taken..).unwrap_or_default()
    }

    /// Leaves samples behind.
    pub(crate) fn skip(&mut self, samples: usize) {
        self.taken += samples;
    }

    /// Gives all samples, from the first.
    pub(crate) fn scan(&mut self, take: Take) -> Result<(), SeriesError> {
        self.rewind();
        while self.compute()? {
            take(&self.times, &self.values);
        }
        Ok(())
    }
}

/// Begins as much earlier than the window, or with the first row. Rows behind the window are never needed.
fn begin<'a, R: Read + Seek>(
    plan: &'a Plan,
    bases: &mut [Ordered<'_, R>],
    window: &Range<Micros>,
    lead: Option<Micros>,
) -> Evaluation<'a> {
    let start = lead.map_or(Micros::MIN, |lead| window.start.saturating_sub(lead));
    let mut begin = |base: &mut Ordered<'_, R>| {
        base.begin(if window.is_empty() { 0..0 } else { start..window.end });
        if base.extent().start < start { start } else { Micros::MIN }
    };
    let from: Vec<Micros> = bases.iter_mut().map(&mut begin).collect();
    Evaluation::within(plan, &from)
}

fn feed<R: Read + Seek>(
    file: &mut Ordered<'_, R>,
    rows: usize,
    block: &mut Block,
) -> Result<(), SeriesError> {
    while block.times.len() < rows && file.advance()? {
        let taken = file.times().len().min(rows - block.times.len());
        block.times.extend_from_slice(&file.times()[..taken]);
        for (column, into) in block.columns.iter_mut().enumerate() {
            into.extend_from_slice(&file.column(column)[..taken]);
        }
        file.skip(taken);
    }
    Ok(())
}

fn refused(error: EvaluationError<SeriesError>) -> SeriesError {
    match error {
        EvaluationError::Read(error) => error,
        EvaluationError::Window { most } => SeriesError::WindowTooLarge { most },
        EvaluationError::Rows { most } => SeriesError::TooManyRows { most },
        EvaluationError::Uneven => SeriesError::malformed("its columns differ in length".to_owned()),
    }
}
