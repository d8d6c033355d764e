//! A config repository with one component, and a namespace of the test bed that it lives in.

use std::io::Write as _;
use std::path::{Path, PathBuf};
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

/// A key that was made for these tests, and for whom to encrypt so that it opens it.
const KEY: &str = "AGE-SECRET-KEY-1R5WV2WHN6CTY2SQHXP2GTAF06DWNEUMZZFC4EYL6UR5A8UJJPSMS2C6MZF\n";
const RECIPIENT: &str = "age15apupl0c9xacwtg6nkm5uv6tjmgh99qqt5xj4z9r0z94wvusw5nstfj24v";

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
             targets:\n  bed:\n    kubernetes:\n      kubeconfig: {}\n      \
             namespace: {namespace}-marks\n      service_accounts: [{namespace}/deployer]\n",
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

    /// The same, that says what it does.
    pub(super) fn serve_saying(&self, filter: &str) -> Running {
        let command = isobar(["serve"]).with("ISOBAR_SETTINGS", "agent.yaml");
        command.with("ISOBAR_LOG", filter).start(self.folder.path())
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        self.write_bytes(path, text.as_bytes());
    }

    pub(super) fn write_bytes(&self, path: &str, bytes: &[u8]) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder");
        std::fs::write(path, bytes).expect("written");
    }

    pub(super) fn remove(&self, path: &str) {
        std::fs::remove_file(self.folder.path().join(path)).expect("it goes");
    }

    /// Where the server listens.
    pub(super) fn server(&self) -> String {
        std::fs::read_to_string(self.admin.with_file_name("server")).expect("a text")
    }

    /// Whose signature its certificate has.
    pub(super) fn authority(&self) -> String {
        std::fs::read_to_string(self.admin.with_file_name("ca.crt")).expect("a text")
    }

    /// Where the objects are.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Where the repository, the database and the cache are.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes what `change` makes of a file.
    pub(super) fn change(&self, path: &str, change: impl FnOnce(String) -> String) {
        let text = std::fs::read_to_string(self.folder.path().join(path)).expect("a text");
        self.write(path, &change(text));
    }

    /// Gives the agent the key that [`Scene::encrypt`] encrypts for.
    pub(super) fn holds_key(&self) {
        self.write("keys.txt", KEY);
        self.change("agent.yaml", |text| {
            text.replace("{ url: . }", "{ url: ., sops: { age: keys.txt } }")
        });
    }

    /// Writes what the real `sops` makes of a file.
    pub(super) fn encrypt(&self, path: &str, text: &str, args: &[&str]) {
        let args: Vec<_> = ["--age", RECIPIENT].iter().chain(args).copied().collect();
        self.encrypt_for(path, text, &args, &[]);
    }

    /// The same for somebody else.
    #[expect(clippy::disallowed_methods, reason = "a peer of the tests, not a child of Isobar")]
    pub(super) fn encrypt_for(
        &self,
        path: &str,
        text: &str,
        args: &[&str],
        variables: &[(&str, &str)],
    ) {
        // Not where it is looked for what is in the clear.
        let folder = tempfile::tempdir().expect("a folder");
        let plain = folder.path().join("plain.yaml");
        std::fs::write(&plain, text).expect("written");
        let mut sops = Command::new(programs().join("sops"));
        sops.arg("encrypt").args(args).arg(&plain).envs(variables.iter().copied());
        self.write(path, &self::text(sops.output().expect("sops")));
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
        self.run_with(args, &[])
    }

    /// The same with more variables.
    pub(super) fn run_with<const N: usize>(
        &self,
        args: [&str; N],
        variables: &[(&str, &str)],
    ) -> Ran {
        let mut line = isobar(args).with("ISOBAR_SETTINGS", "agent.yaml");
        for (name, value) in variables {
            line = line.with(name, value);
        }
        for program in ["kustomize", "helm", "sops"] {
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

    /// The same that stops nowhere.
    pub(super) fn begin<const N: usize>(&self, args: [&str; N]) -> Running {
        isobar(args).with("ISOBAR_SETTINGS", "agent.yaml").start(self.folder.path())
    }

    /// Whether `kubectl` can do it.
    pub(super) fn can<const N: usize>(&self, args: [&str; N]) -> bool {
        self.command().args(args).output().expect("kubectl").status.success()
    }

    /// What `kubectl` says against what it cannot do.
    pub(super) fn denied<const N: usize>(&self, args: [&str; N]) -> String {
        let output = self.command().args(args).output().expect("kubectl");
        assert!(!output.status.success(), "{:?}", String::from_utf8(output.stdout));
        String::from_utf8(output.stderr).expect("a text")
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

    /// Applies manifests of several namespaces.
    #[expect(clippy::disallowed_methods, reason = "a peer of the tests, not a child of Isobar")]
    pub(super) fn install(&self, manifests: &str) {
        self.write("install.yaml", manifests);
        let mut kubectl = Command::new(programs().join("kubectl"));
        kubectl.arg("--kubeconfig").arg(&self.admin).args(["apply", "--server-side", "--filename"]);
        text(kubectl.arg(self.folder().join("install.yaml")).output().expect("kubectl"));
    }

    /// From now on the agent is this service account.
    pub(super) fn becomes(&self, namespace: &str, name: &str) {
        let token = self.kubectl(["create", "token", name, &format!("--namespace={namespace}")]);
        let kubeconfig = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
            "clusters": [{"name": "c", "cluster": {
                "server": self.server(),
                "certificate-authority": self.admin.with_file_name("ca.crt"),
            }}],
            "users": [{"name": "c", "user": {"token": token.trim()}}],
        });
        self.write("account.kubeconfig", &kubeconfig.to_string());
        let admin = self.admin.display().to_string();
        self.change("agent.yaml", |text| text.replace(&admin, "account.kubeconfig"));
    }

    /// The requests of a service account, as the server's own record has them.
    pub(super) fn requests_of(&self, namespace: &str, name: &str) -> Vec<serde_json::Value> {
        let log = self.admin.with_file_name("audit.log");
        let user = format!("system:serviceaccount:{namespace}:{name}");
        let text = std::fs::read_to_string(log).expect("a log");
        let lines = text.lines().filter(|line| line.contains(&user));
        let all = lines.filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        all.filter(|line| line["user"]["username"] == user.as_str()).collect()
    }

    /// The requests that name `about`, as the server's own record has them.
    pub(super) fn requests(&self, about: &str) -> Vec<serde_json::Value> {
        let log = self.admin.with_file_name("audit.log");
        let text = std::fs::read_to_string(log).expect("a log");
        let lines = text.lines().filter(|line| line.contains(about));
        lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Applies a manifest as kubectl does by itself, from a person's machine.
    pub(super) fn apply_by_itself(&self, manifest: &str) {
        self.pipe(&["apply", "--filename=-"], manifest);
    }

    /// What kubectl makes by itself of the manifests below a folder, and what it says against others.
    pub(super) fn dry_run(&self, folder: &Path) -> (Vec<serde_json::Value>, String) {
        let mut kubectl = self.command();
        kubectl.args(["create", "--dry-run=client", "--validate=false", "--output=json"]);
        let output = kubectl.arg("--filename").arg(folder).output().expect("kubectl");
        let objects = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
        let objects = objects.map(|object| object.expect("it is JSON")).collect();
        (objects, String::from_utf8(output.stderr).expect("a text"))
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
