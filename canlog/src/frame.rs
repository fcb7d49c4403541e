//! A received frame, and the batch in which readers hand frames on.

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z; for a run without a clock, since its own zero.
pub type Micros = i64;

/// A frame id as it stands on the wire, without flag bits, and which of the two id spaces it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FrameId {
    /// 11 bits (standard) or 29 bits (extended).
    pub frame_id: u32,
    /// Whether the id is of the 29-bit kind.
    pub extended: bool,
}

/// What the log says about the kind of a frame's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdKind {
    /// The log says 11 bits.
    Standard,
    /// The log says 29 bits.
    Extended,
    /// The format has no such flag: above 0x7FF extended, else standard, and where the DBC holds only the
    /// other kind of the id, that one.
    Unflagged,
}

/// What was on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// Classic CAN or CAN FD with payload.
    Data,
    /// A remote request: no payload, never decoded.
    Remote,
    /// An error frame: no payload, never decoded.
    Error,
}

/// Index into [`Names::buses`]: the log's own text for the wire (`can0`, `1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusIndex(pub u16);

/// The fixed part of a frame; its payload lies in [`Batch::payload`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// When the logger stamped it.
    pub time: Micros,
    /// The id without flag bits.
    pub id: u32,
    /// Where the payload starts in the batch's bytes.
    pub offset: u32,
    /// Payload length in bytes, 0 to 64.
    pub len: u8,
    /// What the log says about the id.
    pub id_kind: IdKind,
    /// Data, remote or error.
    pub kind: FrameKind,
    /// The wire, where the format names one.
    pub bus: Option<BusIndex>,
}

/// One already decoded value (logs that another tool decoded before they reached us).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecodedValue {
    /// When the logger stamped it.
    pub time: Micros,
    /// Index into [`Names::messages`].
    pub message: u32,
    /// Index into [`Names::signals`].
    pub signal: u32,
    /// Physical value.
    pub value: f64,
    /// Whether this value opens a new record (row) of its message.
    pub new_record: bool,
}

/// Names a reader has met so far; they grow over the whole log, indexes never change.
#[derive(Debug, Default)]
pub struct Names {
    /// Wires, in order of appearance.
    pub buses: Vec<String>,
    /// Messages of an already decoded log.
    pub messages: Vec<DecodedMessage>,
    /// Signals of an already decoded log.
    pub signals: Vec<DecodedSignal>,
}

/// A message of an already decoded log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedMessage {
    /// The node that sent it.
    pub sender: String,
    /// The message's name.
    pub name: String,
}

/// A signal of an already decoded log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedSignal {
    /// Index into [`Names::messages`].
    pub message: u32,
    /// The signal's name.
    pub name: String,
    /// The unit as the log gives it; empty when none.
    pub unit: String,
    /// Texts met instead of numbers, each standing for its index.
    pub labels: Vec<String>,
}

/// What one chunk of a log became, in file order. Reused from chunk to chunk.
#[derive(Debug, Default)]
pub struct Batch {
    /// Frames in file order.
    pub frames: Vec<Frame>,
    /// All payloads, one after the other.
    pub payload: Vec<u8>,
    /// Values of an already decoded log, in file order.
    pub values: Vec<DecodedValue>,
}

impl Batch {
    /// The payload of `frame`, which must be of this batch.
    #[inline]
    #[must_use]
    pub fn data(&self, frame: &Frame) -> &[u8] {
        let start = frame.offset as usize;
        self.payload.get(start..start + usize::from(frame.len)).unwrap_or_default()
    }

    /// Forgets the content and keeps the capacity.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.payload.clear();
        self.values.clear();
    }
}
