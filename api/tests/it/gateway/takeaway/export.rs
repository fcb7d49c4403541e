//! Exports as transfers: what is refused, what is known already, and what becomes of slow and lost readers.

use std::{fmt::Write as _, fs, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use super::{Site, header};
use crate::gateway::{numbered, series::drive};

impl Site {
    /// Waits until there is a place for an export again.
    async fn until_taken(&self, path: &str) {
        let free = async {
            while self.get(path).await.status() != 200 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), free).await.unwrap();
    }

    /// A client that asks and reads no more than the head of the answer.
    async fn idle_reader(&self, path: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 << 10).unwrap();
        let mut stream = socket.connect(self.address).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: here\r\n\r\n").as_bytes()).await.unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
        stream
    }
}

/// A hundred columns of 10,000 samples, no two of them alike: more than sockets hold.
fn large(run: impl std::fmt::Display, form: &str) -> String {
    let mut path = format!("/runs/{run}/data.{form}?");
    (1..100).for_each(|n| write!(path, "signals=expr:sin(Engine.Speed*0.{n})&").unwrap());
    path + "signals=Engine.Speed"
}

#[tokio::test]
async fn what_cannot_be_exported_is_refused_in_words() {
    let site = Site::start().await;
    let run = site.converted().await;
    let (waiting, _) = site.run(numbered(2)).await;
    let many = vec!["Gear"; 101].join(",");
    let times = "from=1970-01-01T00:00:00Z&to=1970-01-01T01:00:00Z";
    let of = |query: &str| format!("/runs/{run}/data.csv?{query}");
    for (path, status, code) in [
        (of("signals=Speed"), 400, "AMBIGUOUS_SIGNAL"),
        (of("signals=Nothing"), 404, "NOT_FOUND"),
        (of(&format!("signals={many}")), 400, "BAD_USER_INPUT"),
        (of("signals=expr:Gear%2B"), 400, "EXPRESSION"),
        (of("signals=expr:1"), 400, "EXPRESSION"),
        (of(&format!("signals=derived:{}", entity::id::DerivedSignalId::new())), 404, "NOT_FOUND"),
        (of("signal=Gear"), 400, "BAD_USER_INPUT"),
        (of("signals=Gear,Engine.Speed&grid=NATIVE"), 400, "BAD_USER_INPUT"),
        (of("signals=Gear&vehicle=vehicle_1"), 400, "BAD_USER_INPUT"),
        (of("signals=Gear&from=1970-01-01T00:00:00Z"), 400, "BAD_USER_INPUT"),
        (of(&format!("signals=Gear&interval={}", entity::id::IntervalId::new())), 404, "NOT_FOUND"),
        (of("signals=Gear&interval=1"), 400, "BAD_USER_INPUT"),
        (of("signals=Gear&maxPoints=0"), 400, "BAD_USER_INPUT"),
        (of("signals=Gear&maxPoints=100001"), 422, "TOO_MANY_POINTS"),
        (of("signals=Gear&maxPoints=100&method=RAW"), 422, "TOO_MANY_POINTS"),
        (of("signals=Gear&maxPoints=100&every=1ms"), 422, "TOO_MANY_POINTS"),
        (format!("/runs/{run}/data.xlsx"), 404, "NOT_FOUND"),
        (format!("/runs/{waiting}/data.csv"), 404, "NOT_FOUND"),
        ("/runs/1/data.csv".to_owned(), 404, "NOT_FOUND"),
        ("/range/data.csv?signals=Gear".to_owned(), 400, "BAD_USER_INPUT"),
        (format!("/range/data.csv?signals=Gear&vehicle=1&{times}"), 400, "BAD_USER_INPUT"),
        (
            format!("/range/data.csv?signals=Gear&vehicle={}&{times}", entity::id::VehicleId::new()),
            404,
            "NOT_FOUND",
        ),
        (
            "/range/data.csv?signals=Gear&from=1980-01-01T00:00:00Z&to=1980-01-02T00:00:00Z".to_owned(),
            404,
            "NOT_FOUND",
        ),
    ] {
        assert_eq!(site.refused(&path).await, (status, code.to_owned()), "{path}");
    }
    let ambiguous: Value = site.get(&of("signals=Speed")).await.json().await.unwrap();
    assert_eq!(ambiguous["candidates"][1]["qualifiedName"], "Wheel.Speed");
    let unknown: Value = site.get(&of("step=1")).await.json().await.unwrap();
    assert_eq!(unknown["parameter"], "step");
    assert!(unknown["hint"].as_str().unwrap().contains("`every`"), "{unknown}");
}

