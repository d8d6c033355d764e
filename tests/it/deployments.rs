//! What `deployments/` holds is what the product reads.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use isobar::settings::{self, PlaceSettings, TargetSettings};
use serde_json::{Value as Json, json};

use crate::cli::process::{Ran, isobar};

#[test]
fn the_agent_under_systemd_writes_where_its_unit_lets_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deployments/systemd");
    let agent = settings::read(&folder.join("agent.yaml")).unwrap();
    let unit = fs::read_to_string(folder.join("isobar.service")).unwrap();
    let writable = |key: &str, base: &str| -> Vec<PathBuf> {
        let lines = unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        lines.flat_map(str::split_whitespace).map(|path| Path::new(base).join(path)).collect()
    };
    let open = [
        writable("ReadWritePaths", "/"),
        writable("StateDirectory", "/var/lib"),
        writable("CacheDirectory", "/var/cache"),
    ]
    .concat();
    let database = agent.store.strip_prefix("sqlite:").unwrap();
    let folder = |target: &TargetSettings| match &target.place {
        PlaceSettings::Files(files) => Some(files.path.clone()),
        PlaceSettings::Kubernetes(_) => None,
    };
    let folders: Vec<_> = agent.targets.values().filter_map(folder).collect();
    let targets = folders.iter().map(|folder| folder.as_path());
    let written = targets.chain([Path::new(database), &agent.cache]);
    for path in written {
        assert!(open.iter().any(|open| path.starts_with(open)), "{} is read-only", path.display());
    }
    assert!(!agent.targets.is_empty() && agent.targets_folder.is_none(), "targets are named");
}

#[test]
fn the_agent_in_a_cluster_has_its_settings_and_its_image_the_programs_that_are_tested() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let agent = settings::read(&root.join("deployments/kustomize/agent.yaml")).unwrap();
    assert_eq!(agent.clusters().len(), 1);
    let text = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let (image, installed) =
        (text("deployments/image/Dockerfile"), text("deployments/kustomize/isobar.yaml"));
    for program in ["helm", "kustomize", "sops"] {
        assert!(image.contains(&format!("cd /src/{program} && go build")), "{program}");
        assert!(text(&format!("tests/testbed/{program}/go.mod")).contains("tool "), "{program}");
    }
    let helm = text("tests/testbed/helm/go.mod");
    let helm = helm.lines().find_map(|line| line.trim().strip_prefix("helm.sh/helm/v4 ")).unwrap();
    let version = helm.split_whitespace().next().unwrap();
    assert!(image.contains(&format!("version.version={version}")), "{version}");
    // Who runs in it is the same for both.
    let user = "65532";
    assert!(image.contains(&format!("USER {user}:{user}")));
    assert!(installed.contains(&format!("runAsUser: {user}")));
    assert!(
        image.trim_end().ends_with("ENTRYPOINT [\"isobar\"]") && image.contains("FROM scratch")
    );
    // Its metrics are where it says, and the port is open for them alone.
    let port = agent.metrics.unwrap().listen.port();
    for said in [format!("containerPort: {port}"), format!("prometheus.io/port: '{port}'")] {
        assert!(installed.contains(&said), "{said}");
    }
    assert_eq!(installed.matches(&format!("- port: {port}\n")).count(), 1);
    assert!(!installed.contains("escalate"), "it gives no rights unless it is told to");
}

/// An agent that takes something from everywhere.
const AGENT: &str = "
agent: tester
authorities: { git.example.com: /run/secrets/isobar/git-ca.pem }
repositories:
  platform:
    url: https://git.example.com:8443/platform.git
    auth: { environment: GIT_TOKEN }
    allow: { env: [REGION], imports: ['oci://registry.example.com:5000/charts'] }
    sops:
      age: /run/secrets/isobar/age.txt
      env: [AWS_ROLE_ARN]
      reads: [/run/secrets/isobar/vault-token, /var/run/secrets/eks.amazonaws.com/serviceaccount]
      network: true
targets:
  here: { kubernetes: {} }
  there: { kubernetes: { kubeconfig: /run/secrets/isobar/west.kubeconfig } }
";

