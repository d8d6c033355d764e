//! A config repository with one component, and a namespace of the test bed that it lives in.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use regex::Regex;
use tempfile::TempDir;

use super::proxy::Proxy;
use crate::cli::process::{Ran, Running, isobar};
use crate::testbed::bed::{Bed, bed, programs};

const ATMOS: &str = "\
base_path: .
stacks:
  base_path: stacks
  included_paths: ['deploy/*']
  name_template: '{{ .vars.stage }}'
components:
  kubernetes: { base_path: components/kubernetes }
";

const POLICY: &str = "\
version: 1
review: { approvals: 1 }
stacks: [{ match: '*', manage: correct }]
";

/// Whatever is committed is applied.
pub(super) const UNREVIEWED: &str = "\
version: 1
review: none
stacks: [{ match: '*', manage: correct }]
";

pub(super) struct Scene {
    folder: TempDir,
    namespace: String,
    admin: PathBuf,
}

impl Scene {
    /// An empty repository and an empty namespace; `None`: there is no bed.
    pub(super) fn new(namespace: &str) -> Option<Self> {
        Some(Self::on(bed()?, namespace))
    }

    /// The same on a bed of its own.
    pub(super) fn on(bed: &Bed, namespace: &str) -> Self {
        let admin = bed.folder().join("admin.kubeconfig");
        let folder = tempfile::tempdir().expect("a folder");
        let scene = Self { folder, namespace: namespace.to_owned(), admin };
        scene.write("atmos.yaml", ATMOS);
        scene.write("isobar.yaml", POLICY);
        let agent = format!(
            "agent: tester\nstore: 'sqlite:isobar.db'\nrepositories: {{ config: {{ url: . }} }}\n\
             targets:\n  bed:\n    kubernetes: {{ kubeconfig: {}, namespace: {namespace}-marks }}\n",
            scene.admin.display()
        );
        scene.write("agent.yaml", &agent);
        scene.kubectl(["create", "namespace", namespace]);
        scene
    }

    /// The same, with an agent that reaches the cluster through `proxy`.
    pub(super) fn behind(namespace: &str, proxy: &Proxy) -> Option<Self> {
        let scene = Self::new(namespace)?;
        let path = scene.folder.path().join("agent.yaml");
        let settings = std::fs::read_to_string(&path).expect("settings");
        let admin = scene.admin.display().to_string();
        scene.write("agent.yaml", &settings.replace(&admin, "proxy.kubeconfig"));
        scene.write("proxy.kubeconfig", &proxy.kubeconfig());
        Some(scene)
    }

    /// Makes the component want these objects.
    pub(super) fn wants(&self, manifests: &str) {
        self.wants_all(&[("shop", "", manifests)]);
    }

    /// Makes components want objects: each with its name, a line about it, and its manifests.
    pub(super) fn wants_all(&self, components: &[(&str, &str, &str)]) {
        self.wants_in("prod", components);
    }

    /// The same in another stack.
    pub(super) fn wants_in(&self, stack_name: &str, components: &[(&str, &str, &str)]) {
        let mut stack = format!(
            "vars: {{ stage: {stack_name} }}\n\
             settings: {{ reconcile: {{ target: bed }}, kubernetes: {{ namespace: {} }} }}\n\
             components:\n  kubernetes:\n",
            self.namespace
        );
        for (name, line, manifests) in components {
            let line = if line.is_empty() { String::new() } else { format!("      {line}\n") };
            stack += &format!("    {name}:\n{line}      manifests:\n");
            stack.extend(manifests.trim().lines().map(|line| format!("        {line}\n")));
        }
        self.write(&format!("stacks/deploy/{stack_name}.yaml"), &stack);
    }

    /// Makes what stands there the newest commit of the branch that is followed.
    #[expect(clippy::disallowed_methods, reason = "a tool of the test")]
    pub(super) fn commit(&self) {
        let git = |args: &[&str]| {
            let mut git = Command::new("git");
            git.current_dir(self.folder.path()).args(["-c", "user.name=it"]);
            git.args(["-c", "user.email=it@example.com"]).args(args);
            text(git.output().expect("git"));
        };
        if !self.folder.path().join(".git").exists() {
            git(&["init", "--quiet", "--initial-branch=main"]);
        }
        git(&["add", "atmos.yaml", "isobar.yaml", "stacks"]);
        git(&["commit", "--quiet", "--message=next"]);
    }

    /// An agent that follows the branch.
    pub(super) fn serve(&self) -> Running {
        let command = isobar(["serve"]).with("ISOBAR_SETTINGS", "agent.yaml");
        command.start(self.folder.path())
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }

