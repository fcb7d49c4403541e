//! Makes messages out of a DBC's parts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use can_dbc::MultiplexIndicator;

use super::diagnostic::{About, DiagnosticCode, Diagnostics};
use super::field::{ByteOrder, Place};
use super::multiplex::{self, Gate};
use super::parts::{Parts, RawMessage};
use super::plan::MessagePlan;
use super::signal::{Coding, SignalPlan};
use super::text::unescape;
use super::{Message, check, join};
use crate::frame::FrameId;
use crate::manifest::ValueLabel;

/// The column that every file has beside its signals.
const TAKEN: &str = "timestamp";

/// A message while its parts come together; the vectors are one entry a signal.
pub(crate) struct Draft {
    pub(crate) raw: RawMessage,
    pub(crate) name: String,
    pub(crate) frame: Option<FrameId>,
    pub(crate) by_group: bool,
    pub(crate) signals: Vec<SignalDraft>,
}

/// A signal while its parts come together.
#[derive(Default)]
pub(crate) struct SignalDraft {
    pub(crate) name: String,
    pub(crate) is_float: bool,
    pub(crate) labels: Vec<ValueLabel>,
    pub(crate) multiplexors: Vec<(usize, Vec<(u64, u64)>)>,
}

impl Draft {
    fn new(raw: RawMessage, diagnostics: &mut Diagnostics) -> Self {
        let signal =
            |signal: &can_dbc::Signal| SignalDraft { name: signal.name.clone(), ..SignalDraft::default() };
        let signals = raw.message.signals.iter().map(signal).collect();
        let (name, frame) = (raw.message.name.clone(), check::frame_id(&raw, diagnostics));
        Self { raw, name, frame, by_group: false, signals }
    }

    /// What a diagnostic about a signal of this message refers to.
    pub(crate) fn about(&self, signal: usize) -> About<'_> {
        About {
            message: Some(&self.name),
            signal: self.signals.get(signal).map(|signal| signal.name.as_str()),
            line: self.raw.signal_lines.get(signal).copied(),
        }
    }

    /// Factor and offset of a signal.
    pub(crate) fn scaling(&self, signal: usize) -> (f64, f64) {
        let signal = &self.raw.message.signals[signal];
        (signal.factor, signal.offset)
    }

    fn place(&self, signal: usize) -> Place {
        let signal = &self.raw.message.signals[signal];
        let order = match signal.byte_order {
            can_dbc::ByteOrder::LittleEndian => ByteOrder::Little,
            can_dbc::ByteOrder::BigEndian => ByteOrder::Big,
        };
        Place { start: signal.start_bit, bits: signal.size, order }
    }

    /// The signals' places, in their order.
    pub(crate) fn places(&self) -> Vec<Place> {
        (0..self.signals.len()).map(|signal| self.place(signal)).collect()
    }

    fn plan_signal(&self, at: usize, name: String) -> SignalPlan {
        let (signal, draft) = (&self.raw.message.signals[at], &self.signals[at]);
        let coding = match (draft.is_float, signal.value_type) {
            (true, _) => Coding::Float,
            (false, can_dbc::ValueType::Signed) => Coding::Signed,
            (false, can_dbc::ValueType::Unsigned) => Coding::Unsigned,
        };
        let bits = u16::try_from(signal.size).unwrap_or(u16::MAX);
        SignalPlan {
            name,
            dbc_name: draft.name.clone(),
            unit: Some(unescape(&signal.unit)).filter(|unit| !unit.is_empty()),
            labels: draft.labels.clone(),
            kind: SignalPlan::kind_of(coding, bits, signal.factor, signal.offset),
            factor: signal.factor,
            offset: signal.offset,
            minimum: check::number(&signal.min),
            maximum: check::number(&signal.max),
            bits,
            coding,
        }
    }

    fn finish(self, diagnostics: &mut Diagnostics) -> Message {
        let gates = gates(&self, diagnostics);
        let (order, rings) = multiplex::order(&gates);
        let switched = |signal: &&usize| gates[**signal].as_ref().is_some_and(|gate| !gate.is_shut());
        for &signal in rings.iter().filter(switched) {
            diagnostics.add(DiagnosticCode::Multiplexing, self.about(signal), || {
                "switched, over other signals, by itself: it is never present".to_owned()
            });
        }
        check::message(&self, &gates, diagnostics);
        let names: Vec<_> = self.signals.iter().map(|signal| signal.name.as_str()).collect();
        let names = unique_names(&names);
        let signals = names.into_iter().enumerate().map(|(at, name)| self.plan_signal(at, name)).collect();
        let plan = MessagePlan::new(self.name.clone(), signals, &self.places(), gates, order);
        Message {
            id: self.raw.id,
            frame: self.frame,
            length: self.raw.message.size,
            sender: self.raw.message.transmitter,
            line: self.raw.line,
            by_group: self.by_group,
            plan: Arc::new(plan),
        }
    }
}

