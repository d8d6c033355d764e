//! The shape of `agent.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::target::{FilesSettings, PlaceSettings, TargetSettings, stacks_default};
use crate::diagnostic::{Diagnostic, closest};
use crate::ids::{AgentName, RepositoryName, TargetName};
use crate::pattern::StackPattern;
use crate::schema::{self, Places};

/// The file `agent.yaml`: who this agent is, what it reads, and where it may write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AgentSettings {
    /// Who acts: stands at the head of every mark, row and comment.
    #[schemars(with = "String")]
    pub agent: AgentName,
    /// Where things are remembered: `sqlite:<path>` or `postgres://...`.
    pub store: String,
    /// Where fetched repositories are kept. Nothing is lost with it.
    pub cache: PathBuf,
    /// How long a lease lasts that is not renewed: `30s`, from three seconds to ten minutes. So long
    /// a stack waits for whoever held it and is no more.
    #[schemars(with = "String")]
    pub lease: SignedDuration,
    /// For how long it is remembered what happened.
    pub retention: RetentionSettings,
    /// The config repositories, by name.
    #[schemars(with = "BTreeMap<String, RepositorySettings>")]
    pub repositories: BTreeMap<RepositoryName, RepositorySettings>,
    /// What the targets' names in stacks stand for.
    #[schemars(with = "BTreeMap<String, TargetSettings>")]
    pub targets: BTreeMap<TargetName, TargetSettings>,
    /// What a target stands for that is not in `targets`: a folder of its name in this one.
    /// Without it such a target is refused.
    pub targets_folder: Option<PathBuf>,
    /// Where people review, by name.
    pub forges: BTreeMap<String, ForgeSettings>,
    /// Programs that build what components want.
    pub programs: ProgramSettings,
    /// PEM files of certificate authorities that count beside the system's, each for one host as
    /// it stands in an `https` url: `git.example.com`, or with its port. Whoever they do not vouch
    /// for is refused; there is no way around that.
    pub authorities: BTreeMap<String, PathBuf>,
    /// What `serve` counts, for Prometheus to fetch. Without it nothing listens.
    pub metrics: Option<MetricsSettings>,
}

/// Where `serve` tells what it counts: see `docs/metrics.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricsSettings {
    /// The address and port, `127.0.0.1:9090`: `/metrics` there, without encryption, for everybody who
    /// can reach it. It names stacks, components and targets, and none of their content.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
}

/// Programs that build what components want. They are run with nothing but their input: see
/// `isobar doctor`. One that is not named is looked for in `PATH`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProgramSettings {
    /// The file of `kustomize`, for folders with a kustomization.
    pub kustomize: Option<PathBuf>,
    /// The file of `helm`, for components of that kind in a cluster.
    pub helm: Option<PathBuf>,
    /// The file of `sops`, for encrypted manifests and values. It alone is given keys.
    pub sops: Option<PathBuf>,
}

/// For how long it is remembered what happened. Ownership, open runs and what waits are kept
/// however old they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionSettings {
    /// Days that the journal, the outcomes of runs, deliveries and sent messages are kept: 30 at
    /// least.
    pub days: u32,
    /// Rows that the journal has at most, however young: 10,000 at least. A row is about 1 KiB.
    pub journal_rows: u64,
}

/// One config repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositorySettings {
    /// `https://...`, `file://...`, or a path.
    pub url: String,
    /// The branch whose stacks are kept true.
    #[serde(default = "branch_default")]
    pub branch: String,
    /// The folder in the repository that holds `atmos.yaml`, if it is not the root.
    #[serde(default)]
    pub path: String,
    /// Globs over stack names: the stacks that are this agent's. Another agent may have others.
    #[serde(default = "stacks_default")]
    #[schemars(with = "Vec<String>")]
    pub stacks: Vec<StackPattern>,
    /// How often the branch is looked at without a reason: `1m`.
    #[serde(default = "interval_default")]
    #[schemars(with = "String")]
    pub interval: SignedDuration,
    /// The token or password for `https`.
    #[serde(default)]
    pub auth: Option<Credential>,
    /// Which of `forges` its pull requests are at.
    #[serde(default)]
    pub forge: Option<String>,
    /// What its manifests may ask of this agent. Nothing, if nothing is said.
    #[serde(default)]
    pub allow: AllowSettings,
    /// What opens its values that are encrypted with `sops`. Without it nothing does.
    #[serde(default)]
    pub sops: Option<SopsSettings>,
}

/// What opens the encrypted values of a repository: no other repository's, and nothing but `sops` sees
/// it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SopsSettings {
    /// The file with identities of age, one a line.
    pub age: Option<PathBuf>,
    /// Variables of the agent's process, by name, that `sops` sees: what says where a key service is,
    /// and who we are there.
    pub env: BTreeSet<String>,
    /// Files and folders that `sops` may read, such as the token for a key service.
    pub reads: Vec<PathBuf>,
    /// Whether `sops` may use the network: to reach a key service.
    pub network: bool,
}