    pub(super) fn lose_database(&self) {
        for entry in std::fs::read_dir(self.folder.path()).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().contains(".db")) {
                std::fs::remove_file(path).expect("it goes");
            }
        }
    }

    /// What `isobar` says, without what is new each time: times, ids of runs, and digests, which
    /// depend on the ids of objects.
    pub(super) fn isobar<const N: usize>(&self, args: [&str; N]) -> String {
        let ran = self.run(args);
        assert!(ran.status.success(), "{}", ran.said());
        without_what_is_new(ran.stdout)
    }

    /// The same of a command that leaves something held or not applied.
    pub(super) fn holds<const N: usize>(&self, args: [&str; N]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.status.code(), Some(3), "{}", ran.said());
        without_what_is_new(ran.stdout)
    }

    /// What comes of a command.
    pub(super) fn run<const N: usize>(&self, args: [&str; N]) -> Ran {
        let mut line = isobar(args).with("ISOBAR_SETTINGS", "agent.yaml");
        for program in ["kustomize", "helm"] {
            let name = format!("ISOBAR_PROGRAMS__{}", program.to_uppercase());
            line = line.with(&name, &programs().join(program).to_string_lossy());
        }
        line.with("ISOBAR_LOG", "isobar=info").run(self.folder.path())
    }

    /// How many programs `isobar` runs for a command that succeeds.
    pub(super) fn programs_run<const N: usize>(&self, args: [&str; N]) -> usize {
        let ran = self.run(args);
        assert!(ran.status.success(), "{}", ran.said());
        ran.stderr.lines().filter(|line| line.contains("program=")).count()
    }

    /// What is wrong, as `isobar` tells it.
    pub(super) fn wrong<const N: usize>(&self, args: [&str; N]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.status.code(), Some(1), "{}", ran.said());
        anstream::adapter::strip_str(&ran.stderr)
            .to_string()
            .lines()
            .filter(|line| !line.contains("program="))
            .map(|line| format!("{line}\n"))
            .collect()
    }

    pub(super) fn lose_cache(&self) {
        std::fs::remove_dir_all(self.folder.path().join(".isobar/cache")).expect("it goes");
    }

    /// Makes a chart of the repository wanted, with these lines about it.
    pub(super) fn wants_chart(&self, lines: &str) {
        let lines: String = lines.trim().lines().map(|line| format!("      {line}\n")).collect();
        let stack = format!(
            "vars: {{ stage: prod }}\n\
             settings: {{ reconcile: {{ target: bed }}, kubernetes: {{ namespace: {} }} }}\n\
             components:\n  helm:\n    shop:\n{lines}",
            self.namespace
        );
        self.write("stacks/deploy/prod.yaml", &stack);
    }

    /// A command that stops at a point, until it is interrupted.
    pub(super) fn start<const N: usize>(&self, args: [&str; N], pause: &str) -> Running {
        let command = isobar(args).with("ISOBAR_SETTINGS", "agent.yaml");
        command.with("ISOBAR_PAUSE_AT", pause).start(self.folder.path())
    }

    /// Whether `kubectl` can do it.
    pub(super) fn can<const N: usize>(&self, args: [&str; N]) -> bool {
        self.command().args(args).output().expect("kubectl").status.success()
    }

    /// What `kubectl` says in the namespace.
    pub(super) fn kubectl<const N: usize>(&self, args: [&str; N]) -> String {
        text(self.command().args(args).output().expect("kubectl"))
    }

    /// Creates an object anew from one that was read.
    pub(super) fn create(&self, manifest: &str) {
        self.pipe(&["create", "--filename=-"], manifest);
    }

    /// Applies a manifest on the server's side, as `manager`.
    pub(super) fn apply(&self, manager: &str, manifest: &str) {
        let manager = format!("--field-manager={manager}");
        self.pipe(&["apply", "--server-side", &manager, "--filename=-"], manifest);
    }

    /// Applies a manifest as kubectl does by itself, from a person's machine.
    pub(super) fn apply_by_itself(&self, manifest: &str) {
        self.pipe(&["apply", "--filename=-"], manifest);
    }

    /// What kubectl makes of a manifest by itself; `None`: it cannot read it.
    pub(super) fn dry_run(&self, manifest: &str) -> Option<String> {
        let args =
            ["create", "--dry-run=client", "--validate=false", "--output=json", "--filename=-"];
        let output = self.piped(&args, manifest);
        output.status.success().then(|| String::from_utf8(output.stdout).expect("a text"))
    }

    fn pipe(&self, args: &[&str], input: &str) {
        text(self.piped(args, input));
    }

    fn piped(&self, args: &[&str], input: &str) -> Output {
        let mut command = self.command();
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("kubectl");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).expect("it listens");
        drop(stdin);
        child.wait_with_output().expect("it ends")
    }

    #[expect(clippy::disallowed_methods, reason = "a peer of the tests, not a child of Isobar")]
    fn command(&self) -> Command {
        let mut kubectl = Command::new(programs().join("kubectl"));
        kubectl.arg("--kubeconfig").arg(&self.admin).args(["--namespace", &self.namespace]);
        kubectl
    }
}

fn without_what_is_new(text: String) -> String {
    let new = [
        ("[0-9a-f]{8}-[0-9a-f-]{27}", "(run)"),
        ("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} UTC", "(time)"),
        ("[0-9a-f]{12,}", "(digest)"),
        ("ReplicaSet \"[^\"]*\"", "ReplicaSet (name)"),
    ];
    new.iter().fold(text, |text, (pattern, word)| {
        let pattern = Regex::new(pattern).expect("a pattern");
        pattern.replace_all(&text, *word).into_owned()
    })
}

fn text(output: Output) -> String {
    let [told, wrong] = [output.stdout, output.stderr].map(String::from_utf8);
    assert!(output.status.success(), "{told:?} {wrong:?}");
    told.expect("a text")
}
