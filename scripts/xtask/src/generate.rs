//! Files that the binary writes, and that people and editors read in the repository.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::child;
use crate::place::Place;

/// Each file and the arguments `isobar` prints it for.
const FILES: &[(&str, &[&str])] = &[
    ("schemas/agent.schema.json", &["schema", "agent"]),
    ("schemas/isobar.schema.json", &["schema", "repository"]),
    ("schemas/reconcile.schema.json", &["schema", "reconcile"]),
    ("schemas/stacks.schema.json", &["schema", "stacks"]),
    ("docs/cli.md", &["reference", "commands"]),
    ("docs/settings.md", &["reference", "settings"]),
    ("docs/metrics.md", &["reference", "metrics"]),
    ("deployments/kustomize/isobar.yaml", INSTALL),
];

/// An installation for what most repositories have.
const INSTALL: &[&str] = &[
    "install",
    "--print",
    "--chdir=deployments/kustomize",
    "--settings=deployments/kustomize/agent.yaml",
    "--kind=ConfigMap",
    "--kind=Namespace",
    "--kind=PersistentVolumeClaim",
    "--kind=Secret",
    "--kind=Service",
    "--kind=ServiceAccount",
    "--kind=DaemonSet.apps",
    "--kind=Deployment.apps",
    "--kind=StatefulSet.apps",
    "--kind=HorizontalPodAutoscaler.autoscaling",
    "--kind=CronJob.batch",
    "--kind=Job.batch",
    "--kind=Ingress.networking.k8s.io",
    "--kind=NetworkPolicy.networking.k8s.io",
    "--kind=PodDisruptionBudget.policy",
];

/// Writes what is out of date.
pub(crate) fn write(place: &Place) -> Result<()> {
    for (path, text) in out_of_date(place)? {
        let file = place.root.join(path);
        fs::create_dir_all(file.parent().context("a file lies in a folder")?)?;
        fs::write(&file, text).with_context(|| format!("cannot write {path}"))?;
        println!("wrote {path}");
    }
    Ok(())
}

/// Says what is out of date, and fails if anything is.
pub(crate) fn check(place: &Place) -> Result<()> {
    let paths: Vec<_> = out_of_date(place)?.into_iter().map(|(path, _)| path).collect();
    if !paths.is_empty() {
        bail!("out of date: {}; run `cargo run -p xtask -- generate`", paths.join(", "));
    }
    println!("{} files are up to date", FILES.len());
    Ok(())
}

/// The files that do not hold what the binary prints, with what they should hold.
fn out_of_date(place: &Place) -> Result<Vec<(&'static str, String)>> {
    child::run(place.cargo().args(["build", "--quiet", "--locked", "--bin", "isobar"]))?;
    let isobar = place.target.join("debug/isobar");
    let mut found = Vec::new();
    for (path, arguments) in FILES {
        // The same text on every machine: no colour, one width.
        let mut command = place.command(&isobar);
        command.args(*arguments).env("NO_COLOR", "1").env("COLUMNS", "100");
        let text = child::output(&mut command)?;
        if fs::read_to_string(place.root.join(path)).ok().as_deref() != Some(text.as_str()) {
            found.push((*path, text));
        }
    }
    Ok(found)
}
