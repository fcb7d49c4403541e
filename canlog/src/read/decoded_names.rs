//! Messages, signals and value texts of an already decoded log, by name.

use std::collections::HashMap;

use can_dbc::decode_cp1252;

use crate::frame::{DecodedMessage, DecodedSignal};
use crate::report::ProblemCode;

use super::ledger::Ledger;
use super::problems::BadLine;

/// The longest name, unit or value text, in bytes.
const MAX_TEXT: usize = 256;
/// Different texts that one signal may have instead of numbers.
const MAX_LABELS: usize = 1_000;

/// What one row says, apart from the time. Sender and unit may be empty.
pub(super) struct ValueRow<'a> {
    /// The node that sent the message.
    pub(super) sender: &'a [u8],
    /// The message's name.
    pub(super) message: &'a [u8],
    /// The signal's name.
    pub(super) signal: &'a [u8],
    /// The signal's unit.
    pub(super) unit: &'a [u8],
    /// A number, or a text that stands for one.
    pub(super) value: &'a [u8],
}

/// Where the names of a signal are.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Index into [`crate::frame::Names::messages`].
    pub(super) message: u32,
    /// Index into [`crate::frame::Names::signals`].
    pub(super) signal: u32,
}

/// Finds messages and signals by their names.
pub(super) struct DecodedNames {
    max_signals: usize,
    messages: HashMap<Vec<u8>, u32>,
    signals: HashMap<Vec<u8>, Place>,
    key: Vec<u8>,
}

impl DecodedNames {
    /// Knows none yet.
    pub(super) fn new(max_signals: usize) -> Self {
        Self { max_signals, messages: HashMap::new(), signals: HashMap::new(), key: Vec::new() }
    }

    /// Where the names of the row are, and its value; new names are added. `line` is its text.
    #[inline]
    pub(super) fn find(
        &mut self,
        row: &ValueRow<'_>,
        ledger: &mut Ledger,
        line: &[u8],
    ) -> Result<(Place, f64), BadLine> {
        if row.message.is_empty() || row.signal.is_empty() || row.value.is_empty() {
            return Err(BadLine::new("expected a message, a signal and a value"));
        }
        self.key.clear();
        for part in [row.sender, b"\0", row.message, b"\0", row.signal] {
            self.key.extend_from_slice(part);
        }
        let place = match self.signals.get(&self.key) {
            Some(place) => *place,
            None => self.add(row, ledger, line)?,
        };
        let number = std::str::from_utf8(row.value).ok().and_then(|value| value.parse().ok());
        let value = match number {
            Some(number) => number,
            None => label(row.value, place, ledger, line)?,
        };
        Ok((place, value))
    }

    #[cold]
    fn add(&mut self, row: &ValueRow<'_>, ledger: &mut Ledger, line: &[u8]) -> Result<Place, BadLine> {
        if self.signals.len() >= self.max_signals {
            return Err(BadLine::new("more signals than allowed"));
        }
        let [sender, message, name, unit] =
            [row.sender, row.message, row.signal, row.unit].map(|text| readable(text, ledger, line));
        let (sender, message, name, unit) = (sender?, message?, name?, unit?);
        let key = self.key[..row.sender.len() + 1 + row.message.len()].to_vec();
        let messages = &mut ledger.names.messages;
        let message = *self.messages.entry(key).or_insert_with(|| {
            messages.push(DecodedMessage { sender, name: message });
            messages.len() as u32 - 1
        });
        let place = Place { message, signal: self.signals.len() as u32 };
        ledger.names.signals.push(DecodedSignal { message, name, unit, labels: Vec::new() });
        self.signals.insert(self.key.clone(), place);
        Ok(place)
    }
}

/// The number that a text stands for: its place among the signal's texts.
#[cold]
fn label(text: &[u8], place: Place, ledger: &mut Ledger, line: &[u8]) -> Result<f64, BadLine> {
    let text = readable(text, ledger, line)?;
    let labels = &mut ledger.names.signals[place.signal as usize].labels;
    let known = labels.iter().position(|label| *label == text);
    if known.is_none() && labels.len() >= MAX_LABELS {
        return Err(BadLine::new("more than 1,000 different texts instead of numbers in one signal"));
    }
    let index = known.unwrap_or(labels.len());
    if known.is_none() {
        labels.push(text);
    }
    Ok(index as f64)
}

/// UTF-8, or else the code page of Windows.
fn readable(text: &[u8], ledger: &mut Ledger, line: &[u8]) -> Result<String, BadLine> {
    if text.len() > MAX_TEXT {
        return Err(BadLine::new("a name, unit or value of more than 256 bytes"));
    }
    if let Ok(text) = std::str::from_utf8(text) {
        return Ok(text.to_owned());
    }
    if let Some(text) = decode_cp1252(text) {
        return Ok(text.into_owned());
    }
    ledger.note(ProblemCode::EncodingReplaced, line, || "neither UTF-8 nor CP1252".to_owned());
    Ok(String::from_utf8_lossy(text).into_owned())
}
