//! Where traces go, by OpenTelemetry's own variables. Without an endpoint none are made.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `OTEL_EXPORTER_OTLP_ENDPOINT` | a collector's address such as `http://127.0.0.1:4318`; traces go to its `/v1/traces` | none: no traces |
//! | `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` | the whole address for traces, if it is another | |
//! | `OTEL_EXPORTER_OTLP_HEADERS` | headers sent along, `name=value,name=value`, e.g. a key | none |
//! | `OTEL_EXPORTER_OTLP_PROTOCOL` | `http/protobuf`; this version speaks no other | `http/protobuf` |
//! | `OTEL_EXPORTER_OTLP_TIMEOUT` | milliseconds that one delivery may take | 10000 |
//! | `OTEL_SERVICE_NAME` | the service's name in traces | `dataviewer` |
//! | `OTEL_RESOURCE_ATTRIBUTES` | what else is known of this process, `name=value,name=value` | none |
//! | `OTEL_TRACES_SAMPLER_ARG` | the share of traces that are kept, 0 to 1; one that came with its caller's mark follows that | 1 |
//! | `OTEL_SDK_DISABLED` | `true`: no traces, whatever else is set | `false` |

use std::{fmt, time::Duration};

use super::{ConfigError, variables::Variables};

/// Where traces go.
#[derive(Clone, PartialEq)]
pub struct TracesConfig {
    /// The address for traces, with its path.
    pub endpoint: String,
    /// Headers sent along. May hold a key: never shown.
    pub headers: Vec<(String, String)>,
    /// What one delivery may take.
    pub timeout: Duration,
    /// The service's name.
    pub service: String,
    /// What else is known of this process.
    pub attributes: Vec<(String, String)>,
    /// The share of traces that are kept, 0 to 1.
    pub share: f64,
}

impl fmt::Debug for TracesConfig {
    /// An address may hold a password and a header a key: neither is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracesConfig")
            .field("service", &self.service)
            .field("share", &self.share)
            .finish_non_exhaustive()
    }
}

impl TracesConfig {
    /// `None` without an endpoint, or when switched off.
    pub(super) fn read(variables: &mut Variables) -> Result<Option<Self>, ConfigError> {
        let base = variables.read("OTEL_EXPORTER_OTLP_ENDPOINT", address)?;
        let whole = variables.read("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", address)?;
        variables.read("OTEL_EXPORTER_OTLP_PROTOCOL", |text| match text {
            "http/protobuf" => Ok(()),
            _ => Err(format!("`{text}` is not spoken; use `http/protobuf`")),
        })?;
        let milliseconds = variables.number("OTEL_EXPORTER_OTLP_TIMEOUT", 10_000, (1, 600_000))?;
        let share = variables.read("OTEL_TRACES_SAMPLER_ARG", |text| {
            let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
            share.ok_or_else(|| format!("`{text}` is not a share from 0 to 1"))
        })?;
        let service = variables.take("OTEL_SERVICE_NAME");
        let headers = variables.read("OTEL_EXPORTER_OTLP_HEADERS", pairs)?.unwrap_or_default();
        let attributes = variables.read("OTEL_RESOURCE_ATTRIBUTES", pairs)?.unwrap_or_default();
        let off = variables.switch("OTEL_SDK_DISABLED", false)?;
        let endpoint = whole.or_else(|| base.map(|base| format!("{}/v1/traces", base.trim_end_matches('/'))));
        Ok(endpoint.filter(|_| !off).map(|endpoint| Self {
            endpoint,
            headers,
            timeout: Duration::from_millis(milliseconds),
            service: service.unwrap_or_else(|| "dataviewer".to_owned()),
            attributes,
            share: share.unwrap_or(1.0),
        }))
    }
}

/// The complaint does not quote: an address may hold a password.
fn address(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with('/') && !host.contains(' ') => {
            Ok(text.to_owned())
        }
        _ => Err("not an address such as `http://127.0.0.1:4318`".to_owned()),
    }
}

/// `name=value,name=value`. The complaint does not quote: a value may be a key.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().to_owned())).filter(|(name, _)| !name.is_empty())
    });
    pairs.collect::<Option<_>>().ok_or_else(|| "expected `name=value,name=value`".to_owned())
}
