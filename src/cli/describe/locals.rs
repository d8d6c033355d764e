//! `isobar describe locals`

use std::sync::Arc;

use super::{Written, exit, resolved_of};
use crate::cli::workspace::{Findings, Workspace, unknown};
use crate::cli::{Context, Exit, Failure, mistake};
use crate::diagnostic::closest;
use crate::ids::{ComponentName, StackName};
use crate::model::desired::Desired;
use crate::model::value::{Map, Node, Value};
use crate::pattern::StackPattern;
use crate::report::describe::Shown;
use crate::source::Snapshot;
use crate::stacks::{self, Selection, Written as Said};

/// The locals of a manifest, or what a component's templates know of them.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// A component: then what the file, its kind, its bases and itself say, in one.
    component: Option<String>,
    /// The stack, or the path of its manifest.
    #[arg(short, long)]
    stack: String,
    #[command(flatten)]
    written: Written,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let snapshot = Workspace::tree(context)?;
    let components = args.component.iter().map(ComponentName::new);
    let selection = Selection {
        stacks: vec![StackPattern::exactly(&args.stack)],
        components: components.collect::<Result<_, _>>().map_err(mistake)?,
        unlinked: true,
        only_named: args.component.is_none(),
        ..Selection::default()
    };
    let resolution = resolved_of(context, &snapshot, &selection)?;
    match &args.component {
        None => {
            let manifest = manifest(context, &resolution.desired, &snapshot, &args.stack)?;
            let said = said(context, &snapshot, &manifest);
            args.written.write(context, &Shown::Value(&said.value))?;
            Ok(exit(&said.found))
        }
        Some(name) => {
            let found = resolution.desired.components();
            let order = |kind: &str| (kind != "terraform", kind.to_owned());
            let Some(found) = found.min_by_key(|one| order(one.id.kind.as_str())) else {
                if exit(&resolution.desired.diagnostics) == Exit::Mistake {
                    return Ok(Exit::Mistake);
                }
                return Err(missing(context, &snapshot, name)?);
            };
            let said = said(context, &snapshot, &found.manifest);
            let kind = found.id.kind.as_str();
            let of_kind = said.value.get(kind).and_then(|of_kind| of_kind.get("locals"));
            let layers = [said.value.get("locals"), of_kind, found.section("locals")];
            let layers = layers.into_iter().flatten().filter_map(Value::as_map);
            let all: Map =
                layers.flat_map(Map::iter).map(|(k, v)| (k.clone(), v.clone())).collect();
            let all = Value::computed(Node::Map(all));
            let shown = Shown::map([("locals", Shown::Value(&all))]);
            let shown = Shown::map([(kind, Shown::map([(name.as_str(), shown)]))]);
            args.written.write(context, &Shown::map([("components", shown)]))?;
            Ok(exit(&said.found))
        }
    }
}

/// There is no component `name` in the stack, told with the closest one of any stack.
fn missing(context: &Context, snapshot: &Snapshot, name: &str) -> Result<Failure, Failure> {
    let all = Selection { unlinked: true, ..Selection::default() };
    let all = Workspace::evaluated(context, snapshot, &all)?.desired;
    let known = all.components().map(|one| one.id.name.as_str());
    Ok(unknown("component", name, closest(name, known.filter(|known| *known != name))))
}

fn said(context: &Context, snapshot: &Snapshot, manifest: &Arc<str>) -> Said {
    let said = stacks::own_locals(snapshot, manifest);
    Findings::among(said.found.clone(), snapshot).show(context);
    said
}

/// The manifest that lies at `name`, or the first one of the stack that is called so.
fn manifest(
    context: &Context,
    desired: &Desired,
    snapshot: &Snapshot,
    name: &str,
) -> Result<Arc<str>, Failure> {
    let named = desired.stacks.values().find(|stack| stack.name.as_str() == name);
    let named = named.and_then(|stack| stack.manifests.first().cloned());
    if let Some(found) = stacks::manifest(snapshot, name).or(named) {
        return Ok(found);
    }
    let all = Selection { unlinked: true, only_named: true, ..Selection::default() };
    let all = Workspace::evaluated(context, snapshot, &all)?.desired;
    let known = all.stacks.keys().map(StackName::as_str);
    Err(unknown("stack", name, closest(name, known)))
}
