//! From which time on an evaluation that began within a run has the values of one that began with the run.

use crate::frame::Micros;

use super::plan::{Operation, Plan, Step, Value};
use super::syntax::Running;

/// Of everything that is computed, the first time from which on it is sound: [`Micros::MIN`] where nothing was left
/// out before, [`Micros::MAX`] where that is not known yet.
#[derive(Clone, Debug)]
pub(super) struct Sound {
    bases: Vec<Micros>,
    registers: Vec<Micros>,
    /// By step, for those that wait for a row.
    met: Vec<Option<Micros>>,
}

impl Sound {
    /// `bases` says from which time on the rows of each are given.
    pub(super) fn new(plan: &Plan, bases: &[Micros]) -> Self {
        let met = vec![None; plan.steps.len()];
        Self { bases: bases.to_vec(), registers: vec![Micros::MAX; plan.registers], met }
    }

    pub(super) fn of(&self, value: Value) -> Micros {
        match value {
            Value::Constant(_) => Micros::MIN,
            Value::Register(register) => self.registers[register],
            Value::Input { base, .. } => self.bases[base],
        }
    }

    /// A step was computed, over these rows of its first operand.
    pub(super) fn advance(&mut self, plan: &Plan, index: usize, times: &[Micros], values: &[f64]) {
        let step = &plan.steps[index];
        let operand = self.of(step.operands[0]);
        let rows = operand.max(self.of_set(plan.sets[step.set]));
        self.registers[step.register] = match step.operation {
            Operation::Unary(_) | Operation::Binary(_) | Operation::Choose => self.of_all(step),
            Operation::Hold { .. } => self.met(index, operand, |from| {
                let mut times = times.iter().copied();
                times.find(|&time| time >= from)
            }),
            Operation::Running(Running::Previous | Running::Derivative) => self.met(index, rows, |from| {
                let mut samples = times.iter().zip(values);
                let sample = samples.find(|&(&time, value)| time >= from && value.is_finite());
                sample.map(|(&time, _)| time.saturating_add(1))
            }),
            Operation::Running(_) if rows == Micros::MIN => rows,
            Operation::Running(
                Running::MovingMean(width) | Running::MovingMin(width) | Running::MovingMax(width),
            ) => rows.saturating_add(width),
            Operation::Running(Running::Integral | Running::LowPass(_)) => Micros::MAX,
        };
    }

    /// Of a step that waits for a row: what `find` says of those from which on its operand is sound.
    fn met(&mut self, index: usize, operand: Micros, find: impl Fn(Micros) -> Option<Micros>) -> Micros {
        if operand == Micros::MIN {
            return operand;
        }
        let met = &mut self.met[index];
        *met = met.or_else(|| find(operand));
        met.unwrap_or(Micros::MAX)
    }

    fn of_set(&self, set: u64) -> Micros {
        let members = self.bases.iter().enumerate().filter(|(base, _)| set >> base & 1 == 1);
        members.map(|(_, &from)| from).max().unwrap_or(Micros::MIN)
    }

    fn of_all(&self, step: &Step) -> Micros {
        step.operands.iter().map(|&operand| self.of(operand)).max().unwrap_or(Micros::MIN)
    }
}
