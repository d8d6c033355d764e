//! The agent that is measured, and the repository it follows.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::objects::Component;
use super::{audit, emptied};
use crate::bench::measure;
use crate::child;

const ATMOS: &str = "\
base_path: .
stacks: { base_path: stacks, included_paths: ['deploy/*'], name_template: '{{ .vars.stage }}' }
components: { kubernetes: { base_path: components/kubernetes } }
";

const POLICY: &str = "\
version: 1
review: { approvals: 1 }
stacks: [{ match: '*', manage: correct }]
";

/// How long all plans may take to be there after the last object was looked at.
const PLANNED: Duration = Duration::from_secs(30);

/// A running `isobar serve`; it ends with this.
pub(super) struct Agent {
    program: PathBuf,
    repository: PathBuf,
    child: Child,
}

/// Makes the repository of `components`, in `stacks` stacks, and the settings of its agent.
pub(super) fn repository(
    folder: &Path,
    bed: &Path,
    namespace: &str,
    components: &[Component],
    stacks: usize,
) -> Result<()> {
    emptied(folder)?;
    fs::create_dir_all(folder.join("stacks/deploy"))?;
    fs::write(folder.join("atmos.yaml"), ATMOS)?;
    fs::write(folder.join("isobar.yaml"), POLICY)?;
    fs::write(folder.join(".gitignore"), "agent.yaml\n/state*\n/cache\n/serve.log\n")?;
    let kubeconfig = bed.join("isobar.kubeconfig");
    let agent = format!(
        "agent: bench\nstore: 'sqlite:state.db'\ncache: cache\n\
         repositories: {{ config: {{ url: ., branch: main }} }}\n\
         targets:\n  bed: {{ kubernetes: {{ kubeconfig: {}, namespace: {namespace} }} }}\n",
        kubeconfig.display()
    );
    fs::write(folder.join("agent.yaml"), agent)?;
    for (number, components) in components.chunks(components.len().div_ceil(stacks)).enumerate() {
        let mut text = format!(
            "vars: {{ stage: s{number:02} }}\nsettings: {{ reconcile: {{ target: bed }} }}\n\
             components:\n  kubernetes:\n"
        );
        for component in components {
            text += &format!("    {}:\n", component.name);
            if let Some(after) = &component.after {
                text +=
                    &format!("      dependencies: {{ components: [{{ component: {after} }}] }}\n");
            }
            text += "      manifests:\n";
            text.extend(component.objects.iter().map(|object| format!("      - {object}\n")));
        }
        fs::write(folder.join(format!("stacks/deploy/s{number:02}.yaml")), text)?;
    }
    git(folder, &["init", "--quiet", "--initial-branch=main"])?;
    git(folder, &["add", "."])?;
    git(folder, &["commit", "--quiet", "--message=first"])
}

fn git(folder: &Path, arguments: &[&str]) -> Result<()> {
    let name = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"];
    child::output(Command::new("git").current_dir(folder).args(name).args(arguments)).map(drop)
}

impl Agent {
    pub(super) fn start(program: &Path, repository: &Path) -> Result<Self> {
        let child = serve(program, repository)?;
        Ok(Self { program: program.to_owned(), repository: repository.to_owned(), child })
    }

    /// Ends it as a crash would, and starts it again.
    pub(super) fn restart(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        self.child = serve(&self.program, &self.repository)?;
        Ok(())
    }

    /// The namespace its objects are in.
    pub(super) fn namespace(&self) -> &str {
        self.repository.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// Approves everything, once all of the `stacks` have a plan.
    pub(super) fn approve(&self, stacks: usize) -> Result<()> {
        let start = Instant::now();
        while self.isobar(&["status"])?.matches("approve").count() < stacks {
            if start.elapsed() > PLANNED {
                bail!("not all plans are there:\n{}", self.isobar(&["status"])?);
            }
            thread::sleep(Duration::from_millis(200));
        }
        self.isobar(&["approve", "--all", "--as", "ann"]).map(drop)
    }

    /// A commit that changes nothing of any stack.
    pub(super) fn commit_nothing(&self) -> Result<()> {
        fs::write(self.repository.join("README.md"), "# Nothing\n")?;
        git(&self.repository, &["add", "."])?;
        git(&self.repository, &["commit", "--quiet", "--message=nothing"])
    }

    /// What it has used of all cores since it began.
    pub(super) fn cpu(&self) -> Result<Duration> {
        measure::cpu_of(self.child.id())
    }

    /// Most memory it has held.
    pub(super) fn peak_mib(&self) -> Result<f64> {
        let bytes = measure::high_water_mark(&self.child).context("it has ended")?;
        Ok(bytes as f64 / f64::from(1 << 20))
    }

    /// When it has said of each component that it does well, by name: the first time at which a
    /// person could have read it.
    pub(super) fn told_well(&self) -> Result<BTreeMap<String, Duration>> {
        let log = fs::read_to_string(self.repository.join("serve.log"))?;
        let lines = log.lines().filter(|line| line.contains("does well component="));
        let told = lines.filter_map(|line| {
            let (head, component) = line.rsplit_once("component=")?;
            let name = component.rsplit('/').next()?.to_owned();
            Some((name, audit::time(head.split_whitespace().next()?)?))
        });
        // The first one stays.
        Ok(told.collect::<Vec<_>>().into_iter().rev().collect())
    }

    fn isobar(&self, arguments: &[&str]) -> Result<String> {
        let mut isobar = Command::new(&self.program);
        isobar.current_dir(&self.repository).args(["--settings", "agent.yaml"]).args(arguments);
        let output = isobar.output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(program: &Path, repository: &Path) -> Result<Child> {
    let log =
        fs::OpenOptions::new().create(true).append(true).open(repository.join("serve.log"))?;
    let mut isobar = Command::new(program);
    isobar.current_dir(repository).args([
        "--settings",
        "agent.yaml",
        "--log",
        "isobar=info",
        "serve",
    ]);
    isobar.stdout(log.try_clone()?).stderr(log);
    isobar.spawn().context("cannot start the agent")
}
