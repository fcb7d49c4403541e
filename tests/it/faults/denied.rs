//! What the operating system denies: folders that cannot be written, and files that cannot be opened.

use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::time::timeout;

use super::disk::SmallDisk;
use super::drives::{Drive, drives};
use super::fleet::{Fleet, Topology};
use super::node::Node;
use super::sender::{Accepted, Failed, Sender};
use super::table;
use super::verdict::judge;

/// Uploads that are tried while something is denied.
const TRIES: usize = 3;
/// How many more files a process may open than it has open already.
const SPARE: [usize; 5] = [0, 1, 2, 4, 8];

/// Uploads while it is denied: how many were accepted all the same, and how many refused with a code. Who is not
/// answered in time goes away, as clients do.
async fn tried(sender: &Sender, drives: &[Drive]) -> (usize, usize) {
    let (mut accepted, mut refused) = (0, 0);
    for n in 0..TRIES {
        let key = key(n);
        match timeout(Duration::from_secs(2), sender.send(drives, 1, &key)).await {
            Ok(Ok(_)) => accepted += 1,
            Ok(Err(Failed::Refused(why))) => {
                assert!(["STORAGE_", "DB_"].iter().any(|code| why.starts_with(code)), "{why}");
                refused += 1;
            }
            Ok(Err(Failed::Connection(_))) | Err(_) => {}
        }
    }
    (accepted, refused)
}

fn key(number: usize) -> String {
    format!("denied {number}")
}

/// When nothing is denied any more: everybody's upload, who was answered and who was not, and one more.
async fn again(sender: &Sender, drives: &[Drive]) -> Vec<Accepted> {
    let mut accepted = vec![sender.deliver(drives, 2, "after").await];
    for n in 0..TRIES {
        accepted.push(sender.deliver(drives, 1, &key(n)).await);
    }
    accepted
}

/// A folder that cannot be written for a while.
async fn read_only(variable: &str, drives: &[Drive]) {
    let what = format!("{variable} is read-only");
    let Some(disk) = SmallDisk::mount() else {
        return table::row("19", &what, "NOT RUN: this process may not mount a file system");
    };
    let path = disk.path().display().to_string();
    // What is written at any moment lies elsewhere.
    let elsewhere = TempDir::new().unwrap();
    let (url, scratch) =
        (format!("sqlite:///{}/x.db", elsewhere.path().display()), elsewhere.path().join("scratch"));
    let scratch = scratch.display().to_string();
    let settings =
        [(variable, path.as_str()), ("DATABASE_URL", &url), ("DATAVIEWER_SCRATCH_FOLDER", &scratch)];
    let fleet = Fleet::new(Topology::Embedded, &settings).await;
    let mut server = fleet.start_api(&[]);
    let sender = Sender::new(server.address().await);
    let mut accepted = vec![sender.deliver(drives, 0, "writable").await];
    judge(&fleet, &accepted, drives).await;

    disk.allow_writes(false);
    let (taken, refused) = tried(&sender, drives).await;
    assert_eq!(taken + refused, TRIES, "{what}: somebody was not answered\n{}", fleet.logs());
    // What was written before is readable.
    sender.ask("{ runs { totalCount } }", json!({})).await.unwrap();
    disk.allow_writes(true);
    accepted.extend(again(&sender, drives).await);
    judge(&fleet, &accepted, drives).await;
    table::row("19", &what, &format!("{refused} of {TRIES} uploads refused with a code, all well after"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_loses_nothing() {
    let drives = drives(3);
    for variable in ["UPLOAD_FOLDER", "DATA_FOLDER"] {
        read_only(variable, &drives).await;
    }
}

/// Lets the process open so many files and no more.
fn limit_files(node: &Node, files: usize) {
    let mut limit = Command::new("prlimit");
    limit.args(["--pid", &node.id().to_string(), &format!("--nofile={files}:")]);
    assert!(limit.status().unwrap().success(), "prlimit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_can_open_no_more_files_goes_on_when_it_can() {
    let drives = drives(3);
    let fleet = Fleet::new(Topology::Embedded, &[]).await;
    let mut server = fleet.start_api(&[]);
    let sender = Sender::new(server.address().await);
    let mut accepted = vec![sender.deliver(&drives, 0, "before").await];
    judge(&fleet, &accepted, &drives).await;

    let (open, mut refused) = (server.open_files(), 0);
    // From one that lets nobody in to one that can nearly do its work.
    for spare in SPARE {
        limit_files(&server, open + spare);
        refused += tried(&sender, &drives).await.1;
    }
    limit_files(&server, 1024);
    accepted.extend(again(&sender, &drives).await);
    judge(&fleet, &accepted, &drives).await;
    let outcome = format!("{refused} of {} uploads refused with a code, all well after", SPARE.len() * TRIES);
    table::row("19", "the server can open none, 1, 2, 4, 8 more files", &outcome);
}
