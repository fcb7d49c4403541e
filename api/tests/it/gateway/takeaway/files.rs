//! Message files by GET, HEAD and ranges.

use reqwest::Method;
use sha2::{Digest, Sha256};

use super::{Site, header};

const FILE: &str = "can0-100-Engine.parquet";

#[tokio::test]
async fn a_message_file_comes_whole_in_parts_and_as_headers() {
    let site = Site::start().await;
    let path = format!("/runs/{}/messages/{FILE}", site.converted().await);
    let whole = site.ask_for(Method::GET, &path, &[("accept-encoding", "gzip")]).await;
    assert_eq!((whole.status().as_u16(), header(&whole, "content-encoding")), (200, ""));
    assert_eq!(header(&whole, "content-type"), "application/vnd.apache.parquet");
    assert!(header(&whole, "content-disposition").contains(FILE));
    let (tag, length) = (header(&whole, "etag").to_owned(), header(&whole, "content-length").to_owned());
    let bytes = whole.bytes().await.unwrap();
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((tag.clone(), length.clone()), (format!("\"{hash}\""), bytes.len().to_string()));

    let head = site.ask_for(Method::HEAD, &path, &[("range", "bytes=0-3")]).await;
    assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, length.as_str()));
    assert_eq!((header(&head, "accept-ranges"), header(&head, "etag")), ("bytes", tag.as_str()));
    assert!(head.bytes().await.unwrap().is_empty());

    let size = bytes.len();
    for (range, expected) in [
        ("bytes=0-3".to_owned(), 0..4),
        ("bytes=-8".to_owned(), size - 8..size),
        // What polars asks for first, of a file that is shorter.
        ("bytes=-262144".to_owned(), 0..size),
        (format!("bytes=4-{size}"), 4..size),
    ] {
        let part = site.ask_for(Method::GET, &path, &[("range", &range)]).await;
        assert_eq!(part.status(), 206, "{range}");
        let said = format!("bytes {}-{}/{size}", expected.start, expected.end - 1);
        assert_eq!(header(&part, "content-range"), said);
        assert_eq!(part.bytes().await.unwrap(), bytes.slice(expected), "{range}");
    }
    let beyond = site.ask_for(Method::GET, &path, &[("range", &format!("bytes={size}-"))]).await;
    assert_eq!(
        (beyond.status().as_u16(), header(&beyond, "content-range")),
        (416, &*format!("bytes */{size}"))
    );
}

#[tokio::test]
async fn a_known_tag_costs_no_bytes_and_an_old_one_no_wrong_part() {
    let site = Site::start().await;
    let path = format!("/runs/{}/messages/{FILE}", site.converted().await);
    let tag = header(&site.get(&path).await, "etag").to_owned();
    let weak = format!("\"other\", W/{tag}");
    for known in [tag.as_str(), weak.as_str(), "*"] {
        let answer = site.ask_for(Method::GET, &path, &[("if-none-match", known)]).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "etag")), (304, tag.as_str()), "{known}");
        assert_eq!(header(&answer, "cache-control"), "private, no-cache");
    }
    let range = ("range", "bytes=0-3");
    for (continued, status) in
        [(tag.as_str(), 206), ("\"other\"", 200), ("Sun, 06 Oct 2019 15:42:54 GMT", 200)]
    {
        let answer = site.ask_for(Method::GET, &path, &[range, ("if-range", continued)]).await;
        assert_eq!(answer.status(), status, "{continued}");
    }
}

#[tokio::test]
async fn what_is_not_published_is_not_found() {
    let site = Site::start().await;
    let run = site.converted().await;
    let (waiting, _) = site.run(super::super::numbered(2)).await;
    for path in [
        format!("/runs/{run}/messages/manifest.json"),
        format!("/runs/{run}/messages/..%2F..%2Fdataviewer.db"),
        format!("/runs/{waiting}/messages/{FILE}"),
        format!("/runs/run_00000000000000000000000000000000/messages/{FILE}"),
        format!("/runs/1/messages/{FILE}"),
        "/logs/1".to_owned(),
    ] {
        assert_eq!(site.refused(&path).await, (404, "NOT_FOUND".to_owned()), "{path}");
    }
    let path = format!("/runs/{run}/messages/{FILE}");
    assert_eq!(site.get(&path).await.status(), 200);
    let delete = "mutation($id: ID!) { deleteRun(id: $id) { __typename } }";
    site.ask(delete, serde_json::json!({ "id": run.to_string() })).await;
    assert_eq!(site.refused(&path).await, (404, "NOT_FOUND".to_owned()), "a deleted run is gone for readers");
}

#[tokio::test]
async fn a_file_that_was_cut_or_is_gone_is_never_passed_off_as_whole() {
    let site = Site::start().await;
    let run = site.converted().await;
    let path = format!("/runs/{run}/messages/{FILE}");
    let folder = site.runtime.folder().join("data/runs").join(format!("run={}", run.0));
    let conversion = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let file = conversion.join(FILE);
    let bytes = std::fs::read(&file).unwrap();
    let mut damaged = bytes.clone();
    damaged[10] ^= 1;
    std::fs::write(&file, &damaged).unwrap();
    assert!(site.whole(&path).await.is_err(), "the last part of a damaged file is held back");
    std::fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(site.refused(&path).await, (503, "STORAGE_UNAVAILABLE".to_owned()));
    let end = site.ask_for(Method::GET, &path, &[("range", "bytes=-8")]).await;
    assert_eq!(end.status(), 503);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(site.refused(&path).await, (503, "STORAGE_UNAVAILABLE".to_owned()));
}
