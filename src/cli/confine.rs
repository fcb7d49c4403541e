//! What a conversion that runs as a worker's child does to itself before it looks at the log.
//!
//! The log is untrusted: whatever it makes the reader do ends with this process, and this process ends with
//! its worker.

use std::io;

use clap::Args;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, getppid, getrlimit, set_parent_process_death_signal, setrlimit,
};

/// Limits of the process. Hidden from the help: a person has no use for them.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Confinement {
    /// The worker's process id: the child ends when that process does.
    #[arg(long, hide = true, value_name = "PID")]
    parent: Option<i32>,
    /// Address space in bytes. It counts what is mapped, not what is used: well above the memory meant.
    #[arg(long, hide = true, value_name = "BYTES")]
    limit_address_space: Option<u64>,
    /// Processor time in seconds, over all threads.
    #[arg(long, hide = true, value_name = "SECONDS")]
    limit_cpu: Option<u64>,
    /// Size in bytes that no written file may exceed.
    #[arg(long, hide = true, value_name = "BYTES")]
    limit_file_size: Option<u64>,
}

impl Confinement {
    /// Applies the limits to this process, which cannot be undone, and lifts the one of open files: a log of
    /// many messages has two files of each open.
    ///
    /// # Errors
    ///
    /// When a limit cannot be set, or when the worker was gone before it could be watched.
    pub(crate) fn apply(&self) -> io::Result<()> {
        open_many_files()?;
        let Some(parent) = self.parent else { return Ok(()) };
        die_with(parent)?;
        limit(Resource::Core, Some(0))?;
        limit(Resource::As, self.limit_address_space)?;
        limit(Resource::Cpu, self.limit_cpu)?;
        limit(Resource::Fsize, self.limit_file_size)
    }
}

/// Allows as many open files as this user may have, within reason.
fn open_many_files() -> io::Result<()> {
    const MANY: u64 = 65_536;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = MANY.min(maximum.unwrap_or(MANY));
    if current.is_some_and(|current| current < most) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum })?;
    }
    Ok(())
}

/// Asks the kernel to kill this process when its parent ends.
fn die_with(parent: i32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // A parent that ended before the line above has sent nothing; then somebody else is our parent by now.
    if getppid().map(Pid::as_raw_nonzero).is_some_and(|actual| actual.get() == parent) {
        return Ok(());
    }
    Err(io::Error::other("the worker that started this conversion is gone"))
}

/// Sets a resource's limit for good. A lower one that is already in force stays.
fn limit(resource: Resource, value: Option<u64>) -> io::Result<()> {
    let Some(value) = value else { return Ok(()) };
    // At the hard limit of processor time the kernel sends SIGKILL; a second before, SIGXCPU, which says why.
    let grace = u64::from(resource == Resource::Cpu);
    let in_force = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let maximum = value.saturating_add(grace).min(in_force);
    setrlimit(resource, Rlimit { current: Some(value.min(maximum)), maximum: Some(maximum) })?;
    Ok(())
}
