//! Who may ask what of the world, and the answers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::question::{Answer, Question};
use crate::model::value::{Node, Rules, Value};
use crate::model::yaml;
use crate::source;

/// How much a command that `!exec` runs may print: what is meant to be a value is small.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// What a question may reach.
#[derive(Debug, Clone)]
pub enum Reach {
    /// On a person's machine: their environment, commands and repository, as in Atmos.
    Person(Person),
    /// In `serve`: nothing of the process. A repository cannot grant itself more.
    Agent,
}

/// Where a person stands.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The variables of the process.
    pub environment: BTreeMap<String, String>,
    /// The folder with the configuration.
    pub folder: PathBuf,
}

/// Answers one question that no component of the repository answers; `None` if nothing here can,
/// so that it is refused where the value is needed.
pub(super) fn answer(reach: &Reach, question: &Question) -> Option<Answer> {
    let function = question.function.as_ref();
    let arguments: Vec<&str> = question.arguments.iter().map(AsRef::as_ref).collect();
    if let ("env", [name, default @ ..]) = (function, arguments.as_slice()) {
        return Some(environment(reach, name, default.first().copied()));
    }
    let Reach::Person(person) = reach else { return None };
    match (function, arguments.as_slice()) {
        ("exec", [command]) => Some(run(command, person)),
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
        _ => format!("`!{function}` is not answered by this version of Isobar"),
    })
}

fn environment(reach: &Reach, name: &str, default: Option<&str>) -> Answer {
    match reach {
        // A missing variable without a default is the empty text (measured on Atmos 1.226.1).
        Reach::Person(person) => {
            let found = person.environment.get(name).map(String::as_str).or(default);
            Answer::Value(Value::text(found.unwrap_or_default()))
        }
        // The default is the author's own text: using it reads nothing of the process.
        Reach::Agent => match default {
            Some(default) => Answer::Value(Value::text(default)),
            None => Answer::Refused(format!(
                "the agent does not hand its environment (`{name}`) to a repository"
            )),
        },
    }
}

/// What a shell command prints: a value if it is JSON, else a text.
#[expect(clippy::disallowed_methods, reason = "a person asked for exactly this command")]
fn run(command: &str, person: &Person) -> Answer {
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", command]).current_dir(&person.folder).env_clear();
    let ran = match shell.envs(&person.environment).stdin(std::process::Stdio::null()).output() {
        Ok(ran) => ran,
        Err(error) => return Answer::Failed(format!("the shell does not start: {error}")),
    };
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr);
        let last = said.trim().lines().next_back().unwrap_or_default().to_owned();
        return Answer::Failed(format!("`{command}` ended with {}: {last}", ran.status));
    }
    if ran.stdout.len() > OUTPUT_BYTES_MAX {
        return Answer::Failed(format!("`{command}` prints more than {OUTPUT_BYTES_MAX} bytes"));
    }
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
    let parsed = is_json.then(|| yaml::parse(&text, Rules::Stack)).flatten();
    Answer::Value(parsed.unwrap_or_else(|| Value::computed(Node::Str(text.into()))))
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
