//! Accepts connections and speaks HTTP/1 on them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::login::PeerAddress;

/// How long a client may take to send a request's head, and how long an idle connection stays open.
const HEADER_READ_TIME_MAX: Duration = Duration::from_secs(75);
/// How long to wait after the operating system refused a connection, for example for want of descriptors.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);
/// How long connections may take to finish their response once the server has stopped.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(5);
/// Room for a request's head, above the limit that is answered with an error of ours.
const HEAD_BUFFER_FACTOR: usize = 4;

/// What the listener must know.
pub(crate) struct ListenOptions {
    pub(crate) connections_max: usize,
    pub(crate) header_bytes_max: usize,
}

/// Serves until `stop`, then lets responses that are under way finish.
pub(crate) async fn serve_connections(
    listener: TcpListener,
    router: Router,
    options: ListenOptions,
    stop: CancellationToken,
) {
    let permits = Arc::new(Semaphore::new(options.connections_max));
    let connections = TaskTracker::new();
    let head_buffer = (options.header_bytes_max * HEAD_BUFFER_FACTOR).max(16 * 1024);
    loop {
        let Some(accepted) = stop.run_until_cancelled(accept(&listener, &permits)).await else {
            break;
        };
        let Some((stream, peer, permit)) = accepted else {
            continue;
        };
        let (router, stop) = (router.clone(), stop.clone());
        connections.spawn(async move {
            serve_connection(stream, peer, router, head_buffer, stop).await;
            drop(permit);
        });
    }
    connections.close();
    if tokio::time::timeout(CLOSE_TIME_MAX, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "closing connections that did not finish in time");
    }
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, permit)),
        Err(error) => {
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
            None
        }
    }
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    head_buffer: usize,
    stop: CancellationToken,
) {
    // Pages are answers that a client waits for: none may be held back to be sent with the next.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(PeerAddress(peer));
        let router = router.clone();
        async move {
            Ok::<_, Infallible>(
                router.oneshot(request.map(Body::new)).await.unwrap_or_else(|never| match never {}),
            )
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIME_MAX)
        .max_buf_size(head_buffer)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "connection ended");
    }
}
