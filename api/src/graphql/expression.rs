//! What is wrong with an expression, where, and what to do about it.

use async_graphql::{
    Enum, SimpleObject, Value, from_value, indexmap::IndexMap, resolver_utils::EnumType, to_value,
};
use canlog::expression::{ExpressionError, Joining, Reason};
use serde::{Deserialize, Serialize};

use super::error::{Code, Refusal};

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[graphql(remote = "Reason")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ExpressionReason {
    /// The text is no sentence of the language.
    Syntax,
    /// No signal has this name.
    UnknownSignal,
    /// Several signals have this name.
    AmbiguousSignal,
    /// A derived signal depends on itself.
    Cycle,
    /// A limit was exceeded.
    TooComplex,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SimpleObject, Serialize, Deserialize)]
pub(crate) struct TextPosition {
    /// Characters before it.
    offset: i32,
    /// Its line, from 1.
    line: i32,
    /// Its character in the line, from 1.
    column: i32,
}

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpressionProblem {
    /// What kind of fault it is.
    pub(crate) reason: ExpressionReason,
    /// What was found and what was expected.
    pub(crate) message: String,
    /// Where: in the text, or in that of `derivedSignal`.
    position: TextPosition,
    /// What to do about it.
    hint: Option<String>,
    /// Names that may have been meant, or that the name may mean; of a cycle, the way round.
    candidates: Vec<String>,
    /// The name of the derived signal in whose text the fault is; null for the text itself.
    derived_signal: Option<String>,
}

impl TextPosition {
    /// Of the byte in the text.
    fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or(before);
        let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        Self {
            offset: count(before.chars().count()),
            line: count(before.matches('\n').count() + 1),
            column: count(line.chars().count() + 1),
        }
    }
}

impl ExpressionProblem {
    /// Of a fault found in `text`, which is the derived signal's where the fault names one.
    pub(crate) fn new(error: ExpressionError, text: &str) -> Self {
        Self {
            reason: error.reason.into(),
            position: TextPosition::of(text, error.position.byte),
            message: error.message,
            hint: error.hint,
            candidates: error.candidates,
            derived_signal: error.derived,
        }
    }

    /// As a refusal: the code EXPRESSION, and all else beside it.
    pub(crate) fn refusal(self) -> Refusal {
        let reason = EnumType::items().iter().find(
            |item: &&async_graphql::resolver_utils::EnumItem<ExpressionReason>| item.value == self.reason,
        );
        let mut refusal = Refusal::new(Code::Expression, self.message.clone()).at("expression");
        refusal = refusal.with("reason", reason.map_or("SYNTAX", |item| item.name));
        let Ok(Value::Object(details)) = to_value(&self) else { return refusal };
        for name in ["position", "hint", "candidates", "derivedSignal"] {
            if let Some(value) = details.get(name).filter(|value| **value != Value::Null) {
                refusal = refusal.with(name, value.clone());
            }
        }
        refusal
    }

    /// What a refusal was made of.
    pub(crate) fn from_refusal(refusal: &Refusal) -> Option<Self> {
        let name = |name: &'static str| async_graphql::Name::new(name);
        let mut fields: IndexMap<_, _> =
            refusal.details.iter().map(|(key, value)| (name(key), value.clone())).collect();
        fields.insert(name("message"), refusal.message.clone().into());
        from_value(Value::Object(fields)).ok()
    }
}

/// On which times an expression is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum ExpressionJoining {
    /// On none: it names no signal and always has the same value.
    Constant,
    /// On the times of the one message (or multiplexed signal) that it names, row by row.
    Direct,
    /// On the union of the times of several messages: each holds its value until its next.
    PreviousValue,
}

impl From<Joining> for ExpressionJoining {
    fn from(joining: Joining) -> Self {
        match joining {
            Joining::Constant(_) => Self::Constant,
            Joining::Direct => Self::Direct,
            Joining::PreviousValue => Self::PreviousValue,
        }
    }
}
