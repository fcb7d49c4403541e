//! From a frame's bus and id to its message.

use std::collections::HashMap;
use std::sync::Arc;

use crate::dbc::{Catalog, MessagePlan};
use crate::frame::{Frame, FrameId, IdKind, Names};
use crate::report::UnknownId;
use crate::table::FrameRows;

/// Slots of the table that answers for nearly every frame.
const NEAR: usize = 1 << 12;
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Where frames go.
pub(super) struct Router {
    near: Vec<(u64, u32)>,
    all: HashMap<u64, u32>,
    pub(super) lanes: Vec<Lane>,
}

/// The frames of one bus and id.
pub(super) enum Lane {
    /// Of an id that no DBC knows: counted.
    Unknown(UnknownId),
    /// Of a message: gathered until there are enough for a row group.
    Known(Box<Gathering>),
}

/// The rows of a message that wait.
pub(super) struct Gathering {
    /// The message among the targets.
    pub(super) target: usize,
    pub(super) plan: Arc<MessagePlan>,
    pub(super) rows: FrameRows,
    /// Rows that make a row group.
    pub(super) most: usize,
    /// Row groups handed on so far.
    pub(super) groups: u64,
}

/// A frame id that was not met before, and its message if there is one.
pub(super) struct Newcomer {
    pub(super) bus: Option<String>,
    pub(super) frame: FrameId,
    pub(super) plan: Option<Arc<MessagePlan>>,
}

impl Router {
    pub(super) fn new() -> Self {
        Self { near: vec![(u64::MAX, 0); NEAR], all: HashMap::new(), lanes: Vec::new() }
    }

    /// The lane of a frame, if its bus and id were met before.
    #[inline]
    pub(super) fn find(&mut self, frame: &Frame) -> Option<usize> {
        let key = key(frame);
        let near = &mut self.near[(key.wrapping_mul(SPREAD) >> 52) as usize % NEAR];
        if near.0 != key {
            *near = (key, *self.all.get(&key)?);
        }
        Some(near.1 as usize)
    }

    /// Gives the frame's bus and id a lane.
    pub(super) fn add(&mut self, frame: &Frame, lane: Lane) -> usize {
        self.all.insert(key(frame), self.lanes.len() as u32);
        self.lanes.push(lane);
        self.lanes.len() - 1
    }
}

impl Newcomer {
    /// Looks a frame up in the DBCs.
    pub(super) fn of(frame: &Frame, names: &Names, catalog: &Catalog) -> Self {
        let bus = frame.bus.and_then(|bus| names.buses.get(usize::from(bus.0)));
        match catalog.resolve(bus.map(String::as_str), frame.id, frame.id_kind) {
            Some(found) => Self { bus: bus.cloned(), frame: found.frame, plan: Some(found.plan) },
            None => {
                let extended = match frame.id_kind {
                    IdKind::Standard => false,
                    IdKind::Extended => true,
                    IdKind::Unflagged => frame.id > 0x7FF,
                };
                let frame = FrameId { frame_id: frame.id, extended };
                Self { bus: bus.cloned(), frame, plan: None }
            }
        }
    }
}

impl Gathering {
    pub(super) fn new(target: usize, plan: Arc<MessagePlan>) -> Self {
        let (rows, most) = (FrameRows::new(&plan, 0), FrameRows::most(plan.signals.len()));
        Self { target, plan, rows, most, groups: 0 }
    }

    /// Takes the rows gathered so far, and their place in the order of row groups.
    pub(super) fn take(&mut self) -> (u64, FrameRows) {
        // A message that filled one row group will fill the next.
        let room = if self.rows.times.len() == self.most { self.most } else { 0 };
        let rows = std::mem::replace(&mut self.rows, FrameRows::new(&self.plan, room));
        self.groups += 1;
        (self.groups - 1, rows)
    }
}

#[inline]
fn key(frame: &Frame) -> u64 {
    let bus = frame.bus.map_or(0, |bus| 1 + u64::from(bus.0));
    let kind = match frame.id_kind {
        IdKind::Standard => 0,
        IdKind::Extended => 1,
        IdKind::Unflagged => 2,
    };
    u64::from(frame.id) | bus << 32 | kind << 52
}
