//! The GraphQL multipart request: `operations`, `map`, then one file that streams straight into storage; its
//! operation runs once the file is there.
//!
//! The variable the file stands for becomes the upload's id, and the [`ReceivedLog`] itself is the request's
//! data: a resolver takes it from there, so that nobody can name a file that another request brought.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use async_graphql::{Executor, Response, parser::types::OperationType};
use axum::{
    body::{Body, BodyDataStream, Bytes},
    http::{
        HeaderMap,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
};
use entity::id::UploadId;
use futures::{Stream, StreamExt, TryStreamExt};
use multer::{Field, Multipart};
use platform::crashpoint;
use serde_json::Value;
use tokio::time::timeout;
use tracing::Instrument;

use super::{
    Endpoint,
    operation::{Admitted, Operations},
    post::{parse, request_of},
    refusal::Refusal,
};
use crate::upload::{self, Arrival, Pace, ReceiveError, ReceivedLog};

/// Any of these makes a browser ask first, so that a form of a foreign page cannot send the request.
const PREFLIGHT: [&str; 3] =
    ["graphql-require-preflight", "apollo-require-preflight", "x-apollo-operation-name"];
/// Bytes that came and are in no part's contents yet: what waits, boundaries, headers of parts. The parser has
/// no limit of its own on a header that never ends.
const AHEAD_BYTES: usize = 1 << 20;
/// Objects around the variables in `operations`.
const ENVELOPE: usize = 1;

/// Receives the file, then runs the operation. Goes on when the client goes away after the last byte.
pub(super) async fn run<E: Executor>(
    endpoint: &Endpoint<E>,
    operations: Operations<E>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    if !PREFLIGHT.iter().any(|name| headers.contains_key(*name)) {
        return Err(Refusal::Csrf);
    }
    let place = endpoint.uploads.clone().try_acquire_owned().map_err(|_| Refusal::TooManyUploads)?;
    let ahead = Arc::default();
    let parts =
        parts(&headers, Pieces { body: body.into_data_stream(), ahead: Arc::clone(&ahead), turn: false })?;
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let upload = Upload { endpoint: endpoint.clone(), operations, parts, ahead, announced };
    let receiving = async move {
        let outcome = upload.run().await;
        drop(place);
        outcome
    };
    let task = endpoint.tasks.spawn(receiving.in_current_span());
    task.await.map_err(|_| Refusal::Internal)?
}

fn parts(headers: &HeaderMap, pieces: Pieces) -> Result<Multipart<'static>, Refusal> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| Refusal::BadRequest("the multipart body has no boundary".into()))?;
    Ok(Multipart::new(pieces, boundary))
}

struct Upload<E> {
    endpoint: Endpoint<E>,
    operations: Operations<E>,
    parts: Multipart<'static>,
    ahead: Arc<AtomicUsize>,
    announced: Option<u64>,
}

impl<E: Executor> Upload<E> {
    async fn run(mut self) -> Result<Response, Refusal> {
        let id = UploadId::new();
        let (admitted, part) = self.read_operation(id).await?;
        let file = self.next_part().await?.filter(|field| field.name() == Some(&part)).ok_or_else(|| {
            Refusal::BadRequest(format!("after `map` comes the file, as the part `{part}`"))
        })?;
        let received = self.receive(id, file).await?;
        let outcome = match self.next_part().await {
            Ok(None) => {
                let request = admitted.request.data(received);
                Ok(self.operations.run_unhurried(Admitted { request, ..admitted }).await)
            }
            Ok(Some(_)) => Err(Refusal::BadRequest("one file a request".into())),
            Err(refusal) => Err(refusal),
        };
        upload::discard_unless_committed(&self.endpoint.runtime, id).await;
        crashpoint!("A6");
        outcome
    }

    async fn receive(&self, id: UploadId, file: Field<'static>) -> Result<ReceivedLog, Refusal> {
        let runtime = &self.endpoint.runtime;
        let window = self.endpoint.patience.upload_window;
        let pace = Pace { bytes: runtime.config.limits.upload.rate * window.as_secs().max(1), window };
        let file_name = file.file_name().unwrap_or_default().to_owned();
        let ahead = Arc::clone(&self.ahead);
        let pieces = file.inspect_ok(move |piece| taken(&ahead, piece.len()));
        // The request is longer than its file by its other parts.
        let announced = self.announced.map(|bytes| bytes.saturating_sub(AHEAD_BYTES as u64));
        Ok(upload::receive(runtime, Arrival { id, file_name, announced, pace }, pieces).await?)
    }

