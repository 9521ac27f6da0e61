//! Connections: accepted up to a number, each with a time to say what it wants and a time to be answered.
//!
//! It reads no request: that is the router's.

use crate::ServeError;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// What one caller, and all of them together, may cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of one request's body, as read by axum's extractors.
    pub body_bytes_max: usize,
    /// The time for the head of a request, from when the connection waits for one.
    pub head: Duration,
    /// The time from the head of a request until it is answered.
    pub answer: Duration,
    /// Connections at one time; further ones wait to be accepted.
    pub connections_max: usize,
    /// How long answers that are under way may take when the listener ends.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body_bytes_max: 1 << 20,
            head: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            connections_max: 64,
            farewell: Duration::from_secs(3),
        }
    }
}

/// A socket that listens on this machine.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Listens on `address` (`127.0.0.1:9469`; port 0 takes any that is free).
    ///
    /// # Errors
    /// If it is no address, if others than this machine could reach it, or if the system refuses.
    pub async fn bind(address: &str) -> Result<Listener, ServeError> {
        let wanted: SocketAddr = address.parse().map_err(|_| ServeError::NotAnAddress(address.to_owned()))?;
        if !wanted.ip().is_loopback() {
            return Err(ServeError::NotLoopback(wanted));
        }
        let refused = |error: std::io::Error| ServeError::Bind { address: wanted, reason: error.to_string() };
        let socket = TcpListener::bind(wanted).await.map_err(refused)?;
        let address = socket.local_addr().map_err(refused)?;
        Ok(Listener { socket, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers with `router` until `stop` is ready; then what is under way has a last moment.
    pub async fn serve(self, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
        let router = bounded(router, limits);
        let (places, graceful) = (Arc::new(Semaphore::new(limits.connections_max)), GracefulShutdown::new());
        tokio::pin!(stop);
        loop {
            let (place, stream) = tokio::select! {
                () = &mut stop => break,
                next = self.next(&places) => match next {
                    Some(next) => next,
                    None => continue,
                },
            };
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(limits.head);
            let service = TowerToHyperService::new(router.clone());
            let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
            tokio::spawn(async move {
                // What goes wrong on one connection is its caller's to notice.
                let _ = connection.await;
                drop(place);
            });
        }
        drop(self.socket);
        let _ = tokio::time::timeout(limits.farewell, graceful.shutdown()).await;
    }

    /// The next connection and its place among those that are open.
    async fn next(
        &self,
        places: &Arc<Semaphore>,
    ) -> Option<(tokio::sync::OwnedSemaphorePermit, tokio::net::TcpStream)> {
        let place = Arc::clone(places).acquire_owned().await.ok()?;
        match self.socket.accept().await {
            Ok((stream, _)) => Some((place, stream)),
            Err(error) => {
                tracing::warn!("a connection could not be accepted: {error}");
                // Out of file handles, say: trying again at once would only be busy.
                tokio::time::sleep(Duration::from_millis(100)).await;
                None
            }
        }
    }
}

/// `router` within `limits`.
fn bounded(router: Router, limits: Limits) -> Router {
    let in_time = move |request: Request, next: Next| async move {
        let answer = tokio::time::timeout(limits.answer, next.run(request)).await;
        answer.unwrap_or_else(|_| late())
    };
    router.layer(DefaultBodyLimit::max(limits.body_bytes_max)).layer(from_fn(in_time))
}

fn late() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "it takes too long\n").into_response()
}
