//! Which kinds a cluster knows, and where its API has them.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::connection::{Call, Connection, Failure};
use super::identity::Identity;

/// One document per list of groups, in place of one request per group. Kubernetes 1.30 and later.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// How long what is missing stays missing: a kind that nobody has defined is asked for by every
/// look at its objects.
pub(super) const PAUSE: Duration = Duration::from_secs(2);

/// Where the API has one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kind {
    /// `/api/v1`, `/apis/apps/v1`.
    root: String,
    pub(super) api_version: String,
    version: String,
    /// `deployments`.
    plural: String,
    pub(super) is_namespaced: bool,
}

/// All kinds, as they were when last asked for.
pub(super) struct Kinds {
    known: RwLock<Option<Known>>,
    /// Held by whoever asks: the others wait for the same answer.
    asking: tokio::sync::Mutex<()>,
}

struct Known {
    /// By group and kind, the preferred version first.
    kinds: Arc<BTreeMap<(String, String), Vec<Kind>>>,
    /// Groups whose server did not answer: what is not known of them may be there all the same.
    silent: Vec<String>,
    asked_at: Duration,
}

/// What is known of a kind.
pub(super) enum Found {
    /// It is there.
    Kind(Kind),
    /// It is there, and not in the version that was asked for: in the preferred one.
    Other(Kind),
    /// The cluster has no such kind, so it has no such objects.
    Unknown,
    /// Nobody can say.
    Silent,
}

impl Kinds {
    pub(super) fn new() -> Self {
        Self { known: RwLock::new(None), asking: tokio::sync::Mutex::default() }
    }

    /// The kind of `identity`, in `version` if one is named and served, else in the preferred one.
    pub(super) async fn find(
        &self,
        connection: &Connection,
        identity: &Identity,
        version: Option<&str>,
    ) -> Result<Found, Failure> {
        let found = |now| match self.look_up(identity, version) {
            Some((found, asked_at)) => {
                (matches!(found, Found::Kind(_)) || now < asked_at + PAUSE).then_some(found)
            }
            None => None,
        };
        if let Some(found) = found(connection.now()) {
            return Ok(found);
        }
        let _asking = self.asking.lock().await;
        let now = connection.now();
        if let Some(found) = found(now) {
            return Ok(found);
        }
        let known = Known::ask(connection, now).await?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(self.look_up(identity, version).map_or(Found::Silent, |(found, _)| found))
    }

    /// Has everything asked for anew: a kind was defined.
    pub(super) fn forget(&self) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn look_up(&self, identity: &Identity, version: Option<&str>) -> Option<(Found, Duration)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let known = known.as_ref()?;
        let key = (identity.group.clone(), identity.kind.clone());
        let versions = known.kinds.get(&key).map(Vec::as_slice).unwrap_or_default();
        let kind = match version {
            Some(version) => versions.iter().find(|kind| kind.version == version),
            None => versions.first(),
        };
        let found = match (kind, versions.first()) {
            (Some(kind), _) => Found::Kind(kind.clone()),
            (None, _) if known.silent.contains(&identity.group) => Found::Silent,
            (None, Some(preferred)) => Found::Other(preferred.clone()),
            (None, None) => Found::Unknown,
        };
        Some((found, known.asked_at))
    }

    /// The versions of the API in which the kind of `identity` is served, as far as is known: `apps/v1`.
    pub(super) fn served(&self, identity: &Identity) -> Vec<String> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let key = (identity.group.clone(), identity.kind.clone());
        let kinds = known.as_ref().and_then(|known| known.kinds.get(&key));
        kinds.into_iter().flatten().map(|kind| kind.api_version.clone()).collect()
    }

    /// For people: what an object has to say that names a version that is not served.
    pub(super) fn unserved(&self, identity: &Identity, manifest: &Json) -> String {
        let asked = manifest.get("apiVersion").and_then(Json::as_str).unwrap_or_default();
        let served = self.served(identity).join(", ");
        format!("the cluster serves {served}, not {asked}: its manifest has to say so")
    }
}

impl Known {
    async fn ask(connection: &Connection, now: Duration) -> Result<Self, Failure> {
        let (mut kinds, mut silent) = (BTreeMap::<_, Vec<Kind>>::new(), Vec::new());
        for root in ["/api", "/apis"] {
            let call = Call::get(root.to_owned()).accept(AGGREGATED);
            let listed = connection.read(call).await?;
            for group in list(&listed, "items") {
                let name = text(group.get("metadata").unwrap_or(&Json::Null), "name");
                for version in list(group, "versions") {
                    if text(version, "freshness") == "Stale" {
                        silent.push(name.to_owned());
                    }
                    for (key, kind) in kinds_of(root, name, version) {
                        kinds.entry(key).or_default().push(kind);
                    }
                }
            }
        }
        Ok(Self { kinds: Arc::new(kinds), silent, asked_at: now })
    }
}

fn kinds_of(root: &str, group: &str, version: &Json) -> Vec<((String, String), Kind)> {
    let name = text(version, "version");
    let api_version = match group {
        "" => name.to_owned(),
        group => format!("{group}/{name}"),
    };
    let each = list(version, "resources").filter_map(|resource| {
        let kind = resource.get("responseKind")?.get("kind")?.as_str()?;
        let found = Kind {
            root: format!("{root}/{api_version}"),
            api_version: api_version.clone(),
            version: name.to_owned(),
            plural: text(resource, "resource").to_owned(),
            is_namespaced: text(resource, "scope") == "Namespaced",
        };
        Some(((group.to_owned(), kind.to_owned()), found))
    });
    each.collect()
}

impl Kind {
    /// The path of the object.
    pub(super) fn path(&self, identity: &Identity) -> String {
        let name = escaped(&identity.name);
        format!("{}/{name}", self.folder(identity.namespace.as_deref()))
    }

    /// What people call the kind by: `deployments.apps`.
    pub(super) fn resource(&self) -> String {
        match self.api_version.rsplit_once('/') {
            Some((group, _)) => format!("{}.{group}", self.plural),
            None => self.plural.clone(),
        }
    }

    /// The path of all objects of the kind, in one namespace or in all.
    pub(super) fn folder(&self, namespace: Option<&str>) -> String {
        match namespace {
            Some(namespace) => {
                format!("{}/namespaces/{}/{}", self.root, escaped(namespace), self.plural)
            }
            None => format!("{}/{}", self.root, self.plural),
        }
    }
}

/// A name as one part of a path. Names of roles and the like may hold nearly anything.
pub(super) fn escaped(name: &str) -> String {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    let each = name.bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    each.collect()
}

fn list<'j>(json: &'j Json, key: &str) -> impl Iterator<Item = &'j Json> + use<'j> {
    json.get(key).and_then(Json::as_array).into_iter().flatten()
}

fn text<'j>(json: &'j Json, key: &str) -> &'j str {
    json.get(key).and_then(Json::as_str).unwrap_or_default()
}
