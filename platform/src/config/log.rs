//! What is logged.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `DATAVIEWER_LOG` | filter directives, e.g. `info,worker=debug` | `info` |
//! | `DATAVIEWER_LOG_FORMAT` | `text` or `json` | `text` |

use super::{ConfigError, variables::Variables};

/// What is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Directives as `tracing-subscriber`'s `EnvFilter` reads them; checked where the filter is built.
    pub filter: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl LogConfig {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        let format = variables.read("DATAVIEWER_LOG_FORMAT", |text| match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(format!("`{text}` is neither `text` nor `json`")),
        })?;
        Ok(Self {
            filter: variables.take("DATAVIEWER_LOG").unwrap_or_else(|| "info".to_owned()),
            format: format.unwrap_or(LogFormat::Text),
        })
    }
}
