//! J1939: messages known by their parameter group, whoever sends them.

use can_dbc::AttributeValue;

use super::parts::{FRAME_FORMAT, PROTOCOL, Parts};

/// The frame format's number for J1939 where the file does not define its own list.
const J1939_FORMAT: u64 = 3;

/// The parameter group number of a 29-bit id: without priority, sender and, below 0xF000, receiver.
pub(crate) fn parameter_group(id: u32) -> u32 {
    let group = (id >> 8) & 0x3_FFFF;
    if group & 0xFF00 < 0xF000 { group & 0x3_FF00 } else { group }
}

/// Which extended messages a DBC means to be found by parameter group.
pub(crate) struct Addressing<'a> {
    formats: &'a [String],
    default: Option<bool>,
    other_protocol: bool,
    protocol: bool,
}

impl<'a> Addressing<'a> {
    pub(crate) fn of(parts: &'a Parts) -> Self {
        let default_of =
            |name| parts.defaults.iter().find(|default| default.0 == name).map(|default| &default.1);
        let default = default_of(FRAME_FORMAT).map(|value| is_j1939(value, &parts.frame_formats));
        let default_protocol = match default_of(PROTOCOL) {
            Some(AttributeValue::String(protocol)) => Some(protocol.as_str()),
            _ => None,
        };
        let stated = parts.protocol.as_deref().filter(|protocol| !protocol.is_empty());
        let is_j1939 = |protocol: &str| protocol.eq_ignore_ascii_case("J1939");
        Self {
            formats: &parts.frame_formats,
            default,
            other_protocol: stated.is_some_and(|protocol| !is_j1939(protocol)),
            protocol: stated.or(default_protocol).is_some_and(is_j1939),
        }
    }

    /// Whether an extended message with this `VFrameFormat` (none: not stated) is found by group. A file
    /// that states another protocol means its ids as they stand, whatever its editor's default was.
    pub(crate) fn by_group(&self, stated: Option<&AttributeValue>) -> bool {
        match stated {
            Some(value) => is_j1939(value, self.formats),
            None => !self.other_protocol && self.default.unwrap_or(self.protocol),
        }
    }
}

fn is_j1939(format: &AttributeValue, formats: &[String]) -> bool {
    let index = match format {
        AttributeValue::String(name) => return name == "J1939PG",
        AttributeValue::Uint(index) => *index,
        AttributeValue::Int(index) => index.unsigned_abs(),
        AttributeValue::Double(index) => *index as u64,
    };
    match usize::try_from(index).ok().and_then(|index| formats.get(index)) {
        Some(name) => name == "J1939PG",
        None => index == J1939_FORMAT,
    }
}
