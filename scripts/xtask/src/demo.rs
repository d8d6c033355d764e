//! The story of `isobar demo`, on a cluster: from a Git push to pods, and what happens when somebody
//! changes them by hand. Everything in it is real but the machines that the pods would run on.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::child;
use crate::place::{Place, variable};
use crate::testbed::{self, Bed};

/// How long one thing may take to come true: a second, and on a busy machine a hundred times that.
const PATIENCE: Duration = Duration::from_secs(120);

const PAUSE: Duration = Duration::from_millis(50);

/// Every file of the repository that it begins with.
const FILES: &[(&str, &str)] = &[
    ("atmos.yaml", include_str!("demo/atmos.yaml")),
    ("isobar.yaml", include_str!("demo/isobar.yaml")),
    ("stacks/deploy/shop.yaml", include_str!("demo/shop.yaml")),
];

/// What the pull request changes.
const STACK: &str = "stacks/deploy/shop.yaml";
const CHANGES: &[(&str, &str)] = &[("replicas: 2", "replicas: 3"), ("web:1", "web:2")];

/// Everything, on a bed of its own.
pub(crate) fn kubernetes(place: &Place) -> Result<()> {
    let isobar = match variable("ISOBAR") {
        Some(path) => PathBuf::from(path),
        None => {
            child::run(place.cargo().args(["build", "--locked", "--bin", "isobar"]))?;
            place.target.join("debug/isobar")
        }
    };
    let name = format!("demo-{}", std::process::id());
    let bed = Bed::named(place, &name);
    testbed::start(place, &bed)?;
    let told = Story::set(place, &bed, isobar).and_then(|mut story| story.tell());
    let ended = testbed::down(&bed);
    told.and(ended)
}

struct Story {
    /// The repository as somebody works on it, beside the one they push to.
    clone: PathBuf,
    folder: PathBuf,
    isobar: PathBuf,
    kubectl: PathBuf,
    kubeconfig: PathBuf,
    agent: Option<Child>,
}

impl Story {
    fn set(place: &Place, bed: &Bed, isobar: PathBuf) -> Result<Self> {
        let folder = bed.folder().join("demo");
        let clone = folder.join("config");
        for (path, text) in FILES {
            let path = clone.join(path);
            fs::create_dir_all(path.parent().context("it is in a folder")?)?;
            fs::write(path, text)?;
        }
        let kubeconfig = bed.folder().join("admin.kubeconfig");
        let shown = kubeconfig.display().to_string();
        fs::write(
            folder.join("agent.yaml"),
            include_str!("demo/agent.yaml").replace("KUBECONFIG", &shown),
        )?;
        let kubectl = testbed::programs(place).join("kubectl");
        Ok(Self { clone, folder, isobar, kubectl, kubeconfig, agent: None })
    }

    fn tell(&mut self) -> Result<()> {
        heading(1, "A repository says what is to run");
        self.git(&["init", "--quiet", "--initial-branch=main"])?;
        child::output(
            Command::new("git")
                .args(["init", "--quiet", "--bare"])
                .arg(self.folder.join("config.git")),
        )?;
        self.commit("Begin")?;
        self.git(&["push", "--quiet", "../config.git", "main"])?;
        println!("{}", include_str!("demo/shop.yaml"));

        heading(2, "An agent sees the push, and waits for a yes");
        let log = fs::File::create(self.folder.join("serve.log"))?;
        self.agent = Some(self.command("serve").stdout(log.try_clone()?).stderr(log).spawn()?);
        self.until("a plan", |story| Ok(story.isobar(&["status"])?.contains("approval")))?;
        println!("{}", self.isobar(&["status"])?);
        let approved = self.isobar(&["approve", "--all", "--as", "ada"])?;
        println!("$ isobar approve --all --as ada\n{approved}");

        heading(3, "Pods");
        self.until("two pods", |story| Ok(story.ready("web:1")? == "2"))?;
        println!("$ kubectl get pods\n{}", self.kubectl(&["get", "pods"])?);

        heading(4, "A pull request: three of a newer version");
        self.propose()?;
        self.until("a plan on the pull request", |story| {
            Ok(story.isobar(&["pull", "show", "1"])?.contains("web:2"))
        })?;
        println!("$ isobar pull show 1\n{}", self.isobar(&["pull", "show", "1"])?);
        self.isobar(&["pull", "approve", "1", "--as", "grace"])?;
        self.isobar(&["pull", "merge", "1", "--as", "ada"])?;
        println!("grace approves, ada merges.");
        self.until("three newer pods", |story| Ok(story.ready("web:2")? == "3"))?;
        println!("$ kubectl get pods\n{}", self.kubectl(&["get", "pods"])?);

        heading(5, "Somebody sets another image by hand");
        self.kubectl(&["set", "image", "deployment/web", "web=web:by-hand"])?;
        let edited = Instant::now();
        self.until("the image that was approved", |story| Ok(story.image()? == "web:2"))?;
        println!("Put back after {} ms.", edited.elapsed().as_millis());

        heading(6, "What nobody has asked for is left alone");
        self.kubectl(&["annotate", "deployment/web", "team=shop"])?;
        println!("$ isobar status\n{}", self.isobar(&["status"])?);
        let team = self.kubectl(&[
            "get",
            "deployment/web",
            "--output=jsonpath={.metadata.annotations.team}",
        ])?;
        println!("The annotation `team: {team}` stays.");
        Ok(())
    }