    /// Reads `operations` and `map`; says which part will be the file.
    async fn read_operation(&mut self, id: UploadId) -> Result<(Admitted, String), Refusal> {
        let text = self.text_part("operations").await?;
        self.operations.limits.guard.json(&text, ENVELOPE)?;
        let mut body: Value = parse(&text)?;
        let map: Value = parse(&self.text_part("map").await?)?;
        let (part, path) = one_file(&map).ok_or_else(|| {
            Refusal::BadRequest(r#"`map` names one file and one variable: {"0": ["variables.file"]}"#.into())
        })?;
        let variable = body.pointer_mut(&format!("/{}", path.replace('.', "/")));
        match variable {
            Some(variable @ Value::Null) if path.starts_with("variables.") => {
                *variable = Value::String(id.to_string());
            }
            _ => return Err(Refusal::BadRequest(format!("`{path}` is no variable that is null"))),
        }
        let admitted = self.operations.admit(request_of(body)?)?;
        match admitted.kind {
            Some(OperationType::Mutation) => Ok((admitted, part)),
            _ => Err(Refusal::BadRequest("a file belongs to a mutation".into())),
        }
    }

    async fn text_part(&mut self, name: &str) -> Result<Vec<u8>, Refusal> {
        let mut field =
            self.next_part().await?.filter(|field| field.name() == Some(name)).ok_or_else(|| {
                Refusal::BadRequest("the parts are `operations`, `map`, then the file".into())
            })?;
        let limit = self.endpoint.body_bytes();
        let mut text = Vec::new();
        while let Some(piece) = self.in_time(field.chunk()).await? {
            taken(&self.ahead, piece.len());
            text.extend_from_slice(&piece);
            if text.len() > limit {
                return Err(Refusal::TooLarge { limit: limit as u64 });
            }
        }
        Ok(text)
    }

    async fn next_part(&mut self) -> Result<Option<Field<'static>>, Refusal> {
        let limit = self.operations.limits.timeout;
        let part = timeout(limit, self.parts.next_field()).await.map_err(|_| Refusal::TooSlow)?;
        Ok(part.map_err(ReceiveError::from)?)
    }

    async fn in_time<T>(&self, step: impl Future<Output = multer::Result<T>>) -> Result<T, Refusal> {
        let outcome = timeout(self.operations.limits.timeout, step).await.map_err(|_| Refusal::TooSlow)?;
        Ok(outcome.map_err(ReceiveError::from)?)
    }
}

/// The part and the path of `{"part": ["path"]}`.
fn one_file(map: &Value) -> Option<(String, String)> {
    let map = map.as_object().filter(|map| map.len() == 1)?;
    let (part, paths) = map.iter().next()?;
    match paths.as_array()?.as_slice() {
        [Value::String(path)] => Some((part.clone(), path.clone())),
        _ => None,
    }
}

/// A body that gives one piece a poll: the parser takes in all it can get at once, which with a fast sender is
/// the whole file.
struct Pieces {
    body: BodyDataStream,
    ahead: Arc<AtomicUsize>,
    turn: bool,
}

impl Stream for Pieces {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.turn = !self.turn;
        if !self.turn {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Poll::Ready(piece) = self.body.poll_next_unpin(context) else {
            self.turn = false;
            return Poll::Pending;
        };
        Poll::Ready(piece.map(|piece| {
            let piece = piece.map_err(io::Error::other)?;
            let before = self.ahead.fetch_add(piece.len(), Ordering::Relaxed);
            if before > AHEAD_BYTES {
                return Err(io::Error::other("a part's header does not end"));
            }
            Ok(piece)
        }))
    }
}

fn taken(ahead: &AtomicUsize, bytes: usize) {
    ahead.fetch_sub(bytes, Ordering::Relaxed);
}
