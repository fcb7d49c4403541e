//! Variables that a request does not give. An argument or an input field that is one counts as not given either: it
//! has its default, or is left as it is ([GraphQL, `CoerceArgumentValues`][spec]; the same for fields of input
//! objects).
//!
//! The engine takes such a variable for null, which is refused where there is a default and clears what an update
//! should leave alone. So it is taken out of the document before the engine checks it. Directives are left as they
//! are: `@include(if: $more)` without `$more` is false.
//!
//! [spec]: https://spec.graphql.org/September2025/#CoerceArgumentValues()

use std::collections::HashSet;

use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{
        Directive, DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
    },
};
use async_graphql_value::Value;

/// What is left of a document for its operation `name` without what is a variable that is not given, has no default and
/// may be null; `None` when that is all. Other operations, which may give the same variable another meaning, are not
/// in it, nor what only they use.
pub(super) fn without_absent(
    document: &ExecutableDocument,
    name: Option<&str>,
    given: &Variables,
) -> Option<ExecutableDocument> {
    let chosen = document.operations.iter().find(|(known, _)| {
        let is_alone = document.operations.iter().count() == 1;
        name.map_or(is_alone, |name| known.is_none_or(|known| known.as_str() == name))
    });
    let (chosen, operation) = (chosen?.0.cloned(), &chosen?.1.node);
    let absent = absent(operation, given);
    if absent.is_empty() {
        return None;
    }
    let spread = fragments(document, &operation.selection_set.node);
    let mut document = document.clone();
    document.fragments.retain(|name, _| spread.contains(name));
    let mut taking = Taking { absent, met: HashSet::new(), kept: HashSet::new() };
    for fragment in document.fragments.values_mut() {
        taking.note_directives(&fragment.node.directives);
        taking.of_set(&mut fragment.node.selection_set.node);
    }
    match &mut document.operations {
        DocumentOperations::Single(operation) => taking.of_operation(&mut operation.node),
        DocumentOperations::Multiple(all) => {
            all.retain(|name, _| Some(name) == chosen.as_ref());
            all.values_mut().for_each(|operation| taking.of_operation(&mut operation.node));
        }
    }
    Some(document)
}

/// The variables of the operation that are not given.
fn absent(operation: &OperationDefinition, given: &Variables) -> HashSet<Name> {
    let definitions = operation.variable_definitions.iter().map(|definition| &definition.node);
    let absent = definitions.filter(|definition| {
        let name = &definition.name.node;
        definition.var_type.node.nullable && definition.default_value.is_none() && !given.contains_key(name)
    });
    absent.map(|definition| definition.name.node.clone()).collect()
}

