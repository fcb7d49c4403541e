//! The thread of an export.

use canlog::export::TableFormat;
use tokio::sync::oneshot;

use super::{
    body::Outlet,
    order::{Failure, Order},
};
use crate::{
    graphql::{Answer, Refusal},
    selection::{Opened, Place, Stop},
    transport::Line,
};

/// An export whose files are known.
pub(super) struct Writing {
    pub(super) order: Order,
    pub(super) opened: Opened,
    /// Cancelled when the client is gone.
    pub(super) stop: Stop,
    /// Whom to cut when he takes nothing.
    pub(super) line: Line,
    /// Held to the end.
    pub(super) place: Place,
}

impl Writing {
    /// Writes all; `begun` learns whether the answer can begin, and why not. To be called on a thread that may wait.
    pub(super) fn run(self, (outlet, format): (Outlet, TableFormat), begun: oneshot::Sender<Answer<()>>) {
        let Self { order, opened, stop, line, place } = self;
        let mut begun = Some(begun);
        let begin = || drop(begun.take().map(|begun| begun.send(Ok(()))));
        match order.write((&opened, &stop), (outlet, format), begin) {
            Ok(()) | Err(Failure::Gone) => {}
            Err(Failure::Stalled) => {
                tracing::info!("an export was cut: its reader took nothing for too long");
                line.cut();
            }
            Err(Failure::Refused(refusal)) => refuse(begun, refusal),
        }
        drop(place);
    }
}

fn refuse(begun: Option<oneshot::Sender<Answer<()>>>, refusal: Refusal) {
    match begun {
        Some(begun) => drop(begun.send(Err(refusal))),
        None => tracing::error!(reason = refusal.message, "an export broke off"),
    }
}
