//! The folders and buckets.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `UPLOAD_FOLDER` | raw logs and DBCs | `data` |
//! | `DATA_FOLDER` | converted runs, and the database unless `DATABASE_URL` says otherwise | `data` |
//! | `DATAVIEWER_SCRATCH_FOLDER` | where conversions work; may be emptied when no worker runs | `scratch` in the data folder |
//! | `UPLOAD_BUCKET` | raw logs and DBCs lie in this bucket: `name` or `s3://name/prefix` | in the folder |
//! | `DATA_BUCKET` | converted runs lie in this bucket: `name` or `s3://name/prefix` | in the folder |
//! | `DATAVIEWER_CACHE_BYTES` | what copies of buckets' objects may take in the folders' `cache` | 10GiB |
//! | `DATAVIEWER_COLUMN_CACHE_BYTES` | what decoded columns may take in memory | 256MiB |
//! | `DATAVIEWER_STORAGE_TIMEOUT_SECONDS` | one operation of the storage, its retries included | 300 |
//!
//! How a bucket is reached: [`aws`].

pub mod aws;
mod profile;

use std::{path::PathBuf, time::Duration};

use self::aws::S3Config;
use super::{ConfigError, variables::Variables};

/// The folders and buckets. Folders are made, readable by their owner only, when they do not exist.
#[derive(Clone, Debug)]
pub struct StorageConfig {
    /// Holds `uploads/` and `dbcs/`, or copies of them.
    pub upload_folder: PathBuf,
    /// Holds `runs/`, or copies of them.
    pub data_folder: PathBuf,
    /// Where conversions work.
    pub scratch_folder: PathBuf,
    /// Holds `uploads/` and `dbcs/`.
    pub upload_bucket: Option<BucketConfig>,
    /// Holds `runs/`.
    pub data_bucket: Option<BucketConfig>,
    /// Most bytes that copies of buckets' objects take here.
    pub cache_bytes: u64,
    /// Most bytes of memory that decoded columns take.
    pub column_cache_bytes: usize,
    /// How long one operation may take, its retries included.
    pub timeout: Duration,
    /// A fault for tests.
    #[cfg(feature = "testing")]
    pub fault: Option<crate::testing::Fault>,
}

/// A bucket, or a part of one.
#[derive(Clone, Debug)]
pub struct BucketConfig {
    /// Its name.
    pub name: String,
    /// What stands before every key; empty, or without slashes at its ends.
    pub prefix: String,
    /// How it is reached.
    pub s3: S3Config,
}

impl StorageConfig {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        let data_folder = folder(variables, "DATA_FOLDER").unwrap_or_else(|| PathBuf::from("data"));
        let upload_bucket = variables.read("UPLOAD_BUCKET", bucket)?;
        let data_bucket = variables.read("DATA_BUCKET", bucket)?;
        // Without a bucket nothing of AWS is looked at: a broken profile must not stop a start on folders.
        let s3 = match upload_bucket.is_some() || data_bucket.is_some() {
            true => Some(S3Config::read(variables)?),
            false => None,
        };
        let reached = |bucket: Option<(String, String)>| {
            let (name, prefix) = bucket?;
            Some(BucketConfig { name, prefix, s3: s3.clone()? })
        };
        Ok(Self {
            upload_folder: folder(variables, "UPLOAD_FOLDER").unwrap_or_else(|| PathBuf::from("data")),
            scratch_folder: folder(variables, "DATAVIEWER_SCRATCH_FOLDER")
                .unwrap_or_else(|| data_folder.join("scratch")),
            data_folder,
            upload_bucket: reached(upload_bucket),
            data_bucket: reached(data_bucket),
            cache_bytes: variables.bytes("DATAVIEWER_CACHE_BYTES", 10 << 30)?,
            column_cache_bytes: in_memory(variables, "DATAVIEWER_COLUMN_CACHE_BYTES", 256 << 20)?,
            timeout: variables.seconds("DATAVIEWER_STORAGE_TIMEOUT_SECONDS", 300)?,
            #[cfg(feature = "testing")]
            fault: variables.parse("DATAVIEWER_FAULT_STORE")?,
        })
    }
}

/// A size of something that is held in memory.
fn in_memory(variables: &mut Variables, name: &str, default: u64) -> Result<usize, ConfigError> {
    Ok(usize::try_from(variables.bytes(name, default)?).unwrap_or(usize::MAX))
}

fn folder(variables: &mut Variables, name: &str) -> Option<PathBuf> {
    variables.take(name).map(PathBuf::from)
}

/// Name and prefix.
fn bucket(text: &str) -> Result<(String, String), String> {
    let (name, prefix) = match text.strip_prefix("s3://") {
        Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
        None => (text, ""),
    };
    let safe = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    let prefix = prefix.trim_end_matches('/');
    let is_name = (3..=63).contains(&name.len()) && name.bytes().all(safe);
    let is_prefix = prefix.is_empty() || prefix.split('/').all(is_prefix_part);
    match is_name && is_prefix {
        true => Ok((name.to_owned(), prefix.to_owned())),
        false => Err(format!("`{text}` is not a bucket such as `logs` or `s3://logs/team`")),
    }
}

fn is_prefix_part(part: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._-=".contains(&byte);
    !part.is_empty() && !part.starts_with('.') && part.bytes().all(safe)
}
