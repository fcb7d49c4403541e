//! `dataviewer upload`: sends logs to a running service and follows their conversion.

pub(crate) mod follow;
pub(crate) mod send;

use std::path::PathBuf;

use clap::Args;
use miette::{Result, miette};
use serde_json::{Value, json};

use super::client::Client;
use super::say;

/// Send logs to a running service and follow their conversion
#[derive(Debug, Args)]
pub(crate) struct UploadArgs {
    /// The logs; each becomes a run of its own, and one that fails does not stop the others
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The service's address
    #[arg(long, default_value = "http://127.0.0.1:3001")]
    url: String,
    /// A DBC to decode with: a file, which is registered first, or the id of a registered one; may be repeated
    #[arg(long = "dbc", value_name = "FILE|ID")]
    dbcs: Vec<String>,
    /// The zone of the logger's clock, where the log has local times
    #[arg(long, value_name = "IANA")]
    time_zone: Option<String>,
    /// Where it was driven
    #[arg(long)]
    location: Option<String>,
    /// What kind of drive (Endurance, Skidpad …)
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Make another run even if the service has these bytes
    #[arg(long)]
    as_new_run: bool,
}

impl UploadArgs {
    /// Sends one file after the other.
    ///
    /// # Errors
    /// When the service cannot be reached, a DBC is refused, or a file failed (the others are sent all the same).
    pub(crate) async fn run(self) -> Result<()> {
        let client = Client::new(&self.url)?;
        let dbcs = self.register_dbcs(&client).await?;
        let mut failed = 0;
        for file in &self.files {
            let sent = send::log(&client, file, self.input(&dbcs)).await;
            let ended = match sent {
                Ok(sent) => follow::run(&client, &sent).await,
                Err(error) => Err(error),
            };
            match ended {
                Ok(line) => say(&format!("{}: {line}", file.display())),
                Err(error) => {
                    failed += 1;
                    say(&format!("{}: {error}", file.display()));
                }
            }
        }
        if failed == 0 { Ok(()) } else { Err(miette!("{failed} of {} files failed", self.files.len())) }
    }

    async fn register_dbcs(&self, client: &Client) -> Result<Vec<String>> {
        let mut ids = Vec::with_capacity(self.dbcs.len());
        for dbc in &self.dbcs {
            ids.push(match PathBuf::from(dbc) {
                path if path.is_file() => send::dbc(client, &path).await?,
                _ => dbc.clone(),
            });
        }
        Ok(ids)
    }

    fn input(&self, dbcs: &[String]) -> Value {
        let mut input = json!({ "asNewRun": self.as_new_run });
        if !dbcs.is_empty() {
            input["dbcs"] = dbcs.iter().map(|id| json!({ "dbc": id })).collect();
        }
        let texts = [("timeZone", &self.time_zone), ("location", &self.location), ("type", &self.kind)];
        for (name, text) in texts {
            if let Some(text) = text {
                input[name] = json!(text);
            }
        }
        input
    }
}
