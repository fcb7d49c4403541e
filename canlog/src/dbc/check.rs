//! What the parser does not ask: ids, places, scaling, names, nodes, overlaps.

use std::collections::{HashMap, HashSet};

use can_dbc::NumericValue;

use super::assemble::Draft;
use super::diagnostic::{About, DiagnosticCode, Diagnostics};
use super::field::{ByteOrder, LONGEST_PAYLOAD, Place};
use super::multiplex::Gate;
use super::parts::RawMessage;
use crate::frame::FrameId;

/// The bit that marks an extended id in a DBC.
const EXTENDED: u32 = 1 << 31;
/// The longest message that J1939's transport protocol carries, in bytes.
const LONGEST_MESSAGE: u64 = 1785;
/// Nodes that stand for none.
const NO_NODE: [&str; 3] = ["Vector__XXX", "VectorXXX", "VECTOR__XXX"];
/// Signals compared for each bit of a message; more than this overlap only in files made for it.
const OWNERS: usize = 16;
/// Comparisons of multiplexor values a signal may cost in the search for overlaps.
const COMPARISONS: usize = 4_096;

/// The frame id of a message; none when no frame can have it.
pub(crate) fn frame_id(raw: &RawMessage, diagnostics: &mut Diagnostics) -> Option<FrameId> {
    let (frame_id, flagged) = (raw.id & !EXTENDED, raw.id & EXTENDED != 0);
    let (frame, what) = match (flagged, frame_id) {
        (true, 0..=0x1FFF_FFFF) => return Some(FrameId { frame_id, extended: true }),
        (false, 0..=0x7FF) => return Some(FrameId { frame_id, extended: false }),
        (false, 0..=0x1FFF_FFFF) => (Some(FrameId { frame_id, extended: true }), "taken as an extended one"),
        _ => (None, "no frame can have it"),
    };
    let about = About { message: Some(&raw.message.name), signal: None, line: Some(raw.line) };
    diagnostics.add(DiagnosticCode::FrameIdRange, about, || {
        let kind = if flagged { "an extended" } else { "a standard" };
        format!("0x{frame_id:X} is too large for {kind} frame id: {what}")
    });
    frame
}

/// A bound as a float.
pub(crate) fn number(value: &NumericValue) -> f64 {
    match *value {
        NumericValue::Uint(value) => value as f64,
        NumericValue::Int(value) => value as f64,
        NumericValue::Double(value) => value,
    }
}

/// Senders and receivers that `BU_` does not list, each once.
pub(crate) fn nodes(drafts: &[Draft], declared: &[String], diagnostics: &mut Diagnostics) {
    let mut known: HashSet<&str> = declared.iter().map(String::as_str).chain(NO_NODE).collect();
    for draft in drafts {
        let message = &draft.raw.message;
        let sender = message.transmitter.iter().map(|node| (node, None));
        let receivers = message.signals.iter().enumerate();
        let receivers =
            receivers.flat_map(|(at, signal)| signal.receivers.iter().map(move |node| (node, Some(at))));
        for (node, signal) in sender.chain(receivers) {
            if known.insert(node) {
                let about = signal.map_or(about(draft), |signal| draft.about(signal));
                diagnostics.add(DiagnosticCode::UndeclaredNode, about, || {
                    format!("node `{node}` is not among the file's nodes")
                });
            }
        }
    }
}

/// Messages that share an id or a name.
pub(crate) fn names(drafts: &[Draft], diagnostics: &mut Diagnostics) {
    let (mut ids, mut names) = (HashMap::new(), HashMap::new());
    for draft in drafts {
        if let Some(frame) = draft.frame
            && let Some(first) = ids.insert((frame.frame_id, frame.extended), draft)
        {
            let first: &Draft = first;
            ids.insert((frame.frame_id, frame.extended), first);
            diagnostics.add(DiagnosticCode::DuplicateFrameId, about(draft), || {
                format!("`{}` in line {} has the same id; that one decodes", first.name, first.raw.line)
            });
        }
        if let Some(line) = names.insert(draft.name.as_str(), draft.raw.line) {
            diagnostics.add(DiagnosticCode::DuplicateMessageName, about(draft), || {
                format!("the message in line {line} has the same name")
            });
        }
    }
}

/// One message and its signals.
pub(crate) fn message(draft: &Draft, gates: &[Option<Gate>], diagnostics: &mut Diagnostics) {
    let length = draft.raw.message.size;
    if length > LONGEST_MESSAGE {
        diagnostics.add(DiagnosticCode::MessageLength, about(draft), || {
            format!("{length} bytes are more than any transport carries ({LONGEST_MESSAGE})")
        });
    }
    repeated_names(draft, diagnostics);
    let places = draft.places();
    for (at, place) in places.iter().enumerate() {
        placing(draft, at, *place, diagnostics);
        scaling(draft, at, diagnostics);
    }
    overlaps(draft, &places, gates, diagnostics);
}

