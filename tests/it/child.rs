//! The converters that run at this moment, found where they work.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{sleep, timeout};

use crate::seed::DEADLINE;

/// A converter under `folder`, stopped in the middle of its work until it is let go or killed.
#[derive(Debug)]
pub(crate) struct Held(Pid);

/// Waits for the next converter that works under `folder` and stops it.
pub(crate) async fn hold(folder: &Path) -> Held {
    let found = timeout(DEADLINE, async {
        loop {
            if let Some(pid) = converter_under(folder) {
                return pid;
            }
            sleep(Duration::from_millis(1)).await;
        }
    });
    let pid = found.await.expect("no converter was started");
    kill_process(pid, Signal::STOP).unwrap();
    Held(pid)
}

impl Held {
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

fn converter_under(folder: &Path) -> Option<Pid> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(Pid::from_raw).find(|pid| works_under(*pid, folder))
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
