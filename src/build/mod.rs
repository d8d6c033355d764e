//! Components into what their tools are handed: variables and backend files, manifests, values.
//!
//! Takes: a resolved [`Component`], the [`Desired`] it is part of, the [`Snapshot`] it came from, and
//! what programs brought that it takes ([`errands`]).
//! Gives: [`Rendered`], complete; or every reason why not, as diagnostics.
//! Never: a credential, the network, a clock, a process; a partial result.
//! Start at: [`render`], then `draft.rs`.
//! How to add: one file per kind with one function, and one line in [`render`].

mod claims;
mod defined;
mod draft;
mod pin;
mod terraform;
mod helm;
mod kubernetes;
#[cfg(test)]
pub(crate) mod fixture;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::ids::{ComponentId, ContentId, ResourceKey};
use crate::model::body::Body;
use crate::model::chart::RemoteChart;
use crate::model::cipher::Cipher;
use crate::model::desired::{Component, Desired, Presence};
use crate::model::errand::{Done, Errand};
use crate::model::files::Files;
use crate::model::need::{Call, Need};
use crate::model::path::FieldPath;
use crate::model::value::{Origin, Value};
use crate::source::Snapshot;

pub use claims::claims;
pub use defined::defined_beside;
use draft::Draft;
pub use kubernetes::ClusterKinds;
pub use pin::Unplaced;

/// Kinds that [`render`] knows.
const KINDS: &[&str] = &["terraform", "helm", "kubernetes"];

/// Everything a component wants to exist. Holding one is the proof that nothing is left out:
/// only then does a resource that is not in it count as no longer wanted.
#[derive(Debug, Clone)]
pub struct Rendered {
    component: ComponentId,
    resources: Arc<Pieces>,
    inputs: ContentId,
    files: Arc<Files>,
    ciphers: Arc<[Arc<Cipher>]>,
    defines: ClusterKinds,
}

/// What a component wants, by resource. Each is in a place of its own: most components want few, and
/// a node of the map has room for eleven.
pub type Pieces = BTreeMap<ResourceKey, Box<Piece>>;

/// One resource, as the component wants it. Values may be unknown still.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// What it is to hold; origins lead back to the manifests by [`Rendered::span`].
    pub body: Body,
    /// Fields whose content is never shown.
    pub sensitive: Vec<FieldPath>,
    /// Whether what it holds at the target is lost with it.
    pub stateful: bool,
    /// What comes before it, where it is made or changed as well.
    pub needs: BTreeSet<Need>,
    /// What others may need of it, beside itself.
    pub gives: Vec<Need>,
    /// What the target calls once it is there, if something.
    pub call: Option<Box<Call>>,
    /// Fields that a program has made up: where the resource is there, what it holds in them stays.
    pub made_up: Vec<FieldPath>,
}

/// How a target calls its resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// By a path below a folder. What each kind of component hands to its tool is written there.
    Paths,
    /// By the kind, namespace and name of an object of the Kubernetes API, whatever component
    /// wants it.
    Objects,
}

/// What programs have to do before a component can be built: nothing, for most.
pub fn errands(
    component: &Component,
    desired: &Desired,
    snapshot: &Snapshot,
    naming: Naming,
) -> Vec<Errand> {
    let (nothing, defined) = (Done::new(), ClusterKinds::new());
    let mut draft = Draft::new(component, desired, snapshot, naming, &nothing, &defined);
    if component.presence == Presence::Active && has_errands(&draft) {
        build(&mut draft);
    }
    draft.errands
}

/// Whether it is worth a look: most components are built of what they say themselves.
fn has_errands(draft: &Draft<'_>) -> bool {
    match draft.component.id.kind.as_str() {
        "kubernetes" => kubernetes::has_errands(draft),
        "helm" => draft.naming == Naming::Objects,
        _ => false,
    }
}

/// The chart of another place that a component names, and where it does; `None`: it names none, or
/// one that cannot be, which [`render`] says.
pub fn remote_chart(component: &Component, desired: &Desired) -> Option<(RemoteChart, Span)> {
    if component.id.kind.as_str() != "helm" {
        return None;
    }
    let chart = RemoteChart::of(component, &desired.charts)?.ok()?;
    let span = desired.files.span(component.section("chart")?.origin);
    Some((chart, span.unwrap_or_else(|| component.at.clone())))
}

