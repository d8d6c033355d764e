//! What a program of somebody else can do to us: the real binary, real programs, the real kernel.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]
#![expect(
    clippy::disallowed_methods,
    reason = "beside the jail, to see what it makes of a program"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use futures_util::FutureExt as _;
use isobar::jail::{self, Jail, Limits, Tool, ToolError};
use isobar::world::World;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const ISOBAR: &str = env!("CARGO_BIN_EXE_isobar");
const BASH: &str = "/bin/bash";

/// A shell that may touch its own folder and nothing else.
fn shell(folder: &Path, script: &str, arguments: &[&str]) -> Tool {
    let arguments = ["-c", script, "script"].into_iter().chain(arguments.iter().copied());
    Tool {
        program: BASH.into(),
        arguments: arguments.map(Into::into).collect(),
        input: Vec::new(),
        folder: folder.to_owned(),
        reads: Vec::new(),
        environment: Vec::new(),
        network: false,
        limits: Limits::default(),
        timeout: Duration::from_secs(60),
    }
}

fn run(tool: &Tool) -> Result<String, ToolError> {
    run_until(tool, &CancellationToken::new())
}

fn run_until(tool: &Tool, stop: &CancellationToken) -> Result<String, ToolError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let clock = World::real().clock;
    let written = runtime.block_on(Jail::of(ISOBAR).run(tool, clock.as_ref(), stop))?;
    Ok(String::from_utf8(written).unwrap())
}

/// What a tool that failed said, and how it ended.
#[track_caller]
fn refused(tool: &Tool) -> String {
    match run(tool) {
        Err(ToolError::Failed { status, said, .. }) => format!("{status}: {said}"),
        other => panic!("it did not fail by itself: {other:?}"),
    }
}

#[test]
fn it_reads_its_input_and_writes_its_output() {
    let folder = TempDir::new().unwrap();
    let input = "a line of input\n".repeat(100_000);
    let cat = Tool {
        program: "/bin/cat".into(),
        arguments: Vec::new(),
        input: input.clone().into_bytes(),
        ..shell(folder.path(), "", &[])
    };
    assert_eq!(run(&cat).unwrap(), input);
    let wrong = shell(folder.path(), "echo something; echo this is wrong >&2; exit 3", &[]);
    assert_eq!(refused(&wrong), "exit status: 3: this is wrong");
}

/// Threads of a runtime come and go; a child that went with one would be a chart that is not rendered.
#[test]
fn it_outlives_the_thread_that_asked_for_it() {
    let folder = TempDir::new().unwrap();
    let tool = shell(folder.path(), "read -r line && echo \"heard $line\"", &[]);
    let tool = Tool { input: b"it\n".to_vec(), ..tool };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (clock, stop, jail) = (World::real().clock, CancellationToken::new(), Jail::of(ISOBAR));
    let mut running = Box::pin(jail.run(&tool, clock.as_ref(), &stop));
    thread::scope(|threads| {
        let asks = threads.spawn(|| {
            let _entered = runtime.enter();
            running.as_mut().now_or_never()
        });
        assert!(asks.join().unwrap().is_none(), "it runs");
    });
    assert_eq!(runtime.block_on(running).unwrap(), b"heard it\n");
}

#[test]
fn its_environment_is_what_it_is_given() {
    let folder = TempDir::new().unwrap();
    let mut env = Tool {
        program: "/usr/bin/env".into(),
        arguments: Vec::new(),
        ..shell(folder.path(), "", &[])
    };
    env.environment = vec![("ONE".into(), "1".into())];
    let home = folder.path().display();
    let wanted =
        BTreeSet::from(["ONE=1".to_owned(), format!("HOME={home}"), format!("TMPDIR={home}")]);
    assert_eq!(run(&env).unwrap().lines().map(str::to_owned).collect::<BTreeSet<_>>(), wanted);
}

#[test]
fn it_reads_what_it_may_and_nothing_else() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let secret = other.path().join("secret");
    fs::write(&secret, "hunter2\n").unwrap();
    let read = "read -r line < \"$1\" && echo \"$line\"";
    let path = secret.to_str().unwrap();
    let mut tool = shell(folder.path(), read, &[path]);
    assert!(refused(&tool).ends_with("Permission denied"), "{}", refused(&tool));
    // Nor through a link in its own folder.
    std::os::unix::fs::symlink(&secret, folder.path().join("link")).unwrap();
    let through = shell(folder.path(), read, &["link"]);
    assert!(refused(&through).ends_with("Permission denied"));
    assert!(refused(&shell(folder.path(), read, &["/etc/passwd"])).ends_with("Permission denied"));
    let environ = format!("/proc/{}/environ", std::process::id());
    assert!(refused(&shell(folder.path(), read, &[&environ])).ends_with("Permission denied"));
    tool.reads = vec![other.path().to_owned()];
    assert_eq!(run(&tool).unwrap(), "hunter2\n");
}

#[test]
fn it_writes_in_its_folder_and_nowhere_else() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let write = "echo written > \"$1\"";
    assert_eq!(run(&shell(folder.path(), write, &["inside"])).unwrap(), "");
    assert_eq!(fs::read_to_string(folder.path().join("inside")).unwrap(), "written\n");
    let outside = other.path().join("outside");
    let mut tool = shell(folder.path(), write, &[outside.to_str().unwrap()]);
    assert!(refused(&tool).ends_with("Permission denied"));
    // What it may read it may not write.
    tool.reads = vec![other.path().to_owned()];
    assert!(refused(&tool).ends_with("Permission denied"));
    assert!(!outside.exists());
}

