//! What a person or a service manager stops a process with.

use std::io;
use std::process;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// SIGTERM and Ctrl-C, listened for from the start on.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From now on the process ends by a signal only as [`Signals::stop`] has it.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The first signal begins the shutdown; the second ends the process at once, and leases do the rest.
    pub(crate) async fn stop(mut self, shutdown: CancellationToken) {
        self.next().await;
        tracing::info!("stopping; a second signal ends at once");
        shutdown.cancel();
        self.next().await;
        process::exit(1);
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
