//! What a line of a story does. One function per verb, one line each in [`Scene::act`].

mod agent;
mod crash;
mod people;

use std::fmt::Write as _;
use std::fs;

use isobar::ids::{PullNumber, StackName};
use isobar::model::plan::Plan;

use super::script::{Command, Edit, Script};
use crate::stage::{Changes, Stage};

/// What went wrong with a line: the story is told wrongly.
type Told = Result<String, String>;

/// A stage, and what a story has set up on it.
pub(super) struct Scene {
    stage: Stage,
    /// Held until the story gives it back.
    lock: Option<fs::File>,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self { stage: Stage::new(), lock: None }
    }

    /// The folder all of it is in.
    pub(super) fn folder(&self) -> String {
        self.stage.path("").display().to_string()
    }

    /// Does what a line says; gives what it prints.
    pub(super) fn act(&mut self, command: &Command) -> Told {
        let words = command.words();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            // People at the repository.
            ["shop"] => self.shop(),
            ["approve", "everything"] => self.approve_everything(),
            ["commit", branch, message, rest @ ..] => {
                self.commit(command, branch, message, by(rest)?)
            }
            ["force-push", branch, "back", back, rest @ ..] => {
                self.force_push(command, branch, number(back)?, by(rest)?)
            }
            ["delete", "branch", branch] => self.delete_branch(branch),
            ["acknowledge", branch, rest @ ..] => self.acknowledge(branch, by(rest)?),
            // People at the forge.
            ["open", branch, title, rest @ ..] => self.open(branch, title, by(rest)?),
            ["approve", what, rest @ ..] => self.approve(what, rest),
            ["merge", pull] => self.merge(pull_number(pull)?),
            ["close", pull] => self.close(pull_number(pull)?),
            ["comments", pull] => self.comments(pull_number(pull)?),
            ["state", pull] => self.state(pull_number(pull)?),
            ["statuses", pull] => self.statuses(pull_number(pull)?),
            ["shown", pull] => self.shown(pull_number(pull)?),
            // The agent.
            ["pass"] => self.pass(),
            ["settle"] => self.settle(),
            ["plan", stack] => self.plan(stack),
            ["stop"] => self.stop(),
            ["status"] => self.status(),
            ["outcome", stack] => self.outcome(stack),
            ["journal"] => self.journal(),
            // The targets.
            ["drift", path] => self.drift(command, path),
            ["remove", path] => self.remove(path),
            ["cat", path] => self.cat(path),
            ["ls", target] => Ok(self.ls(target)),
            // What goes wrong.
            ["tick", span] => self.tick(span),
            ["time", "flows"] => self.flow(),
            ["crash", "at", point] => self.crash_at(point, 1),
            ["crash", "at", point, nth] => self.crash_at(point, number(nth)?),
            ["crash", "everywhere"] => self.crash_everywhere(),
            ["lose", "database"] => self.lose_database(),
            ["lose", "mark", target] => self.lose_mark(target),
            ["break", "mark", target] => self.break_mark(target),
            ["busy", "lease", stack] => self.busy_lease(stack),
            ["busy", "lock", target] => self.busy_lock(target),
            ["free", "lock"] => self.free_lock(),
            _ => Err(format!("no verb does `{}`", command.text)),
        }
    }

    /// The changes that a command's files ask for, on top of what `branch` has.
    fn changes(&self, command: &Command, branch: &str) -> Result<Changes, String> {
        let mut changes = Changes::new();
        for (path, edit) in command.edits() {
            let changed = match edit {
                Edit::Whole(text) => Some(text.into_bytes()),
                Edit::Delete => None,
                Edit::Replace(before, after) => {
                    let known = match changes.get(&path) {
                        Some(Some(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
                        _ => self.stage.file(branch, &path).ok_or(format!("there is no {path}"))?,
                    };
                    if !known.contains(&before) {
                        return Err(format!("{path} has no `{before}`:\n{known}"));
                    }
                    Some(known.replace(&before, &after).into_bytes())
                }
            };
            changes.insert(path, changed);
        }
        Ok(changes)
    }

    fn shop(&mut self) -> Told {
        let script = Script::parse(&format!("$ shop\n{}", include_str!("shop.txt")));
        let [super::Part::Command(command)] = script.parts.as_slice() else {
            return Err("shop.txt is not one list of files".to_owned());
        };
        let changes = self.changes(command, "main")?;
        self.stage.commit("main", "ada", "Begin", &changes);
        Ok(String::new())
    }

    fn drift(&mut self, command: &Command, path: &str) -> Told {
        let file = self.stage.target(path);
        let parent = file.parent().ok_or("a file")?;
        fs::create_dir_all(parent).map_err(|error| error.to_string())?;
        fs::write(&file, command.input()).map_err(|error| error.to_string())?;
        Ok(String::new())
    }

    fn remove(&mut self, path: &str) -> Told {
        let path = self.stage.target(path);
        let removed = match path.is_dir() {
            true => fs::remove_dir_all(&path),
            false => fs::remove_file(&path),
        };
        removed.map(|()| String::new()).map_err(|error| error.to_string())
    }

    fn cat(&mut self, path: &str) -> Told {
        let text = fs::read_to_string(self.stage.target(path));
        Ok(text.unwrap_or_else(|_| "(it is not there)".to_owned()))
    }

    fn ls(&mut self, target: &str) -> String {
        let inside = format!("{target}/");
        let files = self.stage.files();
        let mut out: String = files.keys().filter_map(|path| path.strip_prefix(&inside)).fold(
            String::new(),
            |mut out, path| {
                let _ = writeln!(out, "{path}");
                out
            },
        );
        if out.is_empty() {
            out.push_str("(nothing)");
        }
        out
    }

    /// The plans of a stack: one for each target in which it is or was.
    fn planned(&mut self, stack: &str) -> Result<Vec<Plan>, String> {
        let mut plans = self.stage.plans();
        plans.retain(|plan| plan.effect().stack.as_str() == stack);
        match plans.is_empty() {
            true => Err(format!("nothing was planned for `{stack}`")),
            false => Ok(plans),
        }
    }

    /// The plan of a stack at `target`; without one, the only one there is.
    fn plan_at(&mut self, stack: &str, target: Option<&str>) -> Result<Plan, String> {
        let mut plans = self.planned(stack)?;
        plans.retain(|plan| target.is_none_or(|name| plan.effect().target.as_str() == name));
        match plans.as_slice() {
            [plan] => Ok(plan.clone()),
            plans => Err(format!("{} plans of `{stack}`: say at which target", plans.len())),
        }
    }
}

fn stack_name(name: &str) -> Result<StackName, String> {
    StackName::new(name).map_err(|error| error.to_string())
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}

fn pull_number(text: &str) -> Result<PullNumber, String> {
    number(text).map(PullNumber)
}

/// `by <user>`; without it `ada`.
fn by<'a>(rest: &[&'a str]) -> Result<&'a str, String> {
    match rest {
        [] => Ok("ada"),
        ["by", user] => Ok(user),
        _ => Err(format!("`{}` means nothing here", rest.join(" "))),
    }
}
