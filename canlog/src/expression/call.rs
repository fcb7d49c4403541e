//! Functions and their arguments.

use super::failure::{ExpressionError, Position, Reason};
use super::function::{self, Function};
use super::nearest::nearest;
use super::parse::{Parsed, Parser};
use super::syntax::{Binary, Node, NodeId, Running, Smoothing};
use super::token::Token;

/// A duration is a whole number of microseconds up to about thirty years.
const LONGEST: f64 = 1e15;

impl Parser<'_> {
    pub(super) fn call(&mut self, word: &str) -> Parsed<NodeId> {
        let place = self.place();
        let Some(function) = function::find(word) else {
            let near = nearest(word, function::names());
            let message = format!("there is no function `{word}`");
            let refusal = ExpressionError::new(Reason::Syntax, place, message);
            return Err(match near.first() {
                Some(first) => refusal.hint(format!("did you mean {first}?")),
                None => refusal.hint("write * to multiply a signal by a bracket"),
            }
            .candidates(near.into_iter().map(str::to_owned).collect()));
        };
        self.take();
        self.take();
        match function {
            Function::Unary(unary) => {
                let [operand] = self.arguments(word)?;
                self.push(Node::Unary(unary, operand), place)
            }
            Function::Binary(binary) => {
                let [left, right] = self.arguments(word)?;
                self.push(Node::Binary(binary, left, right), place)
            }
            Function::Choose => {
                let [condition, accepted, refused] = self.arguments(word)?;
                self.push(Node::Choose(condition, accepted, refused), place)
            }
            Function::Clamp => self.clamp(word, place),
            Function::Fold(binary) => self.fold(binary, word, place),
            _ => self.running(function, word, place),
        }
    }

    /// So many arguments and the closing bracket.
    fn arguments<const COUNT: usize>(&mut self, function: &str) -> Parsed<[NodeId; COUNT]> {
        let mut arguments = [0; COUNT];
        for (index, argument) in arguments.iter_mut().enumerate() {
            if index > 0 {
                self.comma(function, COUNT)?;
            }
            *argument = self.choice()?;
        }
        self.end(function, COUNT)?;
        Ok(arguments)
    }

    /// The bracket behind the last argument.
    fn end(&mut self, function: &str, arguments: usize) -> Parsed<()> {
        if *self.token() == Token::Sign(",") {
            return Err(self.expected(&format!("`)`: {function} takes {}", count(arguments))));
        }
        self.close(")")
    }

    /// `min(max(x, low), high)`, node by node in the order in which that is read.
    fn clamp(&mut self, function: &str, place: Position) -> Parsed<NodeId> {
        let operand = self.choice()?;
        self.comma(function, 3)?;
        let low = self.choice()?;
        let raised = self.push(Node::Binary(Binary::Max, operand, low), place)?;
        self.comma(function, 3)?;
        let high = self.choice()?;
        self.end(function, 3)?;
        self.push(Node::Binary(Binary::Min, raised, high), place)
    }

    fn comma(&mut self, function: &str, arguments: usize) -> Parsed<()> {
        if self.eat(",") {
            return Ok(());
        }
        Err(self.expected(&format!("an operator or `,`: {function} takes {}", count(arguments))))
    }

    fn fold(&mut self, binary: Binary, function: &str, place: Position) -> Parsed<NodeId> {
        let mut folded = self.choice()?;
        self.comma(function, 2)?;
        loop {
            let next = self.choice()?;
            folded = self.push(Node::Binary(binary, folded, next), place)?;
            if !self.eat(",") {
                self.close(")")?;
                return Ok(folded);
            }
        }
    }

    fn running(&mut self, function: Function, word: &str, place: Position) -> Parsed<NodeId> {
        let operand = self.choice()?;
        let running = match function {
            Function::Previous => Running::Previous,
            Function::Derivative => Running::Derivative,
            Function::Integral => Running::Integral,
            _ => {
                self.comma(word, 2)?;
                self.windowed(function)?
            }
        };
        self.close(")")?;
        self.push(Node::Running(running, operand), place)
    }

    /// The duration, or the cut-off, behind the comma.
    fn windowed(&mut self, function: Function) -> Parsed<Running> {
        let micros = match *self.token() {
            Token::Hertz(hertz) if function == Function::LowPass && hertz > 0.0 && hertz.is_finite() => {
                self.take();
                return Ok(Running::LowPass(Smoothing::CutOff(hertz)));
            }
            Token::Duration(micros) => micros,
            Token::Number(seconds) => seconds * 1e6,
            _ => return Err(self.duration_expected(function)),
        };
        if !(1.0..=LONGEST).contains(&micros) {
            return Err(self.duration_expected(function));
        }
        self.take();
        let micros = micros.round() as i64;
        Ok(match function {
            Function::MovingMean => Running::MovingMean(micros),
            Function::MovingMin => Running::MovingMin(micros),
            Function::MovingMax => Running::MovingMax(micros),
            _ => Running::LowPass(Smoothing::TimeConstant(micros)),
        })
    }

    fn duration_expected(&self, function: Function) -> ExpressionError {
        match function {
            Function::LowPass => self.expected("a time constant as 200ms, or a cut-off above zero as 5Hz"),
            _ => self.expected("a duration from 1us to 1e9s, as 500ms or 2s"),
        }
    }
}

fn count(arguments: usize) -> String {
    if arguments == 1 { "one argument".to_owned() } else { format!("{arguments} arguments") }
}
