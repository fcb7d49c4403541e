//! Full disks: each folder on a small file system of its own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::drives::{Drive, drives};
use super::fleet::{Fleet, Topology};
use super::sender::{Failed, Sender};
use super::table;
use super::verdict::{PATIENCE, judge};

/// A small file system in memory; gone when dropped.
pub(super) struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// None where this process may not mount.
    pub(super) fn mount() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self { folder })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Whether it can be written.
    pub(super) fn allow_writes(&self, allowed: bool) {
        let mode = if allowed { "remount,rw" } else { "remount,ro" };
        let mounted = Command::new("mount").args(["-o", mode]).arg(self.path()).status();
        assert!(mounted.unwrap().success(), "{mode}");
    }

    /// Leaves no room at all; the room comes back when the file is removed.
    fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = fs::File::create(&path).unwrap();
        for piece in [64 * 1024, 4096, 1] {
            while file.write(&vec![1; piece]).is_ok_and(|written| written == piece) {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
    }
}

/// One upload while `variable`'s folder is full, and all of them once it has room again. The free-space check is
/// as good as off: the disk itself says no.
async fn full(variable: &str, drives: &[Drive]) {
    let Some(disk) = SmallDisk::mount() else {
        return table::row("D1", variable, "NOT RUN: this process may not mount a file system");
    };
    let path = disk.path().display().to_string();
    let path = if variable == "DATABASE_URL" { format!("sqlite:///{path}/x.db") } else { path };
    let settings = [(variable, path.as_str()), ("DATAVIEWER_LIMIT_FREE_BYTES", "1")];
    let fleet = Fleet::new(Topology::Embedded, &settings).await;
    let mut server = fleet.start_api(&[]);
    let sender = Sender::new(server.address().await);
    let mut accepted = vec![sender.deliver(drives, 0, "room").await];

    let filler = disk.fill();
    let mut refusals = Vec::new();
    for n in 0..5 {
        match sender.send(drives, 1, &format!("full {n}")).await {
            Ok(one) => accepted.push(one),
            Err(Failed::Refused(why)) => refusals.push(why),
            Err(Failed::Connection(why)) => panic!("{variable}: not answered: {why}"),
        }
        sleep(Duration::from_millis(200)).await;
    }
    let coded = |why: &String| {
        ["STORAGE_FULL", "STORAGE_UNAVAILABLE", "DB_UNAVAILABLE"].iter().any(|code| why.starts_with(code))
    };
    assert!(refusals.iter().all(coded), "{variable}: {refusals:?}\n{}", fleet.logs());
    // What was said while there was no room is readable.
    sender.ask("{ runs { totalCount } }", serde_json::json!({})).await.unwrap();

    fs::remove_file(filler).unwrap();
    let began = Instant::now();
    accepted.push(sender.deliver(drives, 2, "room again").await);
    judge(&fleet, &accepted, drives).await;
    let took = began.elapsed();
    assert!(took < PATIENCE);
    let outcome =
        format!("{} of 5 refused with a code, nothing torn, all well {took:.1?} after", refusals.len());
    table::row("D1", &format!("no room in {variable}"), &outcome);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_tears_nothing() {
    let drives = drives(3);
    for variable in ["UPLOAD_FOLDER", "DATA_FOLDER", "DATAVIEWER_SCRATCH_FOLDER", "DATABASE_URL", "TMPDIR"] {
        full(variable, &drives).await;
    }
}
