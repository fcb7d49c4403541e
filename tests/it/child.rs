//! The converters that run at this moment, found where they work.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{sleep, timeout};

use crate::seed::DEADLINE;

/// A converter under `folder`, stopped in the middle of its work until it is let go or killed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held(Pid);

/// Waits for the next converter that works under `folder` and stops it.
pub(crate) async fn hold(folder: &Path) -> Held {
    hold_beside(folder, None).await
}

/// As [`hold`], a converter that is not the `other`.
pub(crate) async fn hold_beside(folder: &Path, other: Option<Held>) -> Held {
    let found = timeout(DEADLINE, async {
        loop {
            let found = converter_under(folder, other.map(|other| other.0));
            if let Some(pid) = found.filter(|pid| stopped(*pid)) {
                return pid;
            }
            sleep(Duration::from_millis(1)).await;
        }
    });
    Held(found.await.expect("no converter was started"))
}

/// Stops the process, unless it has ended meanwhile.
fn stopped(pid: Pid) -> bool {
    let state = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
        stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).unwrap_or('X')
    };
    let _ = kill_process(pid, Signal::STOP);
    // The kernel takes a moment.
    while matches!(state(), 'R' | 'S' | 'D') {}
    state() == 'T'
}

impl Held {
    /// Lets it go on.
    pub(crate) fn go_on(self) {
        kill_process(self.0, Signal::CONT).unwrap();
    }

    /// Its end by a signal, as a fault in a parser or a limit would bring it about.
    pub(crate) async fn end(self, signal: Signal) {
        kill_process(self.0, signal).unwrap();
        // Pending until it goes on; one that is gone already needs no telling.
        let _ = kill_process(self.0, Signal::CONT);
        self.gone().await;
    }

    /// What the kernel says of it.
    pub(crate) fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.0.as_raw_nonzero())).unwrap()
    }

    /// Waits until it is gone.
    pub(crate) async fn gone(&self) {
        let process = format!("/proc/{}/cmdline", self.0.as_raw_nonzero());
        let gone = timeout(DEADLINE, async {
            while fs::read(&process).is_ok_and(|command| !command.is_empty()) {
                sleep(Duration::from_millis(1)).await;
            }
        });
        gone.await.expect("the converter lives on");
    }
}

fn converter_under(folder: &Path, other: Option<Pid>) -> Option<Pid> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(Pid::from_raw).find(|pid| Some(*pid) != other && works_under(*pid, folder))
}

/// Whether the process works under `folder` and has limited itself: one that is stopped before knows nothing
/// of its worker's end yet.
fn works_under(pid: Pid, folder: &Path) -> bool {
    let process = format!("/proc/{}", pid.as_raw_nonzero());
    let inside = fs::read_link(format!("{process}/cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
    let limited = |limits: String| {
        limits.lines().any(|line| line.starts_with("Max cpu time") && !line.contains("unlimited"))
    };
    inside && fs::read_to_string(format!("{process}/limits")).is_ok_and(limited)
}
