//! Every step of an upload and of a conversion: the process dies right after it, or is frozen there until its
//! job is somebody else's.

use std::time::Duration;

use futures::{StreamExt, stream};
use rustix::process::Signal;
use tokio::time::sleep;

use super::drives::{Drive, drives};
use super::fleet::{Fleet, Topology};
use super::node::Node;
use super::sender::Sender;
use super::table;
use super::verdict::judge;

const UPLOAD: [&str; 7] = ["A0", "A1", "A2", "A3", "A4", "A5", "A6"];
const CONVERSION: [&str; 10] = ["W0", "W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9"];
/// The leases of these tests are of one second.
const THREE_LEASES: Duration = Duration::from_secs(3);
/// Cases at once: most of each is waiting.
const AT_ONCE: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Fault {
    Killed,
    Frozen,
}

impl Fault {
    fn variable(self) -> &'static str {
        match self {
            Self::Killed => "DATAVIEWER_CRASH_AT",
            Self::Frozen => "DATAVIEWER_STOP_AT",
        }
    }

    /// Waits until it has struck, and until the struck process is no danger any more or wakes again.
    async fn strike(self, node: &mut Node) {
        match self {
            Self::Killed => assert_eq!(signal_of(node.ended().await), Some(9)),
            Self::Frozen => {
                node.frozen().await;
                sleep(THREE_LEASES).await;
                node.signal(Signal::CONT);
            }
        }
    }
}

fn signal_of(status: std::process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

/// The API dies or freezes at a step of an upload; the client sends again under the same key.
async fn upload(topology: Topology, fault: Fault, place: &str, drives: &[Drive]) {
    let fleet = Fleet::new(topology, &[]).await;
    let at = format!("{place}:1");
    let mut struck = fleet.start_api(&[(fault.variable(), &at)]);
    let sender = Sender::new(struck.address().await);
    let _workers = workers(&fleet, 2);
    let striking = async {
        fault.strike(&mut struck).await;
        if matches!(fault, Fault::Frozen) {
            return struck;
        }
        let mut next = fleet.start_api(&[]);
        sender.moved(next.address().await);
        next
    };
    let (accepted, _api) = tokio::join!(sender.deliver(drives, 0, place), striking);
    judge(&fleet, &[accepted], drives).await;
}

/// A worker dies or freezes at a step of a conversion; another goes on, or the same process started again.
async fn conversion(topology: Topology, fault: Fault, place: &str, drives: &[Drive]) {
    if topology == Topology::Embedded {
        // The one process is struck, at whichever step.
        return upload(topology, fault, place, drives).await;
    }
    let fleet = Fleet::new(topology, &[]).await;
    let at = format!("{place}:1");
    let striking = [(fault.variable(), at.as_str())];
    let mut api = fleet.start_api(&[]);
    let sender = Sender::new(api.address().await);
    let mut struck = fleet.start_worker("first", &striking);
    let accepted = sender.deliver(drives, 0, place).await;
    match fault {
        Fault::Killed => fault.strike(&mut struck).await,
        Fault::Frozen => struck.frozen().await,
    }
    let _other = fleet.start_worker("second", &[]);
    if matches!(fault, Fault::Frozen) {
        fault.strike(&mut struck).await;
    }
    judge(&fleet, &[accepted], drives).await;
}

fn workers(fleet: &Fleet, count: usize) -> Vec<Node> {
    let count = if fleet.topology == Topology::Embedded { 0 } else { count };
    (0..count).map(|n| fleet.start_worker(&format!("worker{n}"), &[])).collect()
}

async fn every_step(topology: Topology, fault: Fault) {
    let drives = &drives(1);
    let uploads = UPLOAD.iter().map(|place| (true, *place));
    let cases = uploads.chain(CONVERSION.iter().map(|place| (false, *place)));
    let cases: Vec<_> = cases.collect();
    let count = cases.len();
    stream::iter(cases)
        .for_each_concurrent(AT_ONCE, |(is_upload, place)| async move {
            match is_upload {
                true => upload(topology, fault, place, drives).await,
                false => conversion(topology, fault, place, drives).await,
            }
        })
        .await;
    let done = format!("{topology:?}: {fault:?} after each of A0–A6, W0–W9, lease 1 s");
    table::row("C2", &done, &format!("{count} of {count} finished once, nothing left behind"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_killed_at_every_step() {
    every_step(Topology::Embedded, Fault::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_frozen_at_every_step() {
    every_step(Topology::Embedded, Fault::Frozen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_of_one_host_killed_at_every_step() {
    every_step(Topology::SameHost, Fault::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_of_one_host_frozen_at_every_step() {
    every_step(Topology::SameHost, Fault::Frozen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_killed_at_every_step() {
    every_step(Topology::Distributed, Fault::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_frozen_at_every_step() {
    every_step(Topology::Distributed, Fault::Frozen).await;
}
