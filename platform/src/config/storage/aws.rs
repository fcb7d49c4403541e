//! How buckets are reached: the variables and files that AWS's own tools read, for any S3-compatible service.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL` | the service, `http://` only when it says so | the profile's `endpoint_url`, else AWS |
//! | `AWS_REGION`, else `AWS_DEFAULT_REGION` | the region | the profile's `region`, else `us-east-1` |
//! | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | the keys | the profile's |
//! | `AWS_PROFILE` | the profile | `default` |
//! | `AWS_SHARED_CREDENTIALS_FILE`, `AWS_CONFIG_FILE` | the profiles' files | `credentials`, `config` in `~/.aws` |
//!
//! Without keys anywhere, what the machine hands out is used: a web identity (`AWS_WEB_IDENTITY_TOKEN_FILE`), a
//! container's credentials (`AWS_CONTAINER_CREDENTIALS_*`), the instance's role. Profiles that run programs or
//! sign in (`credential_process`, `sso_…`, `role_arn`) are refused.

use secrecy::SecretString;

use super::profile::Profile;
use crate::config::{ConfigError, variables::Variables};

/// How buckets are reached.
#[derive(Clone, Debug)]
pub struct S3Config {
    /// The service's address; `None`: AWS.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// Who we are there.
    pub credentials: Credentials,
}

/// Who we are for the buckets' service.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// Keys that were set.
    Keys {
        /// `AWS_ACCESS_KEY_ID`.
        id: String,
        /// `AWS_SECRET_ACCESS_KEY`.
        secret: SecretString,
        /// `AWS_SESSION_TOKEN`.
        token: Option<SecretString>,
    },
    /// What the machine hands out; the variables, in lower case, that say where.
    Surroundings(Vec<(String, String)>),
}

/// Where a machine's own credentials come from.
const SURROUNDINGS: [&str; 6] = [
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

impl S3Config {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        let mut profile = Profile::read(variables)?;
        let general = variables.read("AWS_ENDPOINT_URL", endpoint)?;
        let own = variables.read("AWS_ENDPOINT_URL_S3", endpoint)?.or(general);
        let configured = || profile.endpoint().map(|url| endpoint(url).map_err(|text| profile.wrong(&text)));
        let endpoint = match own {
            Some(endpoint) => Some(endpoint),
            None => configured().transpose()?,
        };
        let default_region = variables.take("AWS_DEFAULT_REGION");
        let region = variables.take("AWS_REGION").or(default_region).or_else(|| profile.take("region"));
        Ok(Self {
            endpoint,
            region: region.unwrap_or_else(|| "us-east-1".to_owned()),
            credentials: credentials(variables, profile)?,
        })
    }
}

/// Keys of the environment, else of the profile, else what the machine hands out.
fn credentials(variables: &mut Variables, mut profile: Profile) -> Result<Credentials, ConfigError> {
    const NAMES: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
    match NAMES.map(|name| variables.take(name)) {
        [Some(id), Some(secret), token] => return Ok(keys(id, secret, token)),
        [None, None, _] => {}
        [id, ..] => {
            let lacking = if id.is_none() { NAMES[0] } else { NAMES[1] };
            let problem = "it is needed together with the other key".to_owned();
            return Err(ConfigError { variable: lacking.to_owned(), problem });
        }
    }
    match NAMES.map(|name| profile.take(&name.to_ascii_lowercase())) {
        [Some(id), Some(secret), token] => Ok(keys(id, secret, token)),
        [None, None, _] => {
            profile.refuse_what_needs_more()?;
            let set = |name: &&str| Some((name.to_ascii_lowercase(), variables.take(name)?));
            Ok(Credentials::Surroundings(SURROUNDINGS.iter().filter_map(set).collect()))
        }
        _ => Err(profile.wrong("it has one of its two keys only")),
    }
}

fn keys(id: String, secret: String, token: Option<String>) -> Credentials {
    Credentials::Keys { id, secret: secret.into(), token: token.map(Into::into) }
}

/// Never quotes the address: it may hold a password.
fn endpoint(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with('/') && !host.contains(['@', ' ', '?', '#']) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err("it is not an address such as `https://s3.example.org`".to_owned()),
    }
}
