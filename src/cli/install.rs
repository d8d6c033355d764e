//! `isobar install`

mod fencing;
mod objects;
mod ports;
mod rights;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use self::objects::{Database, Place, Reference};
use self::rights::Rights;
use super::workspace::{Workspace, is_root, refused};
use super::{Context, Exit, Failure, mistake};
use crate::model::yaml;
use crate::schema;
use crate::settings::{self, AgentSettings, Credential, KubernetesSettings, PlaceSettings};
use crate::stacks::Selection;

/// Print what to apply to a cluster, so that the agent runs in it.
///
/// The agent has the settings that this command has, and rights to the kinds that the stacks of this
/// folder have in the cluster, and to no others. What is secret stays out of it: the settings name files
/// and variables, and those come from one Secret that you make. Nothing is applied.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print the manifests.
    #[arg(long, required = true)]
    print: bool,
    /// The agent's image.
    #[arg(long, value_name = "IMAGE", default_value = concat!("isobar:", env!("CARGO_PKG_VERSION")))]
    image: String,
    /// The namespace that the agent runs in.
    #[arg(long, value_name = "NAME", default_value = "isobar")]
    namespace: String,
    /// Rights to this kind as well: `Deployment.apps`, `ConfigMap`.
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// Let the agent reach this port as well: of an API server or a registry that no settings name.
    #[arg(long = "port", value_name = "PORT")]
    ports: Vec<u16>,
    /// Let the agent make roles with rights that it does not have itself: it could then do anything.
    #[arg(long)]
    gives_rights: bool,
}

/// What everything is called.
const NAME: &str = "isobar";

/// Where the Secret with what is secret is mounted: paths in the settings lead there.
const KEYS: &str = "/run/secrets/isobar";

/// Where a cluster mounts what it has for a pod by itself, such as the token for a key service.
const MOUNTED: &[&str] = &["/run/secrets", "/var/run/secrets"];

/// The variable that names the database.
const STORE: &str = "ISOBAR_STORE";

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let Some(path) = &context.global.settings else {
        return Err(mistake("name the settings that the agent is to have: --settings agent.yaml"));
    };
    let settings = settings::read_for_elsewhere(path).map_err(refused)?;
    let cluster = here(&settings)?;
    let mut rights = Rights::to(&args.kinds).map_err(mistake)?;
    rights.may_act_as(&cluster.service_accounts);
    if cluster.fencing {
        rights.may_act_as(&[format!("{}/{NAME}", args.namespace)].into());
    }
    if cluster.events {
        rights.may_tell();
    }
    if is_root(&context.global.folder).is_ok() {
        let wanted = Workspace::wanted(context, &Selection::to_apply()).await?;
        let here = |name| {
            settings
                .target(name)
                .is_some_and(|target| target.place == PlaceSettings::Kubernetes(cluster.clone()))
        };
        let stacks = wanted.desired.stacks.values();
        for stack in stacks.filter(|stack| stack.target.as_ref().is_some_and(here)) {
            for component in stack.components.values() {
                if let Some(Ok(built)) = wanted.rendered.get(&component.id) {
                    rights.add(built);
                }
            }
        }
    }
    if rights.is_nothing() {
        return Err(mistake(
            "the agent would have rights to nothing: go to the root of a config repository whose stacks name \
             the cluster, or name kinds with --kind",
        ));
    }
    let text = std::fs::read_to_string(path)?;
    let store = store(&settings, &text)?;
    let mut references = references(&settings)?;
    if store == Database::Named {
        references.insert(Reference::Variable(STORE.to_owned()));
    }
    let place = Place {
        namespace: &args.namespace,
        marks: cluster.marks(),
        image: &args.image,
        settings: &text,
        references,
        store,
        ports: ports::reached(&settings, &args.ports),
        gives_rights: args.gives_rights,
        fencing: cluster.fencing,
        metrics: settings.metrics.map(|metrics| metrics.listen).filter(|at| !at.ip().is_loopback()),
    };
    let documents = place.objects(&rights);
    let written: Vec<_> = documents.iter().map(yaml::write).collect();
    context.output.print(&written.join("---\n"))?;
    Ok(Exit::Done)
}

/// The one target that is the cluster the agent runs in.
fn here(settings: &AgentSettings) -> Result<KubernetesSettings, Failure> {
    let clusters = settings.targets.values().filter_map(|target| match &target.place {
        PlaceSettings::Kubernetes(cluster) if cluster.kubeconfig.is_none() => Some(cluster),
        _ => None,
    });
    let all: Vec<_> = clusters.collect();
    match all.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(mistake(
            "no target is the cluster that the agent runs in: `here: { kubernetes: {} }`",
        )),
        _ => Err(mistake(
            "several targets are the cluster that the agent runs in, and one has to be",
        )),
    }
}

/// Where the agent remembers things. What says a password is not written into a ConfigMap.
fn store(settings: &AgentSettings, text: &str) -> Result<Database, Failure> {
    if settings.store.starts_with("sqlite:") {
        return Ok(Database::Volume);
    }
    match schema::veiled(text).contains(&settings.store) {
        true => Ok(Database::Settings),
        false if !text.contains(&settings.store) => Ok(Database::Named),
        false => Err(mistake(format!(
            "`store` says a password, and the settings are no secret in a cluster: take it out, name it by \
             the variable {STORE} here, and by that key in the Secret"
        ))),
    }
}

/// What the settings take from outside of themselves. Files have to be where the Secret is mounted.
fn references(settings: &AgentSettings) -> Result<BTreeSet<Reference>, Failure> {
    let (mut files, mut names) = (BTreeSet::<PathBuf>::new(), BTreeSet::new());
    for repository in settings.repositories.values() {
        match &repository.auth {
            Some(Credential::File(path)) => drop(files.insert(path.clone())),
            Some(Credential::Environment(name)) => drop(names.insert(name.clone())),
            None => {}
        }
        names.extend(repository.allow.env.iter().cloned());
        if let Some(sops) = &repository.sops {
            files.extend(sops.age.clone());
            names.extend(sops.env.iter().cloned());
            let is_mounted = |path: &&PathBuf| {
                path.as_path() == Path::new(KEYS)
                    || !path.starts_with(KEYS)
                        && MOUNTED.iter().any(|folder| path.starts_with(folder))
            };
            files.extend(sops.reads.iter().filter(|path| !is_mounted(path)).cloned());
        }
    }
    let kubeconfigs = settings.targets.values().filter_map(|target| match &target.place {
        PlaceSettings::Kubernetes(cluster) => cluster.kubeconfig.clone(),
        PlaceSettings::Files(_) => None,
    });
    files.extend(kubeconfigs);
    files.extend(settings.authorities.values().cloned());
    let mut all: BTreeSet<_> = names.into_iter().map(Reference::Variable).collect();
    for file in files {
        let name =
            file.strip_prefix(KEYS).ok().and_then(Path::to_str).filter(|name| !name.contains('/'));
        let Some(name) = name else {
            return Err(mistake(format!(
                "{} is not in {KEYS}, where the agent has its files: say so in the settings",
                file.display()
            )));
        };
        all.insert(Reference::File(name.to_owned()));
    }
    Ok(all)
}
