//! What can be set, and what stops the start.

use std::{path::PathBuf, time::Duration};

use platform::config::{Config, ConfigError, broker::BrokerConfig, database::DatabaseLocation};

fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_variables(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

#[test]
fn nothing_set_is_the_embedded_mode() {
    let config = read(&[]).unwrap();
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:3001");
    assert_eq!(config.storage.upload_folder, PathBuf::from("data"));
    assert_eq!(config.storage.data_folder, PathBuf::from("data"));
    assert_eq!(config.database.location, DatabaseLocation::Sqlite(PathBuf::from("data/dataviewer.db")));
    assert_eq!(config.time_zone.name, "UTC");
    assert_eq!(
        (config.worker.lease, config.worker.heartbeat),
        (Duration::from_secs(30), Duration::from_secs(5))
    );
    assert!(config.http.graphiql);
}

#[test]
fn database_urls_are_read_as_sqlalchemy_does() {
    for (url, path) in [
        ("sqlite:///relative.db", "relative.db"),
        ("sqlite:///a folder/b.db", "a folder/b.db"),
        ("sqlite:////absolute.db", "/absolute.db"),
        ("sqlite+pysqlite:////absolute.db", "/absolute.db"),
        ("sqlite:plain.db", "plain.db"),
        ("sqlite:/absolute.db", "/absolute.db"),
        ("sqlite:///relative.db?mode=rwc", "relative.db"),
    ] {
        let config = read(&[("DATABASE_URL", url)]).unwrap();
        assert_eq!(config.database.location, DatabaseLocation::Sqlite(PathBuf::from(path)), "{url}");
    }
}

#[test]
fn redis_urls_are_read_in_all_their_forms() {
    for (url, encrypted) in [
        ("redis://h", false),
        ("redis://:pa%20ss@127.0.0.1:6380/3", false),
        ("valkey://[::1]:6379", false),
        ("rediss://user:password@h:6380", true),
        ("redis-cluster://a:7001?node=b:7002&node=c:7003", false),
        ("rediss-cluster://a:7001", true),
        ("redis-sentinel://a:26379/1?sentinelServiceName=pit&node=b:26379", false),
        ("valkeys-sentinel://a?sentinelServiceName=pit", true),
    ] {
        let BrokerConfig::Redis(redis) = read(&[("REDIS_URL", url)]).unwrap().broker else { panic!("{url}") };
        assert_eq!(
            (redis.location.is_encrypted(), redis.prefix.as_str()),
            (encrypted, "dataviewer"),
            "{url}"
        );
    }
    let named = [
        ("REDIS_URL", "rediss://h"),
        ("DATAVIEWER_REDIS_PREFIX", "{pit}:2"),
        ("DATAVIEWER_REDIS_CA", "/ca.pem"),
    ];
    let BrokerConfig::Redis(redis) = read(&named).unwrap().broker else { panic!() };
    assert_eq!((redis.prefix.as_str(), redis.authority), ("{pit}:2", Some(PathBuf::from("/ca.pem"))));
}

#[test]
fn what_names_no_redis_is_refused() {
    for url in [
        "localhost:6379",
        "http://h",
        "redis:h",
        "redis://",
        "redis://h:port",
        "redis://h/database",
        "redis+unix:///run/redis.sock",
        "redis-ring://h",
        "redis-cluster://h?node=nowhere",
        "redis-sentinel://h",
    ] {
        assert_eq!(read(&[("REDIS_URL", url)]).unwrap_err().variable, "REDIS_URL", "{url}");
    }
    for (name, value) in [
        ("DATAVIEWER_REDIS_PREFIX", "a b"),
        ("DATAVIEWER_REDIS_PREFIX", &"x".repeat(65)),
        ("DATAVIEWER_REDIS_CA", "/ca.pem"),
    ] {
        assert_eq!(read(&[("REDIS_URL", "redis://h"), (name, value)]).unwrap_err().variable, name);
    }
    assert_eq!(read(&[("DATAVIEWER_REDIS_CA", "/ca.pem")]).unwrap_err().variable, "DATAVIEWER_REDIS_CA");
}

#[test]
fn the_old_port_counts_unless_the_new_is_set() {
    assert_eq!(read(&[("FLASK_RUN_PORT", "5000")]).unwrap().http.listen.port(), 5000);
    assert_eq!(read(&[("FLASK_RUN_PORT", "5000"), ("PORT", "80")]).unwrap().http.listen.port(), 80);
}

#[test]
fn an_address_for_everybody_takes_the_word_that_nothing_is_protected() {
    let open = [("DATAVIEWER_BIND", "0.0.0.0"), ("DATAVIEWER_AUTH", "none")];
    assert!(read(&open).unwrap().http.listen.ip().is_unspecified());
    let refusal = read(&open[..1]).unwrap_err().to_string();
    assert!(refusal.contains("DATAVIEWER_AUTH=none"), "{refusal}");
    for bind in ["127.0.0.1", "127.8.9.10", "::1"] {
        read(&[("DATAVIEWER_BIND", bind)]).unwrap();
    }
}

#[test]
fn an_empty_value_is_unset_and_foreign_names_are_none_of_ours() {
    read(&[("REDIS_URL", ""), ("DATAVIEWER_BIND", " "), ("PATH", "/bin"), ("DATAVIEWERS", "x")]).unwrap();
}

#[test]
fn values_have_units() {
    let config = read(&[
        ("DATAVIEWER_MAX_UPLOAD_BYTES", "2GiB"),
        ("DATAVIEWER_LIMIT_BODY_BYTES", "1000"),
        ("DATAVIEWER_LEASE_SECONDS", "1.5"),
        ("DATAVIEWER_HEARTBEAT_SECONDS", "0.25"),
        ("DATAVIEWER_COLLECT_SECONDS", "0.1"),
        ("DATAVIEWER_COLLECT_GRACE_SECONDS", "0"),
        ("DATAVIEWER_TIME_ZONE", "america/chicago"),
        ("DATAVIEWER_PUBLIC_URL", "https://logs.example.org/"),
    ])
    .unwrap();
    assert_eq!(config.limits.upload.bytes, 2 << 30);
    assert_eq!(config.limits.transport.body_bytes, 1000);
    assert_eq!(config.worker.lease, Duration::from_millis(1500));
    assert_eq!(config.worker.collect, Duration::from_millis(100));
    assert_eq!(config.worker.collect_grace, Duration::ZERO);
    assert_eq!(config.time_zone.name, "America/Chicago");
    assert_eq!(config.http.public_url.as_deref(), Some("https://logs.example.org"));
}

#[test]
fn what_cannot_be_used_stops_the_start_and_names_the_variable() {
    for (name, value) in [
        ("DATAVIEWER_BNID", "127.0.0.1"),
        ("DATAVIEWER_BIND", "localhost"),
        ("DATAVIEWER_BIND", "0.0.0.0"),
        ("DATAVIEWER_BIND", "192.168.1.7"),
        ("DATAVIEWER_BIND", "::"),
        ("DATAVIEWER_AUTH", "tokens"),
        ("PORT", "70000"),
        ("DATAVIEWER_TIME_ZONE", "Mars/Olympus"),
        ("DATAVIEWER_MAX_UPLOAD_BYTES", "2 parsecs"),
        ("DATAVIEWER_MAX_UPLOAD_BYTES", "0"),
        ("DATAVIEWER_MAX_UPLOAD_BYTES", "99999999999TiB"),
        ("DATAVIEWER_WORKERS", "0"),
        ("DATAVIEWER_LEASE_SECONDS", "-1"),
        ("DATAVIEWER_LEASE_SECONDS", "nan"),
        ("DATAVIEWER_LEASE_SECONDS", "1e-12"),
        ("DATAVIEWER_COLLECT_SECONDS", "0"),
        ("DATAVIEWER_COLLECT_GRACE_SECONDS", "-1"),
        ("DATAVIEWER_HEARTBEAT_SECONDS", "20"),
        ("DATAVIEWER_GRAPHIQL", "maybe"),
        ("DATAVIEWER_PUBLIC_URL", "logs.example.org"),
        ("DATAVIEWER_LOG_FORMAT", "xml"),
        ("DATAVIEWER_SECRET", "only 15 letters"),
        ("DATAVIEWER_LINK_SECONDS", "601"),
        ("DATAVIEWER_LINK_SECONDS", "0"),
        ("DATAVIEWER_DATABASE_CONNECTIONS", "0"),
        ("DATAVIEWER_DATABASE_CONNECTIONS", "1001"),
        ("UPLOAD_BUCKET", "b"),
        ("DATA_BUCKET", "b"),
    ] {
        let refusal = read(&[(name, value)]).unwrap_err();
        assert_eq!(refusal.variable, name, "{value}");
    }
}

#[test]
fn a_database_url_that_cannot_be_used_stops_the_start() {
    for url in [
        "sqlite::memory:",
        "sqlite://",
        "sqlite:///x.db?cache=shared",
        "x.db",
        "oracle://x",
        "mysql+pymysql://u:p@h",
        "mysql:u:p@h/d",
        "mysql://u:p@ss@h/d",
        "mysql://u:p@h/d?charset=latin1",
        "mysql://u:p@h/d?ssl_mode=maybe",
        "mysql://u:p@h/d?local_infile=1",
        "mysql://u:p@h/d?charset",
        "mysql://u:p@h:0/d",
        "mysql://u:p@:3306/d",
        "postgresql://u:p@h:70000/d",
        "postgresql://u:p@one,two/d",
        "postgresql://u:p@[::g]/d",
        "postgresql://u:p@h/d?sslmode=on",
        "postgresql://u:p@h/d?host=elsewhere",
        "postgresql://u:p@h/d?client_encoding=latin1",
    ] {
        assert_eq!(read(&[("DATABASE_URL", url)]).unwrap_err().variable, "DATABASE_URL", "{url}");
    }
}

#[test]
fn a_password_is_never_repeated() {
    for url in [
        "mysql://u:s3cret@h",
        "mysql://u:s3cret@@h/d",
        "mysql://u:p@s3cret@h/d",
        "postgresql://u:p@h/d?password=s3cret",
        "postgresql://u:p@h/d?s3cret",
        "postgresql://u:p@h/d?s3cret=",
        "s3cret",
        "sqlite:///x?s3cret",
        "s3cret://h",
    ] {
        let refusal = read(&[("DATABASE_URL", url)]).unwrap_err();
        assert!(!format!("{refusal} {refusal:?}").contains("s3cret"), "{refusal}");
    }
    let config = read(&[("DATABASE_URL", "postgresql://u:s3cret@h/d")]).unwrap();
    assert!(!format!("{config:?} {}", config.database.location).contains("s3cret"));
    for url in ["redis://:s3cret@h:port", "s3cret", "redis-sentinel://u:s3cret@h", "redis://u:s3c ret@"] {
        let refusal = read(&[("REDIS_URL", url)]).unwrap_err();
        assert!(!format!("{refusal} {refusal:?}").contains("s3c"), "{refusal}");
    }
    let config = read(&[("REDIS_URL", "rediss://us3r:s3cret@h")]).unwrap();
    assert!(!format!("{config:?}").contains("s3"), "{config:?}");
    let refusal = read(&[("DATAVIEWER_SECRET", "too short s3cre")]).unwrap_err();
    assert!(!format!("{refusal} {refusal:?}").contains("s3"), "{refusal}");
    let config = read(&[("DATAVIEWER_SECRET", "long enough s3cret")]).unwrap();
    assert!(!format!("{config:?}").contains("s3"), "{config:?}");
}
