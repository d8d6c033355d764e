//! What `deployments/` holds is what the product reads.

use std::fs;
use std::path::{Path, PathBuf};

use isobar::settings::{self, PlaceSettings, TargetSettings};

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
