//! The same components through Flux's kustomize-controller, with the settings that serve it best: a
//! source that is a file on loopback, twenty at a time, no limit of its own on requests.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::audit::{self, Audit};
use super::{COMPONENTS, OBJECTS, emptied, objects, seconds};
use crate::bench::measure;
use crate::child;
use crate::testbed;

const NAMESPACE: &str = "flux";

/// The kinds it watches for sources. Only the first is used; without the others it does not start.
const SOURCES: &[(&str, &str)] = &[
    ("gitrepositories", "GitRepository"),
    ("ocirepositories", "OCIRepository"),
    ("buckets", "Bucket"),
    ("externalartifacts", "ExternalArtifact"),
];

/// How often it is asked how far it is. A list of a thousand components takes a third of a second of the
/// cores that it needs itself; when it was done, the audit log says.
const PERIOD: Duration = Duration::from_secs(20);

/// Where what is unpacked for each component costs no disk, if the system has it.
const SCRATCH: &str = "/dev/shm";

/// Four times what it takes on two cores.
const PATIENCE: Duration = Duration::from_secs(600);

/// A cluster to which Flux can be let.
pub(super) struct Flux<'a> {
    program: PathBuf,
    /// The folder of the bed.
    bed: &'a Path,
    kubectl: PathBuf,
    /// What it fetches, and what is said of it.
    archive: PathBuf,
}

/// What it has taken for one pass over everything.
pub(super) struct Pass {
    pub(super) wall: Duration,
    cpu: Duration,
    told: String,
}

/// The controller, and where it unpacks.
struct Running(Child, PathBuf);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        let _ = fs::remove_dir_all(&self.1);
    }
}

impl<'a> Flux<'a> {
    pub(super) fn new(program: PathBuf, bed: &'a Path, kubectl: PathBuf) -> Self {
        let archive = bed.join("flux.tar.gz");
        Self { program, bed, kubectl, archive }
    }

    /// Everything from nothing, then once more with nothing changed.
    pub(super) fn measure(&self, definitions: &Path) -> Result<Pass> {
        self.define(definitions)?;
        self.pack()?;
        let url = serve(self.archive.clone())?;
        self.components()?;
        let controller = self.start()?;
        let reason = "{range .items[*]}{.status.conditions[0].reason}{\"\\n\"}{end}";
        self.until(reason, |reason| !reason.is_empty())?;
        let mut audit = Audit::at(self.bed, NAMESPACE)?;
        let first = self.pass(&controller, &mut audit, &url, "main@sha1:1")?;
        first.show("Flux, from the commit until all are healthy");
        audit.forget();
        let second = self.pass(&controller, &mut audit, &url, "main@sha1:2")?;
        second.show("Flux, a pass with nothing changed");
        let memory = measure::high_water_mark(&controller.0).context("it has ended")?;
        println!("    most memory of Flux{:>29.1} MiB", memory as f64 / f64::from(1 << 20));
        Ok(first)
    }

    /// Until everything is said to be as `revision` says.
    fn pass(
        &self,
        controller: &Running,
        audit: &mut Audit,
        url: &str,
        revision: &str,
    ) -> Result<Pass> {
        let (start, cpu) = (audit::now(), measure::cpu_of(controller.0.id())?);
        self.publish(url, revision)?;
        let applied = "{range .items[*]}{.status.lastAppliedRevision}{\"\\n\"}{end}";
        self.until(applied, |applied| applied == revision)?;
        let said = audit.last_of("flux", "kustomizations")?.context("it says nothing of itself")?;
        let wall = said - start;
        let cpu = measure::cpu_of(controller.0.id())? - cpu;
        let (of_objects, all) = audit.counted("flux", NAMESPACE)?;
        let each = |count: usize| count as f64 / OBJECTS as f64;
        let told = format!(
            "{:.2} requests an object, {:.2} with what it says of its own",
            each(of_objects),
            each(all)
        );
        Ok(Pass { wall, cpu, told })
    }

