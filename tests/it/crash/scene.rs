//! The stage of a crash: a repository of three stacks, an agent, a forge, targets; in one folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use isobar::ids::{Actor, CommitId};
use isobar::source::write::{self, Author};
use tempfile::TempDir;

use super::oracle;
use crate::cli::process::{Isobar, Ran, isobar};

/// One component and the number that makes its resource what it is.
pub(crate) struct Component {
    pub(crate) stack: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    pub(crate) size: u32,
}

/// What a commit of the repository asks for.
pub(crate) type Version = [Component];

const fn component(
    stack: &'static str,
    kind: &'static str,
    name: &'static str,
    size: u32,
) -> Component {
    Component { stack, kind, name, size }
}

/// The first commit.
pub(crate) const FIRST: &Version = &[
    component("east", "terraform", "net", 3),
    component("east", "kubernetes", "app", 1),
    component("east", "kubernetes", "old", 1),
    component("north", "kubernetes", "app", 1),
    component("north", "terraform", "net", 5),
    component("west", "terraform", "net", 3),
    component("west", "kubernetes", "app", 1),
    component("west", "kubernetes", "jobs", 1),
];

/// The second: a create and an update in every stack, a delete in two.
pub(crate) const SECOND: &Version = &[
    component("east", "terraform", "net", 4),
    component("east", "kubernetes", "app", 2),
    component("east", "kubernetes", "new", 1),
    component("north", "kubernetes", "app", 2),
    component("north", "kubernetes", "extra", 1),
    component("north", "terraform", "net", 5),
    component("west", "terraform", "net", 3),
    component("west", "kubernetes", "app", 3),
    component("west", "kubernetes", "cron", 1),
];

pub(crate) const STACKS: [&str; 3] = ["east", "north", "west"];

const ATMOS: &str = "\
base_path: .
stacks:
  base_path: stacks
  included_paths: ['deploy/*']
  name_template: '{{ .vars.stage }}'
components:
  kubernetes: { base_path: components/kubernetes }
  terraform: { base_path: components/terraform }
";

const POLICY: &str = "\
version: 1
review: { approvals: 1 }
stacks: [{ match: '*', manage: correct }]
";

const AGENT: &str = "\
agent: tester
cache: cache
repositories:
  config: { url: config.git, forge: local, interval: 1s }
targets_folder: targets
forges:
  local: { local: { path: forge } }
";

/// A folder with everything in it, and the database it is with.
pub(crate) struct Scene {
    folder: TempDir,
    pub(crate) store: String,
}

impl Scene {
    /// The first commit, and nothing else yet. `postgres`: the database that is not in the folder.
    pub(crate) fn new(postgres: Option<String>) -> Self {
        let scene = Self::at(tempfile::tempdir().expect("a folder"), postgres);
        write::init(&scene.git()).expect("a repository");
        scene.commit("main", None, FIRST);
        scene
    }

    fn at(folder: TempDir, postgres: Option<String>) -> Self {
        let file = || format!("sqlite:{}", folder.path().join("isobar.db").display());
        let store = postgres.unwrap_or_else(file);
        let settings = format!("{AGENT}store: {store:?}\n");
        std::fs::write(folder.path().join("agent.yaml"), settings).expect("written");
        Self { folder, store }
    }

