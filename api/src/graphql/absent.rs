//! Variables that a request does not give. An argument or an input field that is one counts as not given either: it
//! has its default, or is left as it is ([GraphQL, `CoerceArgumentValues`][spec] and input coercion of objects).
//!
//! The engine takes such a variable for null, which is refused where there is a default and clears what an update
//! should leave alone. So it is taken out of the document before the engine checks it.
//!
//! [spec]: https://spec.graphql.org/September2025/#CoerceArgumentValues()

use std::{collections::HashSet, iter};

use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{
        Directive, DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
        VariableDefinition,
    },
};
use async_graphql_value::Value;

/// The document without what is a variable that is not given, has no default and may be null.
pub(super) fn without_absent(mut document: ExecutableDocument, given: &Variables) -> ExecutableDocument {
    let absent = absent(&document, given);
    if absent.is_empty() {
        return document;
    }
    let mut taking = Taking { absent, met: HashSet::new() };
    operations(&mut document.operations).for_each(|operation| taking.of_operation(operation));
    for fragment in document.fragments.values_mut() {
        taking.of_directives(&mut fragment.node.directives);
        taking.of_set(&mut fragment.node.selection_set.node);
    }
    // What is not used any more would be refused as such; what never was still is.
    let is_left =
        |definition: &Positioned<VariableDefinition>| !taking.met.contains(&definition.node.name.node);
    operations(&mut document.operations).for_each(|operation| operation.variable_definitions.retain(is_left));
    document
}

fn operations(all: &mut DocumentOperations) -> Box<dyn Iterator<Item = &mut OperationDefinition> + '_> {
    match all {
        DocumentOperations::Single(operation) => Box::new(iter::once(&mut operation.node)),
        DocumentOperations::Multiple(all) => Box::new(all.values_mut().map(|operation| &mut operation.node)),
    }
}

/// The variables that are not given, wherever they are defined.
fn absent(document: &ExecutableDocument, given: &Variables) -> HashSet<Name> {
    let (mut absent, mut present) = (HashSet::new(), HashSet::new());
    let definitions =
        document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
    for VariableDefinition { name, var_type, default_value, .. } in
        definitions.map(|definition| &definition.node)
    {
        let is_absent = var_type.node.nullable && default_value.is_none() && !given.contains_key(&name.node);
        let _ = if is_absent { absent.insert(name.node.clone()) } else { present.insert(name.node.clone()) };
    }
    &absent - &present
}

/// Takes them out.
struct Taking {
    absent: HashSet<Name>,
    /// Those that were used.
    met: HashSet<Name>,
}

impl Taking {
    fn of_operation(&mut self, operation: &mut OperationDefinition) {
        self.of_directives(&mut operation.directives);
        self.of_set(&mut operation.selection_set.node);
    }

    fn of_set(&mut self, set: &mut SelectionSet) {
        for Positioned { node: selection, .. } in &mut set.items {
            self.of_directives(selection.directives_mut());
            match selection {
                Selection::Field(field) => {
                    self.of_arguments(&mut field.node.arguments);
                    self.of_set(&mut field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.of_set(&mut fragment.node.selection_set.node),
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn of_directives(&mut self, directives: &mut [Positioned<Directive>]) {
        directives.iter_mut().for_each(|directive| self.of_arguments(&mut directive.node.arguments));
    }

    fn of_arguments(&mut self, arguments: &mut Vec<(Positioned<Name>, Positioned<Value>)>) {
        arguments.retain_mut(|(_, value)| self.is_given(&mut value.node));
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
    fn assert_left(text: &str, given: serde_json::Value, expected: &str) {
        let left = without_absent(parse_query(text).unwrap(), &Variables::from_json(given));
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
            ("query($a: Int) { f(x: {y: $a, z: 1}) }", "query { f(x: {z: 1}) }"),
            ("query($a: Int) { f(x: [{y: $a}, $a]) }", "query { f(x: [{}, null]) }"),
            ("query($a: Int) { f(x: $a) @d(x: $a) { g { h(x: $a) } } }", "query { f @d { g { h } } }"),
            (
                "query($a: Int) { ... on T { f(x: $a) } ...F } fragment F on T { g(x: $a) }",
                "query { ... on T { f } ...F } fragment F on T { g }",
            ),
            ("query A($a: Int) { f(x: $a) } query B($a: Int) { f(x: $a) }", "query A { f } query B { f }"),
        ] {
            assert_left(text, json!({}), expected);
            assert_left(text, json!({ "a": null }), text);
            assert_left(text, json!({ "a": 1 }), text);
        }
    }

    #[test]
    fn what_has_a_value_all_the_same_stays() {
        for text in [
            "query($a: Int = 1) { f(x: $a) }",
            "query($a: Int!) { f(x: $a) }",
            "query($a: Int) { f }",
            "query { f(x: $a) }",
            "query A($a: Int) { f(x: $a) } query B($a: Int = 1) { f(x: $a) }",
        ] {
            assert_left(text, json!({ "b": 1 }), text);
        }
    }
}