/// The fragments that are spread in a selection, and in these.
fn fragments(document: &ExecutableDocument, set: &SelectionSet) -> HashSet<Name> {
    let (mut found, mut ahead) = (HashSet::new(), vec![set]);
    while let Some(set) = ahead.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => ahead.push(&field.node.selection_set.node),
                Selection::InlineFragment(fragment) => ahead.push(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if found.insert(name.clone())
                        && let Some(fragment) = document.fragments.get(name)
                    {
                        ahead.push(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
    found
}

/// Takes them out.
struct Taking {
    absent: HashSet<Name>,
    /// Those that were taken out somewhere.
    met: HashSet<Name>,
    /// Those that directives use.
    kept: HashSet<Name>,
}

impl Taking {
    /// To be called last: what is not used any more would be refused as such, what never was still is.
    fn of_operation(&mut self, operation: &mut OperationDefinition) {
        self.note_directives(&operation.directives);
        self.of_set(&mut operation.selection_set.node);
        operation.variable_definitions.retain(|definition| {
            let name = &definition.node.name.node;
            !self.met.contains(name) || self.kept.contains(name)
        });
    }

    fn of_set(&mut self, set: &mut SelectionSet) {
        for Positioned { node: selection, .. } in &mut set.items {
            self.note_directives(selection.directives());
            match selection {
                Selection::Field(field) => {
                    field.node.arguments.retain_mut(|(_, value)| self.is_given(&mut value.node));
                    self.of_set(&mut field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.of_set(&mut fragment.node.selection_set.node),
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn note_directives(&mut self, directives: &[Positioned<Directive>]) {
        for (_, value) in directives.iter().flat_map(|directive| &directive.node.arguments) {
            if let Value::Variable(name) = &value.node {
                self.kept.insert(name.clone());
            }
        }
    }

    /// Whether the value is none of them; takes them out of what is in it. In a list they are null, as they should be.
    fn is_given(&mut self, value: &mut Value) -> bool {
        match value {
            Value::Variable(name) if self.absent.contains(name) => {
                self.met.insert(name.clone());
                return false;
            }
            Value::Object(fields) => fields.retain(|_, field| self.is_given(field)),
            Value::List(items) => {
                for item in items {
                    if !self.is_given(item) {
                        *item = Value::Null;
                    }
                }
            }
            _ => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    /// What is left of a document when variables are given: as the parser reads `expected`.
    fn assert_left((text, name): (&str, Option<&str>), given: serde_json::Value, expected: &str) {
        let document = parse_query(text).unwrap();
        let left = without_absent(&document, name, &Variables::from_json(given)).unwrap_or(document);
        assert_eq!(shape(&left), shape(&parse_query(expected).unwrap()), "{text}");
    }

    /// All of a document but the places, which differ.
    fn shape(document: &ExecutableDocument) -> Vec<String> {
        let operations =
            document.operations.iter().map(|(name, operation)| format!("{name:?} {operation:?}"));
        let fragments = document.fragments.iter().map(|(name, fragment)| format!("{name} {fragment:?}"));
        let mut parts: Vec<String> = operations.chain(fragments).map(|part| without_places(&part)).collect();
        parts.sort_unstable();
        parts
    }

    fn without_places(text: &str) -> String {
        let mut parts = text.split("Pos(");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |left, part| left + part.split_once(')').map_or("", |(_, rest)| rest))
    }

    #[test]
    fn what_is_not_given_is_not_there() {
        for (text, expected) in [
            ("query($a: Int) { f(x: $a) }", "query { f }"),
            ("query Q($a: Int) { f(x: $a) }", "query Q { f }"),
            ("query($a: Int) { f(x: {y: $a, z: 1}) }", "query { f(x: {z: 1}) }"),
            ("query($a: Int) { f(x: [{y: $a}, $a]) }", "query { f(x: [{}, null]) }"),
            ("query($a: Int) { f(x: $a) { g { h(x: $a) } } }", "query { f { g { h } } }"),
            ("query($a: Int) { f(x: $a) @include(if: $a) }", "query($a: Int) { f @include(if: $a) }"),
            (
                "query($a: Int) { ... on T { f(x: $a) } ...F } fragment F on T { ...G } fragment G on T { g(x: $a) }",
                "query { ... on T { f } ...F } fragment F on T { ...G } fragment G on T { g }",
            ),
        ] {
            assert_left((text, None), json!({}), expected);
            assert_left((text, None), json!({ "a": null }), text);
            assert_left((text, None), json!({ "a": 1 }), text);
        }
    }

    #[test]
    fn what_has_a_value_all_the_same_stays() {
        for text in [
            "query($a: Int = 1) { f(x: $a) }",
            "query($a: Int!) { f(x: $a) }",
            "query($a: Int) { f }",
            "query($a: Boolean) { f @include(if: $a) }",
            "query { f(x: $a) }",
            "query A($a: Int) { f(x: $a) } query B { f }",
        ] {
            assert_left((text, None), json!({ "b": 1 }), text);
        }
    }

    #[test]
    fn of_several_operations_the_one_that_runs_counts() {
        let text = "query A($a: Int) { f(x: $a) ...F } query B($a: Int!) { f(x: $a) ...G }
            fragment F on T { g(x: $a) } fragment G on T { g(x: $a) }";
        assert_left((text, Some("A")), json!({}), "query A { f ...F } fragment F on T { g }");
        for name in [Some("B"), Some("C"), None] {
            assert_left((text, name), json!({}), text);
        }
    }
}
