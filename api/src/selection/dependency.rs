//! Which derived signals use which.

use std::collections::{HashMap, HashSet};

use canlog::expression::{Expression, Limits, Name};
use entity::derived_signal::Model;

/// Derived signals and what each of them names.
pub(crate) struct Uses<'a> {
    rows: &'a [Model],
    by_name: HashMap<&'a str, usize>,
    /// By place among the rows: the places of those that it names.
    named: Vec<HashSet<usize>>,
}

impl<'a> Uses<'a> {
    /// Between these, by their texts; one that cannot be read uses none.
    pub(crate) fn new(rows: &'a [Model], limits: &Limits) -> Self {
        let by_name = rows.iter().enumerate().map(|(place, row)| (row.name.as_str(), place)).collect();
        let mut made = Self { rows, by_name, named: Vec::new() };
        made.named = rows.iter().map(|row| made.named_in(&row.expression, limits)).collect();
        made
    }

    fn named_in(&self, source: &str, limits: &Limits) -> HashSet<usize> {
        match Expression::parse(source, limits) {
            Ok(expression) => expression.names().filter_map(|(name, _)| self.place(name)).collect(),
            Err(_) => HashSet::new(),
        }
    }

    /// The derived signal that a name may mean.
    pub(crate) fn meant(&self, name: &Name) -> Option<&'a Model> {
        self.place(name).map(|place| &self.rows[place])
    }

    fn place(&self, name: &Name) -> Option<usize> {
        match name.parts.as_slice() {
            [short] => self.by_name.get(short.as_str()).copied(),
            [scope, short] if scope == "derived" => self.by_name.get(short.as_str()).copied(),
            _ => None,
        }
    }

    /// Those that a text uses, by others too, in the order of the rows.
    pub(crate) fn used_by(&self, source: &str, limits: &Limits) -> Vec<&'a Model> {
        let start = self.named_in(source, limits);
        self.reached(start, |from| self.named[from].iter().copied().collect())
    }

    /// Those whose own text names this one; not itself.
    pub(crate) fn direct_dependants(&self, name: &str) -> Vec<&'a Model> {
        let Some(&place) = self.by_name.get(name) else { return Vec::new() };
        self.naming(place)
            .into_iter()
            .filter(|&other| other != place)
            .map(|other| &self.rows[other])
            .collect()
    }

    /// Those that use this one, by others too.
    pub(crate) fn dependants(&self, name: &str) -> Vec<&'a Model> {
        let Some(&place) = self.by_name.get(name) else { return Vec::new() };
        self.reached(self.naming(place).into_iter().collect(), |from| self.naming(from))
    }

    fn naming(&self, place: usize) -> Vec<usize> {
        (0..self.rows.len()).filter(|&other| self.named[other].contains(&place)).collect()
    }

    fn reached(&self, mut found: HashSet<usize>, next: impl Fn(usize) -> Vec<usize>) -> Vec<&'a Model> {
        let mut waiting: Vec<usize> = found.iter().copied().collect();
        while let Some(place) = waiting.pop() {
            waiting.extend(next(place).into_iter().filter(|&other| found.insert(other)));
        }
        self.rows.iter().enumerate().filter(|(place, _)| found.contains(place)).map(|(_, row)| row).collect()
    }
}
