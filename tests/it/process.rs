//! The binary in one of its roles, as a process of its own.

use std::path::Path;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::seed::{DEADLINE, binary};

/// A process on the folders of a test's runtime; killed when dropped.
pub(crate) struct Process {
    child: Child,
    /// What it has said on standard error.
    said: watch::Receiver<String>,
}

impl Process {
    /// `dataviewer role` on `folder`, with these variables and nothing else of an environment.
    pub(crate) fn start(folder: &Path, role: &str, variables: &[(&str, &str)]) -> Self {
        let data = folder.join("data");
        let mut command = Command::new(binary());
        command.arg(role).env_clear().current_dir(folder).kill_on_drop(true);
        command.envs([("UPLOAD_FOLDER", &data), ("DATA_FOLDER", &data)]).env("PORT", "0");
        command.envs(variables.iter().copied());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (tell, said) = watch::channel(String::new());
        // Whoever reads nothing blocks a talkative process.
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                tell.send_modify(|said| said.extend([&line, "\n"]));
            }
        });
        Self { child, said }
    }

    /// Waits until it says this; returns what follows on that line.
    pub(crate) async fn says(&self, words: &str) -> String {
        let mut said = self.said.clone();
        let heard = said.wait_for(|said| said.contains(words));
        let heard = timeout(DEADLINE, heard).await;
        let Ok(Ok(heard)) = heard else { panic!("never said `{words}`, but: {}", *self.said.borrow()) };
        let (_, rest) = heard.split_once(words).unwrap();
        rest.lines().next().unwrap_or_default().to_owned()
    }

    /// All that it has said.
    pub(crate) fn said(&self) -> String {
        self.said.borrow().clone()
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it has ended")
    }

    /// Where it serves.
    pub(crate) async fn address(&self) -> String {
        let rest = self.says("serving on http://").await;
        rest.split_whitespace().next().unwrap().to_owned()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id as i32)).expect("it has ended");
        kill_process(pid, signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        timeout(DEADLINE, self.child.wait()).await.expect("it lives on").unwrap()
    }
}
