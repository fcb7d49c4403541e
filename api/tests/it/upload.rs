//! The GraphQL multipart request: a file on its way into storage.

use std::time::Duration;

use api::transport::Patience;
use bytes::Bytes;
use entity::{blob, job, run, upload};
use futures::{StreamExt, stream};
use reqwest::{
    Body,
    multipart::{Form, Part},
};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::probe::{Server, code};

const UPLOAD: &str = "mutation($file: String!, $new: Boolean, $key: String) { \
    upload(file: $file, asNewRun: $new, key: $key) { run upload fileName bytes sha256 duplicate } }";

fn operations(more: &Value) -> String {
    let mut variables = json!({ "file": null });
    variables.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "query": UPLOAD, "variables": variables }).to_string()
}

fn form(more: &Value, file: Part) -> Form {
    Form::new()
        .text("operations", operations(more))
        .text("map", r#"{"0":["variables.file"]}"#)
        .part("0", file)
}

fn log(text: &'static str) -> Part {
    Part::text(text).file_name("LOG00011.CSV")
}

async fn send(server: &Server, form: Form) -> (u16, Value) {
    let sent = server.client.post(server.url("/graphql")).header("graphql-require-preflight", "1");
    let sent = sent.multipart(form).send().await.unwrap();
    (sent.status().as_u16(), sent.json().await.unwrap())
}

/// Files that lie where uploads go.
fn stored(server: &Server) -> usize {
    std::fs::read_dir(server.runtime.folder().join("data/uploads")).map_or(0, Iterator::count)
}

async fn states(server: &Server) -> Vec<upload::UploadState> {
    let rows = upload::Entity::find().all(server.runtime.database.read()).await.unwrap();
    rows.into_iter().map(|row| row.state).collect()
}

/// Waits until `condition` holds; what it looks at has no event of its own.
async fn until<F: Future<Output = bool>>(condition: impl Fn() -> F) {
    for _ in 0..600 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never held");
}

#[tokio::test]
async fn a_log_becomes_a_run_with_a_job() {
    let server = Server::start().await;
    let (status, answer) = send(&server, form(&json!({}), log("hello world"))).await;
    let made = &answer["data"]["upload"];
    assert_eq!(
        (status, &made["fileName"], &made["bytes"]),
        (200, &json!("LOG00011.CSV"), &json!(11)),
        "{answer}"
    );
    // sha256sum of "hello world" (coreutils 9.1)
    assert_eq!(made["sha256"], "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9");
    let db = server.runtime.database.read();
    let row = blob::Entity::find().one(db).await.unwrap().unwrap();
    let url = server.url(&format!("/logs/{}", row.id));
    assert_eq!(server.client.get(&url).send().await.unwrap().text().await.unwrap(), "hello world");
    let part = server.client.get(&url).header("range", "bytes=-5").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 6-10/11");
    assert!(
        part.headers()["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment; filename=\"LOG00011.CSV\"")
    );
    assert_eq!(part.text().await.unwrap(), "world");
    assert_eq!(server.client.get(&url).header("range", "bytes=11-").send().await.unwrap().status(), 416);
    assert_eq!(job::Entity::find().count(db).await.unwrap(), 1);
    assert_eq!(states(&server).await, [upload::UploadState::Committed]);
}

#[tokio::test]
async fn the_same_bytes_are_the_same_run() {
    let server = Server::start().await;
    let first = send(&server, form(&json!({}), log("again"))).await.1["data"]["upload"].clone();
    let second = send(&server, form(&json!({}), log("again"))).await.1["data"]["upload"].clone();
    assert_eq!((&second["run"], &second["duplicate"]), (&first["run"], &json!(true)));
    assert_eq!(stored(&server), 1, "the second copy is surplus");
    let third = send(&server, form(&json!({ "new": true }), log("again"))).await.1["data"]["upload"].clone();
    assert_eq!(third["duplicate"], false);
    assert_ne!(third["run"], first["run"]);
    assert_eq!(stored(&server), 1, "runs share the stored log");
    let db = server.runtime.database.read();
    assert_eq!(
        (blob::Entity::find().count(db).await.unwrap(), run::Entity::find().count(db).await.unwrap()),
        (1, 2)
    );
}

#[tokio::test]
async fn a_key_makes_a_repeat_safe() {
    let server = Server::start().await;
    let with_key = json!({ "key": "k1", "new": true });
    let first = send(&server, form(&with_key, log("keyed"))).await.1["data"]["upload"].clone();
    let second = send(&server, form(&with_key, log("keyed"))).await.1["data"]["upload"].clone();
    assert_eq!((&second["run"], &second["upload"]), (&first["run"], &first["upload"]));
    assert_eq!(second["duplicate"], true);
    let (_, other) = send(&server, form(&with_key, log("other bytes"))).await;
    assert!(other["errors"][0].is_object(), "{other}");
    assert_eq!(stored(&server), 1);
}

#[tokio::test]
async fn fifty_at_once_are_one_run() {
    let server = Server::start_with(&[("DATAVIEWER_LIMIT_UPLOADS", "64")]).await;
    let sends = (0..50).map(|_| send(&server, form(&json!({}), log("together"))));
    let answers = futures::future::join_all(sends).await;
    let run = &answers[0].1["data"]["upload"]["run"];
    assert!(run.is_string(), "{answers:?}");
    assert!(answers.iter().all(|(_, answer)| &answer["data"]["upload"]["run"] == run), "{answers:?}");
    assert_eq!(run::Entity::find().count(server.runtime.database.read()).await.unwrap(), 1);
    assert_eq!(stored(&server), 1);
}

#[tokio::test]
async fn a_form_of_a_foreign_page_is_blocked() {
    let server = Server::start().await;
    let sent = server
        .client
        .post(server.url("/graphql"))
        .multipart(form(&json!({}), log("x")))
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 403);
    assert_eq!(code(&sent.json().await.unwrap()), "CSRF_BLOCKED");
}

