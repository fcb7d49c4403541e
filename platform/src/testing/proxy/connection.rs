//! Connections: taken, joined with the server's, and ended by the sky.

use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::pump::passing;
use super::weather::{Sky, Weather};

/// Connections live in this task's set: they end with the proxy.
pub(super) async fn accept(listener: TcpListener, sky: Arc<Sky>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(connect(client, sky.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// One connection, to its end or the sky's.
async fn connect(mut client: TcpStream, sky: Arc<Sky>) {
    let mut cuts = sky.cuts.subscribe();
    let Weather { target, refuse, .. } = sky.weather.borrow().clone();
    if refuse {
        return;
    }
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let cut = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::select! {
            _ = cuts.changed() => *cuts.borrow(),
            () = passing((from_client, to_server), (from_server, to_client), &sky) => return,
        }
    };
    if cut.reset {
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
}