#[test]
fn it_becomes_no_other_program() {
    let folder = TempDir::new().unwrap();
    let own = folder.path().join("own");
    fs::copy("/bin/true", &own).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).unwrap();
    for program in [own.to_str().unwrap(), "/usr/bin/env"] {
        let said = refused(&shell(folder.path(), "exec \"$1\"", &[program]));
        assert!(said.contains("Permission denied"), "{said}");
    }
}

#[test]
fn it_starts_no_process() {
    let folder = TempDir::new().unwrap();
    let said = refused(&shell(folder.path(), "(echo another) ; echo no more", &[]));
    assert!(said.contains("fork"), "{said}");
}

#[test]
fn it_reaches_no_network() {
    let folder = TempDir::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let call = "exec 3<>/dev/tcp/127.0.0.1/$1 && echo called";
    let outside = Command::new(BASH).args(["-c", call, "script", &port]).output().unwrap();
    assert_eq!(outside.stdout, b"called\n", "the call itself works");
    let said = refused(&shell(folder.path(), call, &[&port]));
    assert!(said.contains("Permission denied"), "{said}");
}

#[test]
fn it_uses_up_no_more_than_it_may() {
    let folder = TempDir::new().unwrap();
    let mut busy = shell(folder.path(), "while :; do :; done", &[]);
    busy.limits.cpu_seconds = 1;
    assert!(refused(&busy).starts_with("signal: 9"), "{}", refused(&busy));
    let mut greedy = shell(folder.path(), "printf -v all '%0200000000d' 0; echo \"${#all}\"", &[]);
    assert_eq!(run(&greedy).unwrap(), "200000000\n");
    greedy.limits.memory_bytes = 64 << 20;
    let said = refused(&greedy);
    assert!(said.contains("allocate") || said.starts_with("signal"), "{said}");
    let mut large = shell(folder.path(), "printf '%02000d' 0 > large", &[]);
    large.limits.file_bytes = 1000;
    let said = refused(&large);
    assert!(said.contains("signal: 25") || said.contains("File too large"), "{said}");
}

#[test]
fn it_is_ended_in_time_and_when_nobody_asks_any_more() {
    let folder = TempDir::new().unwrap();
    let mut busy = shell(folder.path(), "echo $$ > id; while :; do :; done", &[]);
    busy.timeout = Duration::from_millis(500);
    assert!(matches!(run(&busy), Err(ToolError::TimedOut { .. })));
    assert!(is_gone(id(&folder.path().join("id"))));
    let stop = CancellationToken::new();
    stop.cancel();
    assert!(matches!(run_until(&busy, &stop), Err(ToolError::Stopped { .. })));
}

#[test]
fn what_it_writes_without_end_is_not_kept() {
    let folder = TempDir::new().unwrap();
    let endless = shell(folder.path(), "while :; do printf '%01000000d' 0; done", &[]);
    assert!(matches!(run(&endless), Err(ToolError::TooMuch { .. })));
    let loud = "for i in {1..20000}; do echo \"line $i\" >&2; done; exit 1";
    let said = refused(&shell(folder.path(), loud, &[]));
    assert!(said.ends_with("line 20000") && said.len() < 5000, "{} bytes", said.len());
}

/// The agent is killed and has no chance to end anybody.
#[test]
fn it_ends_with_the_agent() {
    let folder = TempDir::new().unwrap();
    let script =
        "\"$1\" jail --parent=$$ --write=. -- /bin/bash -c 'echo in; while :; do :; done' &
        echo $!; wait";
    let mut agent = Command::new(BASH)
        .args(["-c", script, "script", ISOBAR])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut from = agent.stdout.take().unwrap();
    let mut read = String::new();
    while !read.contains("in\n") {
        let mut piece = [0; 64];
        let bytes = from.read(&mut piece).unwrap();
        assert_ne!(bytes, 0, "it ended by itself: {read}");
        read += std::str::from_utf8(&piece[..bytes]).unwrap();
    }
    agent.kill().unwrap();
    agent.wait().unwrap();
    // The end of its output is the end of the last process that has it open.
    let (ended, wait) = mpsc::channel();
    thread::spawn(move || ended.send(from.read_to_string(&mut read).is_ok()));
    assert_eq!(wait.recv_timeout(Duration::from_secs(60)), Ok(true));
}

/// This machine's kernel can hold a child whole, or else the tests above would be about less.
#[test]
fn nothing_is_lacking_here() {
    assert_eq!(thread::spawn(jail::lacks).join().unwrap(), [""; 0]);
}

fn id(file: &PathBuf) -> u32 {
    fs::read_to_string(file).unwrap().trim().parse().unwrap()
}

/// Whether no process has this id, or only one that has ended and nobody has asked for.
fn is_gone(id: u32) -> bool {
    match fs::read_to_string(format!("/proc/{id}/stat")) {
        Ok(stat) => stat.contains(") Z "),
        Err(_) => true,
    }
}
