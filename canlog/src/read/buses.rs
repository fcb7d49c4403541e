//! Wires by name: nearly always one of the few met last.

use std::collections::HashMap;

use crate::frame::{BusIndex, Names};

use super::problems::BadLine;

/// Names looked up by comparing; more than these go through a map.
const COMPARED: usize = 16;
/// The longest name of a wire, in bytes.
const MAX_NAME: usize = 1_024;

/// Finds the index of a wire by its name.
pub(super) struct Buses {
    max: usize,
    last: usize,
    texts: Vec<Box<[u8]>>,
    indexes: Vec<BusIndex>,
    by_text: HashMap<Box<[u8]>, usize>,
}

impl Buses {
    /// Knows none yet.
    pub(super) fn new(max: usize) -> Self {
        Self { max, last: 0, texts: Vec::new(), indexes: Vec::new(), by_text: HashMap::new() }
    }

    /// The index of `text`, which is added to `names` when new.
    #[inline]
    pub(super) fn find(&mut self, text: &[u8], names: &mut Names) -> Result<BusIndex, BadLine> {
        if self.texts.get(self.last).is_some_and(|known| **known == *text) {
            return Ok(self.indexes[self.last]);
        }
        self.search(text, names)
    }

    fn search(&mut self, text: &[u8], names: &mut Names) -> Result<BusIndex, BadLine> {
        let near = self.texts.iter().take(COMPARED).position(|known| **known == *text);
        let found = near.or_else(|| self.by_text.get(text).copied());
        if let Some(found) = found {
            self.last = found;
            return Ok(self.indexes[found]);
        }
        self.add(text, names)
    }

    #[cold]
    fn add(&mut self, text: &[u8], names: &mut Names) -> Result<BusIndex, BadLine> {
        if text.len() > MAX_NAME {
            return Err(BadLine::new("the name of the interface is too long"));
        }
        let name = String::from_utf8_lossy(text).into_owned();
        let known = names.buses.iter().position(|bus| *bus == name);
        let place = known.unwrap_or(names.buses.len());
        if place >= self.max || self.texts.len() >= 2 * self.max {
            return Err(BadLine::new("more interfaces than allowed"));
        }
        let index = BusIndex(u16::try_from(place).map_err(|_| BadLine::new("more interfaces than allowed"))?);
        if known.is_none() {
            names.buses.push(name);
        }
        self.last = self.texts.len();
        self.texts.push(text.into());
        self.indexes.push(index);
        self.by_text.insert(text.into(), self.last);
        Ok(index)
    }
}
