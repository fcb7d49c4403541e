//! Operations on a block of samples, written so that the compiler makes vectors of them.

use super::plan::Operation;
use super::syntax::{Binary, Unary};

#[derive(Clone, Copy, Debug)]
pub(super) enum Operand<'a> {
    Constant(f64),
    Column(&'a [f64]),
}

/// Everything that looks at one row at a time; the rest leaves `out` alone.
pub(super) fn run(operation: Operation, [first, second, third]: [Operand; 3], out: &mut [f64]) {
    match operation {
        Operation::Unary(operator) => unary(operator, first, out),
        Operation::Binary(operator) => binary(operator, first, second, out),
        Operation::Choose => choose(first, second, third, out),
        Operation::Running(_) | Operation::Hold { .. } => {}
    }
}

fn unary(operator: Unary, operand: Operand, out: &mut [f64]) {
    match operator {
        Unary::Negate => each(operand, out, |value| -value),
        Unary::Not => each(operand, out, |value| truth(value == 0.0, value.is_nan())),
        Unary::Sin => each(operand, out, f64::sin),
        Unary::Cos => each(operand, out, f64::cos),
        Unary::Tan => each(operand, out, f64::tan),
        Unary::Asin => each(operand, out, f64::asin),
        Unary::Acos => each(operand, out, f64::acos),
        Unary::Atan => each(operand, out, f64::atan),
        Unary::SinDegrees => each(operand, out, |value| value.to_radians().sin()),
        Unary::CosDegrees => each(operand, out, |value| value.to_radians().cos()),
        Unary::TanDegrees => each(operand, out, |value| value.to_radians().tan()),
        Unary::AsinDegrees => each(operand, out, |value| value.asin().to_degrees()),
        Unary::AcosDegrees => each(operand, out, |value| value.acos().to_degrees()),
        Unary::AtanDegrees => each(operand, out, |value| value.atan().to_degrees()),
        Unary::Radians => each(operand, out, f64::to_radians),
        Unary::Degrees => each(operand, out, f64::to_degrees),
        Unary::Exp => each(operand, out, f64::exp),
        Unary::Log => each(operand, out, f64::ln),
        Unary::Log10 => each(operand, out, f64::log10),
        Unary::Sqrt => each(operand, out, f64::sqrt),
        Unary::Abs => each(operand, out, f64::abs),
        Unary::Sign => each(operand, out, |value| if value == 0.0 { 0.0 } else { value.signum() }),
        Unary::Floor => each(operand, out, f64::floor),
        Unary::Ceil => each(operand, out, f64::ceil),
        Unary::Round => each(operand, out, f64::round_ties_even),
    }
}

fn binary(operator: Binary, left: Operand, right: Operand, out: &mut [f64]) {
    match operator {
        Binary::Or => compare(left, right, out, |a, b| a != 0.0 || b != 0.0),
        Binary::And => compare(left, right, out, |a, b| a != 0.0 && b != 0.0),
        Binary::Less => compare(left, right, out, |a, b| a < b),
        Binary::LessOrEqual => compare(left, right, out, |a, b| a <= b),
        Binary::Greater => compare(left, right, out, |a, b| a > b),
        Binary::GreaterOrEqual => compare(left, right, out, |a, b| a >= b),
        Binary::Equal => compare(left, right, out, |a, b| a == b),
        Binary::NotEqual => compare(left, right, out, |a, b| a != b),
        Binary::Add => pairs(left, right, out, |_, a, b| a + b),
        Binary::Subtract => pairs(left, right, out, |_, a, b| a - b),
        Binary::Multiply => pairs(left, right, out, |_, a, b| a * b),
        Binary::Divide => pairs(left, right, out, |_, a, b| a / b),
        Binary::Remainder => pairs(left, right, out, |_, a, b| remainder(a, b)),
        Binary::Power => power(left, right, out),
        Binary::Min => pairs(left, right, out, |_, a, b| if a < b || a.is_nan() { a } else { b }),
        Binary::Max => pairs(left, right, out, |_, a, b| if a > b || a.is_nan() { a } else { b }),
        Binary::Atan2 => pairs(left, right, out, |_, a, b| a.atan2(b)),
        Binary::Atan2Degrees => pairs(left, right, out, |_, a, b| a.atan2(b).to_degrees()),
    }
}

/// A gap where an operand is one, though nothing to the power of zero is one elsewhere.
fn power(left: Operand, right: Operand, out: &mut [f64]) {
    match right {
        // Calling the library for a square takes thirty times as long.
        Operand::Constant(2.0) => each(left, out, |value| value * value),
        _ => pairs(left, right, out, |_, a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.powf(b) }),
    }
}

fn remainder(value: f64, divisor: f64) -> f64 {
    let remainder = value % divisor;
    if remainder == 0.0 {
        0.0_f64.copysign(divisor)
    } else if (remainder < 0.0) != (divisor < 0.0) {
        remainder + divisor
    } else {
        remainder
    }
}

/// 1 or 0, or a gap.
fn truth(is: bool, gap: bool) -> f64 {
    if gap { f64::NAN } else { f64::from(u8::from(is)) }
}

fn compare(left: Operand, right: Operand, out: &mut [f64], is: impl Fn(f64, f64) -> bool) {
    pairs(left, right, out, |_, a, b| truth(is(a, b), a.is_nan() | b.is_nan()));
}

fn choose(condition: Operand, accepted: Operand, refused: Operand, out: &mut [f64]) {
    each(accepted, out, |value| value);
    pairs(condition, refused, out, |accepted, condition, refused| {
        let chosen = if condition == 0.0 { refused } else { accepted };
        if condition.is_nan() { f64::NAN } else { chosen }
    });
}

fn each(operand: Operand, out: &mut [f64], result: impl Fn(f64) -> f64) {
    match operand {
        Operand::Constant(value) => out.fill(result(value)),
        Operand::Column(values) => {
            for (out, &value) in out.iter_mut().zip(values) {
                *out = result(value);
            }
        }
    }
}

/// `result` is given what stood in `out`, and a row of both operands.
fn pairs(left: Operand, right: Operand, out: &mut [f64], result: impl Fn(f64, f64, f64) -> f64) {
    match (left, right) {
        (Operand::Column(left), Operand::Column(right)) => {
            for ((out, &left), &right) in out.iter_mut().zip(left).zip(right) {
                *out = result(*out, left, right);
            }
        }
        (Operand::Column(left), Operand::Constant(right)) => {
            for (out, &left) in out.iter_mut().zip(left) {
                *out = result(*out, left, right);
            }
        }
        (Operand::Constant(left), Operand::Column(right)) => {
            for (out, &right) in out.iter_mut().zip(right) {
                *out = result(*out, left, right);
            }
        }
        (Operand::Constant(left), Operand::Constant(right)) => {
            for out in out {
                *out = result(*out, left, right);
            }
        }
    }
}
