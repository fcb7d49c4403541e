//! `dataviewer worker`: a worker alone; the API is a process of its own, and may be on another machine.

use std::time::Duration;

use miette::{IntoDiagnostic, Result};
use platform::config::Config;
use platform::runtime::Runtime;
use tokio::time::sleep;

use super::service::Service;

/// Between two looks at a database that is not ready.
const PATIENCE: Duration = Duration::from_millis(500);

/// Converts until SIGTERM or Ctrl-C, then lets conversions finish for the drain time and gives back the rest.
pub(crate) async fn run(config: Config) -> Result<()> {
    let _traces = super::log::start(&config)?;
    let mut service = Service::open(config).await?;
    if wait_for_schema(&service.runtime).await? {
        service.start_worker()?;
    }
    service.finish().await
}

/// Waits until the database has the tables that this version needs: the API makes them. `false` when the
/// process is to stop before that.
async fn wait_for_schema(runtime: &Runtime) -> Result<bool> {
    let mut waits = false;
    loop {
        let steps = migration::status(runtime.database.read()).await.into_diagnostic()?;
        if steps.iter().all(|step| step.applied) {
            return Ok(true);
        }
        if !waits {
            tracing::info!("waiting for the API, or `dataviewer migrate`, to bring the database up to date");
            waits = true;
        }
        tokio::select! {
            () = runtime.shutdown.cancelled() => return Ok(false),
            () = sleep(PATIENCE) => {}
        }
    }
}
