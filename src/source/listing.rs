//! The list of a tree's files while it is being made: names, bounds, and where links lead.
//!
//! Both kinds of snapshot go through it, so that a commit and a folder obey the same rules.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::snapshot::Gaps;
use super::{Entry, FetchError};
use crate::ids::ContentId;

/// How large a tree may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) files_max: usize,
    pub(super) bytes_max: u64,
    pub(super) path_bytes_max: usize,
    pub(super) depth_max: usize,
}

/// A hundred times the largest configuration repositories seen (1,000 files, 5 MB), and paths as
/// long as an operating system takes them.
impl Default for Bounds {
    fn default() -> Self {
        Self { files_max: 100_000, bytes_max: 512 << 20, path_bytes_max: 4096, depth_max: 64 }
    }
}

/// How many links may lead to one another: more are taken for a ring.
pub(super) const LINK_HOPS_MAX: u32 = 8;

/// Files, links and submodules found so far.
pub(super) struct Listing {
    revision: String,
    bounds: Bounds,
    nodes: Nodes,
    looks: usize,
    bytes: u64,
}

type Nodes = BTreeMap<Arc<str>, Node>;

enum Node {
    File(Entry),
    Link(String),
    /// Something that is never looked into, and why.
    Gap(Arc<str>),
}

/// A finished listing: files, and what cannot be read although the tree names it.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) entries: BTreeMap<Arc<str>, Entry>,
    /// Why each of them cannot be. All of them are among the entries.
    pub(super) gaps: Gaps,
}

/// Where a link leads.
enum Led {
    /// To something that is no link itself, and how many links were passed on the way.
    To(String, u32),
    /// Nowhere in the tree.
    Out,
    /// Over so many links that they are taken for a ring.
    Round,
}

/// Why what a link leads to is not listed.
enum Stop {
    Round,
    Failed(FetchError),
}

const SUBMODULE: &str = "it is a repository of its own, and submodules are not fetched";
const OUT: &str = "the link leads out of the tree";

impl Listing {
    /// An empty one; `revision` names the tree in errors.
    pub(super) fn new(revision: String, bounds: Bounds) -> Self {
        Self { revision, bounds, nodes: BTreeMap::new(), looks: 0, bytes: 0 }
    }

    /// The path of `name` in `folder`, if a tree of ours may have something there.
    pub(super) fn path(&mut self, folder: &str, name: &[u8]) -> Result<String, FetchError> {
        let shown = join(folder, &String::from_utf8_lossy(name));
        let Ok(text) = std::str::from_utf8(name) else {
            return Err(refused(&shown, "its name is not UTF-8"));
        };
        if text.chars().any(char::is_control) {
            return Err(refused(&shown.escape_debug().to_string(), "control characters in a name"));
        }
        let options = gix::validate::path::component::Options {
            protect_windows: false,
            protect_hfs: true,
            protect_ntfs: true,
        };
        if let Err(why) = gix::validate::path::component(name.into(), None, options) {
            return Err(refused(&shown, &why.to_string()));
        }
        self.check_length(&shown)?;
        if shown.split('/').count() > self.bounds.depth_max {
            return Err(self.too_large("deeper folders".to_owned(), self.bounds.depth_max as u64));
        }
        self.look()?;
        Ok(shown)
    }

    /// Adds a file.
    pub(super) fn file(&mut self, path: &str, entry: Entry) -> Result<(), FetchError> {
        self.bytes = self.bytes.saturating_add(entry.bytes);
        if self.bytes > self.bounds.bytes_max {
            let what = format!("{} bytes or more", self.bytes);
            return Err(self.too_large(what, self.bounds.bytes_max));
        }
        self.add(path, Node::File(entry))
    }

    /// Adds a symbolic link.
    pub(super) fn link(&mut self, path: &str, target: &[u8]) -> Result<(), FetchError> {
        match std::str::from_utf8(target) {
            Ok(target) => self.add(path, Node::Link(target.to_owned())),
            Err(_) => {
                self.add(path, Node::Gap("the link leads to a path that is not UTF-8".into()))
            }
        }
    }

    /// Remembers a folder whose content is in another repository: nothing of it is in the tree.
    pub(super) fn submodule(&mut self, path: &str) -> Result<(), FetchError> {
        self.add(path, Node::Gap(SUBMODULE.into()))
    }

    /// Replaces each link by what it leads to; one that leads to nothing becomes a gap.
    pub(super) fn finish(mut self) -> Result<Listed, FetchError> {
        let mut listed = Listed::default();
        let nodes = std::mem::take(&mut self.nodes);
        for path in nodes.keys() {
            if below(&nodes, path).next().is_some() {
                return Err(refused(path, "the tree has it twice, once as a folder"));
            }
        }
        for (path, node) in &nodes {
            match node {
                Node::File(entry) => drop(listed.entries.insert(path.clone(), entry.clone())),
                Node::Gap(why) => listed.gap(path, why),
                Node::Link(target) => {
                    let mut behind = Listed::default();
                    match self.lead(&nodes, &mut behind, path, (path, target), 0) {
                        Ok(()) => listed.add(behind),
                        Err(Stop::Round) => {
                            let what =
                                format!("more than {LINK_HOPS_MAX} links lead to one another");
                            listed.gap(path, &what);
                        }
                        Err(Stop::Failed(error)) => return Err(error),
                    }
                }
            }
        }
        Ok(listed)
    }

