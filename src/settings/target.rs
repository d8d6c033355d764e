//! What the name of a target stands for.

use std::collections::BTreeSet;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::pattern::StackPattern;

/// What a target's name stands for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Written", into = "Written")]
pub struct TargetSettings {
    /// Where it is.
    pub place: PlaceSettings,
    /// Globs over stack names: the stacks that may name this target.
    pub stacks: Vec<StackPattern>,
}

/// Where a target is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceSettings {
    /// In a folder.
    Files(FilesSettings),
    /// In a Kubernetes cluster.
    Kubernetes(KubernetesSettings),
}

/// A target that is a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilesSettings {
    /// The folder.
    pub path: PathBuf,
}

/// A target that is a Kubernetes cluster, of version 1.30 or later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KubernetesSettings {
    /// The kubeconfig file that says where the cluster is and who the agent is there. Without it:
    /// the cluster the agent runs in, by the token of its pod.
    pub kubeconfig: Option<PathBuf>,
    /// Which of the kubeconfig's contexts counts. Without it: its current one.
    pub context: Option<String>,
    /// The namespace for the marks that say what is owned, one ConfigMap per stack. It is made
    /// with the first of them. Without it: `isobar`.
    pub namespace: Option<String>,
    /// The service accounts that manifests may name to count with their rights, each as
    /// `shop/deployer`; `shop/*` are all of that namespace. Without any, every manifest that names one
    /// is refused.
    pub service_accounts: BTreeSet<String>,
    /// Whether each write says under which epoch of a lease it is made, so that the admission policy
    /// which `isobar install` prints can refuse one that is over. The agent then acts as itself, and
    /// needs the verb `impersonate` for that.
    pub fencing: bool,
    /// Whether what happens to an object is told by an Event on it: see `docs/kubernetes.md`. The agent
    /// needs the verbs `create` and `patch` for them; without, it does all else.
    pub events: bool,
}

/// The namespace of the marks where the settings name none.
const MARKS: &str = "isobar";

impl KubernetesSettings {
    /// The namespace for the marks.
    pub fn marks(&self) -> &str {
        self.namespace.as_deref().unwrap_or(MARKS)
    }
}

impl Default for KubernetesSettings {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            context: None,
            namespace: None,
            service_accounts: BTreeSet::new(),
            fencing: false,
            events: true,
        }
    }
}

/// What a target's name stands for: `files` or `kubernetes`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TargetSettings")]
#[serde(deny_unknown_fields)]
struct Written {
    /// A folder: what each tool would be handed is written there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    files: Option<FilesSettings>,
    /// A Kubernetes cluster. `{}` is the one that the agent runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kubernetes: Option<KubernetesSettings>,
    /// Globs over stack names: the stacks that may name this target.
    #[serde(default = "stacks_default")]
    #[schemars(with = "Vec<String>")]
    stacks: Vec<StackPattern>,
}

/// A target is no place, or two.
#[derive(Debug, thiserror::Error)]
#[error("a target is either `files` or `kubernetes`")]
struct NotOnePlace;

impl TargetSettings {
    /// Every path in it.
    pub(super) fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        match &mut self.place {
            PlaceSettings::Files(files) => Some(&mut files.path),
            PlaceSettings::Kubernetes(cluster) => cluster.kubeconfig.as_mut(),
        }
        .into_iter()
    }
}

impl TryFrom<Written> for TargetSettings {
    type Error = NotOnePlace;

    fn try_from(written: Written) -> Result<Self, NotOnePlace> {
        let place = match (written.files, written.kubernetes) {
            (Some(files), None) => PlaceSettings::Files(files),
            (None, Some(cluster)) => PlaceSettings::Kubernetes(cluster),
            _ => return Err(NotOnePlace),
        };
        Ok(Self { place, stacks: written.stacks })
    }
}

impl From<TargetSettings> for Written {
    fn from(target: TargetSettings) -> Self {
        let (files, kubernetes) = match target.place {
            PlaceSettings::Files(files) => (Some(files), None),
            PlaceSettings::Kubernetes(cluster) => (None, Some(cluster)),
        };
        Self { files, kubernetes, stacks: target.stacks }
    }
}

pub(super) fn stacks_default() -> Vec<StackPattern> {
    vec![StackPattern::all()]
}
