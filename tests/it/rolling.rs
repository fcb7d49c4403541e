//! Workers that are replaced one after the other while jobs run, as an upgrade does it.

use canlog::synth::{Drive, LogShape};
use entity::conversion::ConversionState;
use entity::job::{self, JobState};
use platform::testing::TestRuntime;
use rustix::process::Signal;
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter};
use tokio::time::{Duration, sleep, timeout};

use crate::process::Process;
use crate::seed::{DEADLINE, assert_swept, conversions, ended, upload};

/// Jobs and restarts; `DATAVIEWER_TEST_ROLLING=500x20` for the long form.
fn size() -> (u64, usize) {
    #[expect(clippy::disallowed_methods, reason = "a knob of this test alone")]
    let text = std::env::var("DATAVIEWER_TEST_ROLLING").unwrap_or_else(|_| "16x8".to_owned());
    let (jobs, restarts) = text.split_once('x').expect("jobs, x, restarts");
    (jobs.parse().unwrap(), restarts.parse().unwrap())
}

/// A log that differs from all others.
fn drive(seed: u64) -> (Vec<u8>, String) {
    let drive = Drive { seed, seconds: 5, ..Drive::demo() };
    let mut log = Vec::new();
    drive.write_log(LogShape::Candump, &mut log).unwrap();
    (log, drive.dbc())
}

fn worker(runtime: &TestRuntime) -> Process {
    let variables = [
        ("DATAVIEWER_DRAIN_SECONDS", "0.05"),
        ("DATAVIEWER_POLL_SECONDS", "0.2"),
        ("DATAVIEWER_WORKERS", "2"),
    ];
    Process::start(runtime.folder(), "worker", &variables)
}

/// Waits until so many jobs are done and the worker of this process holds another, or all are done.
async fn at_work(runtime: &TestRuntime, pid: u32, done: u64) {
    let count = async |filter: Condition| {
        job::Entity::find().filter(filter).count(runtime.database.read()).await.unwrap()
    };
    let there = timeout(DEADLINE, async {
        loop {
            let held = Condition::all()
                .add(job::Column::State.eq(JobState::Running))
                .add(job::Column::WorkerId.contains(format!("-{pid}-")));
            let active = Condition::all().add(job::Column::State.is_in(JobState::ACTIVE));
            let ended = Condition::all().add(job::Column::State.eq(JobState::Succeeded));
            if count(active).await == 0 || (count(ended).await >= done && count(held).await > 0) {
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
    });
    there.await.expect("no job is begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn rolling_restarts_cost_no_strike_and_lose_nothing() {
    let (jobs, restarts) = size();
    let runtime = TestRuntime::start().await.unwrap();
    let mut uploaded = Vec::new();
    for seed in 0..jobs {
        let (log, dbc) = drive(seed);
        uploaded.push(upload(&runtime, log, &dbc).await);
    }
    let mut workers = [worker(&runtime), worker(&runtime)];
    for turn in 0..restarts {
        let leaving = &mut workers[turn % 2];
        let due = jobs * turn as u64 / (restarts as u64 + 1);
        at_work(&runtime, leaving.pid(), due).await;
        leaving.signal(Signal::TERM);
        assert_eq!(leaving.ended().await.code(), Some(0));
        *leaving = worker(&runtime);
    }
    let mut again = 0;
    for (run, id) in uploaded {
        let job = ended(&runtime, id).await;
        assert_eq!(job.state, JobState::Succeeded, "{job:?}");
        assert_eq!((job.crash_count, job.lost_count, job.retry_count), (0, 0, 0), "{job:?}");
        assert_eq!(conversions(&runtime, run, ConversionState::Published).await.len(), 1);
        again += job.attempts - 1;
    }
    println!("{jobs} jobs, {restarts} restarts: none lost, no strike; {again} executions were given back");
    for worker in &mut workers {
        worker.signal(Signal::TERM);
        assert_eq!(worker.ended().await.code(), Some(0));
    }
    assert_swept(&runtime).await;
}
