//! An API server that fails: what a client asks goes to the real one, and what comes back is spoilt.
//!
//! It speaks as much of HTTP/1.1 as the agent does: a head, a body of a length that is told, one
//! request after another on a connection.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt as _;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, BodyStream};
use kube::client::{Body, Client};
use kube::config::{KubeConfigOptions, Kubeconfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Largest request of these tests.
const REQUEST_BYTES_MAX: usize = 1 << 20;

/// What comes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server is not asked, and this status is the answer.
    Says(u16),
    /// The server is not asked, and the connection ends.
    Lost,
    /// The server is asked, and the connection ends without an answer.
    Unanswered,
    /// The server is asked, and the answer breaks off in the middle.
    Half,
    /// The server is not asked, and the answer is the last one to such a request.
    Stale,
    /// An event is not passed on.
    Dropped,
    /// An event is passed on behind the one after it.
    Late,
    /// An event is passed on twice.
    Twice,
}

/// Which requests fail, and how: the first `times` of a method with a text in what they ask for. Of
/// the method `EVENT` are the events of a watch, with what they say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spoil {
    pub(super) method: &'static str,
    pub(super) with: &'static str,
    pub(super) without: &'static str,
    pub(super) fault: Fault,
    pub(super) times: u32,
}

pub(super) struct Proxy {
    address: SocketAddr,
    line: Arc<Line>,
    /// Ends all that is under way when it goes.
    _runtime: Runtime,
}

struct Line {
    server: Client,
    spoilt: Mutex<Vec<Spoil>>,
    /// The last good answer to each request for one thing.
    answered: Mutex<std::collections::BTreeMap<String, Vec<u8>>>,
    /// What of the spoilt was asked for.
    met: Mutex<u32>,
}

impl Proxy {
    /// In front of the server that `kubeconfig` is for.
    pub(super) fn before(kubeconfig: &Path) -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
        let (listener, server) = runtime.block_on(async {
            let kubeconfig = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
            let options = KubeConfigOptions::default();
            let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await;
            let server = Client::try_from(config.expect("a cluster")).expect("a client");
            (TcpListener::bind("127.0.0.1:0").await.expect("a port"), server)
        });
        let (spoilt, answered, met) = (Mutex::default(), Mutex::default(), Mutex::default());
        let line = Arc::new(Line { server, spoilt, answered, met });
        let address = listener.local_addr().expect("an address");
        let every = line.clone();
        runtime.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let line = every.clone();
                connections.spawn(async move { line.serve(stream).await });
            }
        });
        Self { address, line, _runtime: runtime }
    }

    /// For a client of the proxy.
    pub(super) fn kubeconfig(&self) -> String {
        format!(
            "{{ apiVersion: v1, kind: Config, current-context: it,\n  \
             clusters: [{{ name: it, cluster: {{ server: 'http://{}' }} }}],\n  \
             users: [{{ name: it, user: {{}} }}],\n  \
             contexts: [{{ name: it, context: {{ cluster: it, user: it }} }}] }}\n",
            self.address
        )
    }

    /// Spoils requests from now on, and none of those before.
    pub(super) fn spoil(&self, spoilt: &[Spoil]) {
        *self.line.spoilt.lock().expect("whole") = spoilt.to_vec();
        *self.line.met.lock().expect("whole") = 0;
    }

    /// How many requests were spoilt since.
    pub(super) fn spoilt(&self) -> u32 {
        *self.line.met.lock().expect("whole")
    }
}

impl Line {
    /// One connection, until it ends.
    async fn serve(&self, stream: TcpStream) {
        let mut stream = BufStream::new(stream);
        while let Some(request) = read(&mut stream).await {
            if self.answer(&mut stream, request).await.is_none() {
                break;
            }
        }
        // Whoever has gone does not hear that it is over.
        let _ = stream.shutdown().await;
    }

    /// `None`: the connection ends.
    async fn answer(
        &self,
        stream: &mut BufStream<TcpStream>,
        request: Request<Body>,
    ) -> Option<()> {
        let asked = format!("{} {}", request.method(), request.uri());
        let fault = self.fault(&asked);
        match fault {
            Some(Fault::Says(code)) => return say(stream, code).await,
            Some(Fault::Lost) => return None,
            Some(Fault::Stale) => {
                let known = self.answered.lock().expect("whole").get(&asked).cloned();
                if let Some(known) = known {
                    return send(stream, &known).await;
                }
            }
            _ => {}
        }
        let response = self.server.send(request).await.ok()?;
        if asked.contains("watch=true") {
            return self.stream_events(stream, response).await;
        }
        let mut answer = head(&response);
        let body = response.into_body().collect().await.ok()?.to_bytes();
        answer.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
        let half = answer.len() + body.len() / 2;
        answer.extend(&body);
        match fault {
            Some(Fault::Unanswered) => None,
            Some(Fault::Half) => {
                send(stream, &answer[..half]).await?;
                None
            }
            _ => {
                send(stream, &answer).await?;
                // What was true once: the oldest answer is the most wrong.
                self.answered.lock().expect("whole").entry(asked).or_insert(answer);
                Some(())
            }
        }
    }

