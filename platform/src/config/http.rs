//! Where the API listens and what it shows.
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `PORT`, else `FLASK_RUN_PORT` | listen port; 0 takes a free one | 3001 |
//! | `DATAVIEWER_BIND` | listen address; other than a loopback one only with `DATAVIEWER_AUTH` | 127.0.0.1 |
//! | `DATAVIEWER_AUTH` | who may do what. There is only `none`: everybody everything | unset |
//! | `DATAVIEWER_PUBLIC_URL` | how clients reach the service, for links in answers | `http://<bind>:<port>` |
//! | `DATAVIEWER_GRAPHIQL` | `on` or `off`: GraphiQL and introspection | on |

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::{ConfigError, variables::Variables};

/// Where the API listens and what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// The address and port to listen on.
    pub listen: SocketAddr,
    /// How clients reach the service, without a slash at its end; `None`: as they came.
    pub public_url: Option<String>,
    /// Whether GraphiQL is served and introspection answered.
    pub graphiql: bool,
}

impl HttpConfig {
    pub(super) fn read(variables: &mut Variables) -> Result<Self, ConfigError> {
        let old_port = variables.parse::<u16>("FLASK_RUN_PORT")?;
        let port = variables.parse::<u16>("PORT")?.or(old_port).unwrap_or(3001);
        let bind = variables.parse::<IpAddr>("DATAVIEWER_BIND")?.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let auth = variables.read("DATAVIEWER_AUTH", auth)?;
        if auth.is_none() && !bind.is_loopback() {
            return Err(ConfigError { variable: "DATAVIEWER_BIND".to_owned(), problem: public(bind) });
        }
        Ok(Self {
            listen: SocketAddr::new(bind, port),
            public_url: variables.read("DATAVIEWER_PUBLIC_URL", public_url)?,
            graphiql: variables.switch("DATAVIEWER_GRAPHIQL", true)?,
        })
    }
}

/// Nothing but the word for no protection at all is known.
fn auth(text: &str) -> Result<(), String> {
    if text == "none" { Ok(()) } else { Err(format!("`{text}` is not known; there is only `none`")) }
}

fn public(bind: IpAddr) -> String {
    format!(
        "{bind} is open to other machines, and whoever reaches it may read, change and delete everything; \
         set DATAVIEWER_AUTH=none to say that you mean it"
    )
}

fn public_url(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with('/') && !host.contains([' ', '?', '#']) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(format!("`{text}` is not an address such as `https://logs.example.org`")),
    }
}
