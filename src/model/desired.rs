//! What should be: every stack of a snapshot, resolved, with the origin of every value.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::chart::Charts;
use super::files::Files;
use super::policy::{Manage, Reconcile};
use super::question::Question;
use super::value::Value;
use crate::diagnostic::{Diagnostic, Span};
use crate::ids::{ComponentId, ComponentName, KindName, StackName, TargetName};

/// Everything a snapshot asks for, and everything that is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    /// The stacks that have a name, by name.
    pub stacks: BTreeMap<StackName, Arc<Stack>>,
    /// Manifests so broken that not even the names of their stacks are certain. While there are
    /// any, nothing can be called "no longer desired".
    pub nameless: Vec<Arc<str>>,
    /// What else leaves it open which stacks there are, for people: settings that cannot be read,
    /// or that lead nowhere. It counts like a nameless manifest.
    pub unsettled: Vec<String>,
    /// All findings, in the order of files and positions.
    pub diagnostics: Vec<Diagnostic>,
    /// Where the code of each kind lives.
    pub layout: Layout,
    /// The folder of the manifests.
    pub manifests: Arc<str>,
    /// What the origins of all values point into.
    pub files: Arc<Files>,
    /// What is known of charts at other places.
    pub charts: Arc<Charts>,
}

/// Where the code of each kind lives: `components.<kind>.base_path` of `atmos.yaml`, from the
/// repository's root, without a final `/`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout(pub BTreeMap<KindName, Arc<str>>);

/// One environment instance: the unit of plan, digest, lease, run, approval and outcome.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Its canonical name.
    pub name: StackName,
    /// The manifests that define it.
    pub manifests: Vec<Arc<str>>,
    /// Where its resources live; only the agent's settings say what the name stands for.
    pub target: Option<TargetName>,
    /// Its components by kind and name, abstract and disabled ones included.
    pub components: BTreeMap<(KindName, ComponentName), Component>,
    /// Components that could not be resolved. Their resources are kept, whatever is missing.
    pub unresolved: BTreeMap<(KindName, ComponentName), Vec<Diagnostic>>,
}

/// One named thing in a stack, fully resolved.
#[derive(Debug, Clone)]
pub struct Component {
    /// `stack/kind/name`.
    pub id: ComponentId,
    /// Its name, where the last file that speaks of it has it.
    pub at: Span,
    /// Whether it exists to be applied.
    pub presence: Presence,
    /// Whether it is shown and never changed (`metadata.locked`).
    pub locked: bool,
    /// The folder with its code below the kind's base path (`metadata.component`).
    pub code: Arc<str>,
    /// The components it inherits from, the most recent first.
    pub inheritance: Vec<ComponentName>,
    /// The merged sections: `vars`, `settings`, `env`, `metadata`, `backend`, `backend_type`, ...
    pub sections: Value,
    /// What was merged, lowest precedence first. Folding it gives `sections`. Empty where only
    /// what is to be applied is wanted.
    pub layers: Vec<Layer>,
    /// What has to be applied before it.
    pub dependencies: Vec<Dependency>,
    /// What it waits to know.
    pub questions: Vec<Question>,
    /// Of that what decides whether it is applied, and how and where: until it is known nothing is.
    pub undecided: Vec<Question>,
    /// How it is kept true.
    pub reconcile: Reconcile,
    /// The manifest it is defined through.
    pub manifest: Arc<str>,
    /// Terraform's workspace.
    pub workspace: Arc<str>,
    /// What only listings show.
    pub listing: Listing,
}

/// What listings show of a component, and nothing acts on.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// The workspace a list of stacks shows, which does not know which folder the component uses.
    pub workspace: Arc<str>,
    /// Every file its manifest imports, sorted.
    pub imports: Arc<[Arc<str>]>,
    /// Whether its manifest renders what it imports, so that every import may matter to it.
    pub gives: bool,
    /// Its name, if that is a template, as it is rendered.
    pub component: Option<Arc<str>>,
    /// The same for the name of its folder.
    pub code: Option<Arc<str>>,
}

/// Whether a component exists to be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    Active,
    /// `metadata.enabled: false`: what it owns is forgotten, never deleted.
    Disabled,
    /// `metadata.type: abstract`: only there to be inherited from.
    Abstract,
}

/// One contribution to a component.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The section it contributes to: `vars`.
    pub section: Arc<str>,
    /// How it came to contribute.
    pub reach: Reach,
    /// Of a base, which place in the order of bases it was reached at: one that is reached twice is
    /// laid over everything twice. 0 for all else.
    pub turn: u32,
    /// The files from the stack's manifest down to the one that says it.
    pub imports: Arc<[Arc<str>]>,
    /// What it says.
    pub value: Value,
}

