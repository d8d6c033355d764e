//! An API server that fails: what a client asks goes to the real one, and what comes back is spoilt.
//!
//! It speaks as much of HTTP/1.1 as the agent does: a head, a body of a length that is told, one
//! request after another on a connection.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, BodyStream};
use isobar::world::{Clock as _, SystemClock};
use kube::client::{Body, Client};
use kube::config::{KubeConfigOptions, Kubeconfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a test waits for requests: what takes longer hangs.
const HELD_MAX: Duration = Duration::from_secs(120);

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
    /// The server is asked once the test says so.
    Held,
    /// The server is not asked, and wants to be left alone for so many seconds.
    Busy(u64),
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
    runtime: Runtime,
}

struct Line {
    server: Client,
    spoilt: Mutex<Vec<Spoil>>,
    /// The last good answer to each request for one thing.
    answered: Mutex<std::collections::BTreeMap<String, Vec<u8>>>,
    /// What of the spoilt was asked for.
    met: watch::Sender<u32>,
    /// Whether what is held goes on.
    open: watch::Sender<bool>,
    /// What was asked for since the last time somebody spoilt anything, watches aside.
    asked: Mutex<Vec<Asked>>,
    /// The watches that were ever begun: what each asks for, and in which form.
    watches: Mutex<Vec<(String, String)>>,
    /// How many requests are under way, watches aside, and the most there were.
    under_way: Mutex<(usize, usize)>,
    clock: SystemClock,
}

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// The method and what it asks for.
    pub(super) what: String,
    /// When it came, and when it was answered.
    pub(super) at: Duration,
    pub(super) answered: Option<Duration>,
    /// What came of it, if it was spoilt.
    pub(super) fault: Option<Fault>,
}

/// One that is under way.
struct UnderWay<'l> {
    line: &'l Line,
    at: usize,
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
        let line = Arc::new(Line {
            server,
            spoilt: Mutex::default(),
            answered: Mutex::default(),
            met: watch::Sender::new(0),
            open: watch::Sender::new(false),
            asked: Mutex::default(),
            watches: Mutex::default(),
            under_way: Mutex::default(),
            clock: SystemClock::default(),
        });
        let address = listener.local_addr().expect("an address");
        let every = line.clone();
        runtime.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let line = every.clone();
                connections.spawn(async move { line.serve(stream).await });
            }
        });
        Self { address, line, runtime }
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
        self.line.met.send_replace(0);
        self.line.open.send_replace(false);
        self.line.asked.lock().expect("whole").clear();
        self.line.under_way.lock().expect("whole").1 = 0;
    }

    /// Returns once so many requests were spoilt since.
    pub(super) fn until_spoilt(&self, requests: u32) {
        let mut met = self.line.met.subscribe();
        let enough = met.wait_for(|met| *met >= requests);
        let enough = self.runtime.block_on(async { tokio::time::timeout(HELD_MAX, enough).await });
        enough.expect("it goes on").expect("the proxy is there");
    }

    /// Whatever is held goes on, and nothing is held any more.
    pub(super) fn go_on(&self) {
        self.line.open.send_replace(true);
    }

    /// What was asked for since, watches aside.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.line.asked.lock().expect("whole").clone()
    }

    /// The watches that were ever begun: what each asks for, and in which form.
    pub(super) fn watches(&self) -> Vec<(String, String)> {
        self.line.watches.lock().expect("whole").clone()
    }

    /// The most requests that were under way since, watches aside.
    pub(super) fn most_under_way(&self) -> usize {
        self.line.under_way.lock().expect("whole").1
    }

    /// How many requests were spoilt since.
    pub(super) fn spoilt(&self) -> u32 {
        *self.line.met.borrow()
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
        let is_watch = asked.contains("watch=true");
        let _under_way = (!is_watch).then(|| UnderWay::of(self, &asked, fault));
        if is_watch {
            let form = request.headers().get(http::header::ACCEPT);
            let form = form.and_then(|form| form.to_str().ok()).unwrap_or_default().to_owned();
            self.watches.lock().expect("whole").push((asked.clone(), form));
        }
        match fault {
            Some(Fault::Says(code)) => return say(stream, code, u64::from(code == 429)).await,
            Some(Fault::Busy(seconds)) => return say(stream, 429, seconds).await,
            Some(Fault::Held) => {
                // Who holds it may be gone.
                let _ = self.open.subscribe().wait_for(|open| *open).await;
            }
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
        if is_watch {
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
        self.met.send_modify(|met| *met += 1);
        Some(spoil.fault)
    }
}

impl<'l> UnderWay<'l> {
    fn of(line: &'l Line, what: &str, fault: Option<Fault>) -> Self {
        let mut under_way = line.under_way.lock().expect("whole");
        under_way.0 += 1;
        under_way.1 = under_way.1.max(under_way.0);
        drop(under_way);
        let mut asked = line.asked.lock().expect("whole");
        let (what, at) = (what.to_owned(), line.clock.monotonic());
        asked.push(Asked { what, at, answered: None, fault });
        Self { line, at: asked.len() - 1 }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.line.under_way.lock().expect("whole").0 -= 1;
        if let Some(asked) = self.line.asked.lock().expect("whole").get_mut(self.at) {
            asked.answered = Some(self.line.clock.monotonic());
        }
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
async fn say(stream: &mut BufStream<TcpStream>, code: u16, seconds: u64) -> Option<()> {
    let reason = http::StatusCode::from_u16(code).expect("a status").to_string();
    let wait = match seconds {
        0 => String::new(),
        seconds => format!("retry-after: {seconds}\r\n"),
    };
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
