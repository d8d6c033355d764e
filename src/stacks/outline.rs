//! What calling a roll asks of each manifest, found once however many stacks import it.

use gotmpl::FieldPath;

use super::manifest::{Key, Manifest, Parts};
use super::marks::Marks;

/// The sections of a component that say from which bases it inherits.
const STEERING: [&str; 2] = ["component", "metadata"];

/// What of a manifest bears on names, bases, strategies and backends of components.
pub(super) struct Outline {
    /// Whether a component may say by itself what its name is made of.
    pub(super) names: bool,
    /// The components that may have a strategy or a backend of their own, and give it to their
    /// heirs.
    pub(super) choosing: Vec<Key>,
    /// Whether any component may have one.
    pub(super) lets_choose: bool,
    /// Whether it says anything about the backend of all components.
    pub(super) backs: bool,
    /// Whether it says from which bases any component inherits.
    pub(super) steers: bool,
    /// Whether it does so by a list that continues one of a file it imports.
    pub(super) nests: bool,
    /// Whether anything is wrong with what it says about a component.
    pub(super) is_faulty: bool,
}

impl Outline {
    /// That of `manifest`, where names are made of `fields`.
    pub(super) fn of<'m>(manifest: &'m Manifest, fields: &[FieldPath]) -> &'m Self {
        manifest.outline.get_or_init(|| {
            let path = |steps: &[&str]| FieldPath(steps.iter().map(|s| (*s).to_owned()).collect());
            let strategy = [path(&["settings", "list_merge_strategy"])];
            let backend = [path(&["backend"]), path(&["backend_type"])];
            let chooses = |parts: &Parts| {
                parts.has("overrides") || holds(parts, &strategy) || holds(parts, &backend)
            };
            let declared = || manifest.components.values();
            let steering = || {
                declared()
                    .flat_map(|declared| STEERING.map(|name| declared.parts.get(name)))
                    .flatten()
            };
            Self {
                names: says(manifest, fields),
                choosing: manifest
                    .components
                    .iter()
                    .filter(|(_, declared)| chooses(&declared.parts))
                    .map(|(key, _)| key.clone())
                    .collect(),
                lets_choose: says_for_all(manifest, &strategy)
                    || manifest.overrides.values().flatten().any(chooses),
                backs: says_for_all(manifest, &backend),
                steers: steering().next().is_some(),
                nests: steering().any(|part| part.marks.has(Marks::APPEND)),
                is_faulty: declared().any(|declared| !declared.faults.is_empty()),
            }
        })
    }
}

/// Whether a component or an override of the manifest says anything at `fields`.
fn says(manifest: &Manifest, fields: &[FieldPath]) -> bool {
    let components = manifest.components.values().map(|declared| &declared.parts);
    let mut all = components.chain(manifest.overrides.values().flatten());
    // A component's own overrides may hold any section.
    all.any(|parts| parts.has("overrides") || holds(parts, fields))
}

/// Whether the manifest says anything at `fields` for all components, or for all of a kind.
fn says_for_all(manifest: &Manifest, fields: &[FieldPath]) -> bool {
    std::iter::once(&manifest.globals)
        .chain(manifest.kinds.values())
        .any(|parts| holds(parts, fields))
}

fn holds(parts: &Parts, fields: &[FieldPath]) -> bool {
    fields.iter().any(|field| match field.0.as_slice() {
        [section, key, ..] => {
            parts.get(section.as_str()).is_some_and(|part| part.value.get(key).is_some())
        }
        [section] => parts.has(section.as_str()),
        [] => true,
    })
}
