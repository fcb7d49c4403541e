//! Operations over a WebSocket: the engine's graphql-transport-ws between our guard and our clocks.

use std::{ops::ControlFlow, pin::pin, sync::Arc, time::Duration};

use async_graphql::{Data, Executor, http::WebSocketProtocols};
use async_graphql_axum::{GraphQLProtocol, GraphQLWebSocket};
use axum::{
    extract::{
        FromRequestParts, Query, Request, State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
};
use futures::{
    FutureExt, SinkExt, Stream, StreamExt, channel, future,
    stream::{self, SplitSink},
};
use serde::Deserialize;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    Endpoint, Patience, answer,
    operation::Operations,
    places::{Peer, Place},
    post,
    refusal::Refusal,
    request_id::RequestId,
};

/// Objects around the variables in a message: the message and its payload.
const ENVELOPE: usize = 2;
/// Bytes that a socket reads at once, and keeps room for as long as it is open: what clients say is short, and
/// most sockets wait. A longer message takes more room while it comes.
const READ_BUFFER: usize = 4 * 1024;
/// Refused messages that may wait for a slow reader; a flood of them ends the socket.
const REFUSALS: usize = 16;

const AWAY: (u16, &str) = (1001, "the server shuts down");
const SLOW_READER: (u16, &str) = (1013, "messages are read too slowly");
const SILENT: (u16, &str) = (4408, "connection_init did not come in time");

/// `GET /graphql`: the upgrade to a WebSocket, or a query in the address.
pub(super) async fn or_query<E: Executor>(
    State(endpoint): State<Endpoint<E>>,
    axum::Extension(request_id): axum::Extension<RequestId>,
    request: Request,
) -> Response {
    let (mut parts, _) = request.into_parts();
    let operations = endpoint.operations(request_id, &parts.headers);
    if !parts.headers.contains_key(header::UPGRADE) {
        let parameters = Query::from_request_parts(&mut parts, &()).await;
        return post::query(operations, &parts.headers, parameters).await;
    }
    let refuse =
        |refusal: Refusal| answer::of_refusal(&refusal, answer::Accepted::Json, &operations.request_id);
    if !is_same_origin(&parts.headers) {
        return refuse(Refusal::ForeignOrigin);
    }
    let Ok(protocol) = GraphQLProtocol::from_request_parts(&mut parts, &()).await else {
        return refuse(Refusal::BadRequest("ask for the subprotocol graphql-transport-ws".into()));
    };
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => match endpoint.sockets.take(Peer::of(&parts.extensions)) {
            Some(place) => {
                let upgrade = upgrade.protocols(name_of(&parts.headers));
                open(endpoint, operations, protocol, upgrade, place)
            }
            None => refuse(Refusal::TooManySockets),
        },
        Err(rejection) => rejection.into_response(),
    }
}

fn open<E: Executor>(
    endpoint: Endpoint<E>,
    mut operations: Operations<E>,
    protocol: GraphQLProtocol,
    upgrade: WebSocketUpgrade,
    place: Place,
) -> Response {
    let limit = endpoint.runtime.config.limits.transport.socket_operations;
    operations.slots = Some((limit, Arc::new(Semaphore::new(limit))));
    let session =
        Session { operations, patience: endpoint.patience, shutdown: endpoint.runtime.shutdown.clone() };
    let bytes = endpoint.body_bytes();
    let upgrade = upgrade.read_buffer_size(READ_BUFFER).max_message_size(bytes).max_frame_size(bytes);
    upgrade.on_upgrade(move |socket| {
        endpoint.tasks.track_future(async move {
            session.serve(socket, protocol).await;
            drop(place);
        })
    })
}

struct Session<E> {
    operations: Operations<E>,
    patience: Patience,
    shutdown: CancellationToken,
}

