//! The steps of a plan, block by block.

use std::mem;

use crate::frame::Micros;

use super::kernel::{self, Operand};
use super::merge::Merge;
use super::plan::{Base, Operation, Plan, Step, Value};
use super::running::{Overfull, State};
use super::sound::Sound;

/// Rows computed at once: some registers of so many numbers stay in the first caches.
pub(super) const BLOCK: usize = 1_024;
/// Rows asked for at once.
const READ: usize = 8 * BLOCK;

/// Rows of one time base, as the caller reads them.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Ascending; equal ones are allowed.
    pub times: Vec<Micros>,
    /// Values in the order of [`Base::columns`], each as long as `times`; a gap is NaN.
    pub columns: Vec<Vec<f64>>,
}

/// Rows of the result, at most some thousand.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Ascending where the operands' are.
    pub times: &'a [Micros],
    /// As long as `times`; a gap is NaN.
    pub values: &'a [f64],
}

/// An evaluation ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError<E> {
    /// The caller's, from reading.
    #[error("the samples could not be read")]
    Read(#[source] E),
    /// A moving window spans more samples than allowed.
    #[error("a moving window holds more than {most} samples: make it shorter")]
    Window {
        /// As in [`super::Limits::window_samples`].
        most: usize,
    },
    /// More rows were read than allowed.
    #[error("more than {most} rows: ask for a smaller window of time")]
    Rows {
        /// As in [`super::Limits::rows`].
        most: u64,
    },
    /// The columns of a block are not as long as its times, or not as many as were asked for.
    #[error("a block of samples is not rectangular")]
    Uneven,
}

/// Computes a plan from its first row to its last. Holds a block of each time base and what the functions along time
/// need to know of earlier rows.
#[derive(Debug)]
pub struct Evaluation<'a> {
    plan: &'a Plan,
    feeds: Vec<Feed>,
    merge: Merge,
    states: Vec<State>,
    registers: Vec<Vec<f64>>,
    /// Of an evaluation that did not begin with the first row.
    sound: Option<Box<Sound>>,
    rows: u64,
}

/// Rows of a base that were read and not yet computed.
#[derive(Clone, Debug)]
pub(super) struct Feed {
    block: Block,
    start: usize,
    pub(super) ended: bool,
}

impl Feed {
    pub(super) fn times(&self) -> &[Micros] {
        &self.block.times[self.start..]
    }

    fn column(&self, column: usize) -> &[f64] {
        &self.block.columns[column][self.start..]
    }
}

impl<'a> Evaluation<'a> {
    /// Begins; nothing is read yet.
    pub fn new(plan: &'a Plan) -> Self {
        let feeds = plan.bases.iter().map(|base| {
            let block = Block { times: Vec::new(), columns: vec![Vec::new(); base.columns.len()] };
            Feed { block, start: 0, ended: false }
        });
        Self {
            plan,
            feeds: feeds.collect(),
            merge: Merge::new(plan),
            states: plan.steps.iter().map(|step| State::of(step.operation)).collect(),
            registers: vec![vec![0.0; BLOCK]; plan.registers],
            sound: None,
            rows: 0,
        }
    }

    /// Begins with the rows of each base from a time on; with [`Micros::MIN`], with its first.
    pub(crate) fn within(plan: &'a Plan, from: &[Micros]) -> Self {
        let is_part = from.iter().any(|&from| from > Micros::MIN);
        Self { sound: is_part.then(|| Box::new(Sound::new(plan, from))), ..Self::new(plan) }
    }

    /// From which time on the values are those of an evaluation that began with the first row, as far as the rows
    /// until now tell; [`Micros::MAX`] while they do not.
    pub(crate) fn sound_from(&self) -> Micros {
        self.sound.as_ref().map_or(Micros::MIN, |sound| sound.of(self.plan.root))
    }

