//! A collector of traces, as small as OTLP over HTTP allows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A span as it was delivered.
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// The service that it happened in.
    pub(super) service: String,
    pub(super) name: String,
    pub(super) trace: Vec<u8>,
    pub(super) id: Vec<u8>,
    pub(super) parent: Vec<u8>,
    /// Its attributes, those that are texts.
    pub(super) texts: BTreeMap<String, String>,
}

/// Where spans are delivered to.
pub(super) struct Collector {
    pub(super) address: String,
    delivered: Arc<Mutex<Delivered>>,
}

#[derive(Default)]
struct Delivered {
    spans: Vec<Span>,
    headers: BTreeMap<String, String>,
}

impl Collector {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let delivered = Arc::default();
        let into = Arc::clone(&delivered);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, Arc::clone(&into)));
            }
        });
        Self { address, delivered }
    }

    pub(super) fn spans(&self) -> Vec<Span> {
        self.delivered.lock().unwrap().spans.clone()
    }

    /// A header of the last delivery.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.delivered.lock().unwrap().headers.get(name).cloned()
    }
}

/// One connection, to its end.
async fn take(stream: TcpStream, delivered: Arc<Mutex<Delivered>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        assert_eq!(line.trim_end(), "POST /v1/traces HTTP/1.1");
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        {
            let mut delivered = delivered.lock().unwrap();
            delivered.spans.extend(spans(&request));
            delivered.headers = headers;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    }
}

fn spans(request: &ExportTraceServiceRequest) -> Vec<Span> {
    let mut spans = Vec::new();
    for resource in &request.resource_spans {
        let attributes = &resource.resource.as_ref().unwrap().attributes;
        let service = attributes.iter().find(|pair| pair.key == "service.name").unwrap();
        let Some(Value::StringValue(service)) = service.value.clone().unwrap().value else {
            panic!("{service:?}")
        };
        for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
            spans.push(Span {
                service: service.clone(),
                name: span.name.clone(),
                trace: span.trace_id.clone(),
                id: span.span_id.clone(),
                parent: span.parent_span_id.clone(),
                texts: span.attributes.iter().filter_map(text).collect(),
            });
        }
    }
    spans
}

fn text(pair: &KeyValue) -> Option<(String, String)> {
    match pair.value.clone()?.value? {
        Value::StringValue(value) => Some((pair.key.clone(), value)),
        _ => None,
    }
}
