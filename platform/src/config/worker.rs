//! How conversions are run.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `DATAVIEWER_WORKERS` | conversions at once | half the processors, at least 1 |
//! | `DATAVIEWER_LEASE_SECONDS` | how long a silent worker keeps a job | 30 |
//! | `DATAVIEWER_HEARTBEAT_SECONDS` | how often a worker says that it lives; below a third of the lease | 5 |
//! | `DATAVIEWER_POLL_SECONDS` | how often a worker looks for jobs that nobody rang for | 5 |
//! | `DATAVIEWER_SWEEP_SECONDS` | how often lost jobs are looked for | 5 |
//! | `DATAVIEWER_DRAIN_SECONDS` | how long a stopping worker lets its conversions finish | 25 |
//! | `DATAVIEWER_COLLECT_SECONDS` | how often garbage is collected | 600 |
//! | `DATAVIEWER_COLLECT_GRACE_SECONDS` | how long readers and writers of what was replaced are left alone; also 0 | 3600 |
//! | `DATAVIEWER_CHILD_THREADS` | threads of one conversion | 2 |
//! | `DATAVIEWER_CHILD_MEMORY_BYTES` | address space of one conversion | 4GiB |
//! | `DATAVIEWER_CHILD_CPU_SECONDS` | processor time of one conversion | 7200 |
//! | `DATAVIEWER_CHILD_FILE_BYTES` | largest file of one conversion | 64GiB |
//! | `DATAVIEWER_CHILD_TIMEOUT_SECONDS` | how long one conversion may take | 7200 |
//!
//! Seconds may have a fraction.

use std::{num::NonZeroUsize, thread, time::Duration};

use super::{ConfigError, variables::Variables};

/// How conversions are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerConfig {
    /// Conversions at once.
    pub workers: usize,
    /// How long a silent worker keeps a job.
    pub lease: Duration,
    /// How often a worker says that it lives.
    pub heartbeat: Duration,
    /// How often a worker looks for jobs that nobody rang for.
    pub poll: Duration,
    /// How often lost jobs are looked for.
    pub sweep: Duration,
    /// How long a stopping worker lets its conversions finish.
    pub drain: Duration,
    /// How often garbage is collected.
    pub collect: Duration,
    /// How long readers and writers of what was replaced are left alone.
    pub collect_grace: Duration,
    /// What one conversion may use.
    pub child: ChildLimits,
}

/// What one conversion may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildLimits {
    /// Threads.
    pub threads: usize,
    /// Address space (`RLIMIT_AS`), in bytes.
    pub memory_bytes: u64,
    /// Processor time (`RLIMIT_CPU`).
    pub cpu: Duration,
    /// Largest file (`RLIMIT_FSIZE`), in bytes.
    pub file_bytes: u64,
    /// Time by the clock.
    pub timeout: Duration,
}

impl WorkerConfig {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let config = Self {
            workers: variables.count("DATAVIEWER_WORKERS", (processors / 2).max(1))?,
            lease: variables.seconds("DATAVIEWER_LEASE_SECONDS", 30)?,
            heartbeat: variables.seconds("DATAVIEWER_HEARTBEAT_SECONDS", 5)?,
            poll: variables.seconds("DATAVIEWER_POLL_SECONDS", 5)?,
            sweep: variables.seconds("DATAVIEWER_SWEEP_SECONDS", 5)?,
            drain: variables.seconds("DATAVIEWER_DRAIN_SECONDS", 25)?,
            collect: variables.seconds("DATAVIEWER_COLLECT_SECONDS", 600)?,
            collect_grace: variables.seconds_or_none("DATAVIEWER_COLLECT_GRACE_SECONDS", 3600)?,
            child: ChildLimits {
                threads: variables.count("DATAVIEWER_CHILD_THREADS", 2)?,
                memory_bytes: variables.bytes("DATAVIEWER_CHILD_MEMORY_BYTES", 4 << 30)?,
                cpu: variables.seconds("DATAVIEWER_CHILD_CPU_SECONDS", 7200)?,
                file_bytes: variables.bytes("DATAVIEWER_CHILD_FILE_BYTES", 64 << 30)?,
                timeout: variables.seconds("DATAVIEWER_CHILD_TIMEOUT_SECONDS", 7200)?,
            },
        };
        config.checked()
    }

    /// Two missed heartbeats must not cost a lease.
    fn checked(self) -> Result<Self, ConfigError> {
        if self.heartbeat * 3 > self.lease {
            return Err(ConfigError {
                variable: "DATAVIEWER_HEARTBEAT_SECONDS".to_owned(),
                problem: "must not be more than a third of DATAVIEWER_LEASE_SECONDS".to_owned(),
            });
        }
        Ok(self)
    }
}