fn about(draft: &Draft) -> About<'_> {
    About { message: Some(&draft.name), signal: None, line: Some(draft.raw.line) }
}

fn repeated_names(draft: &Draft, diagnostics: &mut Diagnostics) {
    let mut names = HashMap::new();
    for (at, signal) in draft.signals.iter().enumerate() {
        if let Some(first) = names.insert(signal.name.as_str(), at) {
            diagnostics.add(DiagnosticCode::DuplicateSignalName, draft.about(at), || {
                let line = draft.about(first).line.unwrap_or_default();
                format!("the signal in line {line} has the same name; this one gets a suffix")
            });
        }
    }
}

fn placing(draft: &Draft, at: usize, place: Place, diagnostics: &mut Diagnostics) {
    let length = draft.raw.message.size;
    if !place.is_readable() {
        diagnostics.add(DiagnosticCode::SignalUnreadable, draft.about(at), || {
            let Place { start, bits, .. } = place;
            format!("{bits} bits from bit {start} on cannot be read from a frame: it is never present")
        });
    } else if place.end_byte() > length {
        diagnostics.add(DiagnosticCode::SignalBeyondMessage, draft.about(at), || {
            format!(
                "needs {} bytes, the message has {length}: present in longer frames only",
                place.end_byte()
            )
        });
    }
    if draft.signals[at].is_float && !matches!(place.bits, 16 | 32 | 64) {
        diagnostics.add(DiagnosticCode::FloatWidth, draft.about(at), || {
            format!("a float of {} bits: it is never present", place.bits)
        });
    }
}

fn scaling(draft: &Draft, at: usize, diagnostics: &mut Diagnostics) {
    let signal = &draft.raw.message.signals[at];
    if !signal.factor.is_finite() || !signal.offset.is_finite() {
        diagnostics.add(DiagnosticCode::NotFinite, draft.about(at), || {
            "factor or offset is too large for a number: it is never present".to_owned()
        });
    } else if signal.factor == 0.0 {
        diagnostics.add(DiagnosticCode::FactorZero, draft.about(at), || {
            format!("factor 0: every value is {}", signal.offset)
        });
    }
    let (minimum, maximum) = (number(&signal.min), number(&signal.max));
    if minimum > maximum {
        diagnostics.add(DiagnosticCode::MinAboveMax, draft.about(at), || {
            format!("minimum {} is above maximum {}", signal.min, signal.max)
        });
    }
}

/// Pairs of signals that share a bit and can be in one frame. A message made to need endless comparisons
/// is searched as far as its budget goes.
fn overlaps(draft: &Draft, places: &[Place], gates: &[Option<Gate>], diagnostics: &mut Diagnostics) {
    let mut owners: Vec<Vec<usize>> = vec![Vec::new(); LONGEST_PAYLOAD * 8];
    let mut last_met = vec![usize::MAX; places.len()];
    let mut budget = COMPARISONS.saturating_mul(places.len());
    for (at, place) in places.iter().enumerate().filter(|(_, place)| place.is_readable()) {
        for bit in bits(*place) {
            for &other in owners[bit].iter().take(budget) {
                if std::mem::replace(&mut last_met[other], at) != at
                    && !exclusive(gates, (at, other), &mut budget)
                {
                    diagnostics.add(DiagnosticCode::SignalOverlap, draft.about(at), || {
                        format!("shares bits with `{}`", draft.signals[other].name)
                    });
                }
            }
            if owners[bit].len() < OWNERS {
                owners[bit].push(at);
            }
        }
    }
}

/// The signal's bits as byte * 8 + bit, bit 0 the lowest of its byte.
fn bits(place: Place) -> impl Iterator<Item = usize> {
    let numbered = move |bit: u64| match place.order {
        ByteOrder::Little => bit,
        ByteOrder::Big => bit ^ 7,
    };
    (place.first()..place.first() + place.bits).map(move |bit| numbered(bit) as usize)
}

/// Whether no frame carries both signals: somewhere up their multiplexors one excludes the other.
fn exclusive(gates: &[Option<Gate>], (one, other): (usize, usize), budget: &mut usize) -> bool {
    chain(gates, one).any(|a| {
        chain(gates, other).any(|b| {
            let (excludes, compared) = a.excludes(b);
            *budget = budget.saturating_sub(compared);
            excludes
        })
    })
}

fn chain(gates: &[Option<Gate>], signal: usize) -> impl Iterator<Item = &Gate> {
    let above = |gate: &&Gate| gates[gate.multiplexor].as_ref();
    std::iter::successors(gates[signal].as_ref(), above).take(OWNERS)
}
