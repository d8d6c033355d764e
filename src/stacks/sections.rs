//! What the sections of a manifest are called, and from where each of them reaches a component.

/// What a section must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Map,
    Text,
    Any,
}

/// How the bases of a component contribute to a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bases {
    /// Merged in the order in which they are reached.
    Merged,
    /// Only the one reached last counts, even if it says nothing.
    Last,
}

/// From where a section reaches a component, beyond the component itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// Whether it may stand at the top of a manifest and reaches every component from there.
    pub(super) global: bool,
    /// Whether it may stand under a kind and reaches that kind's components from there.
    pub(super) kind: bool,
    pub(super) bases: Bases,
    /// Whether `overrides` may hold it.
    pub(super) overridden: bool,
}

/// What holds for a section that is not in the table.
pub(super) const OTHER: Rule = rule("", Shape::Any, "", Bases::Merged);

/// The sections that bear on more than the component that says them, and those with a shape.
/// Reach: `g`lobal, `k`ind, `o`verrides.
pub(super) const RULES: &[Rule] = &[
    rule("vars", Shape::Map, "gko", Bases::Merged),
    rule("settings", Shape::Map, "gko", Bases::Merged),
    rule("env", Shape::Map, "gko", Bases::Merged),
    rule("auth", Shape::Map, "gko", Bases::Merged),
    rule("hooks", Shape::Map, "gko", Bases::Merged),
    rule("generate", Shape::Map, "gko", Bases::Merged),
    rule("dependencies", Shape::Map, "gk", Bases::Merged),
    rule("metadata", Shape::Map, "g", Bases::Merged),
    rule("providers", Shape::Map, "ko", Bases::Merged),
    rule("required_providers", Shape::Map, "o", Bases::Merged),
    rule("required_version", Shape::Text, "o", Bases::Merged),
    rule("command", Shape::Text, "ko", Bases::Last),
    rule("backend_type", Shape::Text, "k", Bases::Last),
    rule("backend", Shape::Map, "k", Bases::Merged),
    rule("remote_state_backend_type", Shape::Text, "k", Bases::Last),
    rule("remote_state_backend", Shape::Map, "k", Bases::Merged),
    rule("retry", Shape::Map, "o", Bases::Merged),
    rule("source", Shape::Any, "k", Bases::Merged),
    rule("provision", Shape::Map, "k", Bases::Merged),
    rule("secrets", Shape::Map, "gko", Bases::Merged),
    rule("locals", Shape::Map, "", Bases::Merged),
];

/// Sections without a rule of their own that some kind knows.
const PLAIN: &[&str] = &[
    "chart",
    "component",
    "manifests",
    "mocks",
    "name",
    "namespace",
    "overrides",
    "paths",
    "plugins",
    "release",
    "render",
    "repository",
    "test",
    "validate",
    "values",
    "version",
];

/// The kinds that are known by name. Others are custom: nothing is said about their keys.
pub(super) const KINDS: &[&str] =
    &["terraform", "helmfile", "packer", "ansible", "kubernetes", "helm", "container", "emulator"];

/// The kinds that `overrides` at the top of a manifest, or under a kind, reach.
pub(super) const OVERRIDDEN_KINDS: &[&str] = &["terraform", "helmfile"];

/// The keys of a manifest that are no sections.
pub(super) const TOP: &[&str] =
    &["import", "name", "components", "overrides", "locals", "workflows", "stores"];

/// The keys of `metadata`.
pub(super) const METADATA: &[&str] = &[
    "component",
    "inherits",
    "type",
    "name",
    "description",
    "tags",
    "labels",
    "custom",
    "enabled",
    "locked",
    "terraform_workspace",
    "terraform_workspace_pattern",
    "terraform_workspace_template",
];

/// What `metadata` at the top of a manifest may hold.
pub(super) const METADATA_GLOBAL: &[&str] =
    &["labels", "tags", "custom", "enabled", "locked", "terraform_workspace_pattern"];

/// The keys of an import.
pub(super) const IMPORT: &[&str] = &[
    "path",
    "context",
    "skip_templates_processing",
    "ignore_missing_template_values",
    "skip_if_missing",
    "nested_imports",
    "ttl",
];

/// The keys of a dependency, in `dependencies.components` and in `settings.depends_on`.
pub(super) const DEPENDENCY: &[&str] = &[
    "component",
    "name",
    "kind",
    "stack",
    "file",
    "folder",
    "namespace",
    "tenant",
    "environment",
    "stage",
];

/// The maps below a section whose keys are known: a way with `*` for any key or any item, what it
/// is called in a sentence, and the keys.
pub(super) const CLOSED: &[(&[&str], &str, &[&str])] = &[
    (&["settings", "validation", "*"], "in a rule", super::rules::KEYS),
    (&["settings", "depends_on", "*"], "in a dependency", DEPENDENCY),
    (&["dependencies", "components", "*"], "in a dependency", DEPENDENCY),
];

/// The rule of the section `name`.
pub(super) fn rule_of(name: &str) -> &'static Rule {
    RULES.iter().find(|rule| rule.name == name).unwrap_or(&OTHER)
}

/// What may stand under a component.
pub(super) fn component_keys() -> impl Iterator<Item = &'static str> + Clone {
    RULES.iter().map(|rule| rule.name).chain(PLAIN.iter().copied())
}

const fn rule(name: &'static str, shape: Shape, reach: &str, bases: Bases) -> Rule {
    Rule {
        name,
        shape,
        global: has(reach, b'g'),
        kind: has(reach, b'k'),
        overridden: has(reach, b'o'),
        bases,
    }
}

const fn has(reach: &str, letter: u8) -> bool {
    let bytes = reach.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == letter {
            return true;
        }
        at += 1;
    }
    false
}
