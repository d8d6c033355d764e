//! What people do at the repository and at the forge, and what they see there.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use isobar::forge::ForgeError;
use isobar::forge::local::NewPull;
use isobar::ids::{PullNumber, ResourceKey};
use isobar::model::authority::Approval;
use isobar::world::Clock as _;

use super::super::script::Command;
use super::{Scene, Told};
use crate::stage::actor;

/// Who merges and closes.
const MERGER: &str = "ada";

impl Scene {
    pub(super) fn commit(
        &mut self,
        command: &Command,
        branch: &str,
        message: &str,
        by: &str,
    ) -> Told {
        let changes = self.changes(command, branch)?;
        self.stage.commit(branch, by, message, &changes);
        Ok(String::new())
    }

    pub(super) fn force_push(
        &mut self,
        command: &Command,
        branch: &str,
        back: u64,
        by: &str,
    ) -> Told {
        let changes = self.changes(command, branch)?;
        let back = usize::try_from(back).map_err(|error| error.to_string())?;
        self.stage.force_push(branch, back, by, &changes);
        Ok(String::new())
    }

    pub(super) fn delete_branch(&mut self, branch: &str) -> Told {
        self.stage.delete_branch(branch);
        Ok(String::new())
    }

    /// Says that a branch was meant to be rewritten, as the command does.
    pub(super) fn acknowledge(&mut self, branch: &str, by: &str) -> Told {
        let rewrite = self.stage.acknowledge(branch, &actor(by));
        Ok(rewrite.map_or("it was not rewritten".to_owned(), |r| format!("{} -> {}", r.from, r.to)))
    }

    pub(super) fn open(&mut self, branch: &str, title: &str, by: &str) -> Told {
        let new = NewPull {
            title: title.to_owned(),
            author: actor(by),
            head: branch.to_owned(),
            base: "main".to_owned(),
        };
        Ok(said(self.stage.forge().open_pull(&new).map(|number| number.to_string())))
    }

    /// `approve 1 by grace` at the forge, `approve prod by grace` or `approve prod at
    /// target by grace` as the command does; then `naming <resource>...` may follow.
    pub(super) fn approve(&mut self, what: &str, rest: &[&str]) -> Told {
        let (target, rest) = match rest {
            ["at", target, rest @ ..] => (Some(*target), rest),
            rest => (None, rest),
        };
        let ["by", user, rest @ ..] = rest else { return Err("who approves?".to_owned()) };
        let user = actor(user);
        if let Ok(pull) = what.parse() {
            let approved = self.stage.forge().approve(PullNumber(pull), &user);
            return Ok(said(approved.map(|_| String::new())));
        }
        let plan = self.plan_at(what, target)?;
        let at = self.stage.simulation.clock.now();
        let overrides: BTreeSet<ResourceKey> = match rest {
            [] => BTreeSet::new(),
            ["naming", names @ ..] => {
                let names = names.iter().map(|name| ResourceKey::new(*name));
                names.collect::<Result<_, _>>().map_err(|error| error.to_string())?
            }
            _ => return Err(format!("`{}` means nothing here", rest.join(" "))),
        };
        let approval = Approval { overrides, ..Approval::of(plan.digest(), user, at) };
        self.stage.approve(&approval);
        Ok(format!("{}: {}", what, plan.digest()))
    }

    /// What waits is looked at once, approved and applied.
    pub(super) fn approve_everything(&mut self) -> Told {
        self.stage.settle();
        let at = self.stage.simulation.clock.now();
        for plan in self.stage.plans().iter().filter(|plan| !plan.is_empty()) {
            self.stage.approve(&Approval::of(plan.digest(), actor("grace"), at));
        }
        self.stage.settle();
        let left = self.stage.plans().into_iter().filter(|plan| !plan.is_empty());
        let left: Vec<_> = left.map(|plan| plan.effect().stack.to_string()).collect();
        match left.is_empty() {
            true => Ok(String::new()),
            false => Err(format!("{} still wait", left.join(", "))),
        }
    }

    pub(super) fn merge(&mut self, pull: PullNumber) -> Told {
        Ok(said(self.stage.forge().merge(pull, &actor(MERGER)).map(|_| String::new())))
    }

    pub(super) fn close(&mut self, pull: PullNumber) -> Told {
        Ok(said(self.stage.forge().close(pull).map(|()| String::new())))
    }

    pub(super) fn comments(&mut self, pull: PullNumber) -> Told {
        let view = self.stage.forge().show(pull).map_err(|error| error.to_string())?;
        let mut out = String::new();
        for comment in view.comments {
            let _ = writeln!(out, "{}:", comment.author);
            for line in comment.body.lines() {
                let _ = writeln!(out, "  {line}");
            }
        }
        Ok(out)
    }

    /// What the plan's comment says before its details.
    pub(super) fn state(&mut self, pull: PullNumber) -> Told {
        let view = self.stage.forge().show(pull).map_err(|error| error.to_string())?;
        let plan =
            view.comments.iter().find(|comment| comment.body.starts_with("<!-- isobar:plan"));
        let Some(plan) = plan else { return Ok("(nothing is said)".to_owned()) };
        let lines = plan.body.lines().skip(1).take_while(|line| !line.starts_with("<details"));
        let mut out: String = lines.map(|line| format!("{line}\n")).collect();
        out.truncate(out.trim_end().len());
        Ok(out)
    }

    pub(super) fn statuses(&mut self, pull: PullNumber) -> Told {
        let view = self.stage.forge().show(pull).map_err(|error| error.to_string())?;
        let mut out = String::new();
        for status in view.statuses {
            let state = format!("{:?}", status.state).to_lowercase();
            let _ = writeln!(out, "{} {state}: {}", status.context, status.description);
        }
        Ok(out)
    }

    /// The digests that a pull request shows for its head, and whose approvals they have.
    pub(super) fn shown(&mut self, pull: PullNumber) -> Told {
        let view = self.stage.forge().show(pull).map_err(|error| error.to_string())?;
        let head = view.pull.head;
        self.stage.ask(async |store, scope| {
            let mut lines = Vec::new();
            for digest in store.shown_on(scope, pull, &head).await.map_err(|e| e.to_string())? {
                let plan = store.plan(scope, digest).await.map_err(|e| e.to_string())?;
                let plan = plan.ok_or("a plan that is shown is there")?;
                let approvals = store.approvals(scope, digest).await.map_err(|e| e.to_string())?;
                let by: Vec<_> = approvals.iter().map(|approval| approval.by.to_string()).collect();
                let by = if by.is_empty() { "nobody".to_owned() } else { by.join(", ") };
                lines.push(format!("{} {digest} approved by {by}\n", plan.effect().stack));
            }
            lines.sort();
            Ok(lines.concat())
        })
    }
}

/// What the forge says.
fn said(answer: Result<String, ForgeError>) -> String {
    answer.unwrap_or_else(|error| error.to_string())
}
