//! DBC files: how the bytes of frames become signals.
//!
//! [`parse`] reads a file and says what is wrong with it, [`Catalog`] finds the message of a frame among
//! several files, and [`MessagePlan::extract`] takes the bits out of a payload.

mod assemble;
mod catalog;
mod check;
mod diagnostic;
mod field;
mod j1939;
mod join;
mod multiplex;
mod parts;
mod plan;
mod read;
mod signal;
mod statement;
mod text;

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

pub(crate) use assemble::unique_names;
pub use catalog::{BoundDbc, Catalog, Resolved};
pub use diagnostic::{Diagnostic, DiagnosticCode};
pub use plan::{Fit, MessagePlan, Row};
pub use signal::{SignalPlan, ValueKind};

use crate::failure::{Failure, FailureCode};
use crate::frame::FrameId;
use diagnostic::{About, Diagnostics};

/// A DBC ready to decode.
#[derive(Debug)]
pub struct Dbc {
    /// SHA-256 (hex) of the file's bytes.
    pub sha256: String,
    /// The text of its `VERSION`; empty when it has none.
    pub version: String,
    /// Its messages, in file order.
    pub messages: Vec<Message>,
    /// What deserves a look, by line.
    pub diagnostics: Vec<Diagnostic>,
    ids: HashMap<FrameId, usize>,
    groups: HashMap<u32, usize>,
}

/// A message of a DBC.
#[derive(Debug)]
pub struct Message {
    /// The id as the DBC writes it, bit 31 marking an extended one.
    pub id: u32,
    /// The frame id; none when no frame can have it.
    pub frame: Option<FrameId>,
    /// Length of the payload in bytes, as the DBC states it.
    pub length: u64,
    /// The node that sends it.
    pub sender: Option<String>,
    /// Its line in the file, from 1.
    pub line: u64,
    /// A J1939 message: found by parameter group, whatever priority and sender a frame has.
    pub by_group: bool,
    /// How it is decoded.
    pub plan: Arc<MessagePlan>,
}

/// Why a DBC cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct DbcError {
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1.
    pub column: u64,
    /// What is wrong there.
    pub reason: String,
    /// What can be done.
    pub hint: Option<String>,
}

impl From<DbcError> for Failure {
    fn from(error: DbcError) -> Self {
        let message = format!("the DBC cannot be used: {error}");
        Self { code: FailureCode::DbcInvalid, message, hint: error.hint, line: Some(error.line) }
    }
}

/// How large a DBC may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Messages.
    pub messages: usize,
    /// Signals of all messages.
    pub signals: usize,
    /// Diagnostics kept; the rest is counted.
    pub diagnostics: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 20, messages: 50_000, signals: 200_000, diagnostics: 1_000 }
    }
}

/// Reads a DBC of at most the default [`Limits`].
///
/// # Errors
/// When it is too large, or something that decoding depends on cannot be read: where and why.
pub fn parse(bytes: &[u8]) -> Result<Dbc, DbcError> {
    parse_within(bytes, &Limits::default())
}

/// Reads a DBC: UTF-8, or Windows-1252 where it is not, with or without byte order mark.
///
/// # Errors
/// When it is too large, or something that decoding depends on cannot be read: where and why.
pub fn parse_within(bytes: &[u8], limits: &Limits) -> Result<Dbc, DbcError> {
    if bytes.len() > limits.bytes {
        return Err(whole_file(format!("the file has more than {} bytes", limits.bytes), None));
    }
    let Some(text::Text { text, cp1252 }) = text::decode(bytes) else {
        let hint = "save the DBC as UTF-8 or Windows-1252".to_owned();
        return Err(whole_file("the file is UTF-16 or no text".to_owned(), Some(hint)));
    };
    let mut diagnostics = Diagnostics::new(limits.diagnostics);
    if cp1252 {
        let text = || "the text is not UTF-8 and was read as Windows-1252".to_owned();
        diagnostics.add(DiagnosticCode::Cp1252, About::default(), text);
    }
    let mut parts = read::read(&text, limits, &mut diagnostics)?;
    let version = std::mem::take(&mut parts.version);
    let messages = assemble::assemble(parts, &mut diagnostics);
    if messages.is_empty() {
        diagnostics
            .add(DiagnosticCode::NoMessages, About::default(), || "the file defines no message".to_owned());
    }
    let (ids, groups) = (by_id(&messages), by_group(&messages, &mut diagnostics));
    Ok(Dbc { sha256: sha256(bytes), version, messages, diagnostics: diagnostics.finish(), ids, groups })
}

impl Dbc {
    /// The message that decodes frames of this id: by the whole id, else by J1939 parameter group.
    #[must_use]
    pub fn message(&self, frame: FrameId) -> Option<&Message> {
        self.message_of_id(frame).or_else(|| {
            let group = frame.extended.then(|| j1939::parameter_group(frame.frame_id))?;
            self.groups.get(&group).and_then(|at| self.messages.get(*at))
        })
    }

    /// The message of exactly this id.
    #[must_use]
    pub fn message_of_id(&self, frame: FrameId) -> Option<&Message> {
        self.ids.get(&frame).and_then(|at| self.messages.get(*at))
    }
}

fn by_id(messages: &[Message]) -> HashMap<FrameId, usize> {
    let mut ids = HashMap::new();
    for (at, message) in messages.iter().enumerate() {
        if let Some(frame) = message.frame {
            ids.entry(frame).or_insert(at);
        }
    }
    ids
}

/// J1939 messages by parameter group. Of several the one without a sender of its own (0xFE) stands for the
/// group; where there is none, each is heard from its own sender only.
fn by_group(messages: &[Message], diagnostics: &mut Diagnostics) -> HashMap<u32, usize> {
    let mut members: HashMap<u32, Vec<usize>> = HashMap::new();
    for (at, message) in messages.iter().enumerate().filter(|(_, message)| message.by_group) {
        if let Some(frame) = message.frame {
            members.entry(j1939::parameter_group(frame.frame_id)).or_default().push(at);
        }
    }
    let mut groups = HashMap::new();
    for (group, members) in members {
        let of_anyone = |at: &&usize| messages[**at].id & 0xFF == 0xFE;
        match (&*members, members.iter().find(of_anyone)) {
            ([at], _) | (_, Some(at)) => drop(groups.insert(group, *at)),
            _ => members.iter().for_each(|at| shared(group, &messages[*at], diagnostics)),
        }
    }
    groups
}

fn shared(group: u32, message: &Message, diagnostics: &mut Diagnostics) {
    let about = About { message: Some(&message.plan.name), signal: None, line: Some(message.line) };
    diagnostics.add(DiagnosticCode::PgnShared, about, || {
        format!("several messages have the parameter group {group} (0x{group:X}): found by its whole id only")
    });
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn whole_file(reason: String, hint: Option<String>) -> DbcError {
    DbcError { line: 1, column: 1, reason, hint }
}
