//! The unit of an expression, where it needs no thinking.

use super::syntax::{Binary, Expression, Name, Node, Running, Unary};

/// What is known of a node's unit.
#[derive(Clone)]
enum Known {
    /// A number: it has that of what it is compared or chosen with.
    Any,
    Unit(String),
    Unknown,
}

impl Expression {
    /// Its unit where that is evident, by the units of its names: a signal's own; it stays when the signal is negated,
    /// made positive, rounded, held back, averaged or smoothed, and when signals of one unit are added, subtracted,
    /// chosen from or limited. None for everything else, also for a factor and an added number: either may be a
    /// conversion.
    pub fn unit(&self, unit_of: impl Fn(&Name) -> Option<String>) -> Option<String> {
        let mut known: Vec<Known> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let next = match *node {
                Node::Number(_) => Known::Any,
                Node::Name(name) => unit_of(&self.names[name]).map_or(Known::Unknown, Known::Unit),
                Node::Unary(unary, operand) if keeps(unary) => known[operand].clone(),
                Node::Binary(Binary::Min | Binary::Max, left, right) => both(&known[left], &known[right]),
                Node::Binary(Binary::Add | Binary::Subtract, left, right) => sum(&known[left], &known[right]),
                Node::Choose(_, accepted, refused) => both(&known[accepted], &known[refused]),
                Node::Running(Running::Derivative | Running::Integral, _) => Known::Unknown,
                Node::Running(_, operand) => known[operand].clone(),
                Node::Unary(..) | Node::Binary(..) => Known::Unknown,
            };
            known.push(next);
        }
        match known.pop() {
            Some(Known::Unit(unit)) => Some(unit),
            _ => None,
        }
    }
}

fn keeps(unary: Unary) -> bool {
    matches!(unary, Unary::Negate | Unary::Abs | Unary::Floor | Unary::Ceil | Unary::Round)
}

fn both(one: &Known, other: &Known) -> Known {
    match (one, other) {
        (Known::Any, known) | (known, Known::Any) => known.clone(),
        (Known::Unit(unit), Known::Unit(same)) if unit == same => one.clone(),
        _ => Known::Unknown,
    }
}

/// A number that is added may be what makes kelvins of degrees.
fn sum(one: &Known, other: &Known) -> Known {
    match (one, other) {
        (Known::Any, Known::Any) => Known::Any,
        (Known::Any, _) | (_, Known::Any) => Known::Unknown,
        _ => both(one, other),
    }
}
