//! A small HTTP server in front of `git http-backend` and of files, which can be told to answer
//! wrongly.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What to answer in place of what Git would.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    /// This status and no body.
    Status(u16),
    /// Success, with a content type and a body.
    Body(&'static str, &'static str),
    /// What Git says, cut after so many bytes of its body, as if the line went dead.
    Cut(usize),
    /// Nothing at all.
    Close,
    /// Look there.
    Redirect(&'static str),
}

/// Serves every repository in a folder until it is dropped.
pub(crate) struct Server {
    scheme: &'static str,
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    root: PathBuf,
    answers: Mutex<BTreeMap<String, Answer>>,
    requests: Mutex<Vec<String>>,
}

/// A request: what Git needs to know of it, and all of its head.
struct Request {
    method: String,
    path: String,
    query: String,
    head: String,
    body: Vec<u8>,
}

impl Server {
    pub(crate) fn start(root: &Path) -> Self {
        Self::listen("http", root, |shared, mut stream| shared.serve(&mut stream))
    }

    /// The same behind TLS.
    pub(crate) fn start_tls(root: &Path, config: Arc<ServerConfig>) -> Self {
        Self::listen("https", root, move |shared, stream| {
            let connection =
                ServerConnection::new(config.clone()).map_err(std::io::Error::other)?;
            let mut stream = StreamOwned::new(connection, stream);
            shared.serve(&mut stream)?;
            stream.conn.send_close_notify();
            stream.flush()
        })
    }

    fn listen(
        scheme: &'static str,
        root: &Path,
        serve: impl Fn(&Shared, TcpStream) -> std::io::Result<()> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { root: root.to_owned(), ..Shared::default() });
        let serving = shared.clone();
        // The thread ends with the process: a test's server costs nothing while nobody calls.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A client that hangs up is not the server's problem.
                let _ = serve(&serving, stream);
            }
        });
        Self { scheme, port, shared }
    }

    pub(crate) fn url(&self, repository: &str) -> String {
        format!("{}://127.0.0.1:{}/{repository}", self.scheme, self.port)
    }

    /// Answers requests whose path ends with `path` wrongly, or rightly again.
    pub(crate) fn answer(&self, path: &str, answer: Option<Answer>) {
        let mut answers = self.shared.answers.lock().unwrap();
        match answer {
            Some(answer) => answers.insert(path.to_owned(), answer),
            None => answers.remove(path),
        };
    }

    /// The heads of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }
}

impl Shared {
    /// One request and its answer: the connection is closed then.
    fn serve(&self, stream: &mut (impl Read + Write)) -> std::io::Result<()> {
        let request = read(&mut BufReader::new(&mut *stream))?;
        self.requests.lock().unwrap().push(request.head.clone());
        let answers = self.answers.lock().unwrap();
        let wrong = answers.iter().find(|(end, _)| request.path.ends_with(*end)).map(|(_, a)| *a);
        drop(answers);
        match wrong {
            Some(Answer::Close) => Ok(()),
            Some(Answer::Status(status)) => reply(stream, &status.to_string(), &[], b"", 0),
            Some(Answer::Redirect(to)) => {
                reply(stream, "302 Found", &[format!("Location: {to}")], b"", 0)
            }
            Some(Answer::Body(kind, body)) => {
                let kind = format!("Content-Type: {kind}");
                reply(stream, "200 OK", &[kind], body.as_bytes(), body.len())
            }
            Some(Answer::Cut(bytes)) => self.git(&request, stream, bytes),
            None => match self.file(&request.path) {
                Some(bytes) => reply(stream, "200 OK", &[], &bytes, bytes.len()),
                None => self.git(&request, stream, usize::MAX),
            },
        }
    }

    /// A file that lies there as it is: an archive, an index.
    fn file(&self, path: &str) -> Option<Vec<u8>> {
        let is_plain = path.ends_with(".tgz") || path.ends_with("index.yaml");
        let file = self.root.join(path.trim_start_matches('/'));
        if is_plain { std::fs::read(file).ok() } else { None }
    }

    fn git(&self, request: &Request, stream: &mut impl Write, most: usize) -> std::io::Result<()> {
        let header = |name: &str| {
            let found = request.head.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            });
            found.unwrap_or_default()
        };
        #[expect(clippy::disallowed_methods, reason = "the peer of this test is a real git")]
        let mut child = Command::new("git")
            .arg("http-backend")
            .env("GIT_PROJECT_ROOT", &self.root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", &self.root)
            .env("REQUEST_METHOD", &request.method)
            .env("PATH_INFO", &request.path)
            .env("QUERY_STRING", &request.query)
            .env("CONTENT_TYPE", header("content-type"))
            .env("CONTENT_LENGTH", request.body.len().to_string())
            .env("GIT_PROTOCOL", header("git-protocol"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        child.stdin.take().unwrap().write_all(&request.body)?;
        let output = child.wait_with_output()?.stdout;
        let end = output.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&output[..end]).into_owned();
        let (status, headers): (Vec<&str>, Vec<&str>) =
            head.lines().partition(|line| line.starts_with("Status: "));
        let status = status.first().map_or("200 OK", |line| &line["Status: ".len()..]);
        let headers: Vec<String> = headers.into_iter().map(str::to_owned).collect();
        let body = &output[end + 4..];
        reply(stream, status, &headers, &body[..most.min(body.len())], body.len())
    }
}

/// Promises `length` bytes of body and sends those of `body`.
fn reply(
    stream: &mut impl Write,
    status: &str,
    headers: &[String],
    body: &[u8],
    length: usize,
) -> std::io::Result<()> {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}

fn read(stream: &mut BufReader<impl Read>) -> std::io::Result<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let lower = head.to_ascii_lowercase();
    let mut body = Vec::new();
    if lower.contains("transfer-encoding: chunked") {
        loop {
            let mut size = String::new();
            stream.read_line(&mut size)?;
            let size = u64::from_str_radix(size.trim(), 16).map_err(std::io::Error::other)?;
            stream.take(size).read_to_end(&mut body)?;
            stream.read_line(&mut String::new())?;
            if size == 0 {
                break;
            }
        }
    } else if let Some((_, rest)) = lower.split_once("content-length:") {
        let length = rest.lines().next().unwrap_or_default().trim().parse();
        stream.take(length.map_err(std::io::Error::other)?).read_to_end(&mut body)?;
    }
    let mut words = head.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (method, path, query) = (method.to_owned(), path.to_owned(), query.to_owned());
    Ok(Request { method, path, query, head, body })
}
