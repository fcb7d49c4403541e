//! The whole server, killed in the middle of a conversion and started again.

use std::process::{Child, Command, Stdio};

use entity::job::JobState;
use platform::testing::TestRuntime;
use rustix::process::{Pid, Signal, kill_process};

use crate::child::hold;
use crate::logs::long_drive;
use crate::seed::{assert_swept, assert_whole, binary, ended, job_when, upload};

/// A server on the folders of `runtime`, killed when dropped.
struct Server(Child);

impl Server {
    fn start(runtime: &TestRuntime) -> Self {
        let data = runtime.folder().join("data");
        let mut command = Command::new(binary());
        command.env_clear().current_dir(runtime.folder());
        command.envs([("UPLOAD_FOLDER", &data), ("DATA_FOLDER", &data)]);
        command.envs([("PORT", "0"), ("DATAVIEWER_LEASE_SECONDS", "600"), ("DATAVIEWER_DRAIN_SECONDS", "1")]);
        Self(command.stderr(Stdio::inherit()).spawn().unwrap())
    }

    fn signal(&mut self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_converts_again_at_once_and_once() {
    let runtime = TestRuntime::start().await.unwrap();
    let (log, dbc) = long_drive();
    let (run, id) = upload(&runtime, &log, &dbc).await;

    let server = Server::start(&runtime);
    let held = hold(runtime.folder()).await;
    drop(server);
    held.gone().await;
    let job = job_when(&runtime, id, |_| true).await;
    assert_eq!((job.state, job.token), (JobState::Running, 1));

    // Its lease runs for ten minutes yet: the new server must know by itself that the holder is dead.
    let mut server = Server::start(&runtime);
    let job = ended(&runtime, id).await;
    assert_whole(&runtime, run, &job).await;
    assert_eq!((job.token, job.attempts, job.crash_count, job.lost_count), (2, 2, 0, 0));
    server.signal(Signal::TERM);
    assert!(server.0.wait().unwrap().success());
    assert_swept(&runtime).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_asked_to_stop_gives_its_job_back() {
    let runtime = TestRuntime::start().await.unwrap();
    let (log, dbc) = long_drive();
    let (_, id) = upload(&runtime, &log, &dbc).await;
    let mut server = Server::start(&runtime);
    let held = hold(runtime.folder()).await;
    server.signal(Signal::TERM);
    assert!(server.0.wait().unwrap().success());
    held.gone().await;
    let job = job_when(&runtime, id, |_| true).await;
    assert_eq!((job.state, job.crash_count, job.lost_count), (JobState::Queued, 0, 0));
    assert_swept(&runtime).await;
}
