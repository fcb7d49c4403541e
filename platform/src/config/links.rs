//! Links that are good for some minutes, and for whoever has them.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `DATAVIEWER_SECRET` | what links are signed with, at least 16 characters, the same for all APIs; without it a key is made once and kept in the database | unset |
//! | `DATAVIEWER_LINK_SECONDS` | how long a link is good, at most 600 | 600 |

use std::time::Duration;

use secrecy::SecretString;

use super::{ConfigError, variables::Variables};

/// A shorter secret could be guessed.
const LEAST: usize = 16;
/// The longest life of a link in seconds: whoever finds one in a log or a chat finds it dead.
const LONGEST: u64 = 600;

/// Links that are good for some minutes.
#[derive(Clone, Debug)]
pub struct LinksConfig {
    /// What they are signed with; `None`: with the key in the database.
    pub secret: Option<SecretString>,
    /// How long each is good; whole seconds.
    pub life: Duration,
}

impl LinksConfig {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            secret: variables.read("DATAVIEWER_SECRET", secret)?,
            life: Duration::from_secs(variables.number("DATAVIEWER_LINK_SECONDS", LONGEST, (1, LONGEST))?),
        })
    }
}

fn secret(text: &str) -> Result<SecretString, String> {
    match text.chars().count() {
        LEAST.. => Ok(text.into()),
        short => Err(format!("it has {short} characters; at least {LEAST} are needed, chosen at random")),
    }
}
