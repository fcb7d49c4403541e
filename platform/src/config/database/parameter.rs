//! The parameters of a server's URL, under the names that Python's drivers give them. An unknown one is refused
//! by its name, never by its value: a setting that nobody hears is worse than none.

/// A parameter in the driver's own spelling; `None` when it says what holds anyway.
pub(super) type Parameter = Option<(&'static str, String)>;

/// Parameters in the driver's own spelling.
pub(super) type Parameters = Vec<(&'static str, String)>;

/// How one back end's drivers name things.
pub(super) struct Dialect {
    /// What the driver's URLs begin with.
    pub(super) scheme: &'static str,
    /// Translates a parameter.
    pub(super) parameter: fn(&str, &str) -> Result<Parameter, String>,
    /// The driver's parameter of the authority's file.
    pub(super) authority: &'static str,
    /// The driver's parameter of the TLS mode.
    mode: &'static str,
    /// The modes, from the weakest to the strictest.
    modes: &'static [&'static str],
    /// Those of them that never encrypt.
    plain: &'static [&'static str],
    /// The weakest that asks who signed the server's certificate.
    checked: &'static str,
}

pub(super) const POSTGRES: Dialect = Dialect {
    scheme: "postgres",
    parameter: postgres,
    authority: "sslrootcert",
    mode: "sslmode",
    modes: &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
    // The driver never encrypts where it is allowed not to.
    plain: &["disable", "allow"],
    checked: "verify-ca",
};

pub(super) const MYSQL: Dialect = Dialect {
    scheme: "mysql",
    parameter: mysql,
    authority: "ssl-ca",
    mode: "ssl-mode",
    modes: &["disabled", "preferred", "required", "verify_ca", "verify_identity"],
    plain: &["disabled"],
    checked: "verify_ca",
};

impl Dialect {
    /// The parameters with one mode, the strictest that was asked for. The driver checks a certificate only in the
    /// strict modes, and Python's drivers wherever an authority is named.
    pub(super) fn secured(&self, parameters: Parameters) -> Result<Parameters, String> {
        let (modes, mut secured): (Parameters, Parameters) =
            parameters.into_iter().partition(|(name, _)| *name == self.mode);
        let is_checked = secured.iter().any(|(name, _)| *name == self.authority);
        if is_checked && modes.iter().any(|(_, mode)| self.plain.contains(&mode.as_str())) {
            return Err("it names an authority after `?` and turns TLS off beside it".to_owned());
        }
        let asked = modes.iter().map(|(_, mode)| mode.as_str()).chain(is_checked.then_some(self.checked));
        let rank = |mode: &str| self.modes.iter().position(|known| *known == mode);
        secured.extend(asked.max_by_key(|mode| rank(mode)).map(|mode| (self.mode, mode.to_owned())));
        Ok(secured)
    }
}

/// Those of PostgreSQL's drivers.
fn postgres(name: &str, value: &str) -> Result<Parameter, String> {
    match name {
        "sslmode" => one_of(name, value, POSTGRES.modes).map(|value| Some(("sslmode", value))),
        "sslrootcert" => some("sslrootcert", value),
        "sslcert" => some("sslcert", value),
        "sslkey" => some("sslkey", value),
        "application_name" => some("application_name", value),
        "host" if value.starts_with('/') => some("host", value),
        "host" => {
            Err("`host` after `?` is the folder of a socket; write a host's name before the `/`".to_owned())
        }
        "client_encoding" => one_of(name, value, &["utf8", "utf-8"]).map(|_| None),
        _ => Err(unknown(
            name,
            "sslmode, sslrootcert, sslcert, sslkey, application_name, host, client_encoding",
        )),
    }
}

/// Those of MariaDB's and MySQL's drivers.
fn mysql(name: &str, value: &str) -> Result<Parameter, String> {
    match name.replace('-', "_").as_str() {
        // Narrower ones cannot hold every letter; ours is set on each connection anyway.
        "charset" => one_of(name, value, &["utf8mb4"]).map(|_| None),
        "ssl_mode" | "sslmode" => {
            one_of(name, &value.replace('-', "_"), MYSQL.modes).map(|value| Some(("ssl-mode", value)))
        }
        "ssl_ca" | "sslca" => some("ssl-ca", value),
        "ssl_cert" => some("ssl-cert", value),
        "ssl_key" => some("ssl-key", value),
        "ssl_verify_cert" => switch(name, value, "verify_ca"),
        "ssl_verify_identity" => switch(name, value, "verify_identity"),
        "ssl_disabled" => switch(name, value, "disabled"),
        "unix_socket" => some("socket", value),
        _ => Err(unknown(
            name,
            "charset, ssl_mode, ssl_ca, ssl_cert, ssl_key, ssl_verify_cert, ssl_verify_identity, ssl_disabled, \
             unix_socket",
        )),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "an arm among others that may refuse")]
fn some(name: &'static str, value: &str) -> Result<Parameter, String> {
    Ok(Some((name, value.to_owned())))
}

fn one_of(name: &str, value: &str, known: &[&str]) -> Result<String, String> {
    let value = value.to_ascii_lowercase();
    if known.contains(&value.as_str()) {
        return Ok(value);
    }
    Err(format!("`{name}` after `?` must be one of {}", known.join(", ")))
}

/// `true` is the mode, `false` says nothing.
fn switch(name: &str, value: &str, mode: &'static str) -> Result<Parameter, String> {
    let on = one_of(name, value, &["true", "false", "1", "0"])?;
    Ok(matches!(on.as_str(), "true" | "1").then(|| ("ssl-mode", mode.to_owned())))
}

fn unknown(name: &str, known: &str) -> String {
    let is_word = name.chars().all(|c| c.is_ascii_alphabetic() || "_-".contains(c)) && name.len() <= 40;
    let which = if is_word { format!("the parameter `{name}`") } else { "a parameter".to_owned() };
    format!("{which} after `?` is not known; known are {known}")
}
