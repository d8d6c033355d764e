//! `isobar validate`

use std::time::Duration;

use super::workspace::{Findings, Workspace, stack_name, unknown};
use super::{Context, Exit, Failure, any_error, mistake};
use crate::diagnostic::{Code, Diagnostic, Severity, closest};
use crate::ids::{ComponentName, KindName};
use crate::reconcile::Wanted;
use crate::report;
use crate::source::Snapshot;
use crate::stacks::{self, Asked, Language, Rulebook, Selection};

/// What is checked.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Every manifest: what `check` finds in how they are written, with unknown keys and odd shapes
    /// as errors, and the rules of stacks.
    Stacks {
        /// The JSON Schema of manifests, over `schemas.atmos.manifest` of the settings.
        #[arg(long, value_name = "FILE")]
        schemas_atmos_manifest: Option<String>,
    },
    /// One component of one stack against its rules.
    Component(ComponentArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ComponentArgs {
    /// Its name.
    component: String,
    /// Its stack.
    #[arg(short, long)]
    stack: String,
    /// Its kind, if several have a component of that name.
    #[arg(long)]
    kind: Option<String>,
    /// Only this one of `settings.validation`, even if it is disabled; or a framework's rules.
    #[arg(long, value_name = "NAME", conflicts_with = "schema_path")]
    schema: Option<String>,
    /// Only the rule in this file.
    #[arg(long, value_name = "FILE")]
    schema_path: Option<String>,
    /// How that file is written: `jsonschema`, `opa` or `cel`.
    #[arg(long, value_name = "TYPE", value_parser = language, requires = "schema_path")]
    schema_type: Option<Language>,
    /// Rego files and folders that it imports.
    #[arg(long, value_name = "PATHS", value_delimiter = ',', requires = "schema_path")]
    module_paths: Vec<String>,
    /// How many seconds the rules may take; 0 is as long as they need.
    #[arg(long, value_name = "SECONDS", default_value = "0")]
    timeout: u64,
}

impl Args {
    /// The schema of manifests that is to be taken instead of the settings' own.
    pub(super) fn schema(&self) -> Option<&str> {
        match self {
            Self::Stacks { schemas_atmos_manifest } => schemas_atmos_manifest.as_deref(),
            Self::Component(_) => None,
        }
    }
}

fn language(word: &str) -> Result<Language, String> {
    Language::parse(word).ok_or_else(|| "one of jsonschema, opa, cel".to_owned())
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    match args {
        Args::Stacks { .. } => {
            // What Atmos would not describe, it does not call valid either.
            let selection = Selection { strict: true, ..Selection::default() };
            stacks(context, &Workspace::wanted(context, &selection).await?)
        }
        Args::Component(args) => component(context, args).await,
    }
}

fn stacks(context: &Context, wanted: &Wanted) -> Result<Exit, Failure> {
    let of_components = [Code::RuleForm, Code::RuleMissing, Code::RuleFailed, Code::RuleBroken];
    let resolving = wanted.desired.diagnostics.iter().cloned();
    let mut found: Vec<_> = resolving.filter(|d| !of_components.contains(&d.code)).collect();
    found.extend(Rulebook::read(&wanted.snapshot, &wanted.policy).judge_stacks(&wanted.desired));
    found.extend(stacks::manifests(&wanted.snapshot, &wanted.policy, &found));
    for odd in &mut found {
        if matches!(odd.code, Code::UnknownKey | Code::ManifestShape) {
            odd.severity = Severity::Error;
        }
    }
    let stacks = report::words::several(wanted.desired.stacks.len(), "stack");
    let summary = match any_error(&found) {
        true => format!("{stacks} looked at, and not all is valid"),
        false => format!("{stacks} validated"),
    };
    tell(context, &wanted.snapshot, found, &summary)
}

async fn component(context: &Context, args: &ComponentArgs) -> Result<Exit, Failure> {
    let tree = Workspace::tree(context)?;
    let desired = Workspace::evaluated(context, &tree, &Selection::default())?.desired;
    let stack = &desired.stacks[&stack_name(&desired, &args.stack)?];
    let fits = |kind: &KindName, name: &ComponentName| {
        name.as_str() == args.component && args.kind.as_ref().is_none_or(|k| k == kind.as_str())
    };
    // Terraform comes first where several kinds have a component of that name, as in Atmos.
    let found = stack.components.values().filter(|c| fits(&c.id.kind, &c.id.name));
    let Some(component) = found.min_by_key(|c| c.id.kind.as_str() != "terraform") else {
        let unresolved = stack.unresolved.iter().find(|((kind, name), _)| fits(kind, name));
        let Some((_, faults)) = unresolved else {
            let known = stack.components.values().map(|c| c.id.name.as_str());
            return Err(unknown("component", &args.component, closest(&args.component, known)));
        };
        return tell(context, &tree, faults.clone(), "it cannot be resolved");
    };
    let asked = match (&args.schema, &args.schema_path) {
        (Some(name), _) => Asked::Named(name.clone()),
        (None, Some(path)) => Asked::Given {
            path: path.clone(),
            language: args.schema_type,
            modules: args.module_paths.clone(),
        },
        (None, None) => Asked::All,
    };
    let component = component.clone();
    let id = report::words::visible(&component.id.to_string());
    // On a thread of its own, which goes with the process: rules compute for long.
    let (snapshot, files) = (tree.clone(), desired.files.clone());
    let rules = context.world.work.blocking(move || {
        let (policy, found) = stacks::policy(&snapshot);
        let answer = Rulebook::read(&snapshot, &policy).ask(&component, &files, &asked);
        answer.map(|mut answer| {
            answer.diagnostics.extend(found);
            answer
        })
    });
    let answer = tokio::select! {
        answer = rules => answer?.map_err(mistake)?,
        () = context.world.clock.sleep(Duration::from_secs(args.timeout)), if args.timeout > 0 => {
            let what = format!("the rules of {id} did not end within {} s", args.timeout);
            return Err(mistake(what));
        }
    };
    let summary = match answer.rules.len() {
        0 if answer.diagnostics.is_empty() => format!("no rule applies to {id}"),
        count => format!("{id}: {} asked", report::words::several(count, "rule")),
    };
    tell(context, &tree, answer.diagnostics, &summary)
}

fn tell(
    context: &Context,
    tree: &Snapshot,
    mut found: Vec<Diagnostic>,
    summary: &str,
) -> Result<Exit, Failure> {
    found.sort_by(|a, b| (&a.span, a.code, &a.message).cmp(&(&b.span, b.code, &b.message)));
    found.dedup();
    let exit = if any_error(&found) { Exit::Mistake } else { Exit::Done };
    let findings = Findings::among(found, tree);
    if context.output.json {
        context.output.print_json(&report::json::findings(&findings.diagnostics))?;
        return Ok(exit);
    }
    findings.show(context);
    context.output.print(summary)?;
    Ok(exit)
}