#[tokio::test]
async fn more_signals_than_a_table_takes_must_be_named() {
    let site = Site::start_with(&[("DATAVIEWER_LIMIT_VALUES", "1000")]).await;
    let mut log = String::new();
    for bus in 0..51 {
        writeln!(log, "(1.{bus:06}) can{bus} 100#000000").unwrap();
    }
    let wide = site.converted_from(numbered(1), log).await;
    assert_eq!(site.refused(&format!("/runs/{wide}/data.csv")).await, (400, "BAD_USER_INPUT".to_owned()));
    let link = format!("{{ run(id: \"{wide}\") {{ exportUrl(format: CSV) }} }}");
    assert_eq!(site.refusal(&link, json!({})).await, "BAD_USER_INPUT");
    let long = site.converted_from(numbered(2), drive(100)).await;
    let path = format!("/runs/{long}/data.csv?signals=Gear");
    let points = site.refused(&format!("{path}&maxPoints=1000")).await;
    assert_eq!(points, (422, "TOO_MANY_POINTS".to_owned()));
    assert_eq!(site.get(&path).await.status(), 200, "samples themselves are as many as there are");
}

#[tokio::test]
async fn a_known_export_is_not_made_again() {
    let site = Site::start().await;
    let run = site.converted().await;
    let of = |query: &str| format!("/runs/{run}/data.csv?{query}");
    let path = of("signals=Gear&every=1s");
    let whole = site.get(&path).await;
    let tag = header(&whole, "etag").to_owned();
    let head = site.ask_for(Method::HEAD, &path, &[]).await;
    for name in ["etag", "content-type", "content-disposition", "cache-control"] {
        assert_eq!(header(&head, name), header(&whole, name), "{name}");
        assert_ne!(header(&head, name), "", "{name}");
    }
    assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, ""));
    assert!(head.bytes().await.unwrap().is_empty());
    for other in
        ["signals=Gear&every=2s", "signals=Engine.Gear&every=1s", "signals=Gear&every=1s&fill=LINEAR"]
    {
        assert_ne!(header(&site.get(&of(other)).await, "etag"), tag, "{other}");
    }
    assert_eq!(header(&site.get(&of("every=1000ms&signals=Gear&method=Min_Max")).await, "etag"), tag);

    let known = [("if-none-match", tag.as_str())];
    fs::remove_dir_all(site.runtime.folder().join("data/runs")).unwrap();
    let answer = site.ask_for(Method::GET, &path, &known).await;
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "etag")),
        (304, tag.as_str()),
        "no file is touched"
    );
    assert_eq!(site.refused(&path).await, (503, "STORAGE_UNAVAILABLE".to_owned()));
    site.convert_again(run).await;
    let answer = site.ask_for(Method::GET, &path, &known).await;
    assert_eq!(answer.status(), 200, "another conversion is another table");
}

#[tokio::test]
async fn a_changed_expression_is_another_table() {
    let site = Site::start().await;
    let run = site.converted().await;
    let inner = site.derived("Inner", "Gear * 2").await;
    let outer = site.derived("Outer", "Inner + 1").await;
    let path = format!("/runs/{run}/data.csv?signals=derived:{}", outer.as_str().unwrap());
    let tag = header(&site.get(&path).await, "etag").to_owned();
    let known = site.ask_for(Method::GET, &path, &[("if-none-match", &tag)]).await;
    assert_eq!(known.status(), 304);
    let change = json!({ "id": inner, "expression": "Gear * 3" });
    site.mutate("updateDerivedSignal", "derivedSignal { id }", change).await;
    let changed = site.ask_for(Method::GET, &path, &[("if-none-match", &tag)]).await;
    let third = changed.text().await.unwrap().lines().nth(3).unwrap_or_default().to_owned();
    assert!(third.ends_with(",7.0"), "gear 2 times 3, and 1: {third}");
}

