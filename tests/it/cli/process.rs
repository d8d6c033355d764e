//! The built `isobar` as a child: started, listened to line by line, signalled, killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// How long a line, or the end, is waited for: what takes longer hangs, on however busy a machine.
const DEADLINE: Duration = Duration::from_secs(300);

/// A command line, with an environment of its own.
#[derive(Clone)]
pub(crate) struct Isobar {
    args: Vec<String>,
    variables: Vec<(String, String)>,
}

/// A process that runs.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<Line>,
    stdout: String,
    stderr: String,
}

/// A process that has ended, and all it said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

enum Line {
    Out(String),
    Err(String),
}

/// The command line `isobar <args>`.
pub(crate) fn isobar<const N: usize>(args: [&str; N]) -> Isobar {
    Isobar { args: args.map(str::to_owned).to_vec(), variables: Vec::new() }
}

impl Isobar {
    /// With one more variable than `USER` and `TZ`.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With more words on the line.
    pub(crate) fn args(mut self, more: impl IntoIterator<Item = String>) -> Self {
        self.args.extend(more);
        self
    }

    /// Starts it in `folder`.
    #[expect(clippy::disallowed_methods, reason = "what is tested, not a child of it")]
    pub(crate) fn start(&self, folder: &Path) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_isobar"));
        command.args(&self.args).current_dir(folder).env_clear();
        command.env("USER", "ada").env("TZ", "UTC").envs(self.variables.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it is built");
        let (sender, lines) = channel();
        listen(child.stdout.take().expect("a pipe"), sender.clone(), Line::Out);
        listen(child.stderr.take().expect("a pipe"), sender, Line::Err);
        Running { child, lines, stdout: String::new(), stderr: String::new() }
    }

    /// Runs it in `folder` to its end.
    pub(crate) fn run(&self, folder: &Path) -> Ran {
        self.start(folder).end()
    }
}

/// Hands on what `stream` says, line by line, until it is closed.
fn listen(
    stream: impl std::io::Read + Send + 'static,
    sender: Sender<Line>,
    kind: impl Fn(String) -> Line + Send + 'static,
) {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut bytes = Vec::new();
        while stream.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let line = String::from_utf8_lossy(&bytes).into_owned();
            bytes.clear();
            // Nobody listens any more once the test has what it wants.
            if sender.send(kind(line)).is_err() {
                break;
            }
        }
    });
}

impl Running {
    /// Waits for a line, of either stream, that `fits`; `None`: it closed both without one.
    pub(crate) fn until(&mut self, fits: impl Fn(&str) -> bool) -> Option<String> {
        loop {
            let line = match self.lines.recv_timeout(DEADLINE) {
                Ok(Line::Out(line)) => {
                    self.stdout.push_str(&line);
                    line
                }
                Ok(Line::Err(line)) => {
                    self.stderr.push_str(&line);
                    line
                }
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!(
                    "it does not go on; so far\n--- stdout\n{}--- stderr\n{}",
                    self.stdout, self.stderr
                ),
            };
            if fits(line.trim_end()) {
                return Some(line);
            }
        }
    }

    /// The same for a line that has to come.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        self.until(|line| line.contains(text)).unwrap_or_else(|| {
            panic!(
                "it ended without `{text}`\n--- stdout\n{}--- stderr\n{}",
                self.stdout, self.stderr
            )
        })
    }

    /// Ends it at once, with no chance to do anything more.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
    }

    /// Sends it a signal by name: `INT`, `TERM`.
    #[expect(clippy::disallowed_methods, reason = "a tool of the test")]
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.expect("a shell's tools").success(), "the signal {name} is not sent");
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ran {
        self.until(|_| false);
        let status = self.child.wait().expect("it is ours");
        let (stdout, stderr) = (std::mem::take(&mut self.stdout), std::mem::take(&mut self.stderr));
        Ran { status, stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended is no error here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ran {
    /// The exit code; a process that a signal ended has none.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("it has no exit code: {self:?}"))
    }

    /// All it said, for a failed assertion.
    pub(crate) fn said(&self) -> String {
        format!("{}\n--- stdout\n{}--- stderr\n{}", self.status, self.stdout, self.stderr)
    }
}
