//! Every manifest that was read, once per context it is imported with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::early::{Context, Early};
use super::engines::Lent;
use super::load::{Library, Source};
use super::manifest::{self, Manifest};
use super::template::{self, Templates};
use crate::diagnostic::Diagnostic;
use crate::ids::ContentId;
use crate::model::value::Value;

/// Manifests taken apart, once per context, and where their imports lead.
#[derive(Default)]
pub(super) struct Manifests {
    pub(super) apart: BTreeMap<(Arc<str>, Option<ContentId>), Arc<Manifest>>,
    /// By the manifest's place in memory and the import's place in it. What is here is in `apart`
    /// too, so no place is another manifest's.
    pub(super) goals: BTreeMap<(usize, usize), Vec<Goal>>,
}

/// A file that an import names.
#[derive(Clone)]
pub(super) struct Goal {
    pub(super) path: Arc<str>,
    /// The manifest without context, once it is known.
    pub(super) plain: Option<Arc<Manifest>>,
}

impl Manifests {
    /// Takes the manifests at `paths` apart on all cores, for imports without context.
    pub(super) fn prefetch<'e>(
        &mut self,
        library: &mut Library,
        engine: impl Fn() -> Lent<'e> + Sync + Send,
        paths: &[Arc<str>],
    ) {
        let new = |path: &&Arc<str>| {
            !path.ends_with(".tmpl") && !self.apart.contains_key(&((*path).clone(), None))
        };
        let paths: Vec<_> = paths.iter().filter(new).cloned().collect();
        library.prefetch(&paths);
        let sources: Vec<_> = paths.iter().filter_map(|path| library.read(path)).collect();
        let library = &*library;
        let take_apart = |templates: &mut Lent<'e>, source: &Arc<Source>| {
            ((source.path.clone(), None), Arc::new(plain(library, templates, source)))
        };
        let apart: Vec<_> = sources.par_iter().map_init(engine, take_apart).collect();
        self.apart.extend(apart);
    }

    /// Forgets what depends on `changed`, and what could not be read.
    pub(super) fn advance(&mut self, changed: &BTreeSet<Arc<str>>) {
        self.goals.clear();
        self.apart.retain(|_, manifest| manifest.faults.is_empty() && !manifest.touches(changed));
    }

    /// Forgets manifests that no closure is made of, but for those without context.
    pub(super) fn keep<'c>(&mut self, used: impl Iterator<Item = &'c Arc<Manifest>>) {
        if self.apart.keys().all(|(_, id)| id.is_none()) {
            return;
        }
        let used: BTreeSet<_> = used.map(|manifest| Arc::as_ptr(manifest).addr()).collect();
        let stays = |id: &Option<ContentId>, manifest: &Arc<Manifest>| {
            id.is_none() || used.contains(&Arc::as_ptr(manifest).addr())
        };
        self.apart.retain(|(_, id), manifest| stays(id, manifest));
    }

    /// The numbers of files that only these manifests hold on to.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.apart.values().filter_map(|manifest| manifest.rendered)
    }
}

/// A file as a value, with what is wrong with it so far.
pub(super) struct Read<'r> {
    pub(super) path: &'r Arc<str>,
    pub(super) value: Value,
    pub(super) includes: &'r [Arc<str>],
    pub(super) faults: Vec<Diagnostic>,
}

impl Read<'_> {
    /// The manifest, rendered with `context`.
    pub(super) fn rendered(
        self,
        library: &Library,
        templates: &mut Templates,
        context: &Context,
    ) -> Manifest {
        let (path, includes) = (self.path, self.includes);
        let read = (self.value, self.faults);
        let early = Early::of_value(read, library, templates, path, context);
        taken_apart(early, library, templates, path, includes)
    }
}

/// The manifest of a file that is imported without context.
pub(super) fn plain(library: &Library, templates: &mut Templates, source: &Source) -> Manifest {
    let (path, value) = (&source.path, source.value.clone());
    let read = Read { path, value, includes: &source.includes, faults: source.faults.clone() };
    let context = Context::plain(templates);
    read.rendered(library, templates, &context)
}

/// The manifest in what a file was rendered to.
pub(super) fn taken_apart(
    early: Early,
    library: &Library,
    templates: &Templates,
    path: &Arc<str>,
    includes: &[Arc<str>],
) -> Manifest {
    let open = templates.open();
    let text = library.files.get(early.value.origin.file).map(|file| file.document.source());
    let is_bare = early.values.is_empty() && text.is_some_and(|text| is_bare(text, &open));
    let open = (!is_bare).then_some(&*open);
    let mut manifest = manifest::split(library, path, &early.value, open);
    manifest.faults.splice(0..0, early.faults);
    manifest.includes = includes.to_vec();
    manifest.given = early.values;
    manifest
}

/// Whether no value in what is written in `text` has a tag or a template. Escapes and quotes might
/// hide one.
fn is_bare(text: &str, open: &str) -> bool {
    let is_hidden = |letter: char| letter.is_whitespace() || letter == '\'';
    !open.contains(is_hidden)
        && ["!", "\\", template::OPEN, open].iter().all(|sign| !text.contains(sign))
}