#[tokio::test]
async fn places_are_few_and_free_again_when_a_reader_goes() {
    let site = Site::start_with(&[("DATAVIEWER_LIMIT_EXPORTS", "1")]).await;
    let run = site.converted().await;
    let small = format!("/runs/{run}/data.csv?signals=Gear");
    let limits = site.ask("{ server { limits { exports exportStallSeconds } } }", json!({})).await;
    assert_eq!(limits["server"]["limits"], json!({ "exports": "1", "exportStallSeconds": 30.0 }));
    let reader = site.idle_reader(&large(run, "ndjson")).await;
    let refused = site.get(&small).await;
    assert_eq!((refused.status().as_u16(), header(&refused, "retry-after")), (429, "5"));
    assert_eq!(site.refused(&small).await, (429, "RATE_LIMITED".to_owned()));
    let head = site.ask_for(Method::HEAD, &small, &[]).await;
    assert_eq!(head.status(), 200, "headers alone take no place");
    let query = "query($id: ID!) { run(id: $id) { series(signals: [{ name: \"Gear\" }]) { points } } }";
    site.ask(query, json!({ "id": run.to_string() })).await;
    drop(reader);
    site.until_taken(&small).await;
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_cut() {
    let variables = [("DATAVIEWER_LIMIT_EXPORTS", "1"), ("DATAVIEWER_LIMIT_EXPORT_STALL_SECONDS", "0.2")];
    let site = Site::start_with(&variables).await;
    let run = site.converted().await;
    for form in ["csv", "ndjson", "arrow", "parquet"] {
        let mut reader = site.idle_reader(&large(run, form)).await;
        site.until_taken(&format!("/runs/{run}/data.csv?signals=Gear")).await;
        let mut rest = Vec::new();
        // An end or a reset: what counts is that it comes, and is not the end of the table.
        let _ = reader.read_to_end(&mut rest).await;
        assert!(!rest.ends_with(b"0\r\n\r\n"), "the last chunk of a whole body: {form}");
    }
}

#[tokio::test]
async fn an_error_in_the_middle_breaks_the_transfer() {
    let site = Site::start().await;
    let mut log = String::new();
    for n in 0..200_000_u32 {
        let [low, high, ..] = n.to_le_bytes();
        writeln!(log, "({}.{:06}) can0 100#{low:02X}{high:02X}{:02X}", n / 10_000, n % 10_000 * 100, n % 3)
            .unwrap();
    }
    let run = site.converted_from(numbered(1), log).await;
    let path = format!("/runs/{run}/data.csv?signals=Engine.Speed");
    let whole = site.whole(&path).await.unwrap();
    assert_eq!(whole.split(|byte| *byte == b'\n').count(), 200_002);

    let folder = site.runtime.folder().join("data/runs").join(format!("run={}", run.0));
    let conversion = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let file = conversion.join("can0-100-Engine.parquet");
    let mut bytes = fs::read(&file).unwrap();
    let size = bytes.len();
    bytes[size / 2..size * 3 / 4].fill(0xA5);
    let file = fs::OpenOptions::new().write(true).open(file).unwrap();
    let modified = file.metadata().unwrap().modified().unwrap();
    std::io::Write::write_all(&mut &file, &bytes).unwrap();
    // The file was proved before, and looks untouched: a disk that forgets.
    file.set_modified(modified).unwrap();
    let answer = site.get(&path).await;
    assert_eq!(answer.status(), 200, "the first rows are whole");
    assert!(answer.bytes().await.is_err(), "a part must not pass for the whole");
}