/// Builds one component that exists to be applied, for a target that calls its resources by
/// `naming`, with what its [`errands`] brought, where the rest of its stack has `defined` these kinds.
/// An abstract or disabled one is refused: an empty result would say that its resources are no longer
/// wanted.
pub fn render(
    component: &Component,
    desired: &Desired,
    snapshot: &Snapshot,
    naming: Naming,
    done: &Done,
    defined: &ClusterKinds,
) -> Result<Rendered, Vec<Diagnostic>> {
    let mut draft = Draft::new(component, desired, snapshot, naming, done, defined);
    build(&mut draft);
    draft.finish()
}

fn build(draft: &mut Draft<'_>) {
    let component = draft.component;
    match component.id.kind.as_str() {
        _ if component.presence != Presence::Active => {
            let message = format!("{} is not there to be built", component.id);
            draft.fail(Code::BuildFailed, draft.place(), message);
        }
        kind @ "terraform" if draft.naming == Naming::Objects => {
            let message = format!("what `{kind}` is handed is a set of files, and no object");
            let found = Diagnostic::error(Code::KindUnsupported, draft.place(), message);
            draft.found.push(found.hint("give the stack a target that is a folder"));
        }
        "terraform" => terraform::render(draft),
        "helm" => helm::render(draft),
        "kubernetes" => kubernetes::render(draft),
        kind => {
            let message = format!("no part of Isobar builds components of kind `{kind}`");
            let found = Diagnostic::error(Code::KindUnsupported, draft.place(), message);
            draft.found.push(found.hint(format!("the kinds are {}", KINDS.join(", "))));
        }
    }
}

impl Piece {
    /// A resource with nothing sensitive in it, that is not missed, and needs nothing.
    pub fn plain(body: Body) -> Self {
        let (sensitive, gives, made_up) = (Vec::new(), Vec::new(), Vec::new());
        let needs = BTreeSet::new();
        Self { body, sensitive, stateful: false, needs, gives, call: None, made_up }
    }

    /// Which part it has in calls that others have the target make.
    pub fn part_in_calls(&self) -> Option<Call> {
        kubernetes::part_in_calls(self.body.value())
    }

    /// The fields that were made up, by the names that a target has for them.
    pub fn kept(&self) -> impl Iterator<Item = &FieldPath> {
        let elsewhere =
            |path: &FieldPath| pin::kept(path).is_some_and(|kept| self.made_up.contains(&kept));
        self.made_up.iter().filter(move |path| !elsewhere(path))
    }

    /// The same with what `live` holds in place of what was made up.
    pub fn pinned(&self, live: &Value) -> Result<Self, Unplaced> {
        let value = pin::pinned(self.body.value(), live, &self.made_up)?;
        Ok(Self { body: Body::new(self.body.format, value), ..self.clone() })
    }
}

impl Rendered {
    /// Whose it is.
    pub fn component(&self) -> &ComponentId {
        &self.component
    }

    /// What is wanted, by resource.
    pub fn resources(&self) -> &Pieces {
        &self.resources
    }

    /// The same, for whoever looks while it goes on.
    pub fn shared(&self) -> Arc<Pieces> {
        self.resources.clone()
    }

    /// All that went into it, by content: values, and the files of charts, modules, manifests.
    pub fn inputs(&self) -> ContentId {
        self.inputs
    }

    /// What of it is encrypted: secrets of bodies are made of these.
    pub fn ciphers(&self) -> &[Arc<Cipher>] {
        &self.ciphers
    }

    /// The place whose change changes a value of a body, in a stack's manifest or in a file of the
    /// component's own; `None` for a value nobody wrote.
    pub fn span(&self, origin: Origin) -> Option<Span> {
        self.files.root(origin)
    }

    /// Lets go of what only places are looked up in, until one is asked for. In `known` that is done.
    pub fn rest(&self, known: &Arc<Files>) {
        if !Arc::ptr_eq(&self.files, known) {
            self.files.rest();
        }
    }
}

#[cfg(test)]
mod tests;
