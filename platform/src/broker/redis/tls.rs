//! TLS to Redis.

use std::{path::Path, sync::Arc};

use fred::types::config::{TlsConfig, TlsConnector};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::broker::BrokerError;

/// Trusts the certificates in this PEM file and nobody else; without one, whom the system trusts.
pub(super) fn config(authority: Option<&Path>) -> Result<TlsConfig, BrokerError> {
    let Some(path) = authority else {
        return TlsConnector::default_rustls().map(TlsConfig::from).map_err(|error| BrokerError::Authority {
            problem: format!("the system's certificates cannot be read: {error}"),
        });
    };
    let refused = |problem: &dyn std::fmt::Display| BrokerError::Authority {
        problem: format!("{} cannot be used: {problem}", path.display()),
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refused(&error))? {
        let certificate = certificate.map_err(|error| refused(&error))?;
        roots.add(certificate).map_err(|error| refused(&error))?;
    }
    if roots.is_empty() {
        return Err(refused(&"it holds no certificate"));
    }
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(client).into())
}
