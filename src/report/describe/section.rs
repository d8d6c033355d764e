//! Which sections a component shows.

use super::shown::Shown;

/// Sections that every component has, be they empty.
const ALWAYS: &[&str] =
    &["auth", "env", "metadata", "overrides", "provision", "settings", "source", "vars"];

/// The same for components of these kinds.
const OF_KINDS: &[(&str, &[&str])] = &[
    ("backend", &["terraform"]),
    ("generate", &["terraform", "kubernetes", "helm"]),
    ("hooks", &["terraform", "helmfile", "kubernetes", "helm"]),
    ("providers", &["terraform"]),
    ("remote_state_backend", &["terraform"]),
    ("required_providers", &["terraform"]),
];

/// Sections of terraform components that are texts.
const TEXTS: &[&str] = &["backend_type", "remote_state_backend_type", "required_version"];

/// Sections that a component has only if something says them.
const SAID: &[&str] = &[
    "chart",
    "dependencies",
    "locals",
    "manifests",
    "mocks",
    "name",
    "namespace",
    "paths",
    "plugins",
    "release",
    "render",
    "repository",
    "retry",
    "secrets",
    "test",
    "validate",
    "values",
    "version",
];

/// The kinds whose components are described; those of others are only for Isobar and its tools.
pub(super) const KINDS: &[&str] =
    &["terraform", "helmfile", "packer", "ansible", "kubernetes", "helm", "container", "emulator"];

/// What one component of `kind` is shown with where nothing says the section: `None` if then it is
/// not shown at all. The second part is whether the section is ever shown.
pub(super) fn rows(kind: &str) -> impl Iterator<Item = (&'static str, Option<Shown<'static>>)> {
    let terraform = kind == "terraform";
    let of_kind = OF_KINDS.iter().filter(move |(_, kinds)| kinds.contains(&kind));
    let of_kind: Vec<_> = of_kind.map(|(name, _)| *name).collect();
    let maps = ALWAYS.iter().copied().chain(of_kind).map(|name| (name, Some(Shown::empty())));
    let texts = TEXTS.iter().filter(move |_| terraform);
    let texts = texts.map(|name| (*name, Some(Shown::text(""))));
    maps.chain(texts).chain(SAID.iter().map(|name| (*name, None)))
}

/// The sections that describe one component where no more is asked for.
pub(super) const SHORT: &[&str] = &[
    "backend",
    "component",
    "dependencies",
    "env",
    "hooks",
    "imports",
    "metadata",
    "overrides",
    "providers",
    "settings",
    "vars",
];