    /// Commits a change to a branch, pushes that, and opens a pull request for it.
    fn propose(&self) -> Result<()> {
        self.git(&["switch", "--quiet", "--create", "newer"])?;
        let path = self.clone.join(STACK);
        let mut text = fs::read_to_string(&path)?;
        for (before, after) in CHANGES {
            text = text.replace(before, after);
        }
        fs::write(&path, text)?;
        self.commit("Run three of web:2")?;
        println!("{}", self.git(&["show", "--format=", "--unified=0"])?);
        self.git(&["push", "--quiet", "../config.git", "newer"])?;
        self.isobar(&["pull", "open", "newer", "--title", "Run three of web:2", "--as", "ada"])?;
        Ok(())
    }

    /// How many pods with this image are ready.
    fn ready(&self, image: &str) -> Result<String> {
        if self.image()? != image {
            return Ok(String::new());
        }
        let status = "--output=jsonpath={.status.updatedReplicas}/{.status.readyReplicas}/{.status.replicas}";
        let told = self.kubectl(&["get", "deployment/web", "--ignore-not-found", status])?;
        let all: Vec<_> = told.split('/').collect();
        let same = all.windows(2).all(|pair| pair[0] == pair[1]);
        Ok(if same { all[0].to_owned() } else { String::new() })
    }

    fn image(&self) -> Result<String> {
        let path = "--output=jsonpath={.spec.template.spec.containers[0].image}";
        self.kubectl(&["get", "deployment/web", "--ignore-not-found", path])
    }

    fn until(&mut self, what: &str, mut is_so: impl FnMut(&Self) -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        while !is_so(self)? {
            let ended = self.agent.as_mut().and_then(|agent| agent.try_wait().ok()?);
            if ended.is_some() || start.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.folder.join("serve.log")).unwrap_or_default();
                bail!("there is not {what}; the agent says:\n{log}");
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn commit(&self, message: &str) -> Result<()> {
        self.git(&["add", "--all"])?;
        let you = ["-c", "user.name=you", "-c", "user.email=you@example.com"];
        self.git(&[&you[..], &["commit", "--quiet", "--message", message]].concat()).map(drop)
    }

    fn git(&self, words: &[&str]) -> Result<String> {
        let mut git = Command::new("git");
        git.current_dir(&self.clone).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", &self.folder);
        child::output(git.args(words))
    }

    fn kubectl(&self, words: &[&str]) -> Result<String> {
        let mut kubectl = Command::new(&self.kubectl);
        kubectl.arg("--kubeconfig").arg(&self.kubeconfig).args(["--namespace", "shop"]);
        child::output(kubectl.args(words))
    }

    /// What `isobar` says, whether or not anything is held.
    fn isobar(&self, words: &[&str]) -> Result<String> {
        let output = self.command(words[0]).args(&words[1..]).output()?;
        match output.status.code() {
            Some(0 | 3) => Ok(String::from_utf8(output.stdout)?),
            _ => bail!("isobar {words:?}: {}", String::from_utf8_lossy(&output.stderr)),
        }
    }

    fn command(&self, word: &str) -> Command {
        let mut isobar = Command::new(&self.isobar);
        isobar.current_dir(&self.folder).arg(word).args(["--settings", "agent.yaml"]);
        isobar.stdin(Stdio::null());
        isobar
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if let Some(mut agent) = self.agent.take() {
            // It ends what it has begun, as it does for anybody who stops it.
            let _ = Command::new("kill").arg(agent.id().to_string()).status();
            let _ = agent.wait();
        }
    }
}

fn heading(number: u8, text: &str) {
    println!("\n== {number}  {text}\n");
}