impl<E: Executor> Session<E> {
    async fn serve(self, socket: WebSocket, protocol: GraphQLProtocol) {
        let (mut sink, incoming) = socket.split();
        let (refuse, mut refused) = mpsc::channel(REFUSALS);
        let (initialised, init) = oneshot::channel();
        let (answer, answers) = channel::mpsc::channel(0);
        let messages = guarded(self.operations.clone(), incoming, refuse);
        let engine = GraphQLWebSocket::new_with_pair(answer, messages, self.operations.clone(), protocol)
            .on_connection_init(move |_| {
                let _ = initialised.send(());
                future::ready(Ok(Data::default()))
            });
        let engine = engine.serve().into_stream().filter_map(|()| future::ready(None));
        let mut answers = pin!(stream::select(answers, engine));
        let mut silence = pin!(timeout(self.patience.socket_init, init).map(|opened| opened.is_err()));
        let mut opening = true;
        loop {
            let next = tokio::select! {
                () = self.shutdown.cancelled() => close(AWAY),
                silent = &mut silence, if opening => {
                    opening = false;
                    if !silent { continue }
                    close(SILENT)
                }
                Some(refusal) = refused.recv() => Message::text(refusal),
                answer = answers.next() => match answer {
                    Some(answer) => answer,
                    None => return,
                },
            };
            if self.deliver(&mut sink, next).await.is_break() {
                return;
            }
        }
    }

    /// Sends one message; breaks after a closing one and when the reader is gone or too slow.
    async fn deliver(&self, sink: &mut SplitSink<WebSocket, Message>, message: Message) -> ControlFlow<()> {
        let last = matches!(message, Message::Close(_));
        match timeout(self.patience.socket_send, sink.send(message)).await {
            Ok(Ok(())) if !last => ControlFlow::Continue(()),
            Ok(_) => ControlFlow::Break(()),
            Err(_) => {
                let _ = timeout(Duration::from_millis(100), sink.send(close(SLOW_READER))).await;
                ControlFlow::Break(())
            }
        }
    }
}

/// The messages that pass the guard; the others are answered through `refuse` with an `error`.
fn guarded<E: Executor>(
    operations: Operations<E>,
    incoming: impl Stream<Item = Result<Message, axum::Error>>,
    refuse: mpsc::Sender<String>,
) -> impl Stream<Item = Result<Message, axum::Error>> {
    let pass = move |message: Result<Message, axum::Error>| {
        let text: &[u8] = match &message {
            Ok(Message::Text(text)) => text.as_bytes(),
            Ok(Message::Binary(bytes)) => bytes,
            _ => return Some(Some(message)),
        };
        match operations.limits.guard.json(text, ENVELOPE) {
            Ok(()) => Some(Some(message)),
            Err(violation) => {
                let error = refused(text, &operations.refuse(&violation.into()));
                refuse.try_send(error).is_ok().then_some(None)
            }
        }
    };
    incoming
        .map(pass)
        .take_while(|step| future::ready(step.is_some()))
        .filter_map(|step| future::ready(step.flatten()))
}

/// The `error` message for a message whose payload went unread.
fn refused(text: &[u8], response: &async_graphql::Response) -> String {
    /// Its id; what else it holds is skipped without recursion.
    #[derive(Deserialize)]
    struct Envelope {
        id: Option<String>,
    }
    let id = serde_json::from_slice::<Envelope>(text).ok().and_then(|envelope| envelope.id);
    serde_json::json!({ "type": "error", "id": id, "payload": response.errors }).to_string()
}

fn close((code, reason): (u16, &'static str)) -> Message {
    Message::Close(Some(CloseFrame { code, reason: reason.into() }))
}

/// The name of the subprotocol that [`GraphQLProtocol`] finds: the first that both sides speak. The upgrade, left
/// to choose among all, might answer another one.
fn name_of(headers: &HeaderMap) -> Option<String> {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let mut names = offered.split(',').map(str::trim);
    names.find(|name| name.parse::<WebSocketProtocols>().is_ok()).map(str::to_owned)
}

/// Whether the page that opens the socket came from us: browsers apply no same-origin rule to WebSockets.
/// Clients that are no browsers send no `Origin`.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let origin = origin.to_str().ok().and_then(|text| text.parse::<Uri>().ok());
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match (origin.as_ref().and_then(Uri::authority), host) {
        (Some(origin), Some(host)) => origin.as_str().eq_ignore_ascii_case(host),
        _ => false,
    }
}
