//! The zone of logs whose upload, test day and vehicle name none.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `DATAVIEWER_TIME_ZONE` | an IANA name such as `Europe/Berlin` | `UTC` |

use jiff::tz::TimeZone;

use super::{ConfigError, variables::Variables};

/// The zone of logs whose upload, test day and vehicle name none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZoneConfig {
    /// Its IANA name, known to exist.
    pub name: String,
}

impl TimeZoneConfig {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        let name = variables.read("DATAVIEWER_TIME_ZONE", |text| match TimeZone::get(text) {
            Ok(zone) => Ok(zone.iana_name().unwrap_or(text).to_owned()),
            Err(_) => Err(format!("`{text}` is not an IANA time zone such as `Europe/Berlin`")),
        })?;
        Ok(Self { name: name.unwrap_or_else(|| "UTC".to_owned()) })
    }
}