    /// The next rows; none at the end, and none of a constant. `read` appends rows of a base to an empty block,
    /// about as many as it is given, and none when there are no more.
    ///
    /// # Errors
    /// Those of `read`, and the limits that show only now. The evaluation is of no use afterwards.
    pub fn next<E>(
        &mut self,
        mut read: impl FnMut(&Base, usize, &mut Block) -> Result<(), E>,
    ) -> Result<Option<Chunk<'_>>, EvaluationError<E>> {
        self.drop_taken();
        self.refill(&mut read)?;
        self.take_rows();
        let rows = self.merge.times.get(self.plan.result).map_or(0, Vec::len);
        if rows == 0 {
            return Ok(None);
        }
        for index in 0..self.plan.steps.len() {
            let most = self.plan.limits.window_samples;
            self.step(index).map_err(|_| EvaluationError::Window { most })?;
        }
        let Operand::Column(values) = self.operand(self.plan.root, rows) else { return Ok(None) };
        Ok(Some(Chunk { times: &self.merge.times[self.plan.result], values }))
    }

    fn drop_taken(&mut self) {
        for (feed, taken) in self.feeds.iter_mut().zip(&mut self.merge.taken) {
            feed.start += mem::take(taken);
        }
    }

    /// Reads until every base has a row ready or is at its end.
    fn refill<E>(
        &mut self,
        read: &mut impl FnMut(&Base, usize, &mut Block) -> Result<(), E>,
    ) -> Result<(), EvaluationError<E>> {
        for (feed, base) in self.feeds.iter_mut().zip(&self.plan.bases) {
            if feed.ended || !feed.times().is_empty() {
                continue;
            }
            feed.start = 0;
            feed.block.times.clear();
            feed.block.columns.iter_mut().for_each(Vec::clear);
            read(base, READ, &mut feed.block).map_err(EvaluationError::Read)?;
            let rows = feed.block.times.len();
            let even = feed.block.columns.len() == base.columns.len()
                && feed.block.columns.iter().all(|column| column.len() == rows);
            if !even {
                return Err(EvaluationError::Uneven);
            }
            feed.ended = rows == 0;
            self.rows += rows as u64;
        }
        let most = self.plan.limits.rows;
        if self.rows > most { Err(EvaluationError::Rows { most }) } else { Ok(()) }
    }

    fn take_rows(&mut self) {
        let [feed] = self.feeds.as_slice() else { return self.merge.advance(self.plan, &self.feeds) };
        let rows = feed.times().len().min(BLOCK);
        self.merge.take_all(&feed.times()[..rows]);
    }

    fn step(&mut self, index: usize) -> Result<(), Overfull> {
        let plan = self.plan;
        let step = &plan.steps[index];
        let rows = self.merge.times[step.set].len();
        let mut out = mem::take(&mut self.registers[step.register]);
        let mut state = mem::replace(&mut self.states[index], State::None);
        let result = self.compute(step, &mut state, &mut out[..rows]);
        self.follow(index);
        self.registers[step.register] = out;
        self.states[index] = state;
        result
    }

    fn compute(&self, step: &Step, state: &mut State, out: &mut [f64]) -> Result<(), Overfull> {
        let times = &self.merge.times;
        match step.operation {
            Operation::Hold { join, from } => {
                if let Operand::Column(values) = self.operand(step.operands[0], times[from].len()) {
                    state.hold(&self.merge.rows[join], values, out);
                }
                Ok(())
            }
            Operation::Running(_) => match self.operand(step.operands[0], out.len()) {
                Operand::Column(values) => {
                    state.advance(&times[step.set], values, out, self.plan.limits.window_samples)
                }
                Operand::Constant(_) => Ok(()),
            },
            operation => {
                let operands = step.operands.map(|operand| self.operand(operand, out.len()));
                kernel::run(operation, operands, out);
                Ok(())
            }
        }
    }

    fn follow(&mut self, index: usize) {
        let Some(mut sound) = self.sound.take() else { return };
        let step = &self.plan.steps[index];
        let set = if let Operation::Hold { from, .. } = step.operation { from } else { step.set };
        let times = &self.merge.times[set];
        let values = match self.operand(step.operands[0], times.len()) {
            Operand::Column(values) => values,
            Operand::Constant(_) => &[],
        };
        sound.advance(self.plan, index, times, values);
        self.sound = Some(sound);
    }

    fn operand(&self, value: Value, rows: usize) -> Operand<'_> {
        match value {
            Value::Constant(value) => Operand::Constant(value),
            Value::Register(register) => Operand::Column(&self.registers[register][..rows]),
            Value::Input { base, column } => Operand::Column(&self.feeds[base].column(column)[..rows]),
        }
    }
}
