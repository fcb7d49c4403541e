//! `dataviewer worker`: a worker alone; the API is a process of its own, and may be on another machine.

use std::time::Duration;

use miette::{IntoDiagnostic, Result};
use platform::broker::Broker;
use platform::config::Config;
use platform::identity::{self, IdentityError};
use platform::runtime::Runtime;
use tokio::time::{Instant, sleep};

use super::service::Service;

/// Between two looks at a database that is not ready.
const AGAIN: Duration = Duration::from_millis(500);
/// How long an API may take to announce its new database where an earlier one is still remembered.
const GRACE: Duration = Duration::from_secs(5);

/// Converts until SIGTERM or Ctrl-C, then lets conversions finish for the drain time and gives back the rest.
pub(crate) async fn run(config: Config) -> Result<()> {
    let _traces = super::log::start(&config)?;
    let mut service = Service::open(config).await?;
    let shutdown = service.runtime.shutdown.clone();
    if let Broker::InProcess(_) = service.runtime.broker {
        tracing::warn!(
            "without REDIS_URL nobody rings: jobs and progress are seen by looking at the database"
        );
    }
    let ready = tokio::select! {
        ready = wait_for_api(&service.runtime) => ready?,
        () = shutdown.cancelled() => false,
    };
    if ready {
        service.start_worker()?;
    }
    service.finish().await
}

/// Waits until an API has made this version's tables, and it is the API that this worker is for.
async fn wait_for_api(runtime: &Runtime) -> Result<bool> {
    let mut waits = false;
    let deadline = Instant::now() + GRACE;
    loop {
        let looked = match look(runtime).await {
            // What the API is making at this moment may look like somebody else's.
            Err(_) if Instant::now() < deadline => Ok(Err(IdentityError::Unknown)),
            looked => looked,
        };
        match looked? {
            Ok(()) => return Ok(true),
            Err(IdentityError::Unknown) if !waits => {
                tracing::info!("waiting for the API to bring the database up to date");
                waits = true;
            }
            Err(IdentityError::Unknown) => {}
            Err(refusal) if Instant::now() > deadline => return Err(refusal).into_diagnostic(),
            Err(_) => {}
        }
        sleep(AGAIN).await;
    }
}

/// What this worker's database says now. One without our tables is no API's while another is announced.
async fn look(runtime: &Runtime) -> Result<Result<(), IdentityError>> {
    let steps = migration::status(runtime.database.read()).await.into_diagnostic()?;
    if steps.iter().all(|step| step.applied) {
        return Ok(identity::check(runtime).await);
    }
    Ok(Err(match runtime.broker.instance().await {
        Some(_) => IdentityError::OtherDatabase,
        None => IdentityError::Unknown,
    }))
}
