//! Functions by name.

use super::syntax::{Binary, Unary};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Unary(Unary),
    Binary(Binary),
    /// Two operands or more, from the left.
    Fold(Binary),
    Clamp,
    Choose,
    Previous,
    Derivative,
    Integral,
    MovingMean,
    MovingMin,
    MovingMax,
    LowPass,
}

/// Of several names of one function the first is the one printed.
const FUNCTIONS: &[(&str, Function)] = &[
    ("sin", Function::Unary(Unary::Sin)),
    ("cos", Function::Unary(Unary::Cos)),
    ("tan", Function::Unary(Unary::Tan)),
    ("asin", Function::Unary(Unary::Asin)),
    ("acos", Function::Unary(Unary::Acos)),
    ("atan", Function::Unary(Unary::Atan)),
    ("sind", Function::Unary(Unary::SinDegrees)),
    ("cosd", Function::Unary(Unary::CosDegrees)),
    ("tand", Function::Unary(Unary::TanDegrees)),
    ("asind", Function::Unary(Unary::AsinDegrees)),
    ("acosd", Function::Unary(Unary::AcosDegrees)),
    ("atand", Function::Unary(Unary::AtanDegrees)),
    ("radians", Function::Unary(Unary::Radians)),
    ("degrees", Function::Unary(Unary::Degrees)),
    ("exp", Function::Unary(Unary::Exp)),
    ("log", Function::Unary(Unary::Log)),
    ("ln", Function::Unary(Unary::Log)),
    ("log10", Function::Unary(Unary::Log10)),
    ("sqrt", Function::Unary(Unary::Sqrt)),
    ("abs", Function::Unary(Unary::Abs)),
    ("sign", Function::Unary(Unary::Sign)),
    ("floor", Function::Unary(Unary::Floor)),
    ("ceil", Function::Unary(Unary::Ceil)),
    ("round", Function::Unary(Unary::Round)),
    ("atan2", Function::Binary(Binary::Atan2)),
    ("atan2d", Function::Binary(Binary::Atan2Degrees)),
    ("pow", Function::Binary(Binary::Power)),
    ("min", Function::Fold(Binary::Min)),
    ("max", Function::Fold(Binary::Max)),
    ("clamp", Function::Clamp),
    ("if", Function::Choose),
    ("previous", Function::Previous),
    ("prev", Function::Previous),
    ("derivative", Function::Derivative),
    ("integral", Function::Integral),
    ("moving_mean", Function::MovingMean),
    ("moving_min", Function::MovingMin),
    ("moving_max", Function::MovingMax),
    ("low_pass", Function::LowPass),
];

pub(super) fn find(name: &str) -> Option<Function> {
    FUNCTIONS.iter().find(|(known, _)| *known == name).map(|&(_, function)| function)
}

pub(super) fn name_of(function: Function) -> &'static str {
    FUNCTIONS.iter().find(|(_, known)| *known == function).map_or("?", |&(name, _)| name)
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|&(name, _)| name)
}
