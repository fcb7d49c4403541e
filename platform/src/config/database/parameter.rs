//! The parameters of a server's URL, under the names that Python's drivers give them. An unknown one is refused
//! by its name, never by its value: a setting that nobody hears is worse than none.

use super::address::Parameter;

/// Those of PostgreSQL's drivers.
pub(super) fn postgres(name: &str, value: &str) -> Result<Parameter, String> {
    const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
    match name {
        "sslmode" => one_of(name, value, &MODES).map(|value| Some(("sslmode", value))),
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
pub(super) fn mysql(name: &str, value: &str) -> Result<Parameter, String> {
    const MODES: [&str; 5] = ["disabled", "preferred", "required", "verify_ca", "verify_identity"];
    match name.replace('-', "_").as_str() {
        // Narrower ones cannot hold every letter; ours is set on each connection anyway.
        "charset" => one_of(name, value, &["utf8mb4"]).map(|_| None),
        "ssl_mode" | "sslmode" => {
            one_of(name, &value.replace('-', "_"), &MODES).map(|value| Some(("ssl-mode", value)))
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