/// Joins `parts`.
pub(crate) fn assemble(mut parts: Parts, diagnostics: &mut Diagnostics) -> Vec<Message> {
    let raws = std::mem::take(&mut parts.messages);
    let mut drafts: Vec<Draft> = raws.into_iter().map(|raw| Draft::new(raw, diagnostics)).collect();
    join::join(&parts, &mut drafts, diagnostics);
    check::nodes(&drafts, &parts.nodes, diagnostics);
    check::names(&drafts, diagnostics);
    drafts.into_iter().map(|draft| draft.finish(diagnostics)).collect()
}

/// Each signal's gate; one that is shut or in a ring with others is never passed.
fn gates(draft: &Draft, diagnostics: &mut Diagnostics) -> Vec<Option<Gate>> {
    let raws = &draft.raw.message.signals;
    let is_root = |raw: &can_dbc::Signal| raw.multiplexer_indicator == MultiplexIndicator::Multiplexor;
    let mut roots = raws.iter().enumerate().filter(|(_, raw)| is_root(raw)).map(|(at, _)| at);
    let only_root = roots.next().filter(|_| roots.next().is_none());
    let gates: Vec<_> = (0..raws.len()).map(|signal| gate(draft, signal, only_root)).collect();
    for (signal, gate) in gates.iter().enumerate() {
        if gate.as_ref().is_some_and(Gate::is_shut) {
            diagnostics.add(DiagnosticCode::Multiplexing, draft.about(signal), || {
                "no value of just one multiplexor switches it on: it is never present".to_owned()
            });
        }
    }
    gates
}

/// A signal's gate: from `SG_MUL_VAL_`, else from its indicator and the message's only multiplexor.
fn gate(draft: &Draft, at: usize, only_root: Option<usize>) -> Option<Gate> {
    let stated = &draft.signals[at].multiplexors;
    if let Some(&(multiplexor, _)) = stated.first() {
        let same = stated.iter().filter(|other| other.0 == multiplexor);
        return Some(Gate::new(multiplexor, same.flat_map(|other| other.1.iter().copied())));
    }
    match draft.raw.message.signals[at].multiplexer_indicator {
        MultiplexIndicator::Multiplexor | MultiplexIndicator::Plain => None,
        MultiplexIndicator::MultiplexedSignal(value)
        | MultiplexIndicator::MultiplexorAndMultiplexedSignal(value) => {
            let values = only_root.map(|_| (value, value));
            Some(Gate::new(only_root.unwrap_or(at), values))
        }
    }
}

/// The signals' names, repeated ones and those like the time column with a suffix.
pub(crate) fn unique_names(given: &[&str]) -> Vec<String> {
    let own: HashSet<&str> = given.iter().copied().collect();
    let mut taken: HashSet<String> = HashSet::from([TAKEN.to_owned()]);
    let mut suffixes: HashMap<&str, usize> = HashMap::new();
    let mut names = Vec::with_capacity(given.len());
    for name in given {
        let mut unique = (*name).to_owned();
        while !taken.insert(unique.clone()) {
            let suffix = suffixes.entry(name).or_insert(1);
            *suffix += 1;
            unique = format!("{name}_{suffix}");
            while own.contains(unique.as_str()) {
                *suffix += 1;
                unique = format!("{name}_{suffix}");
            }
        }
        names.push(unique);
    }
    names
}
