//! The programs of the bed, each built once from its Go module and kept by the module's content.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::child;
use crate::place::{Place, variable};

/// The Go that builds the modules; an older one fetches it like any module.
const GO: &str = "1.26.8";

/// A module below `tests/testbed/`, what it builds, and what the linker is told. Minutes are those
/// of a cold build on two cores.
struct Module {
    name: &'static str,
    programs: &'static [&'static str],
    variables: &'static [&'static str],
    minutes: f32,
}

/// What a bed is made of.
const SERVERS: &[Module] = &[
    Module { name: "etcd", programs: &["etcd"], variables: &[], minutes: 0.5 },
    Module {
        name: "kubernetes",
        programs: &["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"],
        // Without these a server calls itself v0.0.0, which charts refuse.
        variables: &[
            "k8s.io/component-base/version.gitVersion=v1.37.1",
            "k8s.io/component-base/version.gitMajor=1",
            "k8s.io/component-base/version.gitMinor=37",
            "k8s.io/component-base/version.gitTreeState=clean",
        ],
        minutes: 5.0,
    },
    Module { name: "kwok", programs: &["kwok"], variables: &[], minutes: 1.0 },
];

/// What people use beside it.
const TOOLS: &[Module] = &[
    Module { name: "kustomize", programs: &["kustomize"], variables: &[], minutes: 0.2 },
    Module {
        name: "helm",
        programs: &["helm"],
        variables: &["helm.sh/helm/v4/internal/version.version=v4.2.4"],
        minutes: 1.0,
    },
    Module { name: "sops", programs: &["sops"], variables: &[], minutes: 1.0 },
    Module { name: "registry", programs: &["registry"], variables: &[], minutes: 1.0 },
];

/// Our own: see its `main.go`.
const LOOP: Module = Module { name: "loop", programs: &["loop"], variables: &[], minutes: 0.1 };

/// What benchmarks are measured beside, too.
const FLUX: Module =
    Module { name: "flux", programs: &["kustomize-controller"], variables: &[], minutes: 2.5 };

