//! Who may ask what of the world, and the answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Read};
#[cfg(unix)]
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, LazyLock, mpsc};
use std::time::Duration;

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process_group};

use crate::ids::{CommitId, ContentId};
use crate::model::question::{Answer, Question};
use crate::model::revision::Revision;
use crate::model::value::{Node, Rules, Value};
use crate::model::yaml;
use crate::settings::{AgentSettings, AllowSettings};
use crate::source::{self, ImportError, Imports};

/// How long a command may take in an agent: all stacks of its repository wait for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much a command that `!exec` runs may print: what is meant to be a value is small.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// What a question may reach.
#[derive(Debug, Clone)]
pub enum Reach {
    /// On a person's machine: their environment, commands and repository, as in Atmos.
    Person(Person),
    /// In `serve`: nothing of the process. A repository cannot grant itself more.
    Agent,
    /// In `serve`, of a commit on the tracked branch: what the agent's settings allow.
    Allowed(Arc<Allowed>),
    /// In `serve`, of a pull request: of what they allow the imports that are here already.
    Proposed(Arc<Allowed>),
}

/// What the agent's settings allow one repository.
#[derive(Default)]
pub struct Allowed {
    /// The variables that it may see.
    environment: BTreeMap<String, String>,
    /// The commands that may be run, with what they see.
    commands: BTreeSet<String>,
    seen: BTreeMap<String, String>,
    /// The files at other places that it may import.
    imports: Imports,
}

/// Where a person stands.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The variables of the process.
    pub environment: BTreeMap<String, String>,
    /// The folder with the configuration.
    pub folder: PathBuf,
    /// The files at other places that they let a repository import.
    pub imports: Imports,
    /// Whether commands are run: those of what is checked out there, and not of what somebody else
    /// has in a branch.
    pub runs: bool,
}

/// For whom nothing is allowed.
static NOTHING: LazyLock<Imports> = LazyLock::new(Imports::default);

/// What a command finds its programs with.
const SEARCHED: &str = "PATH";

impl Allowed {
    /// What `allow` names of the process's `environment`, of commands and of places.
    pub fn new(
        allow: &AllowSettings,
        settings: &AgentSettings,
        environment: BTreeMap<String, String>,
    ) -> Self {
        let named = |name: &String| allow.env.contains(name);
        let searched = environment.get_key_value(SEARCHED);
        let searched = searched.map(|(name, path)| (name.clone(), path.clone()));
        let given = environment.into_iter().filter(|(name, _)| named(name));
        let environment: BTreeMap<_, _> = given.collect();
        let seen = searched.into_iter().chain(environment.clone()).collect();
        let imports = Imports::new(allow.imports.clone(), settings);
        Self { environment, commands: allow.exec.clone(), seen, imports }
    }

    fn is_nothing(&self) -> bool {
        self.environment.is_empty() && self.commands.is_empty() && self.imports.is_nothing()
    }
}

/// Never the values: a variable may be a credential.
impl fmt::Debug for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.environment.keys().collect();
        let mut shown = f.debug_struct("Allowed");
        shown.field("env", &names).field("exec", &self.commands);
        shown.field("imports", &self.imports).finish()
    }
}

impl Reach {
    /// What the questions of `revision` may reach: what is `allowed` is for who could push to the
    /// tracked branch, and for nobody else.
    pub(super) fn of(&self, allowed: &Arc<Allowed>, revision: &Revision) -> Self {
        match (self, revision) {
            (Self::Agent, _) if allowed.is_nothing() => Self::Agent,
            (Self::Agent, Revision::Commit(_)) => Self::Allowed(allowed.clone()),
            (Self::Agent, _) => Self::Proposed(allowed.clone()),
            (reach, _) => reach.clone(),
        }
    }

    /// What may be fetched, and whether anything that is not here already.
    fn imports(&self) -> (&Imports, bool) {
        match self {
            Self::Person(person) => (&person.imports, true),
            Self::Allowed(allowed) => (&allowed.imports, true),
            Self::Proposed(allowed) => (&allowed.imports, false),
            Self::Agent => (&NOTHING, true),
        }
    }
}

