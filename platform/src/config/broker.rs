//! How API and workers wake each other.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `REDIS_URL` | refused: this version has the in-process broker only | |

use super::{ConfigError, variables::Variables};

/// How API and workers wake each other. One variant a kind of broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerConfig {
    /// Within this process.
    InProcess,
}

impl BrokerConfig {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        variables
            .refuse("REDIS_URL", "this version has no Redis broker yet; unset it to run in one process")?;
        Ok(Self::InProcess)
    }
}
