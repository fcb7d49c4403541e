//! A worker on a real database, with the real binary as its child.

use entity::conversion::ConversionState;
use entity::job::{self, JobState};
use platform::testing::TestRuntime;
use rustix::process::Signal;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::child::{hold, hold_beside};
use crate::logs::{DBC, LOG, NO_LOG, long_drive};
use crate::seed::{DEADLINE, assert_swept, assert_whole, binary, conversions, ended, job_when, upload};

struct Working {
    runtime: TestRuntime,
    worker: JoinHandle<std::io::Result<()>>,
}

async fn work() -> Working {
    work_with(&[]).await
}

async fn work_with(variables: &[(&str, &str)]) -> Working {
    let runtime = TestRuntime::start_with(variables).await.unwrap();
    let worker = tokio::spawn(worker::run((*runtime).clone(), binary()));
    Working { runtime, worker }
}

impl Working {
    /// Stops the worker and looks whether it leaves a clean place.
    async fn stop(self) -> TestRuntime {
        self.runtime.shutdown.cancel();
        self.worker.await.unwrap().unwrap();
        assert_swept(&self.runtime).await;
        self.runtime
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_becomes_a_conversion() {
    let working = work().await;
    let (run, job) = upload(&working.runtime, LOG, DBC).await;
    let job = ended(&working.runtime, job).await;
    assert_whole(&working.runtime, run, &job).await;
    assert_eq!((job.token, job.attempts, job.crash_count, job.lost_count), (1, 1, 0, 0));
    let size = LOG.len() as i64;
    assert_eq!((job.progress_bytes, job.progress_total, job.progress_frames), (size, size, 4));
    working.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_no_use_fails_with_its_code() {
    let working = work().await;
    for (log, code) in [(NO_LOG, "UNSUPPORTED_FORMAT"), ("", "EMPTY_FILE")] {
        let (run, job) = upload(&working.runtime, log, DBC).await;
        let job = ended(&working.runtime, job).await;
        assert_eq!((job.state, job.error_code.as_deref()), (JobState::Failed, Some(code)));
        assert!(job.failure().is_some_and(|failure| !failure.message.is_empty()));
        assert!(conversions(&working.runtime, run, ConversionState::Published).await.is_empty());
    }
    working.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_converter_that_dies_three_times_fails_its_job_and_nothing_else() {
    let working = work().await;
    let (log, dbc) = long_drive();
    let (_, poison) = upload(&working.runtime, &log, &dbc).await;
    for _ in 0..3 {
        hold(working.runtime.folder()).await.end(Signal::KILL).await;
    }
    let job = ended(&working.runtime, poison).await;
    assert_eq!((job.state, job.crash_count), (JobState::Failed, 3));
    assert_eq!(job.error_code.as_deref(), Some("WORKER_CRASHED"));

    let (run, good) = upload(&working.runtime, LOG, DBC).await;
    let good = ended(&working.runtime, good).await;
    assert_whole(&working.runtime, run, &good).await;
    working.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_killed_its_converter_is_tried_alone() {
    let working = work_with(&[("DATAVIEWER_WORKERS", "2")]).await;
    let (log, dbc) = long_drive();
    let (_, steady) = upload(&working.runtime, &log, &dbc).await;
    let folder = working.runtime.folder().to_owned();
    let held = hold(&folder).await;
    let (_, suspect) = upload(&working.runtime, &log[..log.len() / 2], &dbc).await;
    hold_beside(&folder, Some(held)).await.end(Signal::KILL).await;

    let second = tokio::spawn(async move { hold_beside(&folder, Some(held)).await });
    job_when(&working.runtime, suspect, |job| job.token == 2).await;
    held.go_on();
    let second = second.await.unwrap();
    let job = job_when(&working.runtime, steady, |_| true).await;
    assert_eq!(job.state, JobState::Succeeded, "the second try began beside another");
    second.go_on();
    let job = ended(&working.runtime, suspect).await;
    assert_eq!((job.state, job.crash_count), (JobState::Succeeded, 1));
    working.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_converter_beyond_its_limits_is_told_apart() {
    let (log, dbc) = long_drive();
    let cases = [
        ("DATAVIEWER_CHILD_FILE_BYTES", "1000", "LIMIT_ROWS"),
        ("DATAVIEWER_LIMIT_ROWS", "1000", "LIMIT_ROWS"),
        ("DATAVIEWER_LIMIT_SIGNALS", "2", "LIMIT_SIGNALS"),
    ];
    for (variable, value, code) in cases {
        let working = work_with(&[(variable, value)]).await;
        let (_, job) = upload(&working.runtime, &log, &dbc).await;
        let job = ended(&working.runtime, job).await;
        assert_eq!((job.state, job.error_code.as_deref()), (JobState::Failed, Some(code)), "{variable}");
        working.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_converter_that_takes_too_long_is_ended() {
    let working = work_with(&[("DATAVIEWER_CHILD_TIMEOUT_SECONDS", "1")]).await;
    let (mut log, dbc) = long_drive();
    let (_, by_clock) = upload(&working.runtime, &log, &dbc).await;
    let held = hold(working.runtime.folder()).await;
    let job = ended(&working.runtime, by_clock).await;
    assert_eq!((job.state, job.error_code.as_deref()), (JobState::Failed, Some("TIMEOUT")));
    held.gone().await;

    log.truncate(log.len() / 2);
    let (_, by_processor) = upload(&working.runtime, &log, &dbc).await;
    // What the kernel sends at the limit of processor time.
    hold(working.runtime.folder()).await.end(Signal::XCPU).await;
    let job = ended(&working.runtime, by_processor).await;
    assert_eq!((job.state, job.error_code.as_deref()), (JobState::Failed, Some("TIMEOUT")));
    working.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_converter_limits_itself() {
    let working = work().await;
    let (log, dbc) = long_drive();
    let (_, id) = upload(&working.runtime, &log, &dbc).await;
    let mut signals = working.runtime.broker.watch(id);
    let began = signals.wait_for(|signal| signal.progress.is_some_and(|progress| progress.bytes > 0));
    timeout(DEADLINE, began).await.unwrap().unwrap();
    let held = hold(working.runtime.folder()).await;
    let limits = held.proc("limits");
    let limit = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(limit("Max core file size"), "0");
    assert_eq!(limit("Max cpu time"), "7200");
    assert_eq!(limit("Max address space"), (4_u64 << 30).to_string());
    assert_eq!(limit("Max file size"), (64_u64 << 30).to_string());
    assert_eq!(held.proc("environ"), "");
    held.end(Signal::KILL).await;
    working.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_is_cancelled_at_once() {
    // No heartbeat is due in time: only the news of the wish can tell.
    let seldom = [("DATAVIEWER_LEASE_SECONDS", "900"), ("DATAVIEWER_HEARTBEAT_SECONDS", "300")];
    let working = work_with(&seldom).await;
    let (log, dbc) = long_drive();
    let (run, id) = upload(&working.runtime, &log, &dbc).await;
    let held = hold(working.runtime.folder()).await;
    working.runtime.database.transaction(move |tx| Box::pin(job::cancel(tx, id))).await.unwrap();
    working.runtime.broker.notify_changed(id).await;
    let job = ended(&working.runtime, id).await;
    assert_eq!(job.state, JobState::Cancelled);
    held.gone().await;
    assert!(conversions(&working.runtime, run, ConversionState::Published).await.is_empty());
    working.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_replaced_changes_nothing() {
    let working = work().await;
    let (log, dbc) = long_drive();
    let (run, id) = upload(&working.runtime, &log, &dbc).await;
    let held = hold(working.runtime.folder()).await;
    let payload = job_when(&working.runtime, id, |_| true).await.payload;
    let payload: job::ConvertPayload = serde_json::from_str(&payload).unwrap();
    let again = working.runtime.database.transaction(move |tx| {
        let new = job::NewJob { run_id: run, payload: payload.clone() };
        Box::pin(job::enqueue(tx, new))
    });
    let again = again.await.unwrap().job.id;
    working.runtime.broker.notify_changed(id).await;
    held.gone().await;
    let job = ended(&working.runtime, again).await;
    assert_whole(&working.runtime, run, &job).await;
    assert_eq!(ended(&working.runtime, id).await.state, JobState::Cancelled);
    working.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_gives_its_job_back_without_a_strike() {
    let working = work_with(&[("DATAVIEWER_DRAIN_SECONDS", "1")]).await;
    let (log, dbc) = long_drive();
    let (run, id) = upload(&working.runtime, &log, &dbc).await;
    let held = hold(working.runtime.folder()).await;
    let runtime = working.stop().await;
    held.gone().await;
    let job = job_when(&runtime, id, |job| job.state == JobState::Queued).await;
    assert_eq!((job.attempts, job.crash_count, job.lost_count, job.retry_count), (1, 0, 0, 0));

    // Another worker takes it up.
    let mut next = (*runtime).clone();
    next.shutdown = tokio_util::sync::CancellationToken::new();
    let worker = tokio::spawn(worker::run(next.clone(), binary()));
    let job = ended(&runtime, id).await;
    assert_whole(&runtime, run, &job).await;
    next.shutdown.cancel();
    worker.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_log_waits_and_says_why() {
    let working = work().await;
    // The row of one log, the bytes of another.
    let runtime = TestRuntime::start().await.unwrap();
    let (_, id) = upload(&runtime, LOG, DBC).await;
    let objects = std::fs::read_dir(runtime.config.storage.upload_folder.join("uploads")).unwrap();
    for object in objects {
        std::fs::write(object.unwrap().path(), LOG.replace('1', "2")).unwrap();
    }
    let worker = tokio::spawn(worker::run((*runtime).clone(), binary()));
    let job = job_when(&runtime, id, |job| job.retry_count > 0).await;
    assert_eq!(job.error_code.as_deref(), Some("STORAGE_UNAVAILABLE"));
    assert!(job.failure().unwrap().message.contains("corrupt object"), "{job:?}");
    runtime.shutdown.cancel();
    worker.await.unwrap().unwrap();
    working.stop().await;
}