/// How a layer came to contribute to a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// From the section at the top of a manifest.
    Global,
    /// From the section under the component's kind (`terraform: vars:`).
    Kind,
    /// From a component that is inherited from.
    Base(ComponentName),
    /// From the component itself.
    Own,
    /// From `overrides`.
    Override,
    /// Computed: a template or function in an earlier layer was rendered to this.
    Rendered,
    /// Computed by a rule of the dialect that the text names.
    Derived(&'static str),
}

/// What one layer says at one path of a component, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// Which of the component's layers.
    pub layer: usize,
    /// What it says there.
    pub value: Value,
    /// Whether any of it is in the merged value.
    pub wins: bool,
}

/// One component that has to be applied before another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Which one.
    pub on: ComponentId,
    /// Where that is said.
    pub origin: super::value::Origin,
}

impl Desired {
    /// The component, if it is resolved.
    pub fn component(&self, id: &ComponentId) -> Option<&Component> {
        self.stacks.get(&id.stack)?.components.get(&(id.kind.clone(), id.name.clone()))
    }

    /// Every resolved component of every stack.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.stacks.values().flat_map(|stack| stack.components.values())
    }

    /// The stacks by how much there is to do for each, most first: who shares them out among
    /// workers so is not left with the longest at the end.
    pub fn largest_first(&self) -> Vec<&Arc<Stack>> {
        let mut stacks: Vec<_> = self.stacks.values().collect();
        stacks.sort_by_key(|stack| Reverse(stack.components.len()));
        stacks
    }

    /// Whether a stack that is not among them is none.
    pub fn has_all_stacks(&self) -> bool {
        self.nameless.is_empty() && self.unsettled.is_empty()
    }

    /// Whether nothing failed: only then is what is missing really gone.
    pub fn is_complete(&self) -> bool {
        self.has_all_stacks() && self.stacks.values().all(|stack| stack.unresolved.is_empty())
    }
}

impl Stack {
    /// The component, if it is resolved.
    pub fn component(&self, id: &ComponentId) -> Option<&Component> {
        let component = self.components.get(&(id.kind.clone(), id.name.clone()));
        component.filter(|component| component.id == *id)
    }

    /// What a component names as what comes before it, in its own stack.
    pub fn dependencies(&self, id: &ComponentId) -> impl Iterator<Item = &ComponentId> {
        let named = self.component(id).into_iter().flat_map(|one| &one.dependencies);
        named.map(|dependency| &dependency.on).filter(|on| on.stack == self.name)
    }

    /// Everything in the stack that comes before a component, however far away.
    pub fn all_dependencies(&self, id: &ComponentId) -> BTreeSet<ComponentId> {
        let mut found = BTreeSet::new();
        let mut open: Vec<_> = self.dependencies(id).collect();
        while let Some(next) = open.pop() {
            if next != id && found.insert(next.clone()) {
                open.extend(self.dependencies(next));
            }
        }
        found
    }

    /// Those of them that have to do well before it begins.
    pub fn awaited(&self, id: &ComponentId) -> BTreeSet<ComponentId> {
        let mut all = self.all_dependencies(id);
        all.retain(|on| self.component(on).is_none_or(|one| one.reconcile.is_awaited()));
        all
    }
}

impl Layout {
    /// The folder that `component`'s code is in. A kind that the settings do not mention has
    /// `components/<kind>`.
    pub fn folder(&self, component: &Component) -> String {
        self.below(component.id.kind.as_str(), &component.code)
    }

    /// The folder `code` below where the code of `kind` is.
    pub fn below(&self, kind: &str, code: &str) -> String {
        let base = self.0.iter().find(|(known, _)| known.as_str() == kind);
        match base.map(|(_, base)| base.as_ref()) {
            Some("" | ".") => code.to_owned(),
            Some(base) => format!("{base}/{code}"),
            None => format!("components/{kind}/{code}"),
        }
    }
}

impl Component {
    /// How far Isobar goes on its own: what the component asks for, capped by the stack's rule.
    pub fn manage(&self, rule: Manage) -> Manage {
        let asked = self.reconcile.manage.unwrap_or(rule).min(rule);
        if self.locked { Manage::Observe } else { asked }
    }

    /// The merged section, if the component has it.
    pub fn section(&self, name: &str) -> Option<&Value> {
        self.sections.get(name)
    }
}
