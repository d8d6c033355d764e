//! `isobar doctor`

use serde_json::json;

use super::workspace::Workspace;
use super::{Context, Exit, Failure};
use crate::ids::Scope;
use crate::jail;
use crate::model::errand::Program;
use crate::reconcile::Targets;
use crate::report::words::several;
use crate::settings::AgentSettings;
use crate::store::Store;

/// Look at all that Isobar needs here: the kernel, programs, the database, the targets.
///
/// Changes nothing. What is lacking is needed by some repositories only; what is broken is not.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// What was looked at, how it is, and what there is to say about it.
struct Finding {
    about: String,
    state: State,
    said: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    Lacking,
    Broken,
    /// Broken, and to try again is of no use.
    Spoilt,
}

pub(super) async fn run(context: &Context, Args {}: &Args) -> Result<Exit, Failure> {
    let settings = Workspace::settings(context)?;
    let mut found = kernel();
    found.extend(Program::ALL.iter().map(|program| of_program(*program, &settings)));
    found.push(database(context, &settings).await);
    found.extend(targets(context, &settings).await);
    match context.output.json {
        true => {
            let each = found.iter().map(
                |one| json!({ "about": one.about, "state": one.state.word(), "said": one.said }),
            );
            context.output.print_json(&each.collect::<Vec<_>>())?;
        }
        false => {
            let row =
                |one: &Finding| format!("{:<8} {}: {}\n", one.state.word(), one.about, one.said);
            context.output.print(&found.iter().map(row).collect::<String>())?;
        }
    }
    let any = |state| found.iter().any(|one| one.state == state);
    Ok(match any(State::Spoilt) {
        true => Exit::Held,
        false if any(State::Broken) => Exit::Unavailable,
        false => Exit::Done,
    })
}

/// Whether the kernel can hold the programs of others.
fn kernel() -> Vec<Finding> {
    // Whoever asks is limited by that: this thread ends.
    let lacks = std::thread::scope(|scope| scope.spawn(jail::lacks).join());
    let lacks = lacks.unwrap_or_else(|_| vec!["it cannot be asked".to_owned()]);
    let finding = |state, said: &str| Finding { about: "kernel".into(), state, said: said.into() };
    match lacks.as_slice() {
        [] => vec![finding(State::Good, "programs of others have no network and only their files")],
        lacks => lacks.iter().map(|lack| finding(State::Lacking, lack)).collect(),
    }
}

fn of_program(program: Program, settings: &AgentSettings) -> Finding {
    let about = program.to_string();
    match settings.programs.find(program.name()) {
        Some(path) if path.is_file() => {
            Finding { about, state: State::Good, said: path.display().to_string() }
        }
        Some(path) => {
            Finding { about, state: State::Broken, said: format!("{} is no file", path.display()) }
        }
        None => {
            let said = format!("not in PATH; needed for {}", program.purpose());
            Finding { about, state: State::Lacking, said }
        }
    }
}

async fn database(context: &Context, settings: &AgentSettings) -> Finding {
    let read = async {
        match Store::open_read_only(&settings.store, &context.world).await? {
            Some(store) => store.journal_verify().await.map(Some),
            None => Ok(None),
        }
    };
    let (state, said) =
        match context.output.progress(&context.world, "looking at the database", read).await {
            Ok(Some(head)) => (
                State::Good,
                format!("it can be read; its journal is whole up to row {}", head.seq),
            ),
            Ok(None) => {
                (State::Good, "there is none yet; the first `apply` or `serve` makes it".into())
            }
            Err(error) => {
                let (state, advice) = match error.advice() {
                    Some(advice) => (State::Spoilt, format!("\n  {advice}")),
                    None => (State::Broken, String::new()),
                };
                (state, super::chain(&error.into()) + &advice)
            }
        };
    Finding { about: "database".into(), state, said }
}

/// Whether each target answers, and how much of it is ours.
async fn targets(context: &Context, settings: &AgentSettings) -> Vec<Finding> {
    let mut found = Vec::new();
    for repository in settings.repositories.keys() {
        let scope = Scope { agent: settings.agent.clone(), repository: repository.clone() };
        let targets = Targets::new(scope, settings.clone().into(), context.world.clone());
        for target in targets.known() {
            let about = format!("target {} of {repository}", target.name());
            let what = format!("looking at {about}");
            let mark = context.output.progress(&context.world, &what, target.mark()).await;
            let (state, said) = match mark {
                Ok(mark) => {
                    (State::Good, format!("{} in it", several(mark.resources.len(), "resource")))
                }
                Err(error) => (State::Broken, error.reason),
            };
            found.push(Finding { about, state, said });
        }
    }
    found
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Lacking => "lacking",
            Self::Broken | Self::Spoilt => "broken",
        }
    }
}