/// Answers one question that no component of the repository answers; `None` if nothing here can,
/// so that it is refused where the value is needed.
pub(super) fn answer(reach: &Reach, question: &Question) -> Option<Answer> {
    let function = question.function.as_ref();
    let arguments: Vec<&str> = question.arguments.iter().map(AsRef::as_ref).collect();
    if let ("env", [name, default @ ..]) = (function, arguments.as_slice()) {
        return Some(environment(reach, name, default.first().copied()));
    }
    if let ("import", [url, locked @ ..]) = (function, arguments.as_slice()) {
        return Some(import(reach, url, locked));
    }
    let person = match (reach, function, arguments.as_slice()) {
        (Reach::Person(person), ..) => person,
        (Reach::Allowed(allowed), "exec", [command]) if allowed.commands.contains(*command) => {
            return Some(run(command, &allowed.seen, Path::new("/"), Some(PATIENCE)));
        }
        _ => return None,
    };
    match (function, arguments.as_slice()) {
        ("exec", _) if !person.runs => Some(Answer::Later),
        ("exec", [command]) => Some(run(command, &person.environment, &person.folder, None)),
        ("repo-root", _) => Some(git("git.root", &person.folder)),
        (function, _) if function.starts_with("git.") => Some(git(function, &person.folder)),
        _ => None,
    }
}

/// Why a question that nothing answers holds back what needs it.
pub(super) fn refused(question: &Question) -> Answer {
    let function = &question.function;
    Answer::Refused(match function.as_ref() {
        "exec" => "a repository may not run commands in the agent".to_owned(),
        name if name == "repo-root" || name.starts_with("git.") => {
            format!("`!{function}` speaks of a person's clone, and the agent has none")
        }
        _ => format!("nothing answers `!{function}` in this version of Isobar"),
    })
}

fn environment(reach: &Reach, name: &str, default: Option<&str>) -> Answer {
    let found = match reach {
        Reach::Person(person) => person.environment.get(name),
        Reach::Allowed(allowed) => allowed.environment.get(name),
        Reach::Agent | Reach::Proposed(_) => None,
    };
    // The default is the author's own text: using it reads nothing of the process.
    let found = found.map(String::as_str).or(default);
    match (found, reach) {
        (Some(found), _) => Answer::Value(Value::text(found)),
        // A missing variable without a default is the empty text (measured on Atmos 1.226.1).
        (None, Reach::Person(_)) => Answer::Value(Value::text("")),
        (None, _) => Answer::Refused(format!(
            "the agent does not hand its environment (`{name}`) to a repository"
        )),
    }
}

/// A file at another place that the lock has as `locked`: its hash and, of a repository, a commit.
fn import(reach: &Reach, url: &str, locked: &[&str]) -> Answer {
    let (imports, asks) = reach.imports();
    // What is here already is a person's own. An agent has it for several repositories.
    if !matches!(reach, Reach::Person(_))
        && let Err(error) = imports.permitted(url)
    {
        return Answer::Refused(error.to_string());
    }
    let [sha256, commit @ ..] = locked else {
        return Answer::Refused("what nothing is known of is only fetched to be locked".to_owned());
    };
    let commit = commit.first().map(|commit| CommitId::new(*commit)).transpose();
    let found = match (ContentId::parse(sha256), commit) {
        (Ok(sha256), Ok(commit)) => imports.locked(url, &sha256, commit.as_ref(), asks),
        (Err(error), _) | (_, Err(error)) => return Answer::Failed(error.to_string()),
    };
    match found {
        Ok(text) => Answer::Value(Value::text(text)),
        Err(ImportError::Refused(why)) => Answer::Refused(why),
        Err(ImportError::Failed(why) | ImportError::Changed(why)) => Answer::Failed(why),
    }
}

/// The file of a chart's archive at another place, as the lock has it.
pub(super) fn chart(reach: &Reach, url: &str, sha256: &ContentId) -> Result<PathBuf, ImportError> {
    let (imports, asks) = reach.imports();
    imports.chart(url, sha256, asks)
}

/// Refuses a chart that may not be fetched, whether or not it is here. What is here already is a
/// person's own; an agent has it for several repositories.
pub(super) fn permits_chart(reach: &Reach, url: &str) -> Result<(), ImportError> {
    match reach {
        Reach::Person(_) => Ok(()),
        _ => reach.imports().0.permits_chart(url),
    }
}

