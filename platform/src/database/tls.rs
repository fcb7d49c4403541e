//! Whether a server is the one that was meant: what its certificate says, and who signed it.

use std::error::Error;

use sea_orm::{DbErr, RuntimeErr};

use super::connect::ConnectError;
use crate::{authority, config::database::ServerUrl};

/// Whether the authority that the URL names can be read. The driver says less clearly why not, and nothing where
/// the file holds no certificate.
pub(super) fn check(url: &ServerUrl) -> Result<(), ConnectError> {
    let Some(path) = url.authority() else { return Ok(()) };
    let refused = |problem| ConnectError::Authority { place: url.to_string(), problem };
    authority::read(path).map(drop).map_err(refused)
}

/// Why the server's certificate was refused, if that is what the error says.
pub(super) fn refusal(error: &DbErr) -> Option<String> {
    let DbErr::Conn(RuntimeErr::SqlxError(error)) = error else { return None };
    let mut cause: Option<&(dyn Error + 'static)> = Some(error.as_ref());
    while let Some(error) = cause {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let told: Option<&rustls::Error> =
            inner.and_then(|inner| inner.downcast_ref()).or_else(|| error.downcast_ref());
        if let Some(refused) = told
            && matches!(refused, rustls::Error::InvalidCertificate(_))
        {
            return Some(refused.to_string());
        }
        cause = error.source();
    }
    None
}
