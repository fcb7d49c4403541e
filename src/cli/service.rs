//! The long-running parts of a process and how they end: together.

use std::net::SocketAddr;
use std::path::PathBuf;

use miette::{IntoDiagnostic, Result, WrapErr, miette};
use platform::config::Config;
use platform::identity;
use platform::runtime::Runtime;
use tokio::net::TcpListener;
use tokio::task::{JoinError, JoinSet};

use super::signals::Signals;

/// The parts of this process, running.
pub(crate) struct Service {
    /// What they work with.
    pub(crate) runtime: Runtime,
    parts: JoinSet<Result<()>>,
}

impl Service {
    /// Opens what the configuration names, and listens for the signals that end the process.
    ///
    /// # Errors
    /// When something of it cannot be used.
    pub(crate) async fn open(config: Config) -> Result<Self> {
        let signals = Signals::listen().into_diagnostic()?;
        let runtime = Runtime::start(config).await.into_diagnostic()?;
        tokio::spawn(signals.stop(runtime.shutdown.clone()));
        let mut service = Self { runtime, parts: JoinSet::new() };
        service.start_operations().await?;
        Ok(service)
    }

    /// Starts the API, on a database that it brings up to date; returns where it listens.
    ///
    /// # Errors
    /// When the database, the folders, the default DBC or the port cannot be used.
    pub(crate) async fn start_api(&mut self) -> Result<SocketAddr> {
        let runtime = &self.runtime;
        migration::up(runtime.database.write()).await.into_diagnostic()?;
        identity::establish(runtime).await.into_diagnostic()?;
        if let Some(path) = &runtime.config.dbc.path {
            let registered = api::register_default_dbc(runtime, path).await;
            registered.map_err(|refusal| miette!("DBC: {}: {}", path.display(), refusal.message))?;
        }
        let listen = runtime.config.http.listen;
        let bound = TcpListener::bind(listen).await.into_diagnostic();
        let listener = bound.wrap_err_with(|| format!("listening on {listen}"))?;
        let address = listener.local_addr().into_diagnostic()?;
        if !address.ip().is_loopback() {
            tracing::warn!(
                "DATAVIEWER_AUTH=none: whoever reaches {address} may read, change and delete everything"
            );
        }
        let serving = api::serve(runtime.clone(), listener);
        self.parts.spawn(async move {
            serving.await;
            Ok(())
        });
        Ok(address)
    }

    /// Answers those who run the service at an address of its own, if one is configured. Folds what is timed.
    ///
    /// # Errors
    /// When the port cannot be used.
    async fn start_operations(&mut self) -> Result<()> {
        tokio::spawn(self.runtime.metrics.clone().upkeep());
        tokio::spawn(self.runtime.database.clone().tend(self.runtime.shutdown.clone()));
        let Some(listen) = self.runtime.config.operations.listen else { return Ok(()) };
        let bound = TcpListener::bind(listen).await.into_diagnostic();
        let listener = bound.wrap_err_with(|| format!("DATAVIEWER_METRICS_BIND: listening on {listen}"))?;
        let address = listener.local_addr().into_diagnostic()?;
        tracing::info!(%address, "metrics on http://{address}/metrics");
        let serving = api::serve_operations(self.runtime.clone(), listener);
        self.parts.spawn(async move {
            serving.await;
            Ok(())
        });
        Ok(())
    }

    /// Starts a worker, on a database that is up to date.
    ///
    /// # Errors
    /// When this program cannot be found, which every conversion is run with.
    pub(crate) fn start_worker(&mut self) -> Result<()> {
        let working = worker::run(self.runtime.clone(), own_binary()?);
        self.parts.spawn(async move { working.await.into_diagnostic().wrap_err("the worker cannot go on") });
        Ok(())
    }

    /// Waits until somebody stops the process, and for what is under way then. A part that ends before that
    /// takes the others with it: uploads would wait for nobody, or a worker would outlive its reason.
    ///
    /// # Errors
    /// How the first part ended that did not end as told.
    pub(crate) async fn finish(mut self) -> Result<()> {
        let mut outcome = Ok(());
        while let Some(ended) = self.parts.join_next().await {
            let told = self.runtime.shutdown.is_cancelled();
            self.runtime.shutdown.cancel();
            outcome = outcome.and(judge(ended, told));
        }
        self.runtime.broker.close().await;
        self.runtime.database.close().await;
        outcome
    }
}

/// What the end of a part means, which may have been told to.
fn judge(ended: Result<Result<()>, JoinError>, told: bool) -> Result<()> {
    match ended {
        Ok(Ok(())) if !told => Err(miette!("a part of the service ended by itself")),
        Ok(outcome) => outcome,
        // The panic's own text is on standard error already.
        Err(_) => Err(miette!("a part of the service died; this is a defect, please report it")),
    }
}

/// This very program, also after its file was replaced by a newer one.
fn own_binary() -> Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Ok(running) } else { std::env::current_exe().into_diagnostic() }
}

#[cfg(test)]
mod tests {
    use platform::testing::TestRuntime;

    use super::*;

    async fn service() -> (TestRuntime, Service) {
        let runtime = TestRuntime::start().await.unwrap();
        let service = Service { runtime: (*runtime).clone(), parts: JoinSet::new() };
        (runtime, service)
    }

    #[tokio::test]
    async fn parts_that_end_when_told_end_well() {
        let (_folder, mut service) = service().await;
        let shutdown = service.runtime.shutdown.clone();
        for _ in 0..2 {
            let told = shutdown.clone();
            service.parts.spawn(async move {
                told.cancelled().await;
                Ok(())
            });
        }
        shutdown.cancel();
        service.finish().await.unwrap();
    }

    #[tokio::test]
    async fn a_part_that_ends_by_itself_or_dies_takes_the_others_with_it() {
        for dies in [false, true] {
            let (_folder, mut service) = service().await;
            let shutdown = service.runtime.shutdown.clone();
            service.parts.spawn(async move {
                shutdown.cancelled().await;
                Ok(())
            });
            service.parts.spawn(async move {
                assert!(!dies, "a defect");
                Ok(())
            });
            let told = service.finish().await.unwrap_err().to_string();
            assert_eq!(told.contains("died"), dies, "{told}");
        }
    }
}
