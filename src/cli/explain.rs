//! `isobar explain`

use super::workspace::{Findings, Workspace, component};
use super::{At, Context, Exit, Failure, mistake};
use crate::diagnostic::{Diagnostic, closest};
use crate::ids::{ComponentName, KindName};
use crate::model::desired::{Component, Desired, Stack};
use crate::model::path::FieldPath;
use crate::reconcile::Wanted;
use crate::report;
use crate::stacks::{self, Selection};

/// Show where a value comes from: every layer that set it, the winner and those it won over.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The component: `stack/kind/name`.
    component: String,
    /// Which value: `vars.tags.team`, or a section as a whole.
    #[arg(default_value = "vars")]
    path: FieldPathArg,
    /// Why this is not what is there: a file (`mixins/regions/us-east-1`) or a value.
    #[arg(long, value_name = "FILE|VALUE")]
    why_not: Option<String>,
    #[command(flatten)]
    pub(super) at: At,
}

/// A path, parsed from the command line.
#[derive(Debug, Clone)]
struct FieldPathArg(FieldPath);

impl std::str::FromStr for FieldPathArg {
    type Err = crate::model::path::PathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        FieldPath::parse(text).map(Self)
    }
}

/// Whether what was found is about the component, or in no manifest that it is not made of.
fn bears_on(found: &Diagnostic, component: &Component, wanted: &Wanted) -> bool {
    let built = wanted.rendered.get(&component.id).and_then(|built| built.as_ref().err());
    let (file, imports) = (&found.span.file, &component.listing.imports);
    let below = file.strip_prefix(&*wanted.desired.manifests);
    *file == component.manifest
        || imports.binary_search(file).is_ok()
        || !below.is_some_and(|below| below.starts_with('/'))
        || built.is_some_and(|faults| faults.contains(found))
}

/// Why there may be no component `id`, if that is no matter of its name: its stack has mistakes, or
/// there is none of that name and manifests that could have it.
fn kept_away(desired: &Desired, found: &[Diagnostic], id: &str) -> Option<String> {
    let known: Vec<_> = desired.components().map(|one| one.id.to_string()).collect();
    let is_misspelt = closest(id, known.iter().map(String::as_str)).is_some();
    let of = |stack: &Stack| {
        let rest = id.strip_prefix(stack.name.as_str())?.strip_prefix('/')?;
        let is_it = |(kind, name): &(KindName, ComponentName)| format!("{kind}/{name}") == rest;
        let its = found.iter().filter(|found| found.is_error());
        let its = its.filter(|found| stack.manifests.contains(&found.span.file)).count();
        Some(match stack.unresolved.keys().any(is_it) {
            true => Some(format!("`{id}` cannot be resolved: what is wrong with it is above")),
            false if its > 0 && !is_misspelt => Some(format!(
                "there is no component `{id}`: its stack has {}, which may keep it away",
                report::words::several(its, "mistake")
            )),
            false => None,
        })
    };
    if let Some(known) = desired.stacks.values().find_map(|stack| of(stack)) {
        return known;
    }
    let nameless = desired.nameless.as_slice();
    let files = nameless.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", ");
    (!nameless.is_empty()).then(|| {
        format!("there is no component `{id}`, unless its stack is in what cannot be read: {files}")
    })
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let wanted = Workspace::wanted(context, &Selection::default()).await?;
    let mut findings = Findings::of(&wanted);
    let component = match component(&wanted.desired, &args.component) {
        Ok(component) => component,
        Err(failure) => {
            // It may be one of them that keeps the component from being there.
            return Err(match kept_away(&wanted.desired, &findings.diagnostics, &args.component) {
                Some(error) => Failure::Found(findings, Some(error)),
                None => failure.amid(findings),
            });
        }
    };
    findings.diagnostics.retain(|found| bears_on(found, component, &wanted));
    findings.show(context);
    let (path, files) = (&args.path.0, &wanted.desired.files);
    if let Some(asked) = &args.why_not {
        let why = stacks::why_not(&wanted.snapshot, &wanted.desired, component, path, asked);
        match context.output.json {
            true => {
                let json = report::json::why_not(component, path, asked, &why, files);
                context.output.print_json(&json)?;
            }
            false => {
                let said =
                    why.iter().map(|why| report::words::why_not(why, component, path, files));
                context.output.print(&said.collect::<Vec<_>>().join("\n"))?;
            }
        }
        return Ok(Exit::Done);
    }
    let explained = stacks::explain(component, path);
    if explained.is_empty() {
        let Some(worked) = report::describe::worked(&wanted.desired, component, path) else {
            return Err(mistake(format!("nothing sets `{path}` of {}", component.id)));
        };
        let said = worked.of.iter().map(|at| (at.clone(), stacks::explain(component, at)));
        let looked_at: Vec<_> = said.filter(|(_, said)| !said.is_empty()).collect();
        match context.output.json {
            true => {
                let json = report::json::worked(component, path, &worked, &looked_at, files);
                context.output.print_json(&json)?;
            }
            false => {
                let text = report::terminal::worked(component, path, &worked, &looked_at, files);
                context.output.print(&text)?;
            }
        }
        return Ok(Exit::Done);
    }
    match context.output.json {
        true => {
            let json = report::json::explain(component, path, &explained, files);
            context.output.print_json(&json)?;
        }
        false => {
            let text = report::terminal::explain(component, path, &explained, files);
            context.output.print(&text)?;
        }
    }
    Ok(Exit::Done)
}
