//! `--dbc FILE[@BUS]`: a DBC and the bus it is for.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use canlog::dbc::{self, BoundDbc};
use canlog::failure::Failure;

/// A DBC file and the bus it is for; without one, for every bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DbcArg {
    file: PathBuf,
    bus: Option<String>,
}

/// Why a DBC cannot be used.
pub(crate) enum LoadError {
    /// The file cannot be read.
    Unreadable(String),
    /// It can, and is no DBC.
    Invalid(Failure),
}

impl FromStr for DbcArg {
    type Err = Infallible;

    /// The bus begins behind the first `@` that has the name of a file before it: both may contain an `@`.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let whole = Self { file: text.into(), bus: None };
        if whole.file.is_file() {
            return Ok(whole);
        }
        let split = text.match_indices('@').map(|(at, _)| (&text[..at], &text[at + 1..]));
        let bound =
            split.clone().find(|(file, _)| Path::new(file).is_file()).or_else(|| split.clone().next_back());
        Ok(bound.map_or(whole, |(file, bus)| Self { file: file.into(), bus: Some(bus.to_owned()) }))
    }
}

impl DbcArg {
    /// Reads and parses the file.
    pub(crate) fn load(&self) -> Result<BoundDbc, LoadError> {
        let bytes = fs::read(&self.file)
            .map_err(|error| LoadError::Unreadable(format!("{}: {error}", self.file.display())))?;
        let dbc = dbc::parse(&bytes).map_err(|error| LoadError::Invalid(error.into()))?;
        Ok(BoundDbc { dbc: Arc::new(dbc), bus: self.bus.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(folder: &Path, text: &str) -> (PathBuf, Option<String>) {
        let arg: DbcArg = format!("{}/{text}", folder.display()).parse().unwrap();
        (arg.file.strip_prefix(folder).unwrap().to_owned(), arg.bus)
    }

    #[test]
    fn the_bus_begins_behind_the_file() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["car.dbc", "a@b.dbc"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let cases = [
            ("car.dbc", "car.dbc", None),
            ("car.dbc@can0", "car.dbc", Some("can0")),
            ("car.dbc@can@0", "car.dbc", Some("can@0")),
            ("a@b.dbc", "a@b.dbc", None),
            ("a@b.dbc@1", "a@b.dbc", Some("1")),
            ("missing.dbc@1", "missing.dbc", Some("1")),
        ];
        for (text, file, bus) in cases {
            assert_eq!(bound(folder.path(), text), (file.into(), bus.map(str::to_owned)), "{text}");
        }
    }
}
