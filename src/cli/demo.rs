//! `dataviewer demo`: serve, with a sample DBC and a made-up drive that goes the way of any upload.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use canlog::synth::{Drive, LogShape};
use miette::{IntoDiagnostic, Result, WrapErr};
use platform::config::Config;
use serde_json::json;

use super::client::Client;
use super::service::Service;
use super::upload::{follow, send};
use super::{log, say};

/// Starts the service, sends it the drive as a client would, shows the conversion, and goes on serving.
///
/// # Errors
/// When the service cannot start, or the drive does not arrive.
pub(crate) async fn run(config: Config) -> Result<()> {
    let _traces = log::start(&config)?;
    let scratch = config.storage.scratch_folder.clone();
    let mut service = Service::open(config).await?;
    let address = format!("http://{}", service.start_api().await?);
    service.start_worker()?;
    let shown = show(&address, &scratch).await;
    if shown.is_err() {
        service.runtime.shutdown.cancel();
    }
    service.finish().await?;
    shown
}

async fn show(address: &str, scratch: &Path) -> Result<()> {
    let client = Client::new(address)?;
    let drive = Files::write(scratch).into_diagnostic().wrap_err("the drive cannot be made up")?;
    let dbc = send::dbc(&client, &drive.dbc).await?;
    let input = json!({
        "dbcs": [{ "dbc": dbc }], "name": "Demo drive", "number": 1, "type": "Misc Testing",
        "location": "Nowhere in particular", "description": "Made up by `dataviewer demo`.",
    });
    let sent = send::log(&client, &drive.log, input).await?;
    if sent.duplicate {
        say("The demo drive is there already.");
    }
    say(&follow::run(&client, &sent).await?);
    say("");
    say(&format!("GraphiQL    {address}/graphiql"));
    say(&format!("GraphQL     {address}/graphql (HTTP and WebSocket)"));
    say(&format!("schema      {address}/schema.graphql"));
    say(&format!("the run     {}", sent.run));
    say("Serving until Ctrl-C.");
    Ok(())
}

/// The drive's two files, gone when dropped.
struct Files {
    folder: PathBuf,
    dbc: PathBuf,
    log: PathBuf,
}

impl Files {
    fn write(scratch: &Path) -> std::io::Result<Self> {
        let folder = scratch.join("demo");
        fs::create_dir_all(&folder)?;
        let files = Self { dbc: folder.join("demo.dbc"), log: folder.join("demo-drive.log"), folder };
        let drive = Drive::demo();
        fs::write(&files.dbc, drive.dbc())?;
        let mut log = BufWriter::new(File::create(&files.log)?);
        drive.write_log(LogShape::Candump, &mut log)?;
        log.flush()?;
        Ok(files)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // The scratch folder is swept at the next start in any case.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
