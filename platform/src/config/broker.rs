//! How API and workers wake each other.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `REDIS_URL` | `redis://[[user]:password@]host[:port][/database]`; `rediss://` with TLS; `redis-cluster://host:port?node=host:port…`; `redis-sentinel://host:port?sentinelServiceName=name&node=host:port…` | none: within one process |
//! | `DATAVIEWER_REDIS_PREFIX` | what all keys and channels begin with, so that installations can share a server | `dataviewer` |
//! | `DATAVIEWER_REDIS_CA` | a PEM file with the certificates to trust instead of the system's | none |
//!
//! Redis 6.2 or newer, or Valkey. `valkey` stands for `redis` in every scheme, and TLS is an `s` after it: `rediss-cluster://`.

use std::{fmt, path::PathBuf};

use super::{ConfigError, variables::Variables};

/// How API and workers wake each other. One variant a kind of broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerConfig {
    /// Within this process.
    InProcess,
    /// Through Redis.
    Redis(RedisConfig),
}

/// The Redis between the processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisConfig {
    /// Where it is.
    pub location: RedisLocation,
    /// What all keys and channels begin with.
    pub prefix: String,
    /// A PEM file with the certificates to trust instead of the system's.
    pub authority: Option<PathBuf>,
}

/// Where Redis is. Shows neither user nor password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisLocation {
    /// Without the scheme's `s`: whether it is there is in `encrypted`.
    url: String,
    encrypted: bool,
}

impl BrokerConfig {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        let location = variables.read("REDIS_URL", |url| RedisLocation::parse(url).map_err(str::to_owned))?;
        let prefix = variables.read("DATAVIEWER_REDIS_PREFIX", prefix)?;
        let encrypted = location.as_ref().is_some_and(RedisLocation::is_encrypted);
        let authority = variables.read("DATAVIEWER_REDIS_CA", |path| match encrypted {
            true => Ok(PathBuf::from(path)),
            false => Err("is of no use without TLS: REDIS_URL is no `rediss://…`".to_owned()),
        })?;
        Ok(match location {
            None => Self::InProcess,
            Some(location) => Self::Redis(RedisConfig {
                location,
                prefix: prefix.unwrap_or_else(|| "dataviewer".to_owned()),
                authority,
            }),
        })
    }
}

impl RedisLocation {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, without a word of it: it may hold a password.
    pub fn parse(url: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = url.split_once("://").ok_or(EXPECTED)?;
        let (product, layout) = match scheme.split_once('-') {
            Some((product, layout)) => (product, Some(layout)),
            None => (scheme, None),
        };
        let encrypted = match product {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err(EXPECTED),
        };
        let url = match layout {
            None => format!("redis://{rest}"),
            Some(layout @ ("cluster" | "sentinel")) => format!("redis-{layout}://{rest}"),
            Some(_) => return Err(EXPECTED),
        };
        let location = Self { url, encrypted };
        if layout == Some("sentinel") && !rest.contains("sentinelServiceName=") {
            return Err(
                "a sentinel's URL needs `?sentinelServiceName=`, the name that it knows the servers by",
            );
        }
        location.client().map(|_| location)
    }

    /// Whether TLS is asked for.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// The same in the client's terms, without TLS.
    pub(crate) fn client(&self) -> Result<fred::types::config::Config, &'static str> {
        fred::types::config::Config::from_url(&self.url).map_err(|_| EXPECTED)
    }
}

const EXPECTED: &str = "expected `redis://[[user]:password@]host[:port][/database]`, or one that begins with \
    `rediss://`, `redis-cluster://` or `redis-sentinel://`; special characters in a password are escaped as %XX";

impl fmt::Debug for RedisLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLocation").field("encrypted", &self.encrypted).finish_non_exhaustive()
    }
}

fn prefix(text: &str) -> Result<String, String> {
    let usable = |letter: char| letter.is_ascii_alphanumeric() || "_-.:{}".contains(letter);
    match text.len() <= 64 && text.chars().all(usable) {
        true => Ok(text.to_owned()),
        false => Err("expected at most 64 letters, digits and any of `_ - . : { }`".to_owned()),
    }
}
