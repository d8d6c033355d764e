//! `isobar pull`

use std::path::Path;

use serde_json::{Value as Json, json};

use super::approve::By;
use super::workspace::Workspace;
use super::{Context, Exit, Failure, mistake};
use crate::forge::local::{Comment, LocalForge, NewPull, PullView};
use crate::forge::{ForgeError, PullRequest, PullState};
use crate::ids::{Actor, PullNumber};
use crate::report;
use crate::settings::ForgeSettings;

/// Work on pull requests of the local forge: a folder that stands in for a forge.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Open a pull request for a branch.
    Open {
        /// The branch to merge.
        head: String,
        /// One line about it.
        #[arg(short, long)]
        title: String,
        #[command(flatten)]
        by: By,
    },
    /// List all pull requests.
    List,
    /// Show one with everything that was said about it.
    Show {
        /// Its number.
        number: u64,
    },
    /// Say something.
    Comment {
        /// Its number.
        number: u64,
        /// What.
        text: String,
        #[command(flatten)]
        by: By,
    },
    /// Approve the head as it is now, and with it the digests that are shown.
    Approve {
        /// Its number.
        number: u64,
        #[command(flatten)]
        by: By,
    },
    /// Merge the head as it is now.
    Merge {
        /// Its number.
        number: u64,
        #[command(flatten)]
        by: By,
    },
    /// Close it without merging.
    Close {
        /// Its number.
        number: u64,
    },
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let workspace = Workspace::open(context)?;
    let (forge, base) = forge(context, &workspace)?;
    let said = match args {
        Args::List => return list(context, &forge.list().map_err(failed)?),
        Args::Show { number } => {
            let view = forge.show(PullNumber(*number)).map_err(failed)?;
            if context.output.json {
                context.output.print_json(&shown(&view))?;
                return Ok(Exit::Done);
            }
            let said = view.comments.iter().map(|said| (&said.author, said.body.as_str()));
            context.output.print(&report::terminal::comments(&view.pull.title, said))?;
            return Ok(Exit::Done);
        }
        Args::Open { head, title, by } => {
            let (title, head) = (title.clone(), head.clone());
            let new = NewPull { title, author: by.actor()?, head, base };
            format!("Opened {}.", forge.open_pull(&new).map_err(failed)?)
        }
        Args::Comment { number, text, by } => {
            forge.comment(PullNumber(*number), &by.actor()?, text).map_err(failed)?;
            "Said.".to_owned()
        }
        Args::Approve { number, by } => {
            let (number, by) = (PullNumber(*number), by.actor()?);
            let approval = forge.approve(number, &by).map_err(failed)?;
            let said = format!("Approved at {}.", approval.head);
            match forge.show(number).map_err(failed)?.pull.author == by {
                true => format!("{said} It is {by}'s own, so this does not count."),
                false => said,
            }
        }
        Args::Merge { number, by } => {
            let commit = forge.merge(PullNumber(*number), &by.actor()?).map_err(failed)?;
            format!("Merged as {commit}.")
        }
        Args::Close { number } => {
            forge.close(PullNumber(*number)).map_err(failed)?;
            "Closed.".to_owned()
        }
    };
    match context.output.json {
        true => {
            context.output.print_json(&json!({ "version": report::json::VERSION, "done": said }))?
        }
        false => context.output.print(&said)?,
    }
    Ok(Exit::Done)
}

fn list(context: &Context, pulls: &[PullRequest]) -> Result<Exit, Failure> {
    if context.output.json {
        let row = |pull: &PullRequest| {
            json!({
                "number": pull.number, "title": pull.title, "author": pull.author,
                "head": pull.head, "base": pull.base, "state": state(pull),
            })
        };
        context.output.print_json(&pulls.iter().map(row).collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    let line = |pull: &PullRequest| {
        let title = report::words::visible(&pull.title);
        format!("{:<5} {:<7} {title}\n", pull.number.to_string(), state(pull))
    };
    context.output.print(&pulls.iter().map(line).collect::<String>())?;
    Ok(Exit::Done)
}

/// One with what was said about it, for programs.
fn shown(view: &PullView) -> Json {
    let PullView { pull, comments, .. } = view;
    let said = |said: &Comment| json!({ "author": said.author, "at": said.at, "body": said.body });
    json!({
        "version": report::json::VERSION, "number": pull.number, "title": pull.title,
        "author": pull.author, "head": pull.head, "base": pull.base, "state": state(pull),
        "comments": comments.iter().map(said).collect::<Vec<_>>(),
    })
}

fn state(pull: &PullRequest) -> &'static str {
    match &pull.state {
        PullState::Open => "open",
        PullState::Merged(_) => "merged",
        PullState::Closed => "closed",
    }
}

/// The workspace's forge, if it is a local one, and the branch its pull requests go into.
fn forge(context: &Context, workspace: &Workspace) -> Result<(LocalForge, String), Failure> {
    let repository = workspace.repository();
    let named = repository.forge.as_ref().and_then(|name| workspace.settings.forges.get(name));
    let Some(ForgeSettings::Local(local)) = named else {
        return Err(mistake("the repository's settings name no local forge"));
    };
    let url = repository.url.strip_prefix("file://").unwrap_or(&repository.url);
    let agent = Actor::new(workspace.scope.agent.as_str()).map_err(mistake)?;
    let forge = LocalForge::open(&local.path, Path::new(url), agent, context.world.clone());
    Ok((forge.map_err(failed)?, repository.branch.clone()))
}

fn failed(error: ForgeError) -> Failure {
    match error {
        ForgeError::Refused(why) => mistake(why),
        error @ ForgeError::Unreachable(_) => Failure::Other(Exit::Unavailable, error.into()),
    }
}
