//! The DBCs of one conversion, each bound to a bus or to all.

use std::sync::Arc;

use super::plan::MessagePlan;
use super::{Dbc, Message};
use crate::frame::{FrameId, IdKind};
use crate::report::ProblemSample;

/// A DBC and the bus it speaks for.
#[derive(Clone, Debug)]
pub struct BoundDbc {
    /// The DBC.
    pub dbc: Arc<Dbc>,
    /// The log's own text for the bus (`can0`, `1`); none: every bus, and logs that name none.
    pub bus: Option<String>,
}

impl BoundDbc {
    fn speaks_for(&self, bus: Option<&str>) -> bool {
        self.bus.is_none() || self.bus.as_deref() == bus
    }

    fn meets(&self, other: &Self) -> bool {
        self.bus.is_none() || other.bus.is_none() || self.bus == other.bus
    }
}

/// What decodes a frame.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// How its message is decoded.
    pub plan: Arc<MessagePlan>,
    /// The frame's own id (J1939 messages are found by PGN and keep the id of the wire), and the kind it
    /// was found as.
    pub frame: FrameId,
}

/// The DBCs of one conversion; the first that knows a frame decodes it.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    dbcs: Vec<BoundDbc>,
}

impl Catalog {
    /// A catalog that asks `dbcs` in their order.
    #[must_use]
    pub fn new(dbcs: Vec<BoundDbc>) -> Self {
        Self { dbcs }
    }

    /// What decodes the frames of `id` on `bus`; none when no DBC knows it. `id` without flag bits.
    ///
    /// Meant to be asked once for each id, not for each frame.
    #[must_use]
    pub fn resolve(&self, bus: Option<&str>, id: u32, kind: IdKind) -> Option<Resolved> {
        let frame = |extended| FrameId { frame_id: id, extended };
        match kind {
            IdKind::Standard => self.find(bus, frame(false)),
            IdKind::Extended => self.find(bus, frame(true)),
            IdKind::Unflagged => {
                let likely = id > 0x7FF;
                self.find(bus, frame(likely)).or_else(|| self.find_exact(bus, frame(!likely)))
            }
        }
    }

    fn find(&self, bus: Option<&str>, frame: FrameId) -> Option<Resolved> {
        let message = self.heard_on(bus).find_map(|dbc| dbc.message(frame))?;
        Some(Resolved { plan: Arc::clone(&message.plan), frame })
    }

    fn find_exact(&self, bus: Option<&str>, frame: FrameId) -> Option<Resolved> {
        let message = self.heard_on(bus).find_map(|dbc| dbc.message_of_id(frame))?;
        Some(Resolved { plan: Arc::clone(&message.plan), frame })
    }

    fn heard_on(&self, bus: Option<&str>) -> impl Iterator<Item = &Dbc> {
        self.dbcs.iter().filter(move |bound| bound.speaks_for(bus)).map(|bound| &*bound.dbc)
    }

    /// Frames that two messages claim, of two DBCs on one bus or within one DBC. One entry for each claim
    /// that is not heard.
    #[must_use]
    pub fn conflicts(&self) -> Vec<ProblemSample> {
        let mut conflicts = Vec::new();
        for (place, bound) in self.dbcs.iter().enumerate() {
            let before = &self.dbcs[..place];
            if before.iter().any(|other| other.dbc.sha256 == bound.dbc.sha256 && other.meets(bound)) {
                continue;
            }
            for message in &bound.dbc.messages {
                let Some(frame) = message.frame else { continue };
                let mut others = before.iter().filter(|other| other.meets(bound));
                let other = others.find_map(|other| other.dbc.message(frame));
                let own = || bound.dbc.message_of_id(frame).filter(|first| first.line != message.line);
                conflicts.extend(other.or_else(own).map(|winner| conflict(frame, winner, message)));
            }
        }
        conflicts
    }
}

fn conflict(frame: FrameId, winner: &Message, loser: &Message) -> ProblemSample {
    let kind = if frame.extended { "extended" } else { "standard" };
    let (winner, loser) = (&winner.plan.name, &loser.plan.name);
    let text = format!("0x{:X} ({kind}): {winner} and {loser}", frame.frame_id);
    let reason = format!("two messages claim this frame id; {winner} decodes it");
    ProblemSample { line: None, byte_offset: None, text: text.chars().take(200).collect(), reason }
}
