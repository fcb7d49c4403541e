//! Operations, counted.

use async_graphql::{Response, Value, parser::types::OperationType};
use metrics::{counter, gauge};
use platform::metrics::name;

/// An operation has its answer.
pub(super) fn ended(kind: Option<OperationType>, response: &Response) {
    let code = response.errors.first().and_then(|error| match error.extensions.as_ref()?.get("code")? {
        // The codes are a closed set, chosen by us.
        Value::String(code) => Some(code.clone()),
        _ => None,
    });
    counter!(name::OPERATIONS, "kind" => name_of(kind), "code" => code.unwrap_or_else(|| "OK".to_owned()))
        .increment(1);
}

/// A subscription, open until this is dropped.
pub(super) struct Open;

impl Open {
    pub(super) fn new() -> Self {
        gauge!(name::SUBSCRIPTIONS).increment(1);
        Self
    }

    /// Keeps it open: for whoever holds it without a use for it.
    pub(super) fn goes_on(&self) {}
}

impl Drop for Open {
    fn drop(&mut self) {
        gauge!(name::SUBSCRIPTIONS).decrement(1);
    }
}

/// What a kind is called in metrics and traces.
pub(super) fn name_of(kind: Option<OperationType>) -> &'static str {
    match kind {
        Some(OperationType::Query) => "query",
        Some(OperationType::Mutation) => "mutation",
        Some(OperationType::Subscription) => "subscription",
        None => "none",
    }
}
