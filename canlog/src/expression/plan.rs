//! An expression whose names have a meaning, as a list of steps over columns.

use crate::frame::Micros;

use super::catalog::Catalog;
use super::failure::{ExpressionError, Position, Reason};
use super::limits::Limits;
use super::planner::Planner;
use super::syntax::{Binary, Expression, Running, Unary};

/// Most signals have a sample within this time.
const OFTEN: Micros = 1_000_000;

/// What an evaluation reads and computes.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) bases: Vec<Base>,
    /// Sets of time bases, one bit a base.
    pub(super) sets: Vec<u64>,
    /// The result's set.
    pub(super) result: usize,
    /// Pairs of sets: rows of the first held over the rows of the second.
    pub(super) joins: Vec<(usize, usize)>,
    pub(super) steps: Vec<Step>,
    pub(super) root: Value,
    pub(super) registers: usize,
    pub(super) limits: Limits,
}

/// A time base that an expression reads, by the caller's numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// As in [`super::Column::base`].
    pub base: usize,
    /// As in [`super::Column::column`], in the order in which [`super::Block::columns`] holds them.
    pub columns: Vec<usize>,
}

/// On which times an expression is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Joining {
    /// On none: it names no signal and always has this value.
    Constant(f64),
    /// On the times of its one time base, row by row.
    Direct,
    /// On the union of the times of several bases, each holding its previous row.
    PreviousValue,
}

/// Where an operand of a step is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    Constant(f64),
    Register(usize),
    Input { base: usize, column: usize },
}

#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) operation: Operation,
    pub(super) operands: [Value; 3],
    /// Whose rows it computes, by its place in the plan's sets.
    pub(super) set: usize,
    pub(super) register: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operation {
    Unary(Unary),
    Binary(Binary),
    Choose,
    Running(Running),
    /// The first operand held over more rows: which join, and its set.
    Hold {
        join: usize,
        from: usize,
    },
}

impl Plan {
    /// Gives every name its meaning.
    ///
    /// # Errors
    /// [`Reason::UnknownSignal`], [`Reason::AmbiguousSignal`], [`Reason::Cycle`], [`Reason::TooComplex`];
    /// [`Reason::Syntax`] of derived signals it uses.
    pub fn new(expression: &Expression, catalog: &Catalog, limits: &Limits) -> Result<Self, ExpressionError> {
        let mut planner = Planner::new(catalog, limits);
        let root = planner.expression(expression)?;
        Ok(planner.finish(root))
    }

    /// Plans a derived signal of the catalogue, so that a cycle through itself is found.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn derived(name: &str, catalog: &Catalog, limits: &Limits) -> Result<Self, ExpressionError> {
        let Some(entry) = catalog.derived(name) else {
            let message = format!("there is no derived signal {name}");
            return Err(ExpressionError::new(
                Reason::UnknownSignal,
                Position { byte: 0, column: 1 },
                message,
            ));
        };
        let mut planner = Planner::new(catalog, limits);
        let root = planner.derived(entry, Position { byte: 0, column: 1 })?;
        Ok(planner.finish(root))
    }

    /// What it reads.
    pub fn bases(&self) -> &[Base] {
        &self.bases
    }

    /// On which times it is computed.
    pub fn joining(&self) -> Joining {
        match (self.root, self.bases.len()) {
            (Value::Constant(value), _) => Joining::Constant(value),
            (_, 0 | 1) => Joining::Direct,
            _ => Joining::PreviousValue,
        }
    }

    /// How much earlier than a row an evaluation should begin to know its value: a guess where that depends on where
    /// samples are, which the evaluation then judges. None where it takes all rows before.
    pub(crate) fn lead(&self) -> Option<Micros> {
        let mut registers = vec![0; self.registers];
        let of = |registers: &[Micros], value: Value| match value {
            Value::Register(register) => registers[register],
            Value::Constant(_) | Value::Input { .. } => 0,
        };
        for step in &self.steps {
            let operands = step.operands.iter().map(|&operand| of(&registers, operand)).max();
            let lead: Micros = match step.operation {
                Operation::Unary(_) | Operation::Binary(_) | Operation::Choose => 0,
                Operation::Hold { .. } => OFTEN,
                Operation::Running(running) => match running {
                    Running::Previous | Running::Derivative => OFTEN,
                    Running::MovingMean(width) | Running::MovingMin(width) | Running::MovingMax(width) => {
                        width
                    }
                    Running::Integral | Running::LowPass(_) => return None,
                },
            };
            registers[step.register] = operands.unwrap_or_default().saturating_add(lead);
        }
        Some(of(&registers, self.root))
    }
}
