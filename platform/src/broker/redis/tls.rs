//! TLS to Redis.

use std::{path::Path, sync::Arc};

use fred::types::config::{TlsConfig, TlsConnector};
use rustls::{ClientConfig, crypto::ring};

use crate::{authority, broker::BrokerError};

/// Trusts the certificates in this PEM file and nobody else; without one, whom the system trusts.
pub(super) fn config(named: Option<&Path>) -> Result<TlsConfig, BrokerError> {
    let Some(path) = named else {
        return TlsConnector::default_rustls().map(TlsConfig::from).map_err(|error| BrokerError::Authority {
            problem: format!("the system's certificates cannot be read: {error}"),
        });
    };
    let roots = authority::read(path).map_err(|problem| BrokerError::Authority { problem })?;
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| BrokerError::Authority { problem: error.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(client).into())
}
