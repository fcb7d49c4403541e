//! One subscription over one WebSocket, in the `graphql-transport-ws` protocol.

use futures::{SinkExt, Stream, StreamExt, stream};
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// Opens a socket to `address` and subscribes; the `data` of each event until `complete`.
pub(super) async fn subscribe(
    mut address: reqwest::Url,
    document: &str,
    variables: Value,
) -> Result<impl Stream<Item = Result<Value>> + use<>> {
    let scheme = if address.scheme() == "https" { "wss" } else { "ws" };
    address.set_scheme(scheme).map_err(|()| miette!("{address} is neither http nor https"))?;
    let mut request = address.as_str().into_client_request().into_diagnostic()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
    let (mut socket, _) = connect_async(request).await.into_diagnostic().wrap_err("no subscription")?;

    say(&mut socket, json!({ "type": "connection_init" })).await?;
    let payload = json!({ "query": document, "variables": variables });
    say(&mut socket, json!({ "id": "1", "type": "subscribe", "payload": payload })).await?;
    Ok(stream::try_unfold(socket, |mut socket| async move {
        Ok(next(&mut socket).await?.map(|event| (event, socket)))
    }))
}

async fn say(socket: &mut Socket, message: Value) -> Result<()> {
    socket.send(Message::text(message.to_string())).await.into_diagnostic()
}

/// The next event's `data`; none once the service has completed the subscription.
async fn next(socket: &mut Socket) -> Result<Option<Value>> {
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message.into_diagnostic()? else { continue };
        let mut message: Value = serde_json::from_str(&text).into_diagnostic()?;
        match message["type"].as_str() {
            Some("next") => {
                if let Some(error) = message.pointer("/payload/errors/0/message").and_then(Value::as_str) {
                    return Err(miette!("{error}"));
                }
                return Ok(Some(message["payload"]["data"].take()));
            }
            Some("error") => {
                let error =
                    message.pointer("/payload/0/message").and_then(Value::as_str).unwrap_or("refused");
                return Err(miette!("{error}"));
            }
            Some("complete") => return Ok(None),
            Some("ping") => say(socket, json!({ "type": "pong" })).await?,
            _ => {}
        }
    }
    Err(miette!("the service closed the connection"))
}