#[tokio::test]
async fn what_is_no_upload_is_refused_and_nothing_stays() {
    let server = Server::start().await;
    let operations = || operations(&json!({}));
    let one = r#"{"0":["variables.file"]}"#;
    let query =
        json!({ "query": "query($file: Int) { echo(number: $file) }", "variables": { "file": null } });
    let bomb = "[".repeat(4 << 10);
    for (name, form, expected) in [
        ("file first", Form::new().part("0", log("x")).text("operations", operations()), "BAD_USER_INPUT"),
        ("map first", Form::new().text("map", one).text("operations", operations()), "BAD_USER_INPUT"),
        ("no file", Form::new().text("operations", operations()).text("map", one), "BAD_USER_INPUT"),
        ("two files", form(&json!({}), log("x")).part("1", log("y")), "BAD_USER_INPUT"),
        (
            "two in the map",
            Form::new()
                .text("operations", operations())
                .text("map", r#"{"0":["variables.file"],"1":["variables.b"]}"#),
            "BAD_USER_INPUT",
        ),
        (
            "a variable that is not null",
            Form::new()
                .text("operations", operations())
                .text("map", r#"{"0":["variables"]}"#)
                .part("0", log("x")),
            "BAD_USER_INPUT",
        ),
        (
            "a query",
            Form::new().text("operations", query.to_string()).text("map", one).part("0", log("x")),
            "BAD_USER_INPUT",
        ),
        ("a batch", Form::new().text("operations", "[]").text("map", one), "BAD_USER_INPUT"),
        ("a bomb", Form::new().text("operations", bomb.clone()).text("map", one), "QUERY_TOO_DEEP"),
        ("a long text", Form::new().text("operations", "x".repeat(300 << 10)), "PAYLOAD_TOO_LARGE"),
    ] {
        assert_eq!(code(&send(&server, form).await.1), expected, "{name}");
    }
    assert_eq!(stored(&server), 0);
    assert!(states(&server).await.iter().all(|state| *state == upload::UploadState::Expired));
}

#[tokio::test]
async fn a_resolver_that_wants_no_log_leaves_none() {
    let server = Server::start().await;
    let query =
        json!({ "query": "mutation($file: String!) { ignore(file: $file) }", "variables": { "file": null } });
    let form = Form::new()
        .text("operations", query.to_string())
        .text("map", r#"{"0":["variables.file"]}"#)
        .part("0", log("unwanted"));
    assert!(send(&server, form).await.1["data"]["ignore"].is_number());
    assert_eq!((stored(&server), states(&server).await), (0, vec![upload::UploadState::Expired]));
}

#[tokio::test]
async fn a_log_that_is_too_large_is_refused_while_it_comes() {
    let server = Server::start_with(&[("DATAVIEWER_MAX_UPLOAD_BYTES", "1MiB")]).await;
    let pieces = stream::iter((0..64).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 64 << 10]))));
    let endless = Part::stream(Body::wrap_stream(pieces)).file_name("large.log");
    let (status, answer) = send(&server, form(&json!({}), endless)).await;
    assert_eq!((status, code(&answer)), (413, "PAYLOAD_TOO_LARGE"));
    assert_eq!((stored(&server), states(&server).await), (0, vec![upload::UploadState::Expired]));
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing() {
    let server = Server::start().await;
    let mut stream = begin(&server).await;
    stream.write_all(&[b'x'; 4096]).await.unwrap();
    until(async || states(&server).await == [upload::UploadState::Receiving]).await;
    drop(stream);
    until(async || states(&server).await == [upload::UploadState::Expired]).await;
    until(async || stored(&server) == 0).await;
    assert_eq!(run::Entity::find().count(server.runtime.database.read()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_header_that_does_not_end_is_no_memory() {
    let server = Server::start().await;
    let mut stream =
        begin_with(&server, "--B\r\ncontent-disposition: form-data; name=\"operations\"\r\nx: ").await;
    let mut sent = 0;
    while sent < 64 << 20 && stream.write_all(&[b'x'; 64 << 10]).await.is_ok() {
        sent += 64 << 10;
    }
    assert!(sent < 64 << 20, "the server hung up");
    assert!(server.is_alive().await);
}

#[tokio::test]
async fn uploads_at_once_are_limited() {
    let server = Server::start_with(&[("DATAVIEWER_LIMIT_UPLOADS", "1")]).await;
    let _first = begin(&server).await;
    until(async || states(&server).await == [upload::UploadState::Receiving]).await;
    let (status, answer) = send(&server, form(&json!({}), log("x"))).await;
    assert_eq!((status, code(&answer)), (429, "RATE_LIMITED"));
}

#[tokio::test]
async fn a_disk_that_would_be_full_is_not_filled() {
    let server = Server::start_with(&[("DATAVIEWER_LIMIT_FREE_BYTES", "1000000GiB")]).await;
    let (status, answer) = send(&server, form(&json!({}), log("x"))).await;
    assert_eq!((status, code(&answer)), (507, "STORAGE_FULL"));
}

#[tokio::test]
async fn a_log_that_comes_too_slowly_is_refused() {
    let patience = Patience { upload_window: Duration::from_millis(200), ..Patience::default() };
    let server = Server::start_patient(patience).await;
    let mut stream = begin(&server).await;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert_eq!((stored(&server), states(&server).await), (0, vec![upload::UploadState::Expired]));
}

/// `DATAVIEWER_TEST_UPLOAD_MIB=1024` for the whole of it.
#[tokio::test]
async fn memory_does_not_grow_with_the_log() {
    #[expect(clippy::disallowed_methods, reason = "a knob of this test alone")]
    let mib: usize =
        std::env::var("DATAVIEWER_TEST_UPLOAD_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(256);
    let server = Server::start().await;
    assert!(server.is_alive().await);
    let before = memory("VmRSS");
    let piece = Bytes::from(vec![b'x'; 1 << 20]);
    let pieces = stream::iter(0..mib).map(move |_| Ok::<_, std::io::Error>(piece.clone()));
    let large = Part::stream(Body::wrap_stream(pieces)).file_name("large.log");
    let (_, answer) = send(&server, form(&json!({}), large)).await;
    assert_eq!(answer["data"]["upload"]["bytes"], json!(mib << 20), "{answer}");
    let grown = memory("VmHWM").saturating_sub(before);
    println!("{mib} MiB received, memory grew by {} MiB at most", grown >> 20);
    assert!(grown <= 64 << 20, "grew by {grown} bytes");
}

/// A figure of `/proc/self/status`, in bytes.
fn memory(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}

/// An upload that has begun its file.
async fn begin(server: &Server) -> TcpStream {
    let part = |name: &str, text: &str| {
        format!("--B\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}")
    };
    let head = [
        part("operations", &operations(&json!({}))),
        part("map", r#"{"0":["variables.file"]}"#),
        part("0\"; filename=\"a.log", "first bytes"),
    ];
    begin_with(server, &head.join("\r\n")).await
}

async fn begin_with(server: &Server, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ngraphql-require-preflight: 1\r\ncontent-length: 100000000\r\n\
        content-type: multipart/form-data; boundary=B\r\n\r\n";
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    stream
}
