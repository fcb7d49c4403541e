//! One process of a fleet: started, killed, frozen and thawed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{sleep, timeout};

use crate::seed::{DEADLINE, binary};

/// A process, killed when dropped.
pub(crate) struct Node {
    child: Child,
    log: PathBuf,
}

/// What a process is started with.
pub(crate) struct Order<'a> {
    pub(crate) role: &'a str,
    /// Its working directory.
    pub(crate) folder: &'a Path,
    /// All of its environment.
    pub(crate) variables: Vec<(String, String)>,
    /// Where its standard error goes.
    pub(crate) log: PathBuf,
}

impl Node {
    pub(crate) fn start(order: Order<'_>) -> Self {
        let mut command = Command::new(binary());
        command.arg(order.role).env_clear().envs(order.variables).current_dir(order.folder);
        let log = File::create(&order.log).unwrap();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Self { child, log: order.log }
    }

    /// Where it serves, once it does.
    pub(crate) async fn address(&mut self) -> String {
        let line = self.says("serving on http://").await;
        line.split_whitespace().next().unwrap().to_owned()
    }

    /// Waits until it says this; what follows on that line.
    pub(crate) async fn says(&mut self, words: &str) -> String {
        let heard = timeout(DEADLINE, async {
            loop {
                let said = self.said();
                // Only whole lines: the last one may be on its way yet.
                let line =
                    said.split_inclusive('\n').find(|line| line.contains(words) && line.ends_with('\n'));
                if let Some((_, rest)) = line.and_then(|line| line.split_once(words)) {
                    return rest.trim().to_owned();
                }
                if let Some(status) = self.child.try_wait().unwrap() {
                    panic!("ended ({status}) without saying `{words}`:\n{said}");
                }
                sleep(Duration::from_millis(5)).await;
            }
        });
        heard.await.unwrap_or_else(|_| panic!("never said `{words}`:\n{}", self.said()))
    }

    /// All it has written to its log.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        // It may have ended by itself.
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let ended = timeout(DEADLINE, async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                sleep(Duration::from_millis(5)).await;
            }
        });
        ended.await.unwrap_or_else(|_| panic!("it lives on:\n{}", self.said()))
    }

    /// Waits until it is frozen.
    pub(crate) async fn frozen(&self) {
        let stat = format!("/proc/{}/stat", self.child.id());
        let frozen = timeout(DEADLINE, async {
            // `pid (name) state …`
            while !fs::read_to_string(&stat).unwrap().rsplit(')').next().unwrap().starts_with(" T") {
                sleep(Duration::from_millis(5)).await;
            }
        });
        frozen.await.unwrap_or_else(|_| panic!("it was never frozen:\n{}", self.said()));
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How many files it has open.
    pub(crate) fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Memory in use, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
