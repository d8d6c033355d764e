//! The side of the agent: a child is started, fed, read and ended.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{LazyLock, mpsc};
use std::thread;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{Tool, ToolError};
use crate::world::Clock;

/// How much of standard output is read: a hundred times the largest chart known (600 objects).
const OUTPUT_BYTES_MAX: usize = 64 << 20;

/// How much of the end of standard error is kept: a screenful.
const SAID_BYTES_MAX: usize = 4 << 10;

/// The thread that starts all children. A child ends with the thread that has started it, as it must end
/// with this process; those of the runtime come and go, and this one stays.
static PARENT: LazyLock<mpsc::Sender<Start>> = LazyLock::new(|| {
    let (starts, asked) = mpsc::channel::<Start>();
    thread::spawn(move || asked.into_iter().for_each(|start| start()));
    starts
});

type Start = Box<dyn FnOnce() + Send>;

/// Runs tools.
#[derive(Debug, Clone)]
pub struct Jail {
    own: PathBuf,
}

impl Default for Jail {
    /// The child is this very binary, also if its file was replaced since.
    fn default() -> Self {
        Self { own: "/proc/self/exe".into() }
    }
}

impl Jail {
    /// One whose child is the `isobar` at this path.
    pub fn of(own: impl Into<PathBuf>) -> Self {
        Self { own: own.into() }
    }

    /// What `tool` writes to standard output, if it ends well. If it does not in time, if `stop` is
    /// cancelled or the future is dropped, it is ended; it cannot start processes that stay.
    pub async fn run(
        &self,
        tool: &Tool,
        clock: &dyn Clock,
        stop: &CancellationToken,
    ) -> Result<Vec<u8>, ToolError> {
        let program = tool.name();
        let start = |cause| ToolError::Start { program: program.clone(), cause };
        let mut child = started(self.command(tool)).await.map_err(start)?;
        let ended = tokio::select! {
            ended = talk(&mut child, &tool.input) => ended.map_err(start),
            () = clock.sleep(tool.timeout) => {
                Err(ToolError::TimedOut { program: program.clone(), timeout: tool.timeout })
            }
            () = stop.cancelled() => Err(ToolError::Stopped { program: program.clone() }),
        };
        let (output, said) = match ended {
            Ok((Some(output), said)) => (output, said),
            failed => {
                // It is waited for, so that nothing is left of it. It may have ended by itself.
                let _ = child.kill().await;
                let too_much = ToolError::TooMuch { program, bytes_max: OUTPUT_BYTES_MAX };
                return Err(failed.err().unwrap_or(too_much));
            }
        };
        let status = child.wait().await.map_err(start)?;
        if !status.success() {
            let said = String::from_utf8_lossy(&said).trim().to_owned();
            return Err(ToolError::Failed { program, status, said });
        }
        Ok(output)
    }

    fn command(&self, tool: &Tool) -> Command {
        #[expect(clippy::disallowed_methods, reason = "children of others start here")]
        let mut command = Command::new(&self.own);
        command.arg("jail").arg(format!("--parent={}", std::process::id()));
        command.args(tool.limits.arguments());
        command.arg("--write").arg(&tool.folder);
        if tool.network {
            command.arg("--network");
        }
        for path in &tool.reads {
            command.arg("--read").arg(path);
        }
        command.arg("--").arg(&tool.program).args(&tool.arguments);
        command.current_dir(&tool.folder);
        command.env_clear().envs(tool.environment.iter().cloned());
        command.env("HOME", &tool.folder).env("TMPDIR", &tool.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C is for us: what has begun is finished.
        command.process_group(0).kill_on_drop(true);
        command
    }
}

/// The child of a command. One that nobody waits for any more when it has begun is ended.
async fn started(mut command: Command) -> io::Result<Child> {
    let (runtime, (tell, told)) = (Handle::current(), oneshot::channel());
    let start = move || {
        let _entered = runtime.enter();
        let _unheard = tell.send(command.spawn());
    };
    let gone = || io::Error::other("the thread that starts children is gone");
    PARENT.send(Box::new(start)).map_err(|_| gone())?;
    told.await.map_err(|_| gone())?
}

/// Feeds and reads a child until it closes both outputs, or writes too much to the first.
async fn talk(child: &mut Child, input: &[u8]) -> io::Result<(Option<Vec<u8>>, Vec<u8>)> {
    let (to, from, said) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async {
        // What it does not read is its own business.
        if let Some(mut to) = to {
            let _ = to.write_all(input).await;
        }
    };
    let talk = async { tokio::join!(output(from), tail(said), feed) };
    let (output, said, ()) = talk.await;
    Ok((output?, said?))
}

/// All that is written, or `None` if it is too much.
async fn output(from: Option<impl AsyncRead + Unpin>) -> io::Result<Option<Vec<u8>>> {
    let Some(from) = from else { return Ok(Some(Vec::new())) };
    let mut bytes = Vec::new();
    from.take(OUTPUT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).await?;
    Ok((bytes.len() <= OUTPUT_BYTES_MAX).then_some(bytes))
}

/// The end of what is written.
async fn tail(from: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let Some(mut from) = from else { return Ok(Vec::new()) };
    let (mut kept, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = from.read(&mut piece).await?;
        if read == 0 {
            return Ok(kept);
        }
        kept.extend_from_slice(&piece[..read]);
        let over = kept.len().saturating_sub(SAID_BYTES_MAX);
        kept.drain(..over);
    }
}