/// What `install --print` says of these settings.
fn print(settings: &str, more: &[&str], variable: Option<&str>) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("agent.yaml"), settings).expect("written");
    let line = isobar(["install", "--print", "--settings=agent.yaml", "--kind=ConfigMap"]);
    let line = line.args(more.iter().map(|&word| word.to_owned()));
    let line = variable.into_iter().fold(line, |line, url| line.with("ISOBAR_STORE", url));
    line.run(folder.path())
}

fn printed(settings: &str, more: &[&str], variable: Option<&str>) -> Vec<Json> {
    let ran = print(settings, more, variable);
    assert!(ran.status.success(), "{}", ran.said());
    ran.stdout.split("\n---\n").map(|text| serde_yaml::from_str(text).expect("an object")).collect()
}

fn one<'j>(objects: &'j [Json], kind: &str) -> &'j Json {
    objects.iter().find(|object| object["kind"] == kind).expect("it is there")
}

/// The variables of the agent's container that come from its Secret.
fn secret_variables(objects: &[Json]) -> BTreeSet<String> {
    let container = &one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0];
    let all = container["env"].as_array().expect("a list").iter();
    let keys = all.filter_map(|one| one["valueFrom"]["secretKeyRef"]["key"].as_str());
    keys.map(str::to_owned).collect()
}

/// The ports that it reaches.
fn reached(objects: &[Json]) -> BTreeSet<u64> {
    let rules = &one(objects, "NetworkPolicy")["spec"]["egress"];
    let ports = rules[0]["ports"].as_array().expect("a list").iter();
    ports.map(|port| port["port"].as_u64().expect("a number")).collect()
}

#[test]
fn what_the_settings_name_is_mounted_and_reached_and_nothing_else() {
    let objects = printed(AGENT, &["--port=9443"], None);
    let pod = &one(&objects, "Deployment")["spec"]["template"]["spec"];
    let keys = pod["volumes"].as_array().unwrap().iter().find(|one| one["name"] == "keys").unwrap();
    let files = keys["secret"]["items"].as_array().unwrap().iter().map(|item| item["path"].clone());
    let files: Vec<_> = files.collect();
    assert_eq!(
        json!(files),
        json!(["age.txt", "git-ca.pem", "vault-token", "west.kubeconfig"]),
        "what a cluster mounts by itself is left to it"
    );
    let variables = ["AWS_ROLE_ARN", "GIT_TOKEN", "REGION"].map(str::to_owned);
    assert_eq!(secret_variables(&objects), variables.into());
    assert_eq!(reached(&objects), [53, 443, 5000, 6443, 8443, 9443].into());
    assert_eq!(one(&objects, "NetworkPolicy")["spec"]["ingress"], json!([]), "nothing listens");
    let away = print(&AGENT.replace("/run/secrets/isobar/git-ca", "/etc/git-ca"), &[], None);
    assert!(!away.status.success());
    assert!(
        away.stderr.contains("/etc/git-ca.pem is not in /run/secrets/isobar"),
        "{}",
        away.said()
    );
}

#[test]
fn a_database_elsewhere_is_named_by_the_secret_and_reached_at_its_port() {
    let own = |objects: &[Json]| {
        let container = &one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0];
        let all = container["env"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["name"] == "ISOBAR_STORE")
    };
    let url = "postgres://isobar:hunter2@db.example.com:6432/isobar";
    let named = printed(AGENT, &[], Some(url));
    assert!(secret_variables(&named).contains("ISOBAR_STORE"));
    assert!(reached(&named).contains(&6432));
    assert!(!json!(named).to_string().contains("hunter2"));

    let plain = printed(&format!("store: postgres://db.example.com/isobar\n{AGENT}"), &[], None);
    assert_eq!(own(&plain), None, "its settings say it");
    assert!(reached(&plain).contains(&5432));

    let refused = print(&format!("store: '{url}'\n{AGENT}"), &[], None);
    assert!(!refused.status.success() && refused.stderr.contains("`store` says a password"));
    assert!(!refused.said().contains("hunter2"), "{}", refused.said());
    let usual = own(&printed(AGENT, &[], None)).unwrap();
    assert_eq!(usual["value"], "sqlite:/var/lib/isobar/isobar.db");
}

