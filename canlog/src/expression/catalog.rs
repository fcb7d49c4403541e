//! What the names in expressions mean.

use std::collections::HashMap;

use super::nearest::nearest;
use super::syntax::Name;

/// Signals and derived signals by name.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    pub(super) entries: Vec<Entry>,
    by_name: HashMap<String, Vec<usize>>,
    /// Whether a name that means nothing here may mean something elsewhere.
    pub(super) accepts_unknown: bool,
}

/// Where the samples of a signal are; both numbers are the caller's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The time base: signals with the same times, row by row (usually those of one message) share it. A signal that
    /// only some of the rows carry, as a multiplexed one, may be a base of its own.
    pub base: usize,
    /// The signal's values among those of its base.
    pub column: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    path: Vec<String>,
    pub(super) meaning: Meaning,
}

#[derive(Clone, Debug)]
pub(super) enum Meaning {
    Signal(Column),
    /// By its text.
    Derived(String),
}

impl Entry {
    /// As a name to write.
    pub(super) fn label(&self) -> String {
        Name { parts: self.path.clone(), quoted: false }.to_string()
    }

    pub(super) fn short_name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

impl Catalog {
    /// Adds a signal by its path, from the widest part to its own name: `["can0", "Engine", "Speed"]`. Any end of
    /// the path names it.
    pub fn add_signal(&mut self, path: &[&str], column: Column) {
        self.add(path.iter().map(|&part| part.to_owned()).collect(), Meaning::Signal(column));
    }

    /// Adds a derived signal by its name (`Name` and `derived.Name` name it) and its text, which is read when it is
    /// used.
    pub fn add_derived(&mut self, name: &str, source: &str) {
        self.add(vec!["derived".to_owned(), name.to_owned()], Meaning::Derived(source.to_owned()));
    }

    /// Lets names that mean nothing here stand for some signal: to check a text before it is known where it will be
    /// used. Its plan is not to be evaluated.
    pub fn accept_unknown(&mut self) {
        self.accepts_unknown = true;
    }

    fn add(&mut self, path: Vec<String>, meaning: Meaning) {
        if let Some(name) = path.last() {
            self.by_name.entry(name.clone()).or_default().push(self.entries.len());
            self.entries.push(Entry { path, meaning });
        }
    }

    /// Everything a name may mean.
    pub(super) fn find(&self, name: &Name) -> Vec<usize> {
        let short_name = name.parts.last().and_then(|part| self.by_name.get(part));
        let candidates = short_name.into_iter().flatten().copied();
        candidates.filter(|&entry| self.entries[entry].path.ends_with(&name.parts)).collect()
    }

    pub(super) fn derived(&self, name: &str) -> Option<usize> {
        let candidates = self.by_name.get(name)?.iter().copied();
        candidates.rev().find(|&entry| matches!(self.entries[entry].meaning, Meaning::Derived(_)))
    }

    /// Names to write instead of one that is unknown.
    pub(super) fn near(&self, name: &Name) -> Vec<String> {
        let Some(wanted) = name.parts.last() else { return Vec::new() };
        if let Some(same) = self.by_name.get(wanted) {
            return same.iter().take(8).map(|&entry| self.entries[entry].label()).collect();
        }
        let near = nearest(wanted, self.by_name.keys().map(String::as_str));
        near.into_iter()
            .map(|near| Name { parts: vec![near.to_owned()], quoted: false }.to_string())
            .collect()
    }
}
