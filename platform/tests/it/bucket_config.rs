//! Where buckets are, and who we are there.

use std::{fs, path::Path};

use platform::config::{
    Config, ConfigError,
    storage::{StorageConfig, aws::Credentials},
};
use secrecy::ExposeSecret;
use tempfile::TempDir;

fn read(variables: &[(&str, &str)]) -> Result<StorageConfig, ConfigError> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Ok(Config::from_variables(variables)?.storage)
}

/// With a home that holds AWS's two files.
fn at_home(credentials: &str, config: &str, more: &[(&str, &str)]) -> Result<StorageConfig, ConfigError> {
    let home = TempDir::new().unwrap();
    let aws = home.path().join(".aws");
    fs::create_dir(&aws).unwrap();
    fs::write(aws.join("credentials"), credentials).unwrap();
    fs::write(aws.join("config"), config).unwrap();
    let mut variables = vec![("HOME", home.path().to_str().unwrap()), ("DATA_BUCKET", "runs")];
    variables.extend(more);
    read(&variables)
}

/// Endpoint, region, keys in one line.
fn told(config: Result<StorageConfig, ConfigError>) -> String {
    let s3 = config.unwrap().data_bucket.unwrap().s3;
    let keys = match &s3.credentials {
        Credentials::Keys { id, secret, token } => {
            let token = token.as_ref().map_or("-", |token| token.expose_secret());
            format!("{id} {} {token}", secret.expose_secret())
        }
        Credentials::Surroundings(named) => format!("{named:?}"),
    };
    format!("{} {} {keys}", s3.endpoint.as_deref().unwrap_or("-"), s3.region)
}

const CREDENTIALS: &str = "\
# keys
[default]
aws_access_key_id = A
aws_secret_access_key=s/+=  # the secret

[race]
aws_access_key_id=R
aws_secret_access_key=rs
aws_session_token = t
";
const CONFIG: &str = "\
[default]
region = eu-central-1
[profile race]
region=eu-west-1
endpoint_url = https://all.example.org
services = own
[services own]
s3 =
  endpoint_url = http://s3.example.org:9000/
dynamodb =
  endpoint_url = http://other.example.org
[profile tool]
credential_process = /bin/keys
[profile half]
aws_access_key_id = H
";

#[test]
fn buckets_are_names_or_addresses() {
    for (text, name, prefix) in [
        ("logs", "logs", ""),
        ("s3://logs", "logs", ""),
        ("s3://logs/", "logs", ""),
        ("s3://my.logs-1/team=a/b_1/", "my.logs-1", "team=a/b_1"),
    ] {
        let bucket = read(&[("UPLOAD_BUCKET", text)]).unwrap().upload_bucket.unwrap();
        assert_eq!((bucket.name.as_str(), bucket.prefix.as_str()), (name, prefix), "{text}");
    }
    for text in
        ["Logs", "a", "s3://", "logs/a", "s3://logs//a", "s3://logs/../a", "s3://logs/a b", "gs://logs"]
    {
        assert_eq!(read(&[("UPLOAD_BUCKET", text)]).unwrap_err().variable, "UPLOAD_BUCKET", "{text}");
    }
}

#[test]
fn without_a_bucket_nothing_of_aws_is_looked_at() {
    let config = read(&[("AWS_PROFILE", "nobody"), ("AWS_CONFIG_FILE", "/nowhere")]).unwrap();
    assert!(config.upload_bucket.is_none() && config.data_bucket.is_none());
}

#[test]
fn the_environment_wins_over_the_profile() {
    assert_eq!(told(at_home(CREDENTIALS, CONFIG, &[])), "- eu-central-1 A s/+= -");
    let race = ("AWS_PROFILE", "race");
    assert_eq!(told(at_home(CREDENTIALS, CONFIG, &[race])), "http://s3.example.org:9000 eu-west-1 R rs t");
    let own = [race, ("AWS_ENDPOINT_URL", "http://e"), ("AWS_DEFAULT_REGION", "d")];
    assert_eq!(told(at_home(CREDENTIALS, CONFIG, &own)), "http://e d R rs t");
    let all = [
        ("AWS_ENDPOINT_URL", "http://e"),
        ("AWS_ENDPOINT_URL_S3", "https://s3"),
        ("AWS_REGION", "r"),
        ("AWS_DEFAULT_REGION", "d"),
        ("AWS_ACCESS_KEY_ID", "k"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_SESSION_TOKEN", "y"),
    ];
    assert_eq!(told(at_home(CREDENTIALS, CONFIG, &all)), "https://s3 r k x y");
}

#[test]
fn without_keys_the_machine_is_asked() {
    let config = read(&[("DATA_BUCKET", "runs"), ("AWS_ROLE_ARN", "arn")]);
    assert_eq!(told(config), "- us-east-1 [(\"aws_role_arn\", \"arn\")]");
}

#[test]
fn files_may_lie_elsewhere() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("keys");
    fs::write(&file, CREDENTIALS).unwrap();
    let named = |path: &Path| {
        read(&[("DATA_BUCKET", "runs"), ("AWS_SHARED_CREDENTIALS_FILE", path.to_str().unwrap())])
    };
    assert_eq!(told(named(&file)), "- us-east-1 A s/+= -");
    let refusal = named(&folder.path().join("none")).unwrap_err();
    assert_eq!(refusal.variable, "AWS_SHARED_CREDENTIALS_FILE");
}

/// Credentials, configuration and variables; the variable that is refused, and words of why.
type Refused =
    (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

#[test]
fn what_cannot_be_used_is_refused_without_its_secrets() {
    let cases: [Refused; 8] = [
        (CREDENTIALS, CONFIG, &[("AWS_PROFILE", "nobody")], "AWS_PROFILE", "neither"),
        (CREDENTIALS, CONFIG, &[("AWS_PROFILE", "tool")], "AWS_PROFILE", "credential_process"),
        (CREDENTIALS, CONFIG, &[("AWS_PROFILE", "half")], "AWS_PROFILE", "one of its two keys"),
        ("[default]\ns3cret\n", "", &[], "AWS_SHARED_CREDENTIALS_FILE", "line 2"),
        ("a=s3cret\n", "", &[], "AWS_SHARED_CREDENTIALS_FILE", "line 1"),
        ("", "", &[("AWS_ACCESS_KEY_ID", "s3cret")], "AWS_SECRET_ACCESS_KEY", "other key"),
        ("", "", &[("AWS_ENDPOINT_URL", "http://u:s3cret@h")], "AWS_ENDPOINT_URL", "address"),
        ("", "[default]\nendpoint_url=ftp://s3cret\n", &[], "AWS_PROFILE", "address"),
    ];
    for (credentials, config, more, variable, problem) in cases {
        let refusal = at_home(credentials, config, more).unwrap_err();
        assert_eq!(refusal.variable, variable, "{refusal}");
        assert!(refusal.problem.contains(problem), "{refusal}");
        assert!(!format!("{refusal} {refusal:?}").contains("s3cret"), "{refusal}");
    }
}

#[test]
fn keys_are_never_printed() {
    let config = at_home(CREDENTIALS, CONFIG, &[("AWS_PROFILE", "race"), ("AWS_SESSION_TOKEN", "canary")]);
    let printed = format!("{:?}", config.unwrap());
    assert!(!printed.contains("\"rs\"") && !printed.contains("canary"), "{printed}");
}
