//! The default DBC.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `DBC` | path of a .dbc registered at start-up as the default | none: register one |

use std::path::PathBuf;

use super::{ConfigError, variables::Variables};

/// The default DBC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DbcConfig {
    /// The file to register at start-up.
    pub path: Option<PathBuf>,
}

impl DbcConfig {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        Ok(Self { path: variables.take("DBC").map(PathBuf::from) })
    }
}
