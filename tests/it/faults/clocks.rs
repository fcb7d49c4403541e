//! Hosts whose clocks are wrong, and jump back: leases go by the database's.

use std::fs;
use std::path::{Path, PathBuf};

use entity::job;
use jiff::{SignedDuration, Timestamp};

use super::drives::drives_of;
use super::fleet::{Fleet, Topology};
use super::node::Node;
use super::sender::Sender;
use super::table;
use super::times::until;
use super::verdict::judge;

const HOUR: i64 = 3600;
/// How wrong the clocks of the API and of one worker are, step by step, in seconds. The other worker's is right.
const SHIFTS: [(i64, i64); 5] = [(HOUR, 0), (-HOUR, 0), (0, HOUR), (0, -HOUR), (HOUR, HOUR)];
/// Leases that a busy machine can keep, and nowhere near an hour.
const LEASES: [(&str, &str); 2] =
    [("DATAVIEWER_LEASE_SECONDS", "5"), ("DATAVIEWER_HEARTBEAT_SECONDS", "0.5")];

/// What shifts the clock of a process that it is loaded into.
fn library() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "says where a test's tool is, configures nothing")]
    let told = std::env::var_os("DATAVIEWER_TEST_FAKETIME").map(PathBuf::from);
    let path = told.filter(|path| path.exists());
    path.expect("libfaketime is not there: run this by deploy/servers.sh, which installs it")
}

/// A process's clock, wrong by what its file says.
struct Clock {
    file: PathBuf,
    library: PathBuf,
}

impl Clock {
    fn new(folder: &Path, name: &str) -> Self {
        let clock = Self { file: folder.join(name), library: library() };
        clock.set(0);
        clock
    }

    fn set(&self, seconds: i64) {
        let next = self.file.with_extension("next");
        fs::write(&next, format!("{seconds:+}\n")).unwrap();
        fs::rename(next, &self.file).unwrap();
    }

    /// What its process is started with. The clock that timers go by is another, which never jumps.
    fn variables(&self) -> [(&str, &str); 5] {
        [
            ("LD_PRELOAD", self.library.to_str().unwrap()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.to_str().unwrap()),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
        ]
    }
}

/// How wrong the clock was by which the node wrote its last line, within a minute.
fn assert_off(node: &Node, seconds: i64) {
    let said = node.said();
    let stamp = said.lines().rev().find_map(|line| line.split_whitespace().next()?.parse::<Timestamp>().ok());
    let off = stamp.expect("no line with a time").duration_since(Timestamp::now());
    let wrong = off - SignedDuration::from_secs(seconds);
    assert!(wrong.abs() < SignedDuration::from_secs(120), "off by {off}, not by {seconds} s:\n{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_clocks_change_nothing() {
    let drives = drives_of(1, 2_000);
    let fleet = Fleet::new(Topology::SameHostPostgres, &LEASES).await;
    let (of_api, of_worker) = (Clock::new(&fleet.host(), "api"), Clock::new(&fleet.host(), "worker"));
    let mut api = fleet.start_api(&of_api.variables());
    let sender = Sender::new(api.address().await);
    let mut shifted = fleet.start_worker("shifted", &of_worker.variables());
    shifted.says("waiting for logs").await;
    let _other = fleet.start_worker("right", &[]);
    let runtime = fleet.look().await;
    let mut all = Vec::new();
    for (n, (api_off, worker_off)) in SHIFTS.into_iter().enumerate() {
        // Between two of these the clocks jump, back as well, while the first log of the pair is under way.
        let first = sender.deliver(&drives, 0, &format!("before {n}")).await;
        of_api.set(api_off);
        of_worker.set(worker_off);
        let known = shifted.said().matches("converted").count();
        all.push(first);
        // Until the worker with the wrong clock has converted one.
        for m in 0.. {
            let next = sender.deliver(&drives, 0, &format!("after {n} {m}")).await;
            until(&runtime, &next, |job: &job::Model| job.state.is_terminal()).await;
            all.push(next);
            if shifted.said().matches("converted").count() > known + 1 {
                break;
            }
            assert!(m < 40, "the worker with the wrong clock gets no job:\n{}", fleet.logs());
        }
        assert_off(&api, api_off);
        assert_off(&shifted, worker_off);
    }
    for one in &all {
        let job = until(&runtime, one, |job: &job::Model| job.state.is_terminal()).await;
        assert_eq!((job.token, job.lost_count, job.retry_count), (1, 0, 0), "{job:#?}");
    }
    runtime.database.close().await;
    judge(&fleet, &all, &drives).await;
    table::row(
        "20",
        "clocks of API and worker an hour ahead and behind, jumping back and forth at work (PostgreSQL)",
        &format!("{} logs: one execution each, no lease taken", all.len()),
    );
}
