//! What the people who run the service can ask it.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `DATAVIEWER_METRICS` | who may read `/metrics` at the API's port: `local` (this host, not through a proxy), `on` (everybody) or `off` | `local` |
//! | `DATAVIEWER_METRICS_BIND` | a second address, such as `127.0.0.1:9100`, that answers `/livez`, `/readyz` and `/metrics` to everybody who reaches it; a worker has no other | none |

use std::net::SocketAddr;

use super::{ConfigError, variables::Variables};

/// What the people who run the service can ask it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationsConfig {
    /// Who may read the metrics at the API's port.
    pub metrics: MetricsAccess,
    /// Where liveness, readiness and metrics are answered besides.
    pub listen: Option<SocketAddr>,
}

/// Who may read the metrics at the API's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Clients on this host that no proxy speaks for.
    Local,
    /// Everybody.
    Everybody,
    /// Nobody.
    Nobody,
}

impl OperationsConfig {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        let metrics = variables.read("DATAVIEWER_METRICS", |text| match text {
            "local" => Ok(MetricsAccess::Local),
            "on" => Ok(MetricsAccess::Everybody),
            "off" => Ok(MetricsAccess::Nobody),
            _ => Err(format!("`{text}` is none of `local`, `on` and `off`")),
        })?;
        Ok(Self {
            metrics: metrics.unwrap_or(MetricsAccess::Local),
            listen: variables.parse("DATAVIEWER_METRICS_BIND")?,
        })
    }
}
