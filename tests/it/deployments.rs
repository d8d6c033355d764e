//! What `deployments/` holds is what the product reads.

use std::fs;
use std::path::{Path, PathBuf};

use isobar::settings;

#[test]
fn the_agent_under_systemd_writes_where_its_unit_lets_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deployments/systemd");
    let agent = settings::read(&folder.join("agent.yaml")).unwrap();
    let unit = fs::read_to_string(folder.join("isobar.service")).unwrap();
    let values = |key: &str| -> Vec<PathBuf> {
        let lines = unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        lines.flat_map(str::split_whitespace).map(PathBuf::from).collect()
    };
    let below = |key: &str, base: &'static str| {
        values(key).into_iter().map(move |path| Path::new(base).join(path))
    };
    let open: Vec<_> = values("ReadWritePaths")
        .into_iter()
        .chain(below("StateDirectory", "/var/lib"))
        .chain(below("CacheDirectory", "/var/cache"))
        .collect();
    let database = agent.store.strip_prefix("sqlite:").unwrap();
    let targets = agent.targets.values().map(|target| target.files.path.as_path());
    let written = targets.chain([Path::new(database), &agent.cache]);
    for path in written {
        assert!(open.iter().any(|open| path.starts_with(open)), "{} is read-only", path.display());
    }
    assert!(!agent.targets.is_empty() && agent.targets_folder.is_none(), "targets are named");
}
