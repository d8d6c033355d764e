//! What the agent answers for over HTTP: its metrics, to whoever may reach the address that its
//! settings name.
//!
//! Takes: a place to listen at, and what is counted.
//! Gives: `/metrics`, and nothing else.
//! Never: changes anything, reads what it is sent beyond a request's head, or waits for whoever asks.
//! Start at: [`serve`].
//! How to add: another path is a line in [`answer`]; one that changes anything asks who it is first.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::metrics::{CONTENT_TYPE as OPEN_METRICS, Metrics};
use crate::world::World;

/// Who is answered at a time: a few that scrape, and people. The others wait until one is done.
const CONNECTIONS_MAX: usize = 16;

/// How long a request and its answer may take together. One connection is for one request, so that
/// nobody keeps another out for longer.
const CONNECTION_TIME: Duration = Duration::from_secs(10);

/// Largest head of a request: what scrapes sends 300 bytes. It is the smallest that hyper takes.
const HEAD_BYTES_MAX: usize = 8 << 10;

/// Most headers of a request: what scrapes sends six.
const HEADERS_MAX: usize = 32;

/// How long to wait with the next connection when there are no files left for one.
const PAUSE: Duration = Duration::from_millis(500);

/// Listens at `place`.
pub async fn listen(place: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(place).await
}

/// Answers whoever asks at `listener` until `stop`, and ends what is under way.
pub async fn serve(listener: TcpListener, world: World, stop: CancellationToken) {
    let (seats, mut answers) = (Arc::new(Semaphore::new(CONNECTIONS_MAX)), JoinSet::new());
    loop {
        let next = async {
            let seat = seats.clone().acquire_owned().await;
            (seat, listener.accept().await)
        };
        let (seat, connection) = tokio::select! {
            () = stop.cancelled() => break,
            next = next => next,
            Some(_) = answers.join_next(), if !answers.is_empty() => continue,
        };
        match connection {
            Ok((stream, _)) => {
                let (world, stop) = (world.clone(), stop.clone());
                answers.spawn(async move {
                    let _seat = seat;
                    connected(stream, &world, &stop).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "nobody can be answered who asks for metrics");
                world.clock.sleep(PAUSE).await;
            }
        }
    }
    while answers.join_next().await.is_some() {}
}

/// Answers one request. Whoever is slow, or says nothing, is left.
async fn connected(stream: TcpStream, world: &World, stop: &CancellationToken) {
    let metrics = world.metrics.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(&metrics, request.method(), request.uri().path());
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    let mut connection = http1::Builder::new();
    connection.keep_alive(false).max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
    connection.timer(TokioTimer::new()).header_read_timeout(CONNECTION_TIME);
    let connection = connection.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let time = world.clock.sleep(CONNECTION_TIME);
    tokio::select! {
        // Who has gone, or sent what is no request, is told nothing and is no error of ours.
        _ = connection.as_mut() => return,
        () = time => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        _ = connection => {}
        () = world.clock.sleep(CONNECTION_TIME) => {}
    }
}

/// The answer to one request.
fn answer(metrics: &Metrics, method: &Method, path: &str) -> Response<Full<Bytes>> {
    let (status, form, text) = match (path, method) {
        ("/metrics", &Method::GET | &Method::HEAD) => {
            (StatusCode::OK, OPEN_METRICS, metrics.text())
        }
        ("/metrics", _) => (StatusCode::METHOD_NOT_ALLOWED, PLAIN, String::new()),
        _ => (StatusCode::NOT_FOUND, PLAIN, "there is /metrics, and nothing else\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(form));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

const PLAIN: &str = "text/plain; charset=utf-8";
