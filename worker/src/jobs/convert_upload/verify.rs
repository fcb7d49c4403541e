//! Checks what a converter wrote against its own manifest before anything is stored: a file that was cut
//! short or swapped must never be published.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use canlog::manifest::{Manifest, MessageFile};
use canlog::report::Report;
use platform::storage::FileName;
use sha2::{Digest, Sha256};

use crate::outcome::{Outcome, Setback};

const MANIFEST: &str = "manifest.json";
const REPORT: &str = "report.json";

/// A conversion's output, found whole.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) manifest: Manifest,
    pub(crate) report: Report,
    /// All files but the manifest.
    pub(crate) files: Vec<FileName>,
    /// The manifest, which is stored last.
    pub(crate) manifest_name: FileName,
    /// Their size.
    pub(crate) bytes: u64,
}

/// Why an output cannot be published.
#[derive(Debug, thiserror::Error)]
enum Damage {
    /// It cannot be read.
    #[error("{name}: {source}")]
    Unreadable { name: String, source: io::Error },
    /// It is not what the manifest says.
    #[error("{name}: {what}")]
    Differs { name: String, what: String },
}

/// Checks the folder, off the runtime's threads.
pub(crate) async fn verify(folder: PathBuf) -> Outcome<Output> {
    let verified = tokio::task::spawn_blocking(move || verify_folder(&folder)).await;
    verified.map_err(io::Error::other)?.map_err(|damage| match damage {
        Damage::Unreadable { source, .. } => source.into(),
        differs @ Damage::Differs { .. } => Setback::Crashed(differs.to_string()),
    })
}

fn verify_folder(folder: &Path) -> Result<Output, Damage> {
    let manifest: Manifest = parse(folder, MANIFEST)?;
    let report: Report = parse(folder, REPORT)?;
    let mut expected = BTreeSet::from([MANIFEST.to_owned(), REPORT.to_owned()]);
    for message in &manifest.messages {
        check_message(folder, message)?;
        expected.extend([message.file.clone(), message.overview.file.clone()]);
    }
    let (found, bytes) = listing(folder)?;
    if let Some(odd) = found.symmetric_difference(&expected).next() {
        return Err(differs(odd, "named in the manifest or found in the folder, but not both"));
    }
    let safe = |name: &str| name.parse::<FileName>().map_err(|error| differs(name, &error.to_string()));
    let files =
        found.iter().filter(|name| *name != MANIFEST).map(|name| safe(name)).collect::<Result<_, _>>()?;
    Ok(Output { manifest, report, files, manifest_name: safe(MANIFEST)?, bytes })
}

fn parse<T: serde::de::DeserializeOwned>(folder: &Path, name: &str) -> Result<T, Damage> {
    let text = fs::read(folder.join(name)).map_err(|source| unreadable(name, source))?;
    serde_json::from_slice(&text).map_err(|error| differs(name, &error.to_string()))
}

fn check_message(folder: &Path, message: &MessageFile) -> Result<(), Damage> {
    check_bytes(folder, &message.file, message.bytes, &message.sha256)?;
    let rows = rows(folder, &message.file)?;
    if rows != message.rows {
        return Err(differs(&message.file, &format!("{rows} rows, not {}", message.rows)));
    }
    let overview = &message.overview;
    check_bytes(folder, &overview.file, overview.bytes, &overview.sha256)?;
    self::rows(folder, &overview.file).map(|_| ())
}

/// Rows by the Parquet footer, which is read and checked for this.
fn rows(folder: &Path, name: &str) -> Result<u64, Damage> {
    let file = File::open(folder.join(name)).map_err(|source| unreadable(name, source))?;
    canlog::series::row_count(file).map_err(|error| differs(name, &error.to_string()))
}

fn check_bytes(folder: &Path, name: &str, bytes: u64, sha256: &str) -> Result<(), Damage> {
    if name.contains('/') {
        return Err(differs(name, "not a plain file name"));
    }
    let mut file = File::open(folder.join(name)).map_err(|source| unreadable(name, source))?;
    let (read, digest) = hash(&mut file, || true).map_err(|source| unreadable(name, source))?;
    if (read, digest.as_str()) == (bytes, sha256) {
        return Ok(());
    }
    Err(differs(name, &format!("{read} bytes with SHA-256 {digest}, not {bytes} with {sha256}")))
}

/// Size and SHA-256 (hex) of what is read, to the end or until `go_on` says no.
pub(crate) fn hash(from: &mut impl Read, go_on: impl Fn() -> bool) -> io::Result<(u64, String)> {
    let (mut size, mut hasher, mut chunk) = (0, Sha256::new(), vec![0; 1 << 20]);
    while go_on() {
        match from.read(&mut chunk)? {
            0 => break,
            read => {
                size += read as u64;
                hasher.update(&chunk[..read]);
            }
        }
    }
    Ok((size, hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

fn listing(folder: &Path) -> Result<(BTreeSet<String>, u64), Damage> {
    let list = || -> io::Result<(BTreeSet<String>, u64)> {
        let (mut names, mut bytes) = (BTreeSet::new(), 0);
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            names.insert(entry.file_name().to_string_lossy().into_owned());
            bytes += entry.metadata()?.len();
        }
        Ok((names, bytes))
    };
    list().map_err(|source| unreadable("the output folder", source))
}

fn unreadable(name: &str, source: io::Error) -> Damage {
    Damage::Unreadable { name: name.to_owned(), source }
}

fn differs(name: &str, what: &str) -> Damage {
    Damage::Differs { name: name.to_owned(), what: what.to_owned() }
}