    /// The same again in another folder, with the copy of the database that `postgres` is.
    pub(crate) fn copy(&self, postgres: Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        copy(self.path(), folder.path());
        Self::at(folder, postgres)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn git(&self) -> PathBuf {
        self.path().join("config.git")
    }

    /// The folder of a stack's target.
    pub(crate) fn target(&self, stack: &str) -> PathBuf {
        self.path().join("targets").join(stack)
    }

    pub(crate) fn mark(&self, stack: &str) -> PathBuf {
        self.target(stack).join(".isobar/tester@config.json")
    }

    /// Makes `branch` say what `version` does.
    pub(crate) fn commit(&self, branch: &str, parent: Option<&str>, version: &Version) {
        self.commit_files(branch, parent, &files(version));
    }

    fn commit_files(
        &self,
        branch: &str,
        parent: Option<&str>,
        files: &BTreeMap<String, Option<Vec<u8>>>,
    ) {
        let git = self.git();
        let tip = |branch: &str| -> Option<CommitId> {
            write::branch_tip(&git, branch).expect("a repository")
        };
        let parent = parent.map(|parent| tip(parent).expect("a parent"));
        let ada = Actor::new("ada").expect("a name");
        let at = "2026-01-02T03:04:05Z".parse().expect("a time");
        let author = Author { actor: &ada, at, message: "a change" };
        write::commit(&git, branch, parent.as_ref(), files, &author).expect("a commit");
    }

    /// Adds a stack that lives in a cluster, and has a component of its own there.
    pub(crate) fn add_cluster(&self, name: &str, server: &str) {
        let stack = format!(
            "vars: {{ stage: {name} }}\nsettings: {{ reconcile: {{ target: {name} }} }}\n\
             components:\n  kubernetes:\n    app:\n      manifests:\n      - {{ apiVersion: v1, \
             kind: Namespace, metadata: {{ name: app }} }}\n"
        );
        let path = format!("stacks/deploy/{name}.yaml");
        self.commit_files(
            "main",
            Some("main"),
            &BTreeMap::from([(path, Some(stack.into_bytes()))]),
        );
        let kubeconfig = format!(
            "{{ apiVersion: v1, kind: Config, current-context: it,\n  \
             clusters: [{{ name: it, cluster: {{ server: '{server}' }} }}],\n  \
             users: [{{ name: it, user: {{}} }}],\n  \
             contexts: [{{ name: it, context: {{ cluster: it, user: it }} }}] }}\n"
        );
        std::fs::write(self.path().join("kubeconfig"), kubeconfig).expect("written");
        let settings = self.path().join("agent.yaml");
        let mut text = std::fs::read_to_string(&settings).expect("settings");
        text += &format!("targets: {{ {name}: {{ kubernetes: {{ kubeconfig: kubeconfig }} }} }}\n");
        std::fs::write(settings, text).expect("written");
    }

    /// A command with this scene's settings.
    pub(crate) fn command<const N: usize>(args: [&str; N]) -> Isobar {
        isobar(args).with("ISOBAR_SETTINGS", "agent.yaml")
    }

    pub(crate) fn run<const N: usize>(&self, args: [&str; N]) -> Ran {
        Self::command(args).run(self.path())
    }

    /// Lets every lease run out: its time is put back rather than waited for.
    pub(crate) fn leases_run_out(&self) {
        oracle::raw(&self.store, "UPDATE lease SET until = 0");
    }

    /// Plans, and approves everything that waits.
    pub(crate) fn approve(&self) {
        let planned = self.run(["apply"]);
        assert_eq!(planned.code(), 3, "{}", planned.said());
        let approved = self.run(["approve", "--all"]);
        assert_eq!(approved.code(), 0, "{}", approved.said());
    }
}

/// Every file of a commit; a stack's file lists its components in `version`.
fn files(version: &Version) -> BTreeMap<String, Option<Vec<u8>>> {
    let mut files = BTreeMap::from([
        ("atmos.yaml".to_owned(), ATMOS.to_owned()),
        ("isobar.yaml".to_owned(), POLICY.to_owned()),
        ("components/terraform/net/main.tf".to_owned(), "variable \"size\" {}\n".to_owned()),
    ]);
    for stack in STACKS {
        let mut text = format!(
            "vars: {{ stage: {stack} }}\nsettings: {{ reconcile: {{ target: {stack} }} }}\n\
             components:\n"
        );
        for kind in ["terraform", "kubernetes"] {
            text.push_str(&format!("  {kind}:\n"));
            let of_kind =
                |component: &&Component| (component.stack, component.kind) == (stack, kind);
            version.iter().filter(of_kind).for_each(|component| text.push_str(&entry(component)));
        }
        files.insert(format!("stacks/deploy/{stack}.yaml"), text);
    }
    files.into_iter().map(|(path, text)| (path, Some(text.into_bytes()))).collect()
}

fn entry(Component { kind, name, size, .. }: &Component) -> String {
    match *kind {
        "terraform" => format!("    {name}: {{ vars: {{ size: {size} }} }}\n"),
        _ => format!(
            "    {name}:
      dependencies: {{ components: [{{ component: net, kind: terraform }}] }}
      manifests:
        - apiVersion: v1
          kind: ConfigMap
          metadata: {{ name: {name}, namespace: shop }}
          data: {{ size: '{size}' }}
"
        ),
    }
}

/// A folder with all that is in it. Nothing in a scene is a link.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).expect("a copy")),
        }
    }
}