    /// What the server tells of a watch, line by line. `None`: the connection ends.
    async fn stream_events(
        &self,
        stream: &mut BufStream<TcpStream>,
        response: Response<Body>,
    ) -> Option<()> {
        let mut head = head(&response);
        head.extend(b"transfer-encoding: chunked\r\n\r\n");
        send(stream, &head).await?;
        let mut frames = BodyStream::new(response.into_body());
        let (mut text, mut late) = (Vec::new(), Vec::new());
        while let Some(Ok(frame)) = frames.next().await {
            let Ok(bytes) = frame.into_data() else { continue };
            text.extend(&bytes);
            while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = text.drain(..=end).collect();
                let asked = format!("EVENT {}", String::from_utf8_lossy(&line));
                let lines = match self.fault(&asked) {
                    Some(Fault::Dropped) => Vec::new(),
                    Some(Fault::Late) => {
                        late = line;
                        continue;
                    }
                    Some(Fault::Twice) => [line.clone(), line].concat(),
                    Some(Fault::Lost) => return None,
                    Some(Fault::Half) => {
                        chunk(stream, &line[..line.len() / 2]).await?;
                        return None;
                    }
                    Some(Fault::Says(code)) => expired(code),
                    _ => line,
                };
                chunk(stream, &lines).await?;
                chunk(stream, &std::mem::take(&mut late)).await?;
            }
        }
        send(stream, b"0\r\n\r\n").await
    }

    fn fault(&self, asked: &str) -> Option<Fault> {
        let mut spoilt = self.spoilt.lock().expect("whole");
        let fits = |spoil: &&mut Spoil| {
            spoil.times > 0
                && asked.starts_with(spoil.method)
                && asked.contains(spoil.with)
                && (spoil.without.is_empty() || !asked.contains(spoil.without))
        };
        let spoil = spoilt.iter_mut().find(fits)?;
        spoil.times -= 1;
        *self.met.lock().expect("whole") += 1;
        Some(spoil.fault)
    }
}

/// The next request; `None`: there is none.
async fn read(stream: &mut BufStream<TcpStream>) -> Option<Request<Body>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < REQUEST_BYTES_MAX {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, uri) = (first.next()?, first.next()?);
    let mut request = Request::builder().method(method.parse::<Method>().ok()?).uri(uri);
    let mut length = 0;
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        match name {
            "content-length" => length = value.parse().ok()?,
            "accept" | "content-type" => request = request.header(name, value),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    request.body(Body::from(body)).ok()
}

fn head<B>(response: &Response<B>) -> Vec<u8> {
    let form = response.headers().get(http::header::CONTENT_TYPE);
    let form = form.and_then(|form| form.to_str().ok()).unwrap_or("application/json");
    format!("HTTP/1.1 {}\r\ncontent-type: {form}\r\n", response.status()).into_bytes()
}

/// As the server says it that has too much to do, or as a proxy before it does.
async fn say(stream: &mut BufStream<TcpStream>, code: u16) -> Option<()> {
    let reason = http::StatusCode::from_u16(code).expect("a status").to_string();
    let wait = if code == 429 { "retry-after: 1\r\n" } else { "" };
    let text = match code {
        409 | 410 => format!(
            r#"{{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": {code},
                "reason": "{}", "message": "spoilt"}}"#,
            if code == 409 { "Conflict" } else { "Expired" }
        ),
        _ => "spoilt\n".to_owned(),
    };
    let length = text.len();
    let answer = format!("HTTP/1.1 {reason}\r\n{wait}content-length: {length}\r\n\r\n{text}");
    send(stream, answer.as_bytes()).await
}

async fn send(stream: &mut BufStream<TcpStream>, bytes: &[u8]) -> Option<()> {
    stream.write_all(bytes).await.ok()?;
    stream.flush().await.ok()
}

/// What a server tells that does not know any more what has happened since.
fn expired(code: u16) -> Vec<u8> {
    let status = format!(
        r#"{{"kind": "Status", "apiVersion": "v1", "metadata": {{}}, "status": "Failure",
            "reason": "Expired", "message": "too old resource version", "code": {code}}}"#
    );
    let event = format!(r#"{{"type": "ERROR", "object": {status}}}"#);
    format!("{}\n", event.replace('\n', " ")).into_bytes()
}

async fn chunk(stream: &mut BufStream<TcpStream>, bytes: &[u8]) -> Option<()> {
    if bytes.is_empty() {
        return Some(());
    }
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend(bytes);
    chunk.extend(b"\r\n");
    send(stream, &chunk).await
}
