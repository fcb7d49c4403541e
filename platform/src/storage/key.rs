//! Every path that we store under, as a type.

use std::{fmt, str::FromStr};

use entity::id::{ConversionId, DbcId, RunId, UploadId};
use uuid::Uuid;

/// The name of one stored object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKey {
    /// A raw log: `uploads/<uuid>`.
    Upload(UploadId),
    /// A DBC file: `dbcs/<uuid>`.
    Dbc(DbcId),
    /// A file of a conversion: `runs/run=<uuid>/conversion=<uuid>/<file>`.
    Conversion {
        /// The run.
        run: RunId,
        /// The attempt.
        conversion: ConversionId,
        /// The file.
        file: FileName,
    },
}

/// The names of several objects have this in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyPrefix {
    /// All raw logs.
    Uploads,
    /// All DBC files.
    Dbcs,
    /// All files of all conversions.
    Runs,
    /// All files of one conversion: `runs/run=<uuid>/conversion=<uuid>`.
    Conversion {
        /// The run.
        run: RunId,
        /// The attempt.
        conversion: ConversionId,
    },
}

/// A flat, safe file name: letters, digits, `_`, `-`, `.`, `=`, `+`; no dot in front; at most 200 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

/// A text that is none of our object names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a stored object")]
pub struct InvalidKey(pub String);

impl FileName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileName {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.=+".contains(&byte);
        if !text.is_empty() && text.len() <= 200 && !text.starts_with('.') && text.bytes().all(safe) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidKey(text.to_owned()))
        }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upload(id) => write!(f, "uploads/{}", id.0),
            Self::Dbc(id) => write!(f, "dbcs/{}", id.0),
            Self::Conversion { run, conversion, file } => {
                write!(f, "{}/{file}", KeyPrefix::Conversion { run: *run, conversion: *conversion })
            }
        }
    }
}

impl fmt::Display for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uploads => f.write_str("uploads"),
            Self::Dbcs => f.write_str("dbcs"),
            Self::Runs => f.write_str("runs"),
            Self::Conversion { run, conversion } => {
                write!(f, "runs/run={}/conversion={}", run.0, conversion.0)
            }
        }
    }
}

impl FromStr for ObjectKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let mut parts = text.split('/');
        let key = match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("uploads"), Some(id), None, None, None) => uuid(id).map(|id| Self::Upload(UploadId(id))),
            (Some("dbcs"), Some(id), None, None, None) => uuid(id).map(|id| Self::Dbc(DbcId(id))),
            (Some("runs"), Some(run), Some(conversion), Some(file), None) => {
                conversion_key(run, conversion, file)
            }
            _ => None,
        };
        key.ok_or_else(|| InvalidKey(text.to_owned()))
    }
}

impl FromStr for KeyPrefix {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        match text {
            "uploads" => Ok(Self::Uploads),
            "dbcs" => Ok(Self::Dbcs),
            "runs" => Ok(Self::Runs),
            _ => match format!("{text}/x").parse()? {
                ObjectKey::Conversion { run, conversion, .. } => Ok(Self::Conversion { run, conversion }),
                _ => Err(InvalidKey(text.to_owned())),
            },
        }
    }
}

fn conversion_key(run: &str, conversion: &str, file: &str) -> Option<ObjectKey> {
    Some(ObjectKey::Conversion {
        run: RunId(uuid(run.strip_prefix("run=")?)?),
        conversion: ConversionId(uuid(conversion.strip_prefix("conversion=")?)?),
        file: file.parse().ok()?,
    })
}

/// Only the form that we write: another spelling is another object.
fn uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|id| id.to_string() == text)
}
