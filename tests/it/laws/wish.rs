//! A random small repository, and its next state.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fastrand::Rng;

use crate::stage::Changes;

const STACKS: &[&str] = &["east", "north", "west"];
/// Two stacks share one target.
const TARGETS: &[&str] = &["shared", "shared", "own"];
const COMPONENTS: &[&str] = &["cache", "queue", "search", "web"];

/// What a repository asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Wish {
    stacks: BTreeMap<&'static str, Stack>,
}

#[derive(Debug, Clone, Default)]
struct Stack {
    /// Its import leads nowhere.
    broken: bool,
    components: BTreeMap<&'static str, u32>,
}

impl Wish {
    pub(super) fn random(rng: &mut Rng) -> Self {
        let mut wish = Self::default();
        for _ in 0..6 {
            wish.edit(rng);
        }
        wish.mend();
        wish
    }

    /// One edit; says what it is.
    pub(super) fn edit(&mut self, rng: &mut Rng) -> String {
        let name = STACKS[rng.usize(..STACKS.len())];
        let component = COMPONENTS[rng.usize(..COMPONENTS.len())];
        if rng.u32(..12) == 0 {
            self.stacks.remove(name);
            return format!("remove {name}");
        }
        let stack = self.stacks.entry(name).or_default();
        match rng.u32(..10) {
            0 => {
                stack.broken = !stack.broken;
                format!("{} {name}", if stack.broken { "break" } else { "mend" })
            }
            1 | 2 => {
                stack.components.remove(component);
                format!("remove {name}/{component}")
            }
            3 => {
                let renamed = stack.components.pop_first();
                stack.components.extend(renamed.map(|(_, size)| (component, size)));
                format!("rename the first of {name} to {component}")
            }
            _ => {
                stack.components.insert(component, rng.u32(1..4));
                format!("set {name}/{component}")
            }
        }
    }

    /// Nothing is broken any more.
    pub(super) fn mend(&mut self) {
        self.stacks.values_mut().for_each(|stack| stack.broken = false);
    }

    /// All of it in one line.
    pub(super) fn told(&self) -> String {
        format!("{:?}", self.stacks)
    }

    /// Every file of the repository.
    pub(super) fn changes(&self) -> Changes {
        let mut changes = Changes::new();
        let mut write = |path: &str, text: Option<String>| {
            changes.insert(path.to_owned(), text.map(String::into_bytes));
        };
        write("atmos.yaml", Some(ATMOS.to_owned()));
        write("isobar.yaml", Some(ISOBAR.to_owned()));
        write("stacks/catalog/nothing.yaml", Some("vars: {}\n".to_owned()));
        for (name, target) in STACKS.iter().zip(TARGETS) {
            let text = self.stacks.get(name).map(|stack| stack.text(target));
            write(&format!("stacks/{name}.yaml"), text);
        }
        changes
    }
}

impl Stack {
    fn text(&self, target: &str) -> String {
        let import = if self.broken { "catalog/nowhere" } else { "catalog/nothing" };
        let mut text = format!(
            "import: [{import}]\nsettings: {{reconcile: {{target: {target}}}}}\n\
             components:\n  helm: {{}}\n"
        );
        if !self.components.is_empty() {
            text = text.replace("helm: {}", "helm:");
        }
        for (component, size) in &self.components {
            let _ = writeln!(
                text,
                "    {component}: {{chart: \"oci://charts.example/{component}\", \
                 version: \"{size}.0.0\", values: {{size: {size}}}}}"
            );
        }
        text
    }
}

const ATMOS: &str = "\
base_path: \".\"
stacks:
  base_path: stacks
  included_paths: [\"*.yaml\"]
  excluded_paths: [\"catalog/**\"]
";

const ISOBAR: &str = "\
version: 1
review: {approvals: 1}
stacks: [{match: \"*\", manage: correct}]
guard: {deletes_max: 1000, deletes_percent_max: 100}
";
