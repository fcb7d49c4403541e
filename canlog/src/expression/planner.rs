//! From nodes and the meaning of their names to steps.

use std::collections::HashMap;
use std::f64::consts::{E, PI};

use super::catalog::{Catalog, Column, Meaning};
use super::failure::{ExpressionError, Position, Reason};
use super::kernel::{self, Operand};
use super::limits::Limits;
use super::plan::{Base, Operation, Plan, Step, Value};
use super::register;
use super::syntax::{Expression, Name, Node};

/// What a name stands for that a catalogue accepts without knowing it.
const SOMEWHERE: Column = Column { base: usize::MAX, column: 0 };

type Planned<T> = Result<T, ExpressionError>;

/// A value and the time bases it depends on.
#[derive(Clone, Copy)]
pub(super) struct Planted {
    value: Value,
    set: u64,
}

pub(super) struct Planner<'a> {
    catalog: &'a Catalog,
    limits: &'a Limits,
    bases: Vec<Base>,
    sets: Vec<u64>,
    joins: Vec<(usize, usize)>,
    steps: Vec<Step>,
    nodes: usize,
    /// Derived signals on the way to here, and those that are computed already.
    way: Vec<usize>,
    known: HashMap<usize, Planted>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(catalog: &'a Catalog, limits: &'a Limits) -> Self {
        let (bases, sets, joins, steps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { catalog, limits, bases, sets, joins, steps, nodes: 0, way: Vec::new(), known: HashMap::new() }
    }

    pub(super) fn finish(mut self, root: Planted) -> Plan {
        let result = self.set(root.set);
        let mut plan = Plan {
            bases: self.bases,
            sets: self.sets,
            result,
            joins: self.joins,
            steps: self.steps,
            root: root.value,
            registers: 0,
            limits: self.limits.clone(),
        };
        plan.registers = register::assign(&mut plan.steps, &mut plan.root);
        plan
    }

    fn refuse(&self, reason: Reason, place: Position, message: String) -> ExpressionError {
        let mut refusal = ExpressionError::new(reason, place, message);
        refusal.derived = self.way.last().map(|&entry| self.catalog.entries[entry].short_name().to_owned());
        refusal
    }

    pub(super) fn expression(&mut self, expression: &Expression) -> Planned<Planted> {
        self.nodes += expression.nodes.len();
        if self.nodes > self.limits.plan_nodes {
            let message =
                format!("with its derived signals it has more than {} operations", self.limits.plan_nodes);
            return Err(self.refuse(Reason::TooComplex, Position { byte: 0, column: 1 }, message));
        }
        let mut planted: Vec<Planted> = Vec::with_capacity(expression.nodes.len());
        for (&node, &place) in expression.nodes.iter().zip(&expression.places) {
            let next = match node {
                Node::Number(value) => constant(value),
                Node::Name(name) => self.name(&expression.names[name], place)?,
                Node::Unary(unary, operand) => self.step(Operation::Unary(unary), &[planted[operand]]),
                Node::Binary(binary, left, right) => {
                    self.step(Operation::Binary(binary), &[planted[left], planted[right]])
                }
                Node::Choose(condition, accepted, refused) => {
                    self.step(Operation::Choose, &[planted[condition], planted[accepted], planted[refused]])
                }
                Node::Running(running, operand) if planted[operand].set != 0 => {
                    self.step(Operation::Running(running), &[planted[operand]])
                }
                Node::Running(..) => {
                    let message = "expected a signal here, found a constant, which has no times".to_owned();
                    return Err(self.refuse(Reason::Syntax, place, message));
                }
            };
            planted.push(next);
        }
        planted.last().copied().ok_or_else(|| {
            self.refuse(Reason::Syntax, Position { byte: 0, column: 1 }, "the text is empty".to_owned())
        })
    }

    fn name(&mut self, name: &Name, place: Position) -> Planned<Planted> {
        match *self.catalog.find(name) {
            [] => match self.number_of_nature(name) {
                Some(number) => Ok(number),
                None if self.catalog.accepts_unknown => self.signal(SOMEWHERE, place),
                None => Err(self.unknown(name, place)),
            },
            [entry] => match self.catalog.entries[entry].meaning {
                Meaning::Signal(column) => self.signal(column, place),
                Meaning::Derived(_) => self.derived(entry, place),
            },
            ref several => {
                let labels = several.iter().map(|&entry| self.catalog.entries[entry].label()).collect();
                let message = format!("{} signals are named {name}", several.len());
                let refusal = self.refuse(Reason::AmbiguousSignal, place, message);
                Err(refusal.hint("write one of the candidates").candidates(labels))
            }
        }
    }

    fn unknown(&self, name: &Name, place: Position) -> ExpressionError {
        let near = self.catalog.near(name);
        let refusal = self.refuse(Reason::UnknownSignal, place, format!("there is no signal {name}"));
        match near.first() {
            Some(first) => refusal.hint(format!("did you mean {first}?")).candidates(near),
            None => refusal,
        }
    }

    fn number_of_nature(&self, name: &Name) -> Option<Planted> {
        match name.parts.as_slice() {
            [only] if !name.quoted && only == "pi" => Some(constant(PI)),
            [only] if !name.quoted && only == "e" => Some(constant(E)),
            _ => None,
        }
    }

    fn signal(&mut self, signal: Column, place: Position) -> Planned<Planted> {
        let base = match self.bases.iter().position(|base| base.base == signal.base) {
            Some(base) => base,
            None if self.bases.len() == self.limits.most_bases() => {
                let message = format!("signals of more than {} messages", self.limits.most_bases());
                return Err(self.refuse(Reason::TooComplex, place, message));
            }
            None => {
                self.bases.push(Base { base: signal.base, columns: Vec::new() });
                self.bases.len() - 1
            }
        };
        let columns = &mut self.bases[base].columns;
        let column = columns.iter().position(|&column| column == signal.column).unwrap_or_else(|| {
            columns.push(signal.column);
            columns.len() - 1
        });
        Ok(Planted { value: Value::Input { base, column }, set: 1 << base })
    }

    pub(super) fn derived(&mut self, entry: usize, place: Position) -> Planned<Planted> {
        if let Some(&known) = self.known.get(&entry) {
            return Ok(known);
        }
        if let Some(start) = self.way.iter().position(|&before| before == entry) {
            return Err(self.cycle(&self.way[start..], entry, place));
        }
        if self.way.len() == self.limits.longest_chain() {
            let message = format!("derived signals use each other over more than {} steps", self.way.len());
            return Err(self.refuse(Reason::TooComplex, place, message));
        }
        let catalog = self.catalog;
        let Meaning::Derived(source) = &catalog.entries[entry].meaning else {
            return Err(self.refuse(Reason::UnknownSignal, place, "this is no derived signal".to_owned()));
        };
        self.way.push(entry);
        let expression = Expression::parse(source, self.limits).map_err(|mut refusal| {
            refusal.derived = Some(catalog.entries[entry].short_name().to_owned());
            refusal
        })?;
        let planted = self.expression(&expression)?;
        self.way.pop();
        self.known.insert(entry, planted);
        Ok(planted)
    }

    fn cycle(&self, way: &[usize], entry: usize, place: Position) -> ExpressionError {
        let names =
            way.iter().chain([&entry]).map(|&entry| self.catalog.entries[entry].short_name().to_owned());
        let names: Vec<_> = names.collect();
        let message = format!("a derived signal cannot depend on itself: {}", names.join(" → "));
        self.refuse(Reason::Cycle, place, message).candidates(names)
    }

    fn set(&mut self, bits: u64) -> usize {
        self.sets.iter().position(|&set| set == bits).unwrap_or_else(|| {
            self.sets.push(bits);
            self.sets.len() - 1
        })
    }

    /// One operation over operands brought to the same times.
    fn step(&mut self, operation: Operation, operands: &[Planted]) -> Planted {
        let bits = operands.iter().fold(0, |bits, operand| bits | operand.set);
        if bits == 0 {
            return constant(fold(operation, operands));
        }
        let mut joined = [Value::Constant(f64::NAN); 3];
        for (joined, operand) in joined.iter_mut().zip(operands) {
            *joined = if operand.set == 0 || operand.set == bits {
                operand.value
            } else {
                self.hold(*operand, bits)
            };
        }
        let set = self.set(bits);
        Planted { value: self.push(operation, joined, set), set: bits }
    }

    fn hold(&mut self, operand: Planted, bits: u64) -> Value {
        let (from, set) = (self.set(operand.set), self.set(bits));
        let join = self.joins.iter().position(|&join| join == (from, set)).unwrap_or_else(|| {
            self.joins.push((from, set));
            self.joins.len() - 1
        });
        let operation = Operation::Hold { join, from };
        let same = |step: &&Step| step.operation == operation && step.operands[0] == operand.value;
        match self.steps.iter().find(same) {
            Some(step) => Value::Register(step.register),
            None => self.push(operation, [operand.value, operand.value, operand.value], set),
        }
    }

    fn push(&mut self, operation: Operation, operands: [Value; 3], set: usize) -> Value {
        let register = self.steps.len();
        self.steps.push(Step { operation, operands, set, register });
        Value::Register(register)
    }
}

fn constant(value: f64) -> Planted {
    Planted { value: Value::Constant(value), set: 0 }
}

/// An operation on numbers.
fn fold(operation: Operation, operands: &[Planted]) -> f64 {
    let operand = |index: usize| match operands.get(index) {
        Some(Planted { value: Value::Constant(value), .. }) => Operand::Constant(*value),
        _ => Operand::Constant(f64::NAN),
    };
    let mut folded = [f64::NAN];
    kernel::run(operation, [operand(0), operand(1), operand(2)], &mut folded);
    folded[0]
}
