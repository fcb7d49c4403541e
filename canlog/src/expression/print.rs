//! An expression as text, with the brackets it needs.

use std::fmt::{self, Display, Formatter};

use super::function::{Function, name_of};
use super::parse::level;
use super::syntax::{Binary, Expression, Name, Node, Running, Smoothing, Unary};
use super::token::is_plain;

impl Display for Expression {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let mut printed: Vec<Printed> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let next = self.print(*node, &printed);
            printed.push(next);
        }
        formatter.write_str(printed.last().map_or("", |root| &root.text))
    }
}

impl Display for Name {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts.iter().enumerate() {
            let last = index + 1 == self.parts.len();
            formatter.write_str(if index > 0 { "." } else { "" })?;
            if is_plain(part) && !(last && self.quoted) {
                formatter.write_str(part)?;
            } else {
                write!(formatter, "\"{}\"", part.replace('"', "\"\""))?;
            }
        }
        Ok(())
    }
}

struct Printed {
    text: String,
    level: u8,
    /// Of `min` and `max`: which, and the operands.
    folded: Option<(Binary, Vec<String>)>,
}

impl Printed {
    /// Bracketed unless it binds at least so strongly.
    fn at(&self, least: u8) -> String {
        if self.level < least { format!("({})", self.text) } else { self.text.clone() }
    }
}

impl Expression {
    fn print(&self, node: Node, printed: &[Printed]) -> Printed {
        let (text, level) = match node {
            Node::Number(value) => (number(value), level::OPERAND),
            Node::Name(name) => (self.names[name].to_string(), level::OPERAND),
            Node::Unary(Unary::Negate, operand) => {
                (format!("-{}", printed[operand].at(level::SIGN)), level::SIGN)
            }
            Node::Unary(Unary::Not, operand) => {
                (format!("not {}", printed[operand].at(level::NOT)), level::NOT)
            }
            Node::Unary(unary, operand) => {
                (format!("{}({})", name_of(Function::Unary(unary)), printed[operand].text), level::OPERAND)
            }
            Node::Binary(binary, left, right) => {
                return print_binary(binary, &printed[left], &printed[right]);
            }
            Node::Choose(condition, accepted, refused) => {
                let [condition, accepted, refused] =
                    [condition, accepted, refused].map(|operand| &printed[operand].text);
                (format!("if({condition}, {accepted}, {refused})"), level::OPERAND)
            }
            Node::Running(running, operand) => {
                (print_running(running, &printed[operand].text), level::OPERAND)
            }
        };
        Printed { text, level, folded: None }
    }
}

fn print_binary(binary: Binary, left: &Printed, right: &Printed) -> Printed {
    let (sign, level) = match binary {
        Binary::Or => ("or", level::OR),
        Binary::And => ("and", level::AND),
        Binary::Less => ("<", level::COMPARE),
        Binary::LessOrEqual => ("<=", level::COMPARE),
        Binary::Greater => (">", level::COMPARE),
        Binary::GreaterOrEqual => (">=", level::COMPARE),
        Binary::Equal => ("==", level::COMPARE),
        Binary::NotEqual => ("!=", level::COMPARE),
        Binary::Add => ("+", level::ADD),
        Binary::Subtract => ("-", level::ADD),
        Binary::Multiply => ("*", level::MULTIPLY),
        Binary::Divide => ("/", level::MULTIPLY),
        Binary::Remainder => ("%", level::MULTIPLY),
        Binary::Power => ("^", level::POWER),
        Binary::Min | Binary::Max => return print_fold(binary, left, right),
        Binary::Atan2 | Binary::Atan2Degrees => {
            let name = name_of(Function::Binary(binary));
            let text = format!("{name}({}, {})", left.text, right.text);
            return Printed { text, level: level::OPERAND, folded: None };
        }
    };
    let (from_left, from_right) = match level {
        level::POWER => (level + 1, level),
        level::COMPARE => (level + 1, level + 1),
        _ => (level, level + 1),
    };
    let text = format!("{} {sign} {}", left.at(from_left), right.at(from_right));
    Printed { text, level, folded: None }
}

/// A fold of a fold as one, and `min(max(a, b), c)` as `clamp(a, b, c)`: no deeper than they can be written.
fn print_fold(binary: Binary, left: &Printed, right: &Printed) -> Printed {
    let (mut operands, is_clamp) = match &left.folded {
        Some((inner, operands)) if *inner == binary => (operands.clone(), false),
        Some((Binary::Max, operands)) if operands.len() == 2 => (operands.clone(), true),
        _ => (vec![left.text.clone()], false),
    };
    operands.push(right.text.clone());
    let function = if is_clamp { Function::Clamp } else { Function::Fold(binary) };
    let text = format!("{}({})", name_of(function), operands.join(", "));
    Printed { text, level: level::OPERAND, folded: (!is_clamp).then_some((binary, operands)) }
}

fn print_running(running: Running, operand: &str) -> String {
    let (function, argument) = match running {
        Running::Previous => (Function::Previous, None),
        Running::Derivative => (Function::Derivative, None),
        Running::Integral => (Function::Integral, None),
        Running::MovingMean(micros) => (Function::MovingMean, Some(duration(micros))),
        Running::MovingMin(micros) => (Function::MovingMin, Some(duration(micros))),
        Running::MovingMax(micros) => (Function::MovingMax, Some(duration(micros))),
        Running::LowPass(Smoothing::TimeConstant(micros)) => (Function::LowPass, Some(duration(micros))),
        Running::LowPass(Smoothing::CutOff(hertz)) => {
            (Function::LowPass, Some(format!("{}Hz", number(hertz))))
        }
    };
    match argument {
        None => format!("{}({operand})", name_of(function)),
        Some(argument) => format!("{}({operand}, {argument})", name_of(function)),
    }
}

/// Reads back as the same number.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value < 1e15 { format!("{value}") } else { format!("{value:?}") }
}

fn duration(micros: i64) -> String {
    match micros {
        micros if micros % 1_000_000 == 0 => format!("{}s", micros / 1_000_000),
        micros if micros % 1_000 == 0 => format!("{}ms", micros / 1_000),
        micros => format!("{micros}us"),
    }
}
