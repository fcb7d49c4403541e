//! The folders.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `UPLOAD_FOLDER` | raw logs and DBCs | `data` |
//! | `DATA_FOLDER` | converted runs, and the database unless `DATABASE_URL` says otherwise | `data` |
//! | `DATAVIEWER_SCRATCH_FOLDER` | where conversions work; may be emptied when no worker runs | `scratch` in the data folder |
//! | `UPLOAD_BUCKET`, `DATA_BUCKET` | refused: this version stores in folders only | |

use std::path::PathBuf;

use super::{ConfigError, variables::Variables};

const NO_BUCKETS: &str =
    "this version stores in local folders only; unset it and use UPLOAD_FOLDER and DATA_FOLDER";

/// The folders. They are made, readable by their owner only, when they do not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageConfig {
    /// Holds `uploads/` and `dbcs/`.
    pub upload_folder: PathBuf,
    /// Holds `runs/`.
    pub data_folder: PathBuf,
    /// Where conversions work.
    pub scratch_folder: PathBuf,
}

impl StorageConfig {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        variables.refuse("UPLOAD_BUCKET", NO_BUCKETS)?;
        variables.refuse("DATA_BUCKET", NO_BUCKETS)?;
        let data_folder = folder(variables, "DATA_FOLDER").unwrap_or_else(|| PathBuf::from("data"));
        Ok(Self {
            upload_folder: folder(variables, "UPLOAD_FOLDER").unwrap_or_else(|| PathBuf::from("data")),
            scratch_folder: folder(variables, "DATAVIEWER_SCRATCH_FOLDER")
                .unwrap_or_else(|| data_folder.join("scratch")),
            data_folder,
        })
    }
}

fn folder(variables: &mut Variables, name: &str) -> Option<PathBuf> {
    variables.take(name).map(PathBuf::from)
}