/// What the manifests of a repository may ask of the agent. It holds for commits of the tracked
/// branch alone: a pull request gets nothing of it but imports that are here already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AllowSettings {
    /// Variables of the agent's process, by name, that `!env` gives, and commands see.
    pub env: BTreeSet<String>,
    /// Places that imports and charts may be fetched from, each with all below it:
    /// `https://git.example.com/platform`, `oci://registry.example.com/charts`. What is fetched has
    /// to be what `isobar.lock` says.
    pub imports: BTreeSet<String>,
    /// Commands that `!exec` runs, each as it is written there, letter by letter. They see `PATH`
    /// and the variables of `env`, and nothing of the repository.
    pub exec: BTreeSet<String>,
}

/// Where a credential is to be found. It is read when it is needed, and never kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Credential {
    /// In a file: `user:password`, or a token alone.
    File(PathBuf),
    /// In a variable, in the same form.
    Environment(String),
}

/// Where people review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum ForgeSettings {
    /// Pull requests in a folder.
    Local(LocalForgeSettings),
}

/// Pull requests in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalForgeSettings {
    /// The folder.
    pub path: PathBuf,
}

/// Three missed renewals of ten seconds.
const LEASE_DEFAULT: SignedDuration = SignedDuration::from_secs(30);

/// A file is changed only under a lease that is good for another second, and at least a third of
/// a lease that is renewed in time is left. After a crash nobody should wait longer than ten
/// minutes.
const LEASE_MIN: SignedDuration = SignedDuration::from_secs(3);
const LEASE_MAX: SignedDuration = SignedDuration::from_mins(10);

/// What the database is named by.
const STORES: [&str; 3] = ["sqlite:", "postgres://", "postgresql://"];

/// Closed pull requests are looked at for 30 days, and an approval of them counts once; so many
/// rows are checked at each start.
const RETENTION_DAYS_MIN: u32 = 30;
const JOURNAL_ROWS_MIN: u64 = 10_000;

/// A year and a month, for audits; a gigabyte.
impl Default for RetentionSettings {
    fn default() -> Self {
        Self { days: 400, journal_rows: 1_000_000 }
    }
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            agent: AgentName::new("local").expect("a label"),
            store: "sqlite:.isobar/isobar.db".to_owned(),
            cache: ".isobar/cache".into(),
            lease: LEASE_DEFAULT,
            retention: RetentionSettings::default(),
            repositories: BTreeMap::new(),
            targets: BTreeMap::new(),
            targets_folder: None,
            forges: BTreeMap::new(),
            programs: ProgramSettings::default(),
            authorities: BTreeMap::new(),
            metrics: None,
        }
    }
}

impl ProgramSettings {
    /// Where the program called `name` is.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        let named = match name {
            "kustomize" => self.kustomize.clone(),
            "helm" => self.helm.clone(),
            "sops" => self.sops.clone(),
            _ => None,
        };
        let path = super::variable("PATH").unwrap_or_default();
        let mut found = std::env::split_paths(&path).map(|folder| folder.join(name));
        named.or_else(|| found.find(|file| file.is_file()))
    }
}

impl RepositorySettings {
    /// `forges` are the names of those that there are.
    fn check(&self, name: &str, forges: &[&str], at: &Places<'_>) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let wrong = |way: &[&str], message: String| {
            at.wrong(&[&["repositories", name], way].concat(), message)
        };
        if self.interval <= SignedDuration::ZERO {
            let message = "`interval` is no time at all".to_owned();
            let hint = "write how often the branch is looked at: `interval: 1m`";
            found.push(wrong(&["interval"], message).hint(hint));
        }
        for place in self.allow.imports.iter().filter(|place| !is_place(place)) {
            let shown = schema::veiled(place);
            let message = format!("`{shown}` is no place that imports may be fetched from");
            found.push(wrong(&["allow", "imports", place], message).hint(PLACE));
        }
        if let Some(forge) = self.forge.as_deref().filter(|forge| !forges.contains(forge)) {
            let message =
                format!("repository `{name}` names the forge `{forge}`, which is not in `forges`");
            let unknown = wrong(&["forge"], message);
            found.push(match closest(forge, forges.iter().copied()) {
                Some(close) => unknown.hint(format!("did you mean `{close}`?")),
                None => unknown,
            });
        }
        found
    }
}

