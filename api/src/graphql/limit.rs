//! Limits on a parsed document, before it is validated: validation itself is costly for what they refuse.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{
        Directive, ExecutableDocument, FragmentDefinition, OperationType, Selection, SelectionSet,
    },
};
use platform::config::limits::DocumentLimits;

use super::error::{Answer, Code, Refusal};

/// What a part of a document asks for, fragments expanded.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    selections: usize,
    /// Fields at the top: not within another.
    width: usize,
    aliases: usize,
    directives: usize,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.selections = self.selections.saturating_add(other.selections);
        self.width = self.width.saturating_add(other.width);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
    }
}

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// Counts fragments once each, however often they are spread: linear in the document's length.
struct Counter<'a> {
    fragments: &'a Fragments,
    known: HashMap<&'a str, Cost>,
}

/// Refuses a document that asks for too much.
pub(crate) fn check(document: &ExecutableDocument, limits: &DocumentLimits) -> Answer<()> {
    let mut counter = Counter { fragments: &document.fragments, known: HashMap::new() };
    for (_, operation) in document.operations.iter() {
        let mut cost = counter.set(&operation.node.selection_set.node);
        cost.directives = cost.directives.saturating_add(operation.node.directives.len());
        within("root fields", cost.width, limits.root_fields)?;
        if operation.node.ty == OperationType::Subscription && cost.width > 1 {
            let message = "A subscription has one field at its root: open one for each.";
            return Err(Refusal::new(Code::GraphqlValidationFailed, message.to_owned()));
        }
        within("selections", cost.selections, limits.selections)?;
        within("aliases", cost.aliases, limits.aliases)?;
        within("directives", cost.directives, limits.directives)?;
    }
    Ok(())
}

fn within(what: &str, found: usize, most: usize) -> Answer<()> {
    if found <= most {
        return Ok(());
    }
    Err(Refusal::new(
        Code::QueryTooComplex,
        format!("At most {most} {what} a document; this one has {found}."),
    ))
}

impl<'a> Counter<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Cost {
        let mut cost = Cost::default();
        for selection in &set.items {
            cost.add(self.selection(&selection.node));
        }
        cost
    }

    fn selection(&mut self, selection: &'a Selection) -> Cost {
        let count = |directives: &[Positioned<Directive>]| directives.len();
        match selection {
            Selection::Field(field) => {
                let field = &field.node;
                let mut cost = self.set(&field.selection_set.node);
                let aliases = usize::from(field.alias.is_some());
                cost.width = 0;
                cost.add(Cost { selections: 1, width: 1, aliases, directives: count(&field.directives) });
                cost
            }
            Selection::InlineFragment(inline) => {
                let mut cost = self.set(&inline.node.selection_set.node);
                cost.add(Cost { directives: count(&inline.node.directives), ..Cost::default() });
                cost
            }
            Selection::FragmentSpread(spread) => {
                let mut cost = self.fragment(&spread.node.fragment_name.node);
                cost.add(Cost { directives: count(&spread.node.directives), ..Cost::default() });
                cost
            }
        }
    }

    /// A cycle counts as nothing here: validation refuses it.
    fn fragment(&mut self, name: &'a str) -> Cost {
        if let Some(cost) = self.known.get(name) {
            return *cost;
        }
        self.known.insert(name, Cost::default());
        let fragments = self.fragments;
        let cost = fragments
            .get(name)
            .map_or_else(Cost::default, |fragment| self.set(&fragment.node.selection_set.node));
        self.known.insert(name, cost);
        cost
    }
}
