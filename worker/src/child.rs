//! The converter as a child process: an untrusted log may take its child down, never the worker.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use canlog::failure::Failure;
use canlog::progress::{ConvertLine, Progress};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::stop::Stop;

/// A line that is longer than this was not written by a converter in its right mind.
const MAX_LINE_BYTES: u64 = 64 * 1024;
/// How much of its standard error is kept, for the log.
const STDERR_TAIL_BYTES: usize = 8 * 1024;
/// How long a child that was asked to end may take to do so.
const GRACE: Duration = Duration::from_secs(5);

/// Starts child processes from a thread that lasts as long as this value.
///
/// The kernel ties a child's parent-death signal to the *thread* that started it, and a runtime's threads
/// come and go.
pub(crate) struct Spawner {
    requests: mpsc::Sender<Request>,
}

struct Request {
    command: Command,
    reply: oneshot::Sender<io::Result<Child>>,
}

impl Spawner {
    /// Starts the thread. To be called within a runtime, which will watch the children.
    pub(crate) fn start() -> io::Result<Self> {
        let (requests, inbox) = mpsc::channel::<Request>();
        let runtime = tokio::runtime::Handle::current();
        thread::Builder::new().name("spawner".to_owned()).spawn(move || {
            let _within = runtime.enter();
            for mut request in inbox {
                // Whoever no longer waits drops the child, which kills it.
                let _ = request.reply.send(request.command.spawn());
            }
        })?;
        Ok(Self { requests })
    }

    async fn spawn(&self, command: Command) -> io::Result<Child> {
        let (reply, answer) = oneshot::channel();
        let ended = |_| io::Error::other("the spawning thread has ended");
        self.requests.send(Request { command, reply }).map_err(|_| ended(()))?;
        answer.await.map_err(|_| ended(()))?
    }

    /// Runs a converter to its end, or to the end of our patience once `stop` is requested. `tell` hears
    /// how far it is.
    pub(crate) async fn run(
        &self,
        mut command: Command,
        stop: &Stop,
        tell: impl FnMut(Progress),
    ) -> io::Result<Exit> {
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own: Ctrl-C at a terminal is for the worker, which then drains.
        command.kill_on_drop(true).process_group(0);
        let mut child = self.spawn(command).await?;
        platform::crashpoint!("W4");
        let missing = || io::Error::other("a pipe of the child is missing");
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = tokio::spawn(tail(child.stderr.take().ok_or_else(missing)?));
        let said = listen(&mut child, stdout, stop, tell).await;
        let status = reap(&mut child).await?;
        Ok(Exit { said, status, stderr: last_words(stderr).await })
    }
}

/// How a converter ended.
#[derive(Debug)]
pub(crate) struct Exit {
    /// Its last line, if that was one of the two that end a conversion.
    pub(crate) said: Option<Said>,
    /// What the kernel says.
    pub(crate) status: ExitStatus,
    /// The end of its standard error: for the log only, it may name paths.
    pub(crate) stderr: String,
}

/// The last line of a converter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    /// All is written.
    Done,
    /// Nothing can be made of this log.
    Failed(Failure),
}

/// Follows what the child says until it falls silent; ends it when `stop` is requested or it talks nonsense.
async fn listen(
    child: &mut Child,
    stdout: ChildStdout,
    stop: &Stop,
    tell: impl FnMut(Progress),
) -> Option<Said> {
    let reading = read_lines(stdout, tell);
    tokio::pin!(reading);
    let said = tokio::select! {
        said = &mut reading => said,
        _ = stop.requested() => {
            terminate(child);
            match timeout(GRACE, &mut reading).await {
                Ok(said) => said,
                Err(_) => Err(io::Error::other("did not end in time when asked to")),
            }
        }
    };
    said.unwrap_or_else(|error| {
        tracing::warn!(%error, "killing a converter that does not listen or talks nonsense");
        let _ = child.start_kill();
        None
    })
}

async fn read_lines(
    stdout: impl AsyncRead + Unpin,
    mut tell: impl FnMut(Progress),
) -> io::Result<Option<Said>> {
    let mut stdout = BufReader::new(stdout);
    let mut said = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        (&mut stdout).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await?;
        if line.is_empty() {
            return Ok(said);
        }
        match serde_json::from_slice(&line)? {
            ConvertLine::Progress(at) => tell(at),
            ConvertLine::Done(at) => {
                tell(at);
                said = Some(Said::Done);
            }
            ConvertLine::Failed(failure) => said = Some(Said::Failed(failure)),
        }
    }
}

fn terminate(child: &Child) {
    // Not yet waited for, so the id is still this child's.
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// Waits for the child's end; one that has closed its output and still lives is killed.
async fn reap(child: &mut Child) -> io::Result<ExitStatus> {
    if let Ok(status) = timeout(GRACE, child.wait()).await {
        return status;
    }
    child.kill().await?;
    child.wait().await
}

/// Reads to the end, keeps the last few kilobytes.
async fn tail(mut from: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut chunk).await {
        kept.extend_from_slice(&chunk[..read]);
        kept.drain(..kept.len().saturating_sub(STDERR_TAIL_BYTES));
    }
    kept
}

async fn last_words(stderr: JoinHandle<Vec<u8>>) -> String {
    let bytes = timeout(GRACE, stderr).await.ok().and_then(Result::ok).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;
    use crate::stop::StopReason;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    async fn run(script: &str) -> (Exit, Vec<u64>) {
        let mut told = Vec::new();
        let spawner = Spawner::start().unwrap();
        let exit = spawner.run(shell(script), &Stop::new(), |at| told.push(at.bytes)).await.unwrap();
        (exit, told)
    }

    const AT: &str = r#"{"bytes":7,"total":9,"frames":1,"warnings":0}"#;

    #[tokio::test]
    async fn tells_progress_and_the_end() {
        let (exit, told) =
            run(&format!(r#"echo '{{"progress":{AT}}}'; echo oops >&2; echo '{{"done":{AT}}}'"#)).await;
        assert_eq!((told, exit.said), (vec![7, 7], Some(Said::Done)));
        assert_eq!((exit.status.code(), exit.stderr.as_str()), (Some(0), "oops"));
    }

    #[tokio::test]
    async fn a_dead_child_has_said_nothing() {
        let (exit, _) = run(&format!(r#"echo '{{"progress":{AT}}}'; kill -9 $$"#)).await;
        assert_eq!((exit.said, exit.status.signal()), (None, Some(9)));
    }

    #[tokio::test]
    async fn one_that_talks_nonsense_is_killed() {
        let (exit, _) = run("echo hello; while :; do sleep 1; done").await;
        assert_eq!((exit.said, exit.status.signal()), (None, Some(9)));
    }

    #[tokio::test]
    async fn a_line_without_end_is_not_collected() {
        let (exit, _) = run("yes 0 | tr -d '\\n'").await;
        assert_eq!(exit.said, None);
    }

    #[tokio::test]
    async fn the_environment_is_empty_and_stderr_bounded() {
        let (exit, _) = run("head -c 100000 /dev/zero | tr '\\0' x >&2; echo $HOME$USER >&2").await;
        assert_eq!(exit.stderr.len(), STDERR_TAIL_BYTES - 1);
    }

    #[tokio::test]
    async fn stops_when_asked() {
        let (spawner, stop) = (Spawner::start().unwrap(), Stop::new());
        let script = format!(r#"echo '{{"progress":{AT}}}'; exec sleep 1000"#);
        let exit = spawner.run(shell(&script), &stop, |_| stop.request(StopReason::Cancelled)).await.unwrap();
        assert_eq!(exit.status.signal(), Some(15));
    }
}
