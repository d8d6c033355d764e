//! `isobar explain`

use super::workspace::{Findings, Workspace, component};
use super::{At, Context, Exit, Failure, mistake};
use crate::diagnostic::Diagnostic;
use crate::model::desired::Component;
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

/// Whether what was found is about the component, or in a file that it is made of.
fn bears_on(found: &Diagnostic, component: &Component, wanted: &Wanted) -> bool {
    let built = wanted.rendered.get(&component.id).and_then(|built| built.as_ref().err());
    let (file, imports) = (&found.span.file, &component.listing.imports);
    *file == component.manifest
        || imports.binary_search(file).is_ok()
        || built.is_some_and(|faults| faults.contains(found))
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let wanted = Workspace::wanted(context, &Selection::default()).await?;
    let mut findings = Findings::of(&wanted);
    let component = match component(&wanted.desired, &args.component) {
        Ok(component) => component,
        Err(failure) => {
            // It may be one of them that keeps the component from being there.
            findings.show(context);
            return Err(failure);
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