/// What a shell command prints: a value if it is JSON, else a text. `patience` is how long it may
/// take; a person can stop it.
fn run(
    command: &str,
    environment: &BTreeMap<String, String>,
    folder: &Path,
    patience: Option<Duration>,
) -> Answer {
    let ended = match ended(command, environment, folder, patience) {
        Ok(Some(ended)) => ended,
        Ok(None) => return Answer::Failed(format!("`{command}` takes longer than {PATIENCE:?}")),
        Err(error) => return Answer::Failed(format!("the shell does not start: {error}")),
    };
    // Of one that prints too much the rest was not read, so that it failed for that.
    if ended.stdout.len() > OUTPUT_BYTES_MAX {
        return Answer::Failed(format!("`{command}` prints more than {OUTPUT_BYTES_MAX} bytes"));
    }
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        let last = said.trim().lines().next_back().unwrap_or_default().to_owned();
        return Answer::Failed(format!("`{command}` ended with {}: {last}", ended.status));
    }
    let text = String::from_utf8_lossy(&ended.stdout).into_owned();
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
    let parsed = is_json.then(|| yaml::parse(&text, Rules::Stack)).flatten();
    Answer::Value(parsed.unwrap_or_else(|| Value::computed(Node::Str(text.into()))))
}

/// How a shell command ended, and the beginning of what it printed; `None` if it had to be stopped.
#[expect(clippy::disallowed_methods, reason = "exactly this command was asked for, or is allowed")]
fn ended(
    command: &str,
    environment: &BTreeMap<String, String>,
    folder: &Path,
    patience: Option<Duration>,
) -> io::Result<Option<Output>> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder).env_clear().envs(environment);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // What it starts itself is stopped with it.
    #[cfg(unix)]
    if patience.is_some() {
        shell.process_group(0);
    }
    let mut child = shell.spawn()?;
    #[cfg(unix)]
    let group = Pid::from_child(&child);
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let stderr = child.stderr.take().map(|pipe| std::thread::spawn(|| beginning(pipe)));
        let stdout = child.stdout.take().map(beginning).unwrap_or_default();
        let stderr = stderr.and_then(|reading| reading.join().ok()).unwrap_or_default();
        tell.send(child.wait().map(|status| Output { status, stdout, stderr }))
    });
    let Some(patience) = patience else { return told.recv().map_err(io::Error::other)?.map(Some) };
    match told.recv_timeout(patience) {
        Ok(ended) => ended.map(Some),
        Err(_) => {
            #[cfg(unix)]
            let _ = kill_process_group(group, Signal::KILL);
            Ok(None)
        }
    }
}

/// As much of what comes as is looked at. Who writes more has nobody to write to.
fn beginning(pipe: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let most = u64::try_from(OUTPUT_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    // What was read until something went wrong is there all the same.
    let _ = pipe.take(most).read_to_end(&mut bytes);
    bytes
}

fn git(function: &str, folder: &Path) -> Answer {
    let facts = match source::git_facts(folder) {
        Ok(Some(facts)) => facts,
        Ok(None) => return Answer::Failed("this folder is in no Git repository".to_owned()),
        Err(error) => return Answer::Failed(error.to_string()),
    };
    let remote = facts.remote.as_deref();
    let parts = remote.and_then(remote_parts);
    let found = match function {
        "git.root" => Some(facts.root.display().to_string()),
        "git.sha" | "git.ref" => facts.sha,
        "git.branch" => facts.branch,
        "git.url" => facts.remote.clone(),
        "git.host" => parts.map(|(host, _, _)| host.to_owned()),
        "git.owner" => parts.map(|(_, owner, _)| owner.to_owned()),
        "git.name" => parts.map(|(_, _, name)| name.to_owned()),
        "git.repository" => parts.map(|(_, owner, name)| format!("{owner}/{name}")),
        _ => None,
    };
    match found {
        Some(found) => Answer::Value(Value::text(found)),
        None => {
            Answer::Failed(format!("the repository of this folder has nothing for `!{function}`"))
        }
    }
}

/// Host, owner and name in `https://host/owner/name.git` or `git@host:owner/name.git`.
fn remote_parts(url: &str) -> Option<(&str, &str, &str)> {
    let (host, path) = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        None => url.split_once(':')?,
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let path = path.trim_end_matches('/');
    let (owner, name) = path.strip_suffix(".git").unwrap_or(path).rsplit_once('/')?;
    Some((host, owner, name))
}

#[cfg(test)]
mod tests;
