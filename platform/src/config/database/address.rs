//! The URL of a database on a server, read as SQLAlchemy reads it: user and password may hold anything but `@`
//! and `:` as they are, and anything at all percent-encoded.

use super::{
    ServerUrl,
    parameter::{Dialect, Parameters},
};

/// Reads what stands after the scheme and its colon.
pub(super) fn read(dialect: &Dialect, rest: &str) -> Result<ServerUrl, String> {
    let scheme = dialect.scheme;
    let rest = rest.strip_prefix("//").ok_or("expected two slashes after the back end's name")?;
    let (credentials, rest) = credentials(rest);
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, database) = address.split_once('/').unwrap_or((address, ""));
    if database.is_empty() {
        return Err("it names no database: write `/` and its name after the host".to_owned());
    }
    let host = checked_host(host)?;
    let parameters = dialect.secured(parameters(query, dialect)?)?;
    let place = format!("{scheme}://{host}/{database}");
    let whole = format!("{scheme}://{credentials}{host}/{}{}", encoded(database), joined(&parameters));
    let authority = parameters.into_iter().find(|(name, _)| *name == dialect.authority);
    Ok(ServerUrl { whole, place, authority: authority.map(|(_, path)| path.into()) })
}

/// User and password, encoded and with their `@`, and what follows.
fn credentials(rest: &str) -> (String, &str) {
    let end = rest.find([':', '/']).unwrap_or(rest.len());
    let at = match rest[end..].starts_with(':') {
        true => rest.find('@'),
        false => rest[..end].find('@'),
    };
    let Some(at) = at else { return (String::new(), rest) };
    let (user, password) = rest[..at].split_once(':').unwrap_or((&rest[..at], ""));
    let separator = if password.is_empty() { "" } else { ":" };
    let encoded = |part| encoded(&decoded(part));
    (format!("{}{separator}{}@", encoded(user), encoded(password)), &rest[at + 1..])
}

/// Nothing, a name, an address in numbers, with or without a port.
fn checked_host(host: &str) -> Result<&str, String> {
    let (name, port) = match host.rfind(']') {
        Some(end) => host.split_at(end + 1),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let inside = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let is_known = match inside {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => name.chars().all(is_name),
    };
    let has_port = port.is_empty() || port[1..].parse::<u16>().is_ok_and(|port| port > 0);
    if is_known && has_port && (port.is_empty() || !name.is_empty()) {
        return Ok(host);
    }
    Err("what should be host and port is neither; write an `@` in a password as `%40`".to_owned())
}

fn parameters(query: &str, dialect: &Dialect) -> Result<Parameters, String> {
    let mut parameters = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or("a parameter after `?` has no value")?;
        parameters.extend((dialect.parameter)(name, &decoded(&value.replace('+', " ")))?);
    }
    Ok(parameters)
}

/// With the sign before each.
fn joined(parameters: &[(&'static str, String)]) -> String {
    let signs = std::iter::once('?').chain(std::iter::repeat('&'));
    let each = signs.zip(parameters).map(|(sign, (name, value))| format!("{sign}{name}={}", encoded(value)));
    each.collect()
}

/// `%40` is `@`; what is no such triple stands for itself.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn encoded(text: &str) -> String {
    let each = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{DatabaseLocation, location};

    #[test]
    fn urls_are_read_as_sqlalchemy_does() {
        for (url, whole) in [
            ("postgresql://u:p@h/d", "postgres://u:p@h/d"),
            ("postgresql+psycopg2://u:p@h:5432/d", "postgres://u:p@h:5432/d"),
            ("postgres://h/d", "postgres://h/d"),
            ("postgresql://u@[::1]:5432/d", "postgres://u@[::1]:5432/d"),
            ("postgresql:///d?host=/var/run", "postgres:///d?host=%2Fvar%2Frun"),
            ("postgresql://u:a/b?c#d@h/d", "postgres://u:a%2Fb%3Fc%23d@h/d"),
            ("postgresql://u:p%40%3A%2F@h/d", "postgres://u:p%40%3A%2F@h/d"),
            ("postgresql://u:100%@h/d", "postgres://u:100%25@h/d"),
            (
                "postgresql://u:p@h/d?sslmode=verify-full&sslrootcert=/a+b.pem&client_encoding=utf8",
                "postgres://u:p@h/d?sslrootcert=%2Fa%20b.pem&sslmode=verify-full",
            ),
            ("mysql://u:p@h/d", "mysql://u:p@h/d"),
            ("mysql+pymysql://u:p@h/d?charset=utf8mb4", "mysql://u:p@h/d"),
            ("mariadb+mariadbconnector://u:p@h:3306/d", "mysql://u:p@h:3306/d"),
            (
                "mysql://u:p@h/d?ssl_ca=/ca.pem&ssl_verify_cert=true",
                "mysql://u:p@h/d?ssl-ca=%2Fca.pem&ssl-mode=verify_ca",
            ),
            ("mysql://u:p@h/d?ssl-mode=VERIFY_IDENTITY", "mysql://u:p@h/d?ssl-mode=verify_identity"),
            // Who names an authority means it, whatever mode stands beside it.
            ("postgresql://h/d?sslmode=require", "postgres://h/d?sslmode=require"),
            (
                "postgresql://h/d?sslmode=require&sslrootcert=/a.pem",
                "postgres://h/d?sslrootcert=%2Fa.pem&sslmode=verify-ca",
            ),
            ("postgresql://h/d?sslrootcert=/a.pem", "postgres://h/d?sslrootcert=%2Fa.pem&sslmode=verify-ca"),
            ("mysql://h/d?ssl-mode=REQUIRED&ssl-ca=/a.pem", "mysql://h/d?ssl-ca=%2Fa.pem&ssl-mode=verify_ca"),
            ("mysql+pymysql://h/d?ssl_ca=/a.pem", "mysql://h/d?ssl-ca=%2Fa.pem&ssl-mode=verify_ca"),
            (
                "mysql+pymysql://h/d?ssl_ca=/a.pem&ssl_verify_identity=true&ssl_verify_cert=true",
                "mysql://h/d?ssl-ca=%2Fa.pem&ssl-mode=verify_identity",
            ),
            ("mysql:///d?unix_socket=/run/x.sock", "mysql:///d?socket=%2Frun%2Fx.sock"),
        ] {
            let (DatabaseLocation::Postgres(read) | DatabaseLocation::Mysql(read)) = location(url).unwrap()
            else {
                panic!("{url}")
            };
            assert_eq!(read.whole(), whole, "{url}");
        }
    }
    #[test]
    fn an_authority_is_not_named_for_nothing() {
        for url in [
            "postgresql://u:opensesame@h/d?sslmode=disable&sslrootcert=/a.pem",
            "postgresql://u:opensesame@h/d?sslrootcert=/a.pem&sslmode=allow",
            "mysql://u:opensesame@h/d?ssl_ca=/a.pem&ssl_disabled=true",
        ] {
            let refusal = location(url).unwrap_err();
            assert!(refusal.contains("turns TLS off") && !refusal.contains("opensesame"), "{refusal}");
        }
    }
}