#[test]
fn two_agents_of_one_cluster_take_nothing_from_each_other() {
    let settings = AGENT.replace(
        "here: { kubernetes: {} }",
        "here: { kubernetes: { fencing: true, service_accounts: [shop/deployer] } }",
    );
    let names = |namespace: &str| -> BTreeSet<String> {
        let objects = printed(&settings, &[&format!("--namespace={namespace}")], None);
        let of_others = objects
            .iter()
            .filter(|one| one["kind"] != "Namespace" && one["metadata"]["namespace"] != namespace);
        let name = |one: &Json| format!("{} {}", one["kind"], one["metadata"]["name"]);
        of_others.map(name).collect()
    };
    let (one, other) = (names("east"), names("west"));
    assert_eq!(one.len(), 8, "a role, marks, accounts and a policy, each with who has it: {one:?}");
    assert!(one.is_disjoint(&other), "{one:?}");
    // The marks are where the agent looks for them, wherever it runs.
    let objects = printed(&settings, &["--namespace=east"], None);
    let marks = objects.iter().find(|one| one["metadata"]["name"] == "isobar-east-marks").unwrap();
    assert_eq!(marks["metadata"]["namespace"], "isobar");
}

/// Every file below a folder, by its path from `root`.
fn below(root: &Path, folder: &str, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(root.join(folder)).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        match entry.file_type().expect("a type").is_dir() {
            true => below(root, &path, all),
            false => all.push(path.into()),
        }
    }
}

#[test]
fn the_image_is_built_of_what_is_named_and_holds_no_shell() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let image = fs::read_to_string(root.join("deployments/image/Dockerfile")).unwrap();
    let arguments: Vec<_> = image.lines().filter_map(|line| line.strip_prefix("ARG ")).collect();
    for argument in &arguments {
        let (name, of) = argument.split_once('=').unwrap();
        assert!(of.split_once(':').is_some_and(|(_, version)| version != "latest"), "{argument}");
        assert!(image.contains(&format!("FROM ${{{name}}} AS ")), "{argument}");
        assert!(image.contains(&format!("--build-arg {name}=")), "{argument}: how it is pinned");
    }
    let stages = image.lines().filter(|line| line.starts_with("FROM ")).count();
    assert_eq!(stages, arguments.len() + 1, "whoever builds can pin each");
    // The last one is what the image is: copies, and nothing that is run while it is made.
    let (_, last) = image.rsplit_once("FROM scratch\n").unwrap();
    assert!(last.lines().all(|line| !line.starts_with("RUN")), "{last}");
    for program in ["/bin/sh", "bash", "busybox", "apt-get"] {
        assert!(!last.contains(program), "{program}");
    }
    let copied = image.split("/out/usr/bin/").next().unwrap();
    assert!(
        copied.ends_with("cp /usr/bin/isobar /usr/bin/git /usr/bin/ssh "),
        "of the system only git and ssh"
    );
    // What is not sent to whoever builds is in no layer; all that it is built of is.
    let ignored = fs::read_to_string(root.join(".dockerignore")).unwrap();
    for path in [".git", ".isobar", "target", "**/*.db", "**/*.kubeconfig", "agent.yaml"] {
        assert!(ignored.lines().any(|line| line == path), "{path}");
    }
    let mut globs = globset::GlobSetBuilder::new();
    for line in ignored.lines().filter(|line| !line.starts_with('#')) {
        globs.add(globset::GlobBuilder::new(line).literal_separator(true).build().unwrap());
    }
    let globs = globs.build().unwrap();
    let mut sources = vec![PathBuf::from("Cargo.toml"), PathBuf::from("Cargo.lock")];
    ["src", "crates", "scripts", "tests"]
        .iter()
        .for_each(|folder| below(root, folder, &mut sources));
    assert!(sources.len() > 500, "{}", sources.len());
    for path in &sources {
        let left_out = path.ancestors().find(|path| globs.is_match(path));
        assert_eq!(left_out, None, "{} is needed", path.display());
    }
    // The root file system of the pod is read-only, and nobody in it is root.
    let installed = fs::read_to_string(root.join("deployments/kustomize/isobar.yaml")).unwrap();
    for line in
        ["readOnlyRootFilesystem: true", "runAsNonRoot: true", "allowPrivilegeEscalation: false"]
    {
        assert!(installed.contains(line), "{line}");
    }
}
