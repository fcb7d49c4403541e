//! Expected refusals of mutations, as data: every mutation answers its payload or a `Problem`.

use async_graphql::{Interface, SimpleObject, Value};

use super::{
    error::{Answer, Code, Refusal},
    expression::ExpressionProblem,
};

/// Why a mutation did nothing.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "&Code", desc = "Which of the closed set."),
    field(name = "message", ty = "&String", desc = "What was wrong, in one sentence."),
    field(name = "path", ty = "&Option<String>", desc = "The input field that is to blame.")
)]
pub(crate) enum Problem {
    Refused(Refused),
    DbcRefused(DbcRefused),
    ExpressionRefused(ExpressionRefused),
}

/// A mutation did nothing.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Refused {
    /// Which of the closed set.
    code: Code,
    /// What was wrong, in one sentence.
    message: String,
    /// The input field that is to blame.
    path: Option<String>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { code: refusal.code, message: refusal.message, path: refusal.field }
    }
}

/// A DBC cannot be read.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct DbcRefused {
    /// `DBC_INVALID`.
    code: Code,
    /// What was wrong, in one sentence.
    message: String,
    /// The input field that is to blame.
    path: Option<String>,
    /// Line in the file, from 1.
    line: Option<i32>,
    /// Column in the line, from 1.
    column: Option<i32>,
    /// What to do about it.
    hint: Option<String>,
}

impl From<Refusal> for DbcRefused {
    fn from(refusal: Refusal) -> Self {
        let detail = |name| refusal.details.iter().find(|(found, _)| *found == name).map(|(_, value)| value);
        let number = |name| match detail(name) {
            Some(Value::Number(number)) => number.as_i64().and_then(|number| i32::try_from(number).ok()),
            _ => None,
        };
        let hint = match detail("hint") {
            Some(Value::String(text)) => Some(text.clone()),
            _ => None,
        };
        Self {
            line: number("line"),
            column: number("column"),
            hint,
            code: refusal.code,
            message: refusal.message,
            path: refusal.field,
        }
    }
}

/// An expression cannot be used.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct ExpressionRefused {
    /// `EXPRESSION`.
    code: Code,
    /// What was wrong, in one sentence.
    message: String,
    /// The input field that is to blame.
    path: Option<String>,
    /// What was wrong, where, and what to do about it.
    problem: Option<ExpressionProblem>,
}

impl From<Refusal> for ExpressionRefused {
    fn from(refusal: Refusal) -> Self {
        let problem = ExpressionProblem::from_refusal(&refusal);
        Self { problem, code: refusal.code, message: refusal.message, path: refusal.field }
    }
}

/// As [`settle`], where an expression may be what is wrong.
pub(crate) fn settle_expression<P, R>(outcome: Answer<P>) -> Answer<R>
where
    R: From<P> + From<Refused> + From<ExpressionRefused>,
{
    match outcome {
        Err(refusal) if refusal.code == Code::Expression => Ok(ExpressionRefused::from(refusal).into()),
        other => settle(other),
    }
}

/// Turns an expected refusal into data. What is the server's own fault stays an error.
pub(crate) fn settle<P, R>(outcome: Answer<P>) -> Answer<R>
where
    R: From<P> + From<Refused>,
{
    match outcome {
        Ok(payload) => Ok(payload.into()),
        Err(refusal) if refusal.code.is_ours() => Err(refusal),
        Err(refusal) => Ok(Refused::from(refusal).into()),
    }
}
