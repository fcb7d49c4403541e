//! `dataviewer serve`: the API and a worker in one process.

use miette::Result;
use platform::config::Config;

use super::service::Service;

/// Serves and converts until SIGTERM or Ctrl-C, then lets what is under way finish.
pub(crate) async fn run(config: Config) -> Result<()> {
    let _traces = super::log::start(&config)?;
    let mut service = Service::open(config).await?;
    let address = service.start_api().await?;
    service.start_worker()?;
    tracing::info!(%address, "serving on http://{address}");
    service.finish().await
}
