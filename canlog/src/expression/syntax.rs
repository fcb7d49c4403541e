//! An expression as a list of nodes, operands before their operators.

use crate::frame::Micros;

use super::failure::{ExpressionError, Position};
use super::limits::Limits;
use super::parse;

/// Where a node stands in its expression's list.
pub(super) type NodeId = usize;

/// A text that is a sentence of the language; its names have no meaning yet. Prints as its shortest canonical text.
#[derive(Clone, Debug)]
pub struct Expression {
    /// Children stand before their parents, the root last: walks need no recursion.
    pub(super) nodes: Vec<Node>,
    pub(super) places: Vec<Position>,
    pub(super) names: Vec<Name>,
}

/// A name as written: its parts, from the widest (bus or message) to the signal's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// `Engine.Speed` has two; at least one.
    pub parts: Vec<String>,
    /// Whether its last part was quoted; then it never means a number.
    pub quoted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Node {
    Number(f64),
    /// By its place in the expression's names.
    Name(usize),
    Unary(Unary, NodeId),
    Binary(Binary, NodeId, NodeId),
    /// Condition, value where true, value where false.
    Choose(NodeId, NodeId, NodeId),
    Running(Running, NodeId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Negate,
    Not,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    SinDegrees,
    CosDegrees,
    TanDegrees,
    AsinDegrees,
    AcosDegrees,
    AtanDegrees,
    Radians,
    Degrees,
    Exp,
    Log,
    Log10,
    Sqrt,
    Abs,
    Sign,
    Floor,
    Ceil,
    Round,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Min,
    Max,
    Atan2,
    Atan2Degrees,
}

/// What looks at more than one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Running {
    Previous,
    Derivative,
    Integral,
    MovingMean(Micros),
    MovingMin(Micros),
    MovingMax(Micros),
    LowPass(Smoothing),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Smoothing {
    TimeConstant(Micros),
    /// In Hz.
    CutOff(f64),
}

impl Expression {
    /// Reads a text.
    ///
    /// # Errors
    /// [`super::Reason::Syntax`] with the place and what was expected there, [`super::Reason::TooComplex`].
    pub fn parse(source: &str, limits: &Limits) -> Result<Self, ExpressionError> {
        parse::parse(source, limits)
    }

    /// Every name in it, as often as it is written, with its place.
    pub fn names(&self) -> impl Iterator<Item = (&Name, Position)> {
        self.nodes.iter().zip(&self.places).filter_map(|(node, &place)| match *node {
            Node::Name(name) => Some((&self.names[name], place)),
            _ => None,
        })
    }
}

/// Equal when they mean the same, wherever it was written.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.nodes == other.nodes && self.names == other.names
    }
}
