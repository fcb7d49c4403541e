//! The authorities that a PEM file names, for connections whose server is known by them.

use std::path::Path;

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// All certificates of the file; why there is none to trust, with the file's name.
pub(crate) fn read(path: &Path) -> Result<RootCertStore, String> {
    let refused = |problem: &dyn std::fmt::Display| format!("{} cannot be used: {problem}", path.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refused(&error))? {
        let certificate = certificate.map_err(|error| refused(&error))?;
        roots.add(certificate).map_err(|error| refused(&error))?;
    }
    if roots.is_empty() {
        return Err(refused(&"it holds no certificate"));
    }
    Ok(roots)
}
