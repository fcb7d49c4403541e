//! Brings what a DBC states about a message or signal elsewhere to it: floats, value tables, multiplexing,
//! addressing, long names.

use std::collections::HashMap;

use can_dbc::{AttributeValue, SignalExtendedValueType, ValDescription};

use super::assemble::Draft;
use super::diagnostic::{About, DiagnosticCode, Diagnostics};
use super::j1939::Addressing;
use super::parts::{FRAME_FORMAT, MESSAGE_NAME, Parts, SIGNAL_NAME, Stated};
use super::text::unescape;
use crate::manifest::ValueLabel;

/// Brings `parts` to the drafts they speak of.
pub(crate) fn join(parts: &Parts, drafts: &mut [Draft], diagnostics: &mut Diagnostics) {
    let mut join = Join { index: Index::of(drafts), drafts, diagnostics };
    join.floats(parts);
    join.labels(parts);
    join.multiplexors(parts);
    join.addressing(parts);
    join.long_names(parts);
}

/// Where messages are by id, and signals by message and short name; the first of equal ones.
struct Index {
    messages: HashMap<u32, usize>,
    signals: HashMap<(usize, String), usize>,
}

impl Index {
    fn of(drafts: &[Draft]) -> Self {
        let (mut messages, mut signals) = (HashMap::new(), HashMap::new());
        for (at, draft) in drafts.iter().enumerate() {
            messages.entry(draft.raw.id).or_insert(at);
            for (signal, raw) in draft.raw.message.signals.iter().enumerate() {
                signals.entry((at, raw.name.clone())).or_insert(signal);
            }
        }
        Self { messages, signals }
    }
}

struct Join<'a> {
    index: Index,
    drafts: &'a mut [Draft],
    diagnostics: &'a mut Diagnostics,
}

impl Join<'_> {
    fn message<T>(&mut self, stated: &Stated<T>) -> Option<usize> {
        let at = self.index.messages.get(&stated.id).copied();
        if at.is_none() {
            self.unknown(stated.line, || format!("no message has the id {}", stated.id));
        }
        at
    }

    fn signal<T>(&mut self, stated: &Stated<T>, name: &str) -> Option<(usize, usize)> {
        let message = self.message(stated)?;
        let signal = self.index.signals.get(&(message, name.to_owned())).copied();
        if signal.is_none() {
            self.unknown(stated.line, || format!("message {} has no signal `{name}`", stated.id));
        }
        signal.map(|signal| (message, signal))
    }

    fn unknown(&mut self, line: u64, text: impl FnOnce() -> String) {
        self.diagnostics.add(DiagnosticCode::UnknownReference, About::line(line), text);
    }

    fn floats(&mut self, parts: &Parts) {
        for stated in &parts.floats {
            if let Some((message, signal)) = self.signal(stated, &stated.what.0) {
                let is_float = stated.what.1 != SignalExtendedValueType::SignedOrUnsignedInteger;
                self.drafts[message].signals[signal].is_float = is_float;
            }
        }
    }

    fn labels(&mut self, parts: &Parts) {
        let tables: HashMap<&str, &[ValDescription]> =
            parts.tables.iter().map(|(name, rows)| (name.as_str(), rows.as_slice())).collect();
        for stated in &parts.labels {
            let rows = match &stated.what.table {
                None => stated.what.rows.as_slice(),
                Some(table) => tables.get(table.as_str()).copied().unwrap_or_else(|| {
                    self.unknown(stated.line, || format!("there is no value table `{table}`"));
                    &[]
                }),
            };
            if let Some((message, signal)) = self.signal(stated, &stated.what.signal) {
                let draft = &mut self.drafts[message];
                let (factor, offset) = draft.scaling(signal);
                draft.signals[signal].labels = rows.iter().map(|row| label(row, factor, offset)).collect();
            }
        }
    }

    /// `SG_MUL_VAL_`: what it says goes before the indicator in the `SG_` line.
    fn multiplexors(&mut self, parts: &Parts) {
        for stated in &parts.gates {
            let multiplexor = self.signal(stated, &stated.what.multiplexor_signal_name);
            let signal = self.signal(stated, &stated.what.signal_name);
            if let (Some((message, signal)), Some((_, multiplexor))) = (signal, multiplexor) {
                let values =
                    stated.what.mappings.iter().map(|range| (range.min_value, range.max_value)).collect();
                self.drafts[message].signals[signal].multiplexors.push((multiplexor, values));
            }
        }
    }

    fn addressing(&mut self, parts: &Parts) {
        let addressing = Addressing::of(parts);
        let stated =
            parts.attributes.iter().filter(|a| a.what.name == FRAME_FORMAT && a.what.signal.is_none());
        let stated: HashMap<u32, &AttributeValue> = stated.map(|a| (a.id, &a.what.value)).collect();
        for draft in self.drafts.iter_mut() {
            let is_extended = draft.frame.is_some_and(|frame| frame.extended);
            draft.by_group = is_extended && addressing.by_group(stated.get(&draft.raw.id).copied());
        }
    }

    fn long_names(&mut self, parts: &Parts) {
        for stated in &parts.attributes {
            let AttributeValue::String(name) = &stated.what.value else { continue };
            match (stated.what.name.as_str(), &stated.what.signal) {
                _ if name.is_empty() => {}
                (MESSAGE_NAME, None) => {
                    if let Some(message) = self.message(stated) {
                        self.drafts[message].name = unescape(name);
                    }
                }
                (SIGNAL_NAME, Some(signal)) => {
                    if let Some((message, signal)) = self.signal(stated, signal) {
                        self.drafts[message].signals[signal].name = unescape(name);
                    }
                }
                _ => {}
            }
        }
    }
}

/// A line of the value table of a signal with this factor and offset.
fn label(row: &ValDescription, factor: f64, offset: f64) -> ValueLabel {
    #[expect(clippy::cast_precision_loss, reason = "samples are rounded alike")]
    let value = row.id as f64 * factor + offset;
    ValueLabel {
        raw: row.id,
        value: Some(value).filter(|value| value.is_finite()),
        label: unescape(&row.description),
    }
}