    /// Its own kind as its module has it, and sources without a form.
    fn define(&self, definitions: &Path) -> Result<()> {
        self.kubectl(&["apply", "--server-side", "--filename"], Some(definitions))?;
        for (plural, kind) in SOURCES {
            let open = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
            let version = json!({
                "name": "v1", "served": true, "storage": true,
                "subresources": {"status": {}}, "schema": {"openAPIV3Schema": open},
            });
            let group = "source.toolkit.fluxcd.io";
            let names = json!({"kind": kind, "plural": plural, "singular": kind.to_lowercase()});
            self.apply(&json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"name": format!("{plural}.{group}")},
                "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
            }))?;
        }
        let established = ["wait", "crd", "--all", "--for=condition=Established"];
        self.kubectl(&established, None).map(drop)
    }

    /// A folder for each component, in one archive.
    fn pack(&self) -> Result<()> {
        let folder = self.bed.join("flux-objects");
        emptied(&folder)?;
        for component in objects::components(NAMESPACE, COMPONENTS) {
            let folder = folder.join(&component.name);
            fs::create_dir(&folder)?;
            let texts: Vec<_> = component.objects.iter().map(Value::to_string).collect();
            fs::write(folder.join("objects.yaml"), texts.join("\n---\n"))?;
        }
        let mut tar = Command::new("tar");
        child::output(tar.arg("-czf").arg(&self.archive).arg("-C").arg(&folder).arg(".")).map(drop)
    }

    /// What is to be fetched, without what was fetched, and whoever applies each part of it.
    fn components(&self) -> Result<()> {
        self.apply(&json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": "config", "namespace": NAMESPACE},
            "spec": {"interval": "1h", "url": "https://git.example.com/config.git"},
        }))?;
        let folder = self.bed.join("flux-components");
        emptied(&folder)?;
        for component in objects::components(NAMESPACE, COMPONENTS) {
            let name = component.name;
            let path = format!(
                "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{NAMESPACE}/kustomizations/{name}"
            );
            let object = json!({
                "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
                "metadata": {"name": name, "namespace": NAMESPACE},
                "spec": {
                    "interval": "1h", "timeout": "10m", "prune": true, "wait": true,
                    "path": format!("./{name}"),
                    "sourceRef": {"kind": "GitRepository", "name": "config"},
                },
            });
            fs::write(folder.join(&name), format!("{path}\n{object}"))?;
        }
        let mut reference = Command::new(self.kubectl.with_file_name("loop"));
        reference.arg("-bed").arg(self.bed).arg("-objects").arg(&folder);
        child::output(&mut reference).map(drop)
    }

    fn start(&self) -> Result<Running> {
        let log = fs::File::create(self.bed.join("flux.log"))?;
        let memory = Path::new(SCRATCH);
        let scratch = if memory.is_dir() { memory } else { self.bed };
        let scratch = scratch.join(format!("isobar-flux-{}", std::process::id()));
        emptied(&scratch)?;
        let mut controller = Command::new(&self.program);
        controller.env("KUBECONFIG", self.bed.join("flux.kubeconfig"));
        controller.env("RUNTIME_NAMESPACE", NAMESPACE).env("TMPDIR", &scratch);
        controller.args(["--concurrent=20", "--kube-api-qps=1000", "--kube-api-burst=2000"]);
        controller.args(["--metrics-addr=127.0.0.1:0", "--health-addr=127.0.0.1:0"]);
        controller.args(["--interval-jitter-percentage=0", "--log-level=error"]);
        controller.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(Running(controller.spawn().context("cannot start Flux")?, scratch))
    }

    /// Says that there is something to fetch.
    fn publish(&self, url: &str, revision: &str) -> Result<()> {
        let sum = child::output(Command::new("sha256sum").arg(&self.archive))?;
        let sum = sum.split_whitespace().next().context("no sum")?.to_owned();
        let now = jiff::Timestamp::from_second(audit::now().as_secs().try_into()?)?.to_string();
        let condition = json!({
            "type": "Ready", "status": "True", "reason": "Succeeded", "message": "",
            "lastTransitionTime": now, "observedGeneration": 1,
        });
        let artifact = json!({
            "url": url, "path": "flux.tar.gz", "revision": revision, "lastUpdateTime": now,
            "digest": format!("sha256:{sum}"), "size": fs::metadata(&self.archive)?.len(),
        });
        let status = json!({"status": {
            "artifact": artifact, "conditions": [condition], "observedGeneration": 1,
        }});
        let (status, namespace) = (status.to_string(), format!("--namespace={NAMESPACE}"));
        let patch = ["patch", "gitrepository", "config", &namespace, "--subresource=status"];
        let patch = [&patch[..], &["--type=merge", "--patch", &status]].concat();
        self.kubectl(&patch, None).map(drop)
    }

    /// Waits until what `path` finds fits, of every component.
    fn until(&self, path: &str, fits: impl Fn(&str) -> bool) -> Result<()> {
        let (start, path) = (Instant::now(), format!("jsonpath={path}"));
        let namespace = format!("--namespace={NAMESPACE}");
        loop {
            let kind = "kustomizations.kustomize.toolkit.fluxcd.io";
            let all = self.kubectl(&["get", kind, &namespace, "--output", &path], None)?;
            let fitting = all.lines().filter(|line| fits(line)).count();
            if fitting == COMPONENTS {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.bed.join("flux.log")).unwrap_or_default();
                bail!("Flux is done with {fitting} of {COMPONENTS} components:\n{log}");
            }
            thread::sleep(PERIOD);
        }
    }

    fn apply(&self, object: &Value) -> Result<()> {
        let file = self.bed.join("flux-object.json");
        fs::write(&file, object.to_string())?;
        self.kubectl(&["apply", "--server-side", "--filename"], Some(&file)).map(drop)
    }

    fn kubectl(&self, arguments: &[&str], file: Option<&Path>) -> Result<String> {
        let mut kubectl = Command::new(&self.kubectl);
        kubectl.arg("--kubeconfig").arg(self.bed.join("admin.kubeconfig"));
        child::output(kubectl.args(arguments).args(file))
    }
}

impl Pass {
    fn show(&self, what: &str) {
        println!("{what:<44}{:>12}{:>12} of CPU", seconds(self.wall), seconds(self.cpu));
        println!("    {}", self.told);
    }
}

/// Gives `file` to whoever asks on loopback, as long as this program runs; its address.
fn serve(file: PathBuf) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let file = file.clone();
            // Who goes away early asks again.
            thread::spawn(move || drop(answer(stream, &file)));
        }
    });
    Ok(format!("http://{address}/flux.tar.gz"))
}

fn answer(mut stream: TcpStream, file: &Path) -> Result<()> {
    let (mut asked, mut part) = (Vec::new(), [0; 1024]);
    while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut part)?;
        ensure!(read > 0 && asked.len() < 1 << 16, "this is no request");
        asked.extend_from_slice(&part[..read]);
    }
    let bytes = fs::read(file)?;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        bytes.len()
    )?;
    Ok(stream.write_all(&bytes)?)
}

/// Builds it, and gives the program and where its kind is defined.
pub(super) fn build(place: &crate::place::Place) -> Result<(PathBuf, PathBuf)> {
    let (program, module) = testbed::build_flux(place)?;
    let folder = module.join("config/crd/bases");
    Ok((program, folder.join("kustomize.toolkit.fluxcd.io_kustomizations.yaml")))
}
