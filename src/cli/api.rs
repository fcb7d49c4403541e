//! `dataviewer api`: the API alone; workers are processes of their own.

use miette::Result;
use platform::config::Config;

use super::service::Service;

/// Serves until SIGTERM or Ctrl-C, then finishes the requests and uploads under way; sockets are told to come
/// again.
pub(crate) async fn run(config: Config) -> Result<()> {
    let _traces = super::log::start(&config)?;
    let mut service = Service::open(config).await?;
    let address = service.start_api().await?;
    tracing::info!(%address, "serving on http://{address}");
    service.finish().await
}
