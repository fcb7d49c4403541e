//! `dataviewer serve`: the API and a worker in one process, on SQLite and local folders.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process;

use miette::{IntoDiagnostic, Result, WrapErr, miette};
use platform::config::Config;
use platform::runtime::Runtime;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Serves until SIGTERM or Ctrl-C, then lets what is under way finish.
pub(crate) async fn run(config: Config) -> Result<()> {
    super::log::start(&config.log)?;
    let service = Service::start(config).await?;
    tracing::info!(address = %service.address, "serving on http://{}", service.address);
    service.finish().await
}

/// API and worker, running.
pub(crate) struct Service {
    /// Where the API listens.
    pub(crate) address: SocketAddr,
    /// What both work with.
    pub(crate) runtime: Runtime,
    api: JoinHandle<()>,
    worker: JoinHandle<std::io::Result<()>>,
}

impl Service {
    /// Brings the database up to date, then starts both.
    ///
    /// # Errors
    /// When the database, a folder or the port cannot be used.
    pub(crate) async fn start(config: Config) -> Result<Self> {
        let signals = Signals::listen().into_diagnostic()?;
        let runtime = Runtime::start(config).await.into_diagnostic()?;
        migration::up(runtime.database.write()).await.into_diagnostic()?;
        if let Some(path) = &runtime.config.dbc.path {
            let registered = api::register_default_dbc(&runtime, path).await;
            registered.map_err(|refusal| miette!("DBC: {}: {}", path.display(), refusal.message))?;
        }
        let listen = runtime.config.http.listen;
        let listener = TcpListener::bind(listen)
            .await
            .into_diagnostic()
            .wrap_err_with(|| format!("listening on {listen}"))?;
        let address = listener.local_addr().into_diagnostic()?;
        tokio::spawn(signals.stop(runtime.shutdown.clone()));
        let api = tokio::spawn(api::serve(runtime.clone(), listener));
        let worker = tokio::spawn(worker::run(runtime.clone(), own_binary()?));
        Ok(Self { address, runtime, api, worker })
    }

    /// Waits until somebody stops the process, and for what is under way then.
    ///
    /// # Errors
    /// When the worker could not start.
    pub(crate) async fn finish(self) -> Result<()> {
        let worked = self.worker.await;
        // A worker that could not start takes the API with it: uploads would wait for nobody.
        self.runtime.shutdown.cancel();
        self.api.await.into_diagnostic()?;
        self.runtime.database.close().await;
        worked.into_diagnostic()?.into_diagnostic().wrap_err("the worker cannot use its scratch folder")
    }
}

/// This very program, also after its file was replaced by a newer one.
fn own_binary() -> Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Ok(running) } else { std::env::current_exe().into_diagnostic() }
}

/// What a person or a service manager stops us with.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The first signal begins the shutdown; the second ends the process at once, and leases do the rest.
    async fn stop(mut self, shutdown: CancellationToken) {
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
