//! What must not be seen is not shown.

use platform::config::Config;

const CANARY: &str = "s3cr3tcanary";

/// Every variable that may hold a secret, with one in it.
fn variables() -> Vec<(String, String)> {
    [
        ("DATABASE_URL", format!("postgresql://user:{CANARY}@127.0.0.1:5432/logs")),
        ("REDIS_URL", format!("redis://user:{CANARY}@127.0.0.1:6379")),
        ("UPLOAD_BUCKET", "uploads".to_owned()),
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000".to_owned()),
        ("AWS_ACCESS_KEY_ID", "key".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", CANARY.to_owned()),
        ("AWS_SESSION_TOKEN", CANARY.to_owned()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://user:{CANARY}@127.0.0.1:4318")),
        ("OTEL_EXPORTER_OTLP_HEADERS", format!("authorization={CANARY}")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

#[test]
fn a_configuration_does_not_show_its_secrets() {
    let config = Config::from_variables(variables()).unwrap();
    let shown = format!("{config:#?}");
    assert!(!shown.contains(CANARY), "{shown}");
}

#[test]
fn a_complaint_does_not_quote_a_secret() {
    let broken = [
        ("DATABASE_URL", format!("postgresql://user:{CANARY}@127.0.0.1:port/logs")),
        ("DATABASE_URL", format!("postgresql//user:{CANARY}@127.0.0.1/logs")),
        ("DATABASE_URL", format!("oracle://user:{CANARY}@127.0.0.1/logs")),
        ("DATABASE_URL", format!("{CANARY}@127.0.0.1")),
        ("REDIS_URL", format!("redis://user:{CANARY}@127.0.0.1:port")),
        ("REDIS_URL", format!("http://user:{CANARY}@127.0.0.1")),
        ("REDIS_URL", format!("{CANARY}@127.0.0.1")),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("grpc://user:{CANARY}@127.0.0.1")),
        ("OTEL_EXPORTER_OTLP_HEADERS", CANARY.to_owned()),
        ("DATAVIEWER_SECRET", CANARY.to_owned()),
    ];
    for (name, value) in broken {
        let refusal = Config::from_variables([(name.to_owned(), value)]).expect_err(name);
        assert_eq!(refusal.variable, name);
        assert!(!format!("{refusal} {refusal:?}").contains(CANARY), "{refusal}");
    }
}