impl AgentSettings {
    /// What the schema cannot say: names that lead nowhere, and times out of bounds.
    pub(super) fn check(&self, at: &Places<'_>) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        if !(LEASE_MIN..=LEASE_MAX).contains(&self.lease) {
            let message =
                format!("`lease` is {:#}, not from {LEASE_MIN:#} to {LEASE_MAX:#}", self.lease);
            found.push(at.wrong(&["lease"], message));
        }
        if !STORES.iter().any(|scheme| self.store.starts_with(scheme)) {
            let message = "`store` begins with neither `sqlite:` nor `postgres://`";
            let hint = "write `store: sqlite:isobar.db`, or the url of a PostgreSQL database";
            found.push(at.wrong(&["store"], message).hint(hint));
        }
        let RetentionSettings { days, journal_rows } = self.retention;
        let mut bounded = |key: &str, value: u64, least: u64| {
            if value < least {
                let message = format!("`retention.{key}` is {value}, less than {least}");
                found.push(at.wrong(&["retention", key], message));
            }
        };
        bounded("days", days.into(), RETENTION_DAYS_MIN.into());
        bounded("journal_rows", journal_rows, JOURNAL_ROWS_MIN);
        // One that is wrong itself is there all the same.
        let mut forges = at.keys(&["forges"]);
        forges.extend(self.forges.keys().map(String::as_str));
        for (name, repository) in &self.repositories {
            found.extend(repository.check(name.as_str(), &forges, at));
        }
        found
    }

    /// The defaults of someone who has no settings file.
    pub(super) fn with_folder(mut self, branch: Option<String>) -> Self {
        let name = RepositoryName::new("this").expect("a label");
        self.repositories.entry(name).or_insert_with(|| RepositorySettings {
            url: ".".to_owned(),
            branch: branch.unwrap_or_else(branch_default),
            path: String::new(),
            stacks: stacks_default(),
            interval: interval_default(),
            auth: None,
            forge: Some("local".to_owned()),
            allow: AllowSettings::default(),
            sops: None,
        });
        let forge = LocalForgeSettings { path: ".isobar/forge".into() };
        self.forges.entry("local".to_owned()).or_insert(ForgeSettings::Local(forge));
        self.targets_folder.get_or_insert_with(|| ".isobar/targets".into());
        self
    }

    /// With every relative path taken from `folder`.
    pub(super) fn anchored(mut self, folder: &Path) -> Self {
        let anchor = |path: &mut PathBuf| *path = folder.join(&*path);
        if let Some(path) = self.store.strip_prefix("sqlite:")
            && !path.starts_with(':')
        {
            self.store = format!("sqlite:{}", folder.join(path).display());
        }
        anchor(&mut self.cache);
        self.targets_folder.iter_mut().for_each(anchor);
        self.programs.kustomize.iter_mut().for_each(anchor);
        self.programs.helm.iter_mut().for_each(anchor);
        self.programs.sops.iter_mut().for_each(anchor);
        self.authorities.values_mut().for_each(anchor);
        self.targets.values_mut().for_each(|target| target.paths_mut().for_each(&anchor));
        for ForgeSettings::Local(forge) in self.forges.values_mut() {
            anchor(&mut forge.path);
        }
        for repository in self.repositories.values_mut() {
            if let Some(Credential::File(path)) = &mut repository.auth {
                anchor(path);
            }
            if let Some(sops) = &mut repository.sops {
                sops.age.iter_mut().chain(&mut sops.reads).for_each(anchor);
            }
            if !repository.url.contains("://") {
                repository.url = folder.join(&repository.url).display().to_string();
            }
        }
        self
    }

    /// Every target that is named here, or has a folder already.
    pub fn targets_known(&self) -> BTreeSet<TargetName> {
        let folder = self.targets_folder.as_ref().and_then(|path| std::fs::read_dir(path).ok());
        let inside = folder.into_iter().flatten().flatten();
        let inside =
            inside.filter_map(|entry| TargetName::new(entry.file_name().to_string_lossy()).ok());
        self.targets.keys().cloned().chain(inside).collect()
    }

    /// The targets that are Kubernetes clusters: there a resource is called by its kind and name.
    pub fn clusters(&self) -> BTreeSet<TargetName> {
        let is_cluster =
            |target: &TargetSettings| matches!(target.place, PlaceSettings::Kubernetes(_));
        let clusters = self.targets.iter().filter(|(_, target)| is_cluster(target));
        clusters.map(|(name, _)| name.clone()).collect()
    }

    /// What the target `name` stands for, if anything.
    pub fn target(&self, name: &TargetName) -> Option<TargetSettings> {
        let in_folder = || {
            let path = self.targets_folder.as_ref()?.join(name.as_str());
            let place = PlaceSettings::Files(FilesSettings { path });
            Some(TargetSettings { place, stacks: stacks_default() })
        };
        self.targets.get(name).cloned().or_else(in_folder)
    }
}

const PLACE: &str = "write `https://` and a host, and what is below it if not all of it is meant";

/// Whether imports may be fetched from a place that is written like this.
pub fn is_place(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let is_odd = |letter: char| letter.is_whitespace() || letter.is_control();
    let mut steps = rest.trim_end_matches('/').split('/');
    let host = steps.next().unwrap_or_default();
    let is_plain = !rest.contains(['@', '?', '#', '\\', '%']) && !rest.contains(is_odd);
    let has_no_step_up = steps.clone().all(|step| !matches!(step, "" | "." | ".."));
    let is_where = match scheme {
        "https" | "http" | "oci" => !host.is_empty() && host == host.to_ascii_lowercase(),
        "file" => host.is_empty() && steps.next().is_some(),
        _ => false,
    };
    is_plain && has_no_step_up && is_where
}

fn branch_default() -> String {
    "main".to_owned()
}

/// One look a minute: cheap for any forge, and a push is seen at once where there are webhooks.
fn interval_default() -> SignedDuration {
    SignedDuration::from_mins(1)
}