/// Where these are installed, they are used. Of all four any version does.
const INSTALLED: &[&str] = &["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];

/// Those that are often installed by themselves.
const API_SERVER: &[&str] = &["etcd", "kube-apiserver"];

/// What these say of their version then: the others may be one older than the server, and never newer.
const FITTING: &[&str] = &["Kubernetes v1.37.", "Kubernetes v1.38."];

/// The folder with a link to each program.
pub(crate) fn folder(place: &Place) -> PathBuf {
    place.cache.join("testbed/bin")
}

/// Builds what is missing of the servers, and links them in [`folder`].
pub(crate) fn build_servers(place: &Place) -> Result<()> {
    build_all(place, SERVERS)
}

/// The same for everything.
pub(crate) fn build(place: &Place) -> Result<()> {
    build_servers(place)?;
    build_all(place, TOOLS)
}

/// Builds the loop that benchmarks are measured beside, and gives where it is.
pub(crate) fn build_loop(place: &Place) -> Result<PathBuf> {
    build_all(place, &[LOOP])?;
    Ok(folder(place).join("loop"))
}

/// Builds Flux's kustomize-controller, and gives it and the folder of its module.
pub(crate) fn build_flux(place: &Place) -> Result<(PathBuf, PathBuf)> {
    build_all(place, &[FLUX])?;
    let mut go = go()?;
    go.current_dir(place.root.join("tests/testbed").join(FLUX.name)).env("GOWORK", "off");
    go.env("GOFLAGS", "-mod=readonly").args(["list", "-m", "-f", "{{.Dir}}"]);
    let module = child::output(go.arg("github.com/fluxcd/kustomize-controller"))?;
    Ok((folder(place).join("kustomize-controller"), PathBuf::from(module.trim())))
}

fn build_all(place: &Place, modules: &[Module]) -> Result<()> {
    let folder = folder(place);
    fs::create_dir_all(&folder)?;
    let lock = fs::File::create(place.cache.join("testbed/building"))?;
    lock.lock()?;
    let installed = installed(&folder);
    for module in modules {
        let needed = module.programs.iter().any(|p| !installed.iter().any(|(name, _)| name == p));
        let built = if needed { Some(module.build(place)?) } else { None };
        for program in module.programs {
            let found =
                installed.iter().find(|(name, _)| name == program).map(|(_, at)| at.clone());
            let from = found.or_else(|| built.as_ref().map(|built| built.join(program)));
            link(
                &from.context("a program is neither installed nor built")?,
                &folder.join(program),
            )?;
        }
    }
    Ok(())
}

fn link(from: &Path, to: &Path) -> Result<()> {
    if fs::read_link(to).is_ok_and(|old| old == from) {
        return Ok(());
    }
    let new = to.with_extension("new");
    let _ = fs::remove_file(&new);
    std::os::unix::fs::symlink(from, &new)?;
    Ok(fs::rename(new, to)?)
}

/// A control plane that is on this machine already, and not behind our own `links`.
fn installed(links: &Path) -> Vec<(&'static str, PathBuf)> {
    let assets = variable("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let path = variable("PATH").unwrap_or_default();
    let folders: Vec<_> = assets.into_iter().chain(std::env::split_paths(&path)).collect();
    found(&folders, links)
}

/// The one in `folders`: whole, or an API server that fits to what is built. Whoever uses the bed has
/// `links` among them, and a link to itself leads nowhere.
fn found(folders: &[PathBuf], links: &Path) -> Vec<(&'static str, PathBuf)> {
    let same = |folder: &Path| folder.canonicalize().ok() == links.canonicalize().ok();
    let folders: Vec<_> = folders.iter().filter(|folder| !same(folder)).collect();
    let find = |name: &&'static str| {
        let file = folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file())?;
        Some((*name, file))
    };
    let all = |names: &[&'static str]| names.iter().map(find).collect::<Option<Vec<_>>>();
    let fits = |server: &Vec<(&str, PathBuf)>| {
        let said = child::output(Command::new(&server[1].1).arg("--version"));
        let said = said.unwrap_or_else(|error| format!("{error:#}"));
        let fits = FITTING.iter().any(|version| said.starts_with(version));
        if !fits {
            let at = server[1].1.display();
            eprintln!("{at} is of another version than what goes with it: {}", said.trim());
        }
        fits
    };
    all(INSTALLED).or_else(|| all(API_SERVER).filter(fits)).unwrap_or_default()
}

impl Module {
    fn build(&self, place: &Place) -> Result<PathBuf> {
        let source = place.root.join("tests/testbed").join(self.name);
        let read = |file: &str| fs::read(source.join(file)).with_context(|| format!("no {file}"));
        let mut hasher = DefaultHasher::new();
        (read("go.mod")?, read("go.sum")?, self.variables, GO).hash(&mut hasher);
        if let Ok(ours) = read("main.go") {
            ours.hash(&mut hasher);
        }
        let kept = format!("{}-{:016x}", self.name, hasher.finish());
        let folder = place.cache.join("testbed/programs").join(kept);
        if self.programs.iter().all(|program| folder.join(program).is_file()) {
            return Ok(folder);
        }
        eprintln!("building {} once (about {} min)", self.programs.join(", "), self.minutes);
        let flags: String = self.variables.iter().map(|v| format!(" -X {v}")).collect();
        let mut go = go()?;
        go.current_dir(&source).envs([("CGO_ENABLED", "0"), ("GOWORK", "off")]);
        go.env("GOFLAGS", "-mod=readonly").args(["build", "-trimpath", "-ldflags"]);
        go.arg(format!("-s -w{flags}")).arg("-o").arg(folder.join("")).arg("tool");
        child::run(&mut go)?;
        if let Some(program) = self.programs.iter().find(|it| !folder.join(it).is_file()) {
            // A module that is itself a program is called by the last part of its path.
            let only = fs::read_dir(&folder)?.next().context("go has built nothing")??.path();
            fs::rename(only, folder.join(program))?;
        }
        Ok(folder)
    }
}

/// Go as new as the modules need: the installed one, or the one it fetches for us.
fn go() -> Result<Command> {
    let version = child::output(Command::new("go").args(["env", "GOVERSION"]))
        .context("Go is missing: `cargo run -p xtask -- install` brings it")?;
    let minor = |text: &str| text.split('.').nth(1).and_then(|part| part.parse::<u32>().ok());
    let wanted = minor(GO);
    if minor(version.trim()) >= wanted {
        let mut go = Command::new("go");
        go.env("GOTOOLCHAIN", "local");
        return Ok(go);
    }
    // Since 1.21 Go does this itself; the one in Debian 12 is older.
    let arch = child::output(Command::new("go").args(["env", "GOARCH"]))?;
    let toolchain = format!("golang.org/toolchain@v0.0.1-go{GO}.linux-{}", arch.trim());
    let mut fetch = Command::new("go");
    fetch.current_dir("/").env("GOFLAGS", "-mod=mod").env("GOTOOLCHAIN", "local");
    let told = child::output(fetch.args(["mod", "download", "-json", &toolchain]))?;
    let told: Value = serde_json::from_str(&told)?;
    let Some(folder) = told["Dir"].as_str() else { bail!("go does not say where {toolchain} is") };
    for programs in ["bin", "pkg/tool"] {
        let programs = Path::new(folder).join(programs);
        child::output(Command::new("chmod").args(["-R", "u+x"]).arg(programs))?;
    }
    let mut go = Command::new(Path::new(folder).join("bin/go"));
    go.env("GOTOOLCHAIN", "local");
    Ok(go)
}

#[cfg(test)]
mod tests;
