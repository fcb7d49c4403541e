//! What a DBC states, before its parts are joined.

use can_dbc::{AttributeValue, ExtendedMultiplex, SignalExtendedValueType, ValDescription};

/// The attribute that says how a message's frames are addressed.
pub(crate) const FRAME_FORMAT: &str = "VFrameFormat";
/// The attribute that names the protocol of the whole file.
pub(crate) const PROTOCOL: &str = "ProtocolType";
/// The attribute that holds a message name too long for the `BO_` line.
pub(crate) const MESSAGE_NAME: &str = "SystemMessageLongSymbol";
/// The attribute that holds a signal name too long for the `SG_` line.
pub(crate) const SIGNAL_NAME: &str = "SystemSignalLongSymbol";
/// Attributes that decoding needs.
pub(crate) const ATTRIBUTES: [&str; 4] = [FRAME_FORMAT, PROTOCOL, MESSAGE_NAME, SIGNAL_NAME];

/// What a DBC states, as far as decoding needs it, in file order.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) version: String,
    pub(crate) nodes: Vec<String>,
    pub(crate) messages: Vec<RawMessage>,
    pub(crate) tables: Vec<(String, Vec<ValDescription>)>,
    pub(crate) labels: Vec<Stated<Labels>>,
    pub(crate) floats: Vec<Stated<(String, SignalExtendedValueType)>>,
    pub(crate) gates: Vec<Stated<ExtendedMultiplex>>,
    pub(crate) attributes: Vec<Stated<Attribute>>,
    pub(crate) frame_formats: Vec<String>,
    pub(crate) protocol: Option<String>,
    pub(crate) defaults: Vec<(String, AttributeValue)>,
}

/// A message and the lines of its signals.
#[derive(Debug)]
pub(crate) struct RawMessage {
    pub(crate) id: u32,
    pub(crate) line: u64,
    pub(crate) message: can_dbc::Message,
    pub(crate) signal_lines: Vec<u64>,
}

/// A statement about the message of this id (as the DBC writes it, with the flag bit).
#[derive(Debug)]
pub(crate) struct Stated<T> {
    pub(crate) id: u32,
    pub(crate) line: u64,
    pub(crate) what: T,
}

/// A signal's value table, in place or by the name of a global one.
#[derive(Debug)]
pub(crate) struct Labels {
    pub(crate) signal: String,
    pub(crate) rows: Vec<ValDescription>,
    pub(crate) table: Option<String>,
}

/// The value of an attribute of a message or signal.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) signal: Option<String>,
    pub(crate) value: AttributeValue,
}
