//! Manifests into stacks: the resolver of the stack dialect.
//!
//! Takes: a [`Snapshot`], what of it is wanted ([`Selection`]), what is known ([`Answers`]).
//! Gives: [`Desired`] with every finding, and the questions whose answers would say more.
//! Never: the clock, the environment, the network, a child process; a stop at the first mistake;
//! a value without the place it was written.
//! Start at: [`resolve`], then `resolve.rs`, which is the order of the work: `load` and `import`
//! make the ordered contributions of a stack, `parent` and `component` the layers of a component,
//! `layer` folds them, `finish` derives what follows, `evaluate` renders and calls what is left.
//! `narrow` is what a look at one stack leaves out.
//! How to add: a section is a row in `sections.rs`, a YAML function one in `function.rs`.

mod atmos_yaml;
mod atmos_import;
mod discover;
mod path;
mod lock;
mod remote;
mod texts;
mod load;
mod include;
mod hcl;
mod by_name;
mod manifest;
mod manifests;
mod closure;
mod import;
mod sections;
mod skim;
mod narrow;
mod locals;
mod early;
mod template;
mod needs;
mod described;
mod made_of;
mod engines;
mod read_back;
mod asking;
mod function;
mod call;
mod merge;
mod deferred;
mod marks;
mod slot;
mod parent;
mod inherit;
mod component;
mod layer;
mod finish;
mod bulk;
mod evaluate;
mod backend;
mod reconcile_block;
mod identity;
mod outline;
mod roll;
mod dependency;
mod whole;
mod resolve;
mod each;
mod pairs;
mod policy_file;
mod explain;
mod why_not;
mod rules;
mod affected;
mod strict;
mod written;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::ids::{ComponentName, StackName};
use crate::model::desired::Desired;
use crate::model::question::{Answers, Question};
use crate::pattern::StackPattern;
use crate::source::Snapshot;

pub use affected::Comparison;
pub use atmos_yaml::NAMES as SETTINGS_NAMES;
pub use described::described;
pub use each::{Each, Found, Handed};
pub use explain::explain;
pub use layer::fold;
pub use lock::{Lock, Locked};
pub use merge::Lists;
pub use pairs::{Paired, Pairs, pairs};
pub use policy_file::policy;
pub use resolve::Resolver;
pub use rules::{Asked, Language, Rulebook, UnknownRule, Verdicts, manifest_schema, manifests};
pub use why_not::why_not;
pub use written::{Written, manifest, own_locals, settings, vendored, workflows};

/// Which part of a snapshot is wanted. By default all of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    /// Globs over the names of stacks, and over those of their manifests without extension; a
    /// stack has to fit one of them. None: every stack fits.
    pub stacks: Vec<StackPattern>,
    /// Only the components of these names. None: all of them.
    pub components: Vec<ComponentName>,
    /// What is done with templates and functions in their values.
    pub evaluation: Evaluation,
    /// Whether it does not matter what components depend on: then nothing is found about it, and
    /// they have no dependencies. Of several components that differ the first one is there, beside
    /// the finding, instead of none.
    pub unlinked: bool,
    /// Whether nobody asks where values come from: then components come without layers.
    pub unexplained: bool,
    /// Whether only what may be applied matters: then components come without layers, and abstract
    /// ones as they are merged, with nothing in them rendered or called.
    pub to_apply: bool,
    /// Whether only the names of stacks are wanted: then they come without components, and nothing
    /// is found about values.
    pub only_named: bool,
    /// Whether what Atmos refuses to describe is found too, in every file below the folder of the
    /// stacks: unknown keys, values of another shape, stacks without a rule for their names.
    pub strict: bool,
    /// Whether a stack whose name's pattern has no value is called like its manifest.
    pub named_by_file: bool,
}

/// What is done with templates and functions in values. By default all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Whether templates are rendered late, over the merged component. While files are imported
    /// they always are.
    pub templates: bool,
    /// Whether functions are called. If not, their calls stay as text.
    pub functions: bool,
    /// Functions, by name without the exclamation mark, whose calls stay as text all the same.
    pub skip: BTreeSet<Arc<str>>,
    /// Whether late templates see what they see while a list of stacks is made: `.component_info`
    /// and the workspace of the list, and nothing of `.imports` and `.deps`.
    pub listing: bool,
}

impl Evaluation {
    /// Whether everything is evaluated.
    pub fn is_whole(&self) -> bool {
        self.templates && self.functions && self.skip.is_empty()
    }
}

/// What resolving gave.
#[derive(Debug, Clone)]
pub struct Resolution {
    /// The selected stacks, and the findings of all that was read.
    pub desired: Desired,
    /// Of the findings those about the tree as such, whatever is selected: files, imports,
    /// sections, bases, backends. Nothing in them depends on a value.
    pub tree: Vec<Diagnostic>,
    /// What was asked and has no answer among those given. While there are any, answering them
    /// and resolving again tells more.
    pub questions: BTreeSet<Question>,
}

/// Resolves the selected part of a snapshot. Equal arguments give equal results.
pub fn resolve(snapshot: &Snapshot, selection: &Selection, answers: &Answers) -> Resolution {
    Resolver::new(snapshot).resolve(selection, answers)
}

impl Default for Evaluation {
    fn default() -> Self {
        Self { templates: true, functions: true, skip: BTreeSet::new(), listing: false }
    }
}

impl Selection {
    /// Everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// Everything that may be applied.
    pub fn to_apply() -> Self {
        Self { to_apply: true, ..Self::default() }
    }

    /// Whether anything of `stack` is selected that the manifest `file` declares.
    fn has_stack(&self, stack: &StackName, file: &str) -> bool {
        let fits = |pattern: &StackPattern| pattern.fits(stack) || pattern.fits_text(file);
        self.stacks.is_empty() || self.stacks.iter().any(fits)
    }

    /// Whether components called like `key` are selected.
    fn has(&self, key: &manifest::Key) -> bool {
        self.components.is_empty()
            || self.components.iter().any(|name| name.as_str() == key.1.as_ref())
    }
}

#[cfg(test)]
mod tests;
