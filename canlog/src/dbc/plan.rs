//! A message's decoding, worked out once: what a frame then costs is a shift and a mask a signal.

use super::field::{Field, Padded, Place, pad, words};
use super::multiplex::Gate;
use super::signal::SignalPlan;

/// How to take a message's signals out of a payload.
#[derive(Clone, Debug)]
pub struct MessagePlan {
    /// The message's name.
    pub name: String,
    /// The signals in the DBC's order; names are unique here and none is `timestamp`.
    pub signals: Vec<SignalPlan>,
    fields: Vec<Field>,
    /// Bytes that each signal needs; `u16::MAX` when no payload can hold it.
    needs: Vec<u16>,
    /// Payload length from which every signal is present; `usize::MAX` when that is never certain.
    whole: usize,
    window: Window,
    multiplexed: Option<Multiplexing>,
}

/// Which bytes of a payload the fields refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    /// All signals lie in the first eight bytes.
    Words,
    /// Somewhere in up to 64.
    Padded,
}

/// What decides over the presence of a multiplexed message's signals.
#[derive(Clone, Debug)]
struct Multiplexing {
    /// A signal each; none: always active.
    gates: Vec<Option<Gate>>,
    /// Signals, multiplexors before what they switch.
    order: Vec<usize>,
}

/// The bit fields of one frame; reused from frame to frame.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The unsigned bit field of each signal; meaningless where the signal is absent.
    pub raw: Vec<u64>,
    /// Whether each signal is in this frame. Only kept up to date when not `complete`.
    pub present: Vec<bool>,
    /// Every signal of the message is in this frame.
    pub complete: bool,
}

impl Row {
    /// Whether the signal of this index is in the frame.
    #[inline]
    #[must_use]
    pub fn has(&self, signal: usize) -> bool {
        self.complete || self.present.get(signal).copied().unwrap_or(false)
    }
}

/// How a payload suited its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Every active signal was there.
    Full,
    /// The payload was too short for some active signals.
    Short,
    /// Not one signal could be read.
    Nothing,
}

impl MessagePlan {
    /// A plan of `signals` that lie at `places`, each behind its gate; `order` lists the signals so that
    /// a multiplexor comes before what it switches.
    pub(crate) fn new(
        name: String,
        signals: Vec<SignalPlan>,
        places: &[Place],
        gates: Vec<Option<Gate>>,
        order: Vec<usize>,
    ) -> Self {
        let needs: Vec<u16> =
            signals.iter().zip(places).map(|(signal, place)| needs(signal, *place)).collect();
        let readable = || needs.iter().copied().filter(|need| *need != u16::MAX);
        let window = if readable().all(|need| need <= 8) { Window::Words } else { Window::Padded };
        let field = |(place, need): (&Place, &u16)| match (need, window) {
            (&u16::MAX, _) => Field::default(),
            (_, Window::Words) => Field::in_word(*place),
            (_, Window::Padded) => Field::in_window(*place),
        };
        let fields = places.iter().zip(&needs).map(field).collect();
        let multiplexed = gates.iter().any(Option::is_some).then_some(Multiplexing { gates, order });
        let always =
            multiplexed.is_none() && !signals.is_empty() && needs.iter().all(|need| *need != u16::MAX);
        let whole = if always { readable().max().map_or(usize::MAX, usize::from) } else { usize::MAX };
        Self { name, signals, fields, needs, whole, window, multiplexed }
    }

    /// Payload length from which every signal is present; `usize::MAX` when that is never certain.
    pub(crate) fn whole(&self) -> usize {
        self.whole
    }

    /// Whether all signals lie in the first eight bytes.
    pub(crate) fn is_in_words(&self) -> bool {
        self.window == Window::Words
    }

    /// Appends the bit field of one signal for each of `payloads`, whole ones of a message that
    /// [lies in the first eight bytes](Self::is_in_words): what `extract` does, a column at a time.
    #[inline]
    pub(crate) fn extract_column(&self, signal: usize, payloads: &[[u8; 8]], raw: &mut Vec<u64>) {
        let Some(field) = self.fields.get(signal) else { return };
        raw.extend(payloads.iter().map(|payload| {
            let word = u64::from_le_bytes(*payload);
            field.of_words(word, word.swap_bytes())
        }));
    }

    /// Takes the signals' bit fields out of `payload` (0 to 64 bytes).
    #[inline]
    pub fn extract(&self, payload: &[u8], row: &mut Row) -> Fit {
        if row.raw.len() != self.fields.len() {
            row.raw.resize(self.fields.len(), 0);
        }
        match self.window {
            Window::Words => self.read_words(words(payload), &mut row.raw),
            Window::Padded => self.read_padded(&pad(payload), &mut row.raw),
        }
        row.complete = payload.len() >= self.whole;
        if row.complete { Fit::Full } else { self.judge(payload.len(), row) }
    }

    #[inline]
    fn read_words(&self, (little, big): (u64, u64), raw: &mut [u64]) {
        for (raw, field) in raw.iter_mut().zip(&self.fields) {
            *raw = field.of_words(little, big);
        }
    }

    #[inline]
    fn read_padded(&self, padded: &Padded, raw: &mut [u64]) {
        for (raw, field) in raw.iter_mut().zip(&self.fields) {
            *raw = field.of_padded(padded);
        }
    }

    /// Settles which signals are present in a short or multiplexed frame.
    fn judge(&self, length: usize, row: &mut Row) -> Fit {
        row.present.clear();
        row.present.resize(self.fields.len(), false);
        let (mut present, mut beyond) = (0_usize, false);
        let mut visit = |signal: usize, active: bool, here: &mut bool| {
            let need = self.needs[signal];
            *here = active && usize::from(need) <= length;
            present += usize::from(*here);
            beyond |= active && !*here && need != u16::MAX;
        };
        match &self.multiplexed {
            None => row.present.iter_mut().enumerate().for_each(|(at, here)| visit(at, true, here)),
            Some(multiplexing) => {
                for &signal in &multiplexing.order {
                    let active = multiplexing.gates[signal].as_ref().is_none_or(|gate| gate.is_open(row));
                    visit(signal, active, &mut row.present[signal]);
                }
            }
        }
        match (present, beyond) {
            (0, _) => Fit::Nothing,
            (_, true) => Fit::Short,
            (_, false) => Fit::Full,
        }
    }
}

fn needs(signal: &SignalPlan, place: Place) -> u16 {
    if place.is_readable() && signal.is_readable() { place.end_byte() as u16 } else { u16::MAX }
}
