//! Accepts connections and serves a router on them: HTTP/1.1, which is what browsers and proxies speak to a server without
//! TLS.
//!
//! `axum::serve` is shorter, but leaves the time for a request's head unbounded, small pieces to wait for
//! acknowledgements, and copies the whole router for every connection.

use std::{io, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a client may take for the head of a request, and keep a connection without one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// The most that the head of a request may hold, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The pause after a connection could not be accepted: where file handles have run out, some may come free.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// Serves `router` until `stop` is cancelled, and then until the requests under way have been answered, `patience` at
/// most.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken, patience: Duration) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES);
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((connection, _)) => {
                let served = serve_connection(connection, http.clone(), router.clone(), stop.clone());
                connections.spawn(served);
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::error!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(patience, connections.wait()).await.is_err() {
        tracing::warn!("some connections did not close in time");
    }
}

async fn serve_connection(connection: TcpStream, http: http1::Builder, router: Router, stop: CancellationToken) {
    // Nagle's algorithm would hold a token back until the one before it is acknowledged, which can take 40 ms.
    if let Err(error) = connection.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let connection = http.serve_connection(TokioIo::new(connection), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        // Readers come and go as they like.
        tracing::debug!(%error, "a connection broke off");
    }
}

fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
