//! SQL servers through TLS, with an authority of our own.

use std::fs;

use platform::{
    config::Config,
    database::{ConnectError, Database},
    testing::servers::{Authority, MariadbServer, PostgresServer, fresh_postgres},
};
use sea_orm::{ConnectionTrait, Statement};

/// Connects as that URL says, and asks the server how it was reached.
async fn reached(url: &str, question: &str) -> Result<String, ConnectError> {
    let config = Config::from_variables([("DATABASE_URL".to_owned(), url.to_owned())]).unwrap();
    let database = Database::connect(&config.database).await?;
    let mut answers = Vec::new();
    for connection in [database.read(), database.write()] {
        let statement = Statement::from_string(connection.get_database_backend(), question);
        let row = connection.query_one_raw(statement).await.unwrap().unwrap();
        answers.push(row.try_get_by_index::<String>(0).unwrap());
    }
    database.close().await;
    assert_eq!(answers[0], answers[1]);
    Ok(answers.remove(0))
}

/// The files that a client may name: the right one, another authority's, one without a certificate, none.
struct Files {
    right: String,
    other: String,
    empty: String,
    absent: String,
    _other: Authority,
}

fn files(authority: &Authority) -> Files {
    let path = |authority: &Authority, name: &str| authority.path(name).display().to_string();
    fs::write(authority.path("empty.pem"), "no certificate").unwrap();
    let other = Authority::new().unwrap();
    Files {
        right: path(authority, "ca.pem"),
        other: path(&other, "ca.pem"),
        empty: path(authority, "empty.pem"),
        absent: path(authority, "absent.pem"),
        _other: other,
    }
}

/// Refused with these words, and without the password.
async fn is_refused(url: &str, words: &str, password: &str) {
    let refusal = reached(url, "SELECT '1'").await.expect_err(url);
    let told = format!("{refusal} {refusal:?}");
    assert!(refusal.to_string().contains(words) && !told.contains(password), "{url}: {told}");
}

#[tokio::test]
async fn postgres_is_known_by_its_certificate() {
    let authority = Authority::new().unwrap();
    let server = PostgresServer::start_tls(&authority).unwrap();
    let (url, password) = (server.url(), server.password());
    let python = url.replace("postgres://", "postgresql+psycopg2://");
    let by_name = url.replace("127.0.0.1", "localhost");
    let Files { right, other, empty, absent, .. } = &files(&authority);
    let question =
        "SELECT CAST(ssl AS TEXT) FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND version LIKE 'TLS%'";
    for good in [
        url.clone(),
        format!("{url}?sslmode=require"),
        format!("{python}?sslmode=require"),
        format!("{url}?sslmode=verify-full&sslrootcert={right}"),
        format!("{python}?sslmode=verify-full&sslrootcert={right}"),
        format!("{url}?sslmode=require&sslrootcert={right}"),
        format!("{by_name}?sslmode=verify-ca&sslrootcert={right}"),
    ] {
        assert_eq!(reached(&good, question).await.expect(&good), "true", "{good}");
    }
    for (bad, words) in [
        (format!("{url}?sslmode=disable"), "cannot be opened"),
        (format!("{url}?sslmode=verify-full"), "UnknownIssuer; name the authority"),
        (format!("{url}?sslmode=verify-full&sslrootcert={other}"), "name the authority"),
        (format!("{url}?sslmode=require&sslrootcert={other}"), "name the authority"),
        (format!("{url}?sslrootcert={other}"), "name the authority"),
        (format!("{by_name}?sslmode=verify-full&sslrootcert={right}"), "the host as the certificate does"),
        (format!("{url}?sslmode=verify-full&sslrootcert={empty}"), "empty.pem cannot be used: it holds no"),
        (format!("{url}?sslmode=verify-full&sslrootcert={absent}"), "absent.pem cannot be used"),
    ] {
        is_refused(&bad, words, password).await;
    }
}

#[tokio::test]
async fn mariadb_is_known_by_its_certificate() {
    let authority = Authority::new().unwrap();
    let server = MariadbServer::start_tls(&authority).unwrap();
    let (url, password) = (server.url(), server.password());
    let python = url.replace("mysql://", "mysql+pymysql://");
    let by_name = url.replace("127.0.0.1", "localhost");
    let Files { right, other, empty, absent, .. } = &files(&authority);
    let question = "SELECT IF(VARIABLE_VALUE = '', 'plain', 'true') FROM information_schema.SESSION_STATUS \
         WHERE VARIABLE_NAME = 'Ssl_cipher'";
    for good in [
        url.clone(),
        format!("{url}?ssl-mode=REQUIRED"),
        format!("{url}?ssl-mode=VERIFY_IDENTITY&ssl-ca={right}"),
        format!("{url}?ssl-mode=REQUIRED&ssl-ca={right}"),
        format!("{by_name}?ssl-mode=VERIFY_CA&ssl-ca={right}"),
        format!("{python}?ssl_ca={right}"),
        format!("{python}?ssl_ca={right}&ssl_verify_cert=true&ssl_verify_identity=true"),
    ] {
        assert_eq!(reached(&good, question).await.expect(&good), "true", "{good}");
    }
    for (bad, words) in [
        (format!("{url}?ssl-mode=DISABLED"), "cannot be opened"),
        (format!("{url}?ssl-mode=VERIFY_IDENTITY"), "UnknownIssuer; name the authority"),
        (format!("{url}?ssl-mode=VERIFY_IDENTITY&ssl-ca={other}"), "name the authority"),
        (format!("{url}?ssl-mode=REQUIRED&ssl-ca={other}"), "name the authority"),
        (format!("{python}?ssl_ca={other}"), "name the authority"),
        (format!("{by_name}?ssl-mode=VERIFY_IDENTITY&ssl-ca={right}"), "the host as the certificate does"),
        (format!("{python}?ssl_ca={empty}"), "empty.pem cannot be used: it holds no certificate"),
        (format!("{python}?ssl_ca={absent}"), "absent.pem cannot be used"),
    ] {
        is_refused(&bad, words, password).await;
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_it_is_required() {
    let url = fresh_postgres().await;
    is_refused(&format!("{url}?sslmode=require"), "server does not support TLS", "p@ss: word/%").await;
}
