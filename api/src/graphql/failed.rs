//! What stands in an answer where a field failed: null, or where that is not allowed the nearest field around it that may
//! be null is, up to the whole answer ([GraphQL, "Handling Execution Errors"][spec]). What is beside it stays.
//!
//! The engine leaves such a field out instead, and an object that has no other becomes null wherever it stands.
//!
//! [spec]: https://spec.graphql.org/September2025/#sec-Handling-Execution-Errors

use std::collections::HashSet;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_graphql::{QueryPathNode, Response, ServerError, ServerResult, Value};

/// What failed of one answer.
#[derive(Default)]
pub(super) struct Failed(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Errors of fields that are null for it.
    errors: Vec<ServerError>,
    /// Paths of what lacks something that must not be null; the answer itself has the empty one.
    broken: HashSet<String>,
    /// Paths of what is null: a field that stands twice in a selection is resolved twice, and perhaps well once.
    null: Vec<Vec<String>>,
}

impl Failed {
    /// What stands for a field, or for an item of a list, that came to `resolved`.
    pub(super) fn settle(
        &self,
        path: &QueryPathNode<'_>,
        is_nullable: bool,
        resolved: ServerResult<Option<Value>>,
    ) -> ServerResult<Option<Value>> {
        let mut known = self.known();
        let is_whole = known.broken.is_empty() || !known.broken.remove(&path.to_string());
        if is_whole && resolved.is_ok() {
            return resolved;
        }
        if is_nullable {
            known.null.push((*path).to_string_vec());
            known.errors.extend(resolved.err());
            return Ok(Some(Value::Null));
        }
        known.broken.insert(path.parent.map(ToString::to_string).unwrap_or_default());
        resolved.map(|_| Some(Value::Null))
    }

    /// The answer with what was settled.
    pub(super) fn complete(&self, mut response: Response) -> Response {
        let Known { errors, broken, null } = mem::take(&mut *self.known());
        response.errors.extend(errors);
        for path in null {
            clear(&mut response.data, &path);
        }
        if broken.contains("") {
            response.data = Value::Null;
        }
        response
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts null where the path leads, if it leads anywhere still.
fn clear(value: &mut Value, path: &[String]) {
    let Some((next, rest)) = path.split_first() else {
        *value = Value::Null;
        return;
    };
    let within = match value {
        Value::Object(fields) => fields.get_mut(next.as_str()),
        Value::List(items) => next.parse().ok().and_then(|at: usize| items.get_mut(at)),
        _ => None,
    };
    if let Some(within) = within {
        clear(within, rest);
    }
}