    /// Makes what a link leads to, a file or a folder, be at `path`. `hops` links led to the link.
    fn lead(
        &mut self,
        nodes: &Nodes,
        listed: &mut Listed,
        path: &str,
        (link, target): (&str, &str),
        hops: u32,
    ) -> Result<(), Stop> {
        match follow(nodes, link, target, hops) {
            Led::To(from, hops) => self.place(nodes, listed, path, &from, hops),
            Led::Round => Err(Stop::Round),
            Led::Out => {
                listed.gap(path, OUT);
                Ok(())
            }
        }
    }

    /// Makes what is at `from`, a file or a folder, be at `path`. `hops` links led there.
    fn place(
        &mut self,
        nodes: &Nodes,
        listed: &mut Listed,
        path: &str,
        from: &str,
        hops: u32,
    ) -> Result<(), Stop> {
        self.look().map_err(Stop::Failed)?;
        self.check_length(path).map_err(Stop::Failed)?;
        if let Some(Node::File(entry)) = nodes.get(from) {
            listed.entries.insert(path.into(), entry.clone());
            return Ok(());
        }
        if let Some(why) = gap_at(nodes, from) {
            listed.gap(path, why);
            return Ok(());
        }
        let mut inside = below(nodes, from).peekable();
        if inside.peek().is_none() {
            listed.gap(path, &format!("the link leads to {from}, which is not there"));
        }
        for (found, node) in inside {
            let rest = found[from.len()..].trim_start_matches('/');
            let path = join(path, rest);
            match node {
                Node::File(_) | Node::Gap(_) => self.place(nodes, listed, &path, found, hops)?,
                Node::Link(target) => self.lead(nodes, listed, &path, (found, target), hops)?,
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &str, node: Node) -> Result<(), FetchError> {
        match self.nodes.insert(path.into(), node) {
            Some(_) => Err(refused(path, "the tree has it twice")),
            None => Ok(()),
        }
    }

    fn check_length(&self, path: &str) -> Result<(), FetchError> {
        if path.len() <= self.bounds.path_bytes_max {
            return Ok(());
        }
        let what = format!("a path of {} bytes", path.len());
        Err(self.too_large(what, self.bounds.path_bytes_max as u64))
    }

    /// Counts everything that is looked at, so that no tree can make the walk endless.
    fn look(&mut self) -> Result<(), FetchError> {
        self.looks += 1;
        if self.looks > self.bounds.files_max {
            let what = format!("{} files and folders or more", self.looks);
            return Err(self.too_large(what, self.bounds.files_max as u64));
        }
        Ok(())
    }

    fn too_large(&self, what: String, limit: u64) -> FetchError {
        FetchError::TooLarge { revision: self.revision.clone(), what, limit }
    }
}

impl Listed {
    fn gap(&mut self, path: &str, why: &str) {
        let (path, id) = (Arc::<str>::from(path), ContentId::of(why).to_string().into());
        self.entries.insert(path.clone(), Entry { bytes: 0, id });
        self.gaps.insert(path, why.into());
    }

    fn add(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.gaps.extend(other.gaps);
    }
}

/// Where the link at `link` with this target leads, if `hops` links led to it.
fn follow(nodes: &Nodes, link: &str, target: &str, hops: u32) -> Led {
    let mut hops = hops + 1;
    if hops > LINK_HOPS_MAX {
        return Led::Round;
    }
    if target.starts_with('/') {
        return Led::Out;
    }
    let Some(mut at) = parent(link).map(str::to_owned) else { return Led::Out };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => match parent(&at) {
                Some(above) => at = above.to_owned(),
                None => return Led::Out,
            },
            name => {
                at = join(&at, name);
                if let Some(Node::Link(next)) = nodes.get(at.as_str()) {
                    match follow(nodes, &at, next, hops) {
                        Led::To(next, passed) => (at, hops) = (next, passed),
                        other => return other,
                    }
                }
            }
        }
    }
    Led::To(at, hops)
}

/// Everything in `folder`, which is empty for the tree itself.
fn below<'nodes>(
    nodes: &'nodes Nodes,
    folder: &str,
) -> impl Iterator<Item = (&'nodes Arc<str>, &'nodes Node)> + use<'nodes> {
    let start = if folder.is_empty() { String::new() } else { [folder, "/"].concat() };
    let from = (Bound::Included(start.as_str()), Bound::Unbounded);
    nodes.range::<str, _>(from).take_while(move |(path, _)| path.starts_with(&start))
}

/// Why nothing can be read at `path`, if it is a gap or in one.
fn gap_at<'nodes>(nodes: &'nodes Nodes, path: &str) -> Option<&'nodes Arc<str>> {
    let mut at = Some(path);
    while let Some(folder) = at {
        if let Some(Node::Gap(why)) = nodes.get(folder) {
            return Some(why);
        }
        at = parent(folder);
    }
    None
}

/// The folder that `path` is in; `None` for the tree itself.
fn parent(path: &str) -> Option<&str> {
    match path.rsplit_once('/') {
        Some((folder, _)) => Some(folder),
        None if path.is_empty() => None,
        None => Some(""),
    }
}

/// `name` in `folder`, which is empty for the tree itself.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { [folder, "/", name].concat() }
}

pub(super) fn refused(path: &str, what: &str) -> FetchError {
    FetchError::Refused { path: path.to_owned(), what: what.to_owned() }
}

#[cfg(test)]
mod tests;
