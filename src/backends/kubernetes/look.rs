//! One object: what is there of it, and what the server says would be.
//!
//! A body holds the fields that are ours: of what would be, those that the manifest says, as the
//! server writes them; of what is there, the same ones and those we applied before, or would take
//! over with it. What others own beside them is in neither, so it is no difference.

use serde_json::Value as Json;

use super::connection::{Answer, Call, Connection, Failure};
use super::fields::Fields;
use super::identity::{self, Identity};
use super::kinds::{Found, Kind, Kinds};
use super::{owner, replace, takeover};
use crate::model::body::{Body, Format};
use crate::model::canonical;
use crate::model::path::FieldPath;

/// The content type of an applied configuration.
pub(super) const APPLY: &str = "application/apply-patch+yaml";

/// How often something is read that is older than what is known. Servers that lag do so for less than
/// the time of one.
const READS_MAX: u32 = 3;

/// Who asks, and of whom.
#[derive(Clone, Copy)]
pub(super) struct Eyes<'a> {
    pub(super) connection: &'a Connection,
    pub(super) kinds: &'a Kinds,
    /// The name our fields are written under.
    pub(super) writer: &'a str,
}

/// Both sides of one object.
#[derive(Default)]
pub(super) struct Sight {
    /// Where the API has it; `None`: the cluster does not know its kind.
    pub(super) kind: Option<Kind>,
    /// The whole object, if it is there.
    pub(super) object: Option<Json>,
    /// What of it is ours or would be.
    pub(super) live: Option<Body>,
    /// What would be ours; `None`: nothing is wanted.
    pub(super) intended: Option<Body>,
    /// Whether every field that is wanted is ours already, whatever it holds.
    pub(super) is_ours: bool,
    /// If it is as it would be: the fields of that which are not ours.
    pub(super) lost: Vec<FieldPath>,
    /// Whether there were such, and nothing comes of owning them again.
    pub(super) stays_lost: bool,
    /// Fields that cannot change in place, if it would have to be made anew.
    pub(super) must_replace: Vec<FieldPath>,
    /// The JSON patch without which the server cannot apply to it, if there is one.
    pub(super) migration: Option<Json>,
    /// Fields of `live` that others have written, and who.
    pub(super) others: Vec<(String, Vec<FieldPath>)>,
}

/// Why an object cannot be looked at.
#[derive(Debug)]
pub(super) enum Blind {
    /// The server did not answer, or may not be asked.
    Failure(Failure),
    /// The server does not take what is wanted.
    Unwelcome(Failure),
    /// Its manifest and its kind do not go together.
    Misplaced(String),
    /// Its kind is there, and not in the version its manifest names: why, and the object, if it is there.
    Unserved(String, Option<Box<Json>>),
}

impl From<Failure> for Blind {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Blind {
    /// For people.
    pub(super) fn told(&self, identity: &Identity) -> String {
        match self {
            Self::Failure(failure) | Self::Unwelcome(failure) => failure.words(Some(identity)),
            Self::Misplaced(why) | Self::Unserved(why, _) => why.clone(),
        }
    }
}

impl Eyes<'_> {
    /// Looks at the object. `manifest` is what is wanted of it, with our marks.
    pub(super) async fn look(
        self,
        identity: &Identity,
        manifest: Option<&Json>,
    ) -> Result<Sight, Blind> {
        let Some(kind) = self.kind(identity, manifest).await? else {
            return Ok(Sight::unheard_of(manifest));
        };
        let Some(manifest) = manifest else {
            let object = self.read(&kind, identity).await?;
            return Ok(Sight::unwanted(kind, object, self.writer));
        };
        let rehearsed = self.rehearse(&kind, identity, manifest).await;
        Box::pin(self.sight(kind, identity, manifest, rehearsed, None)).await
    }

    /// The same for what was there a moment ago: it is read while it is rehearsed.
    pub(super) async fn look_again(
        self,
        identity: &Identity,
        manifest: &Json,
    ) -> Result<Sight, Blind> {
        let Some(kind) = self.kind(identity, Some(manifest)).await? else {
            return Ok(Sight::unheard_of(Some(manifest)));
        };
        // Two requests side by side are as large as all that leads to them.
        let (rehearsed, beside) = tokio::join!(
            Box::pin(self.rehearse(&kind, identity, manifest)),
            Box::pin(self.read(&kind, identity))
        );
        // What went wrong with the second is asked again where it is needed.
        let beside = beside.ok().flatten();
        Box::pin(self.sight(kind, identity, manifest, rehearsed, beside)).await
    }

    /// Both sides, once it was rehearsed. `beside` is what was read meanwhile.
    async fn sight(
        self,
        kind: Kind,
        identity: &Identity,
        manifest: &Json,
        rehearsed: Result<Answer, Failure>,
        beside: Option<Json>,
    ) -> Result<Sight, Blind> {
        let intended = match rehearsed {
            Ok(intended) => intended,
            // Its namespace is not there yet: what the server would add to it is not known.
            Err(Failure::Refused(status)) if status.reason == "NotFound" => {
                return Ok(Sight { kind: Some(kind), ..Sight::unheard_of(Some(manifest)) });
            }
            // Its version was served when that was last asked.
            Err(failure) if failure.is_no_path() => {
                self.kinds.forget();
                return match self.kind(identity, Some(manifest)).await? {
                    None => Ok(Sight::unheard_of(Some(manifest))),
                    Some(_) => Err(failure.into()),
                };
            }
            Err(failure) if failure.may_be_of_version() => {
                let sight = self.outdated(&kind, identity, manifest).await?;
                let is_about_manifest = failure.is_about_manifest();
                let blind = || match is_about_manifest {
                    true => Blind::Unwelcome(failure),
                    false => failure.into(),
                };
                return sight.ok_or_else(blind);
            }
            Err(failure) if failure.is_about_manifest() => {
                let anew = self.anew(&kind, identity, manifest, &failure).await?;
                return anew.ok_or(Blind::Unwelcome(failure));
            }
            Err(failure) => return Err(failure.into()),
        };
        // Who would be made is not there.
        let object = match intended.status {
            http::StatusCode::CREATED => None,
            _ => match beside.filter(|beside| is_no_older(&intended.body, beside)) {
                Some(beside) => Some(beside),
                None => no_older_than(&intended.body, || self.read(&kind, identity)).await?,
            },
        };
        Ok(Sight::both(kind, object, &intended.body, self.writer))
    }

    /// What would be of an object that the server cannot apply to, because owners of its fields are written
    /// down for a version that is gone; `None`: that is not why. What would be is tried under another name.
    async fn outdated(
        self,
        kind: &Kind,
        identity: &Identity,
        manifest: &Json,
    ) -> Result<Option<Sight>, Blind> {
        let Some(object) = self.read(kind, identity).await? else { return Ok(None) };
        let served = self.kinds.served(identity);
        let migration = takeover::migration(&object, &kind.api_version, &served);
        if migration.is_none() {
            return Ok(None);
        }
        let made = replace::make(self, kind, identity, manifest).await?;
        let why = || {
            let versions = takeover::versions(&object).join(", ");
            format!("its fields are written down for {versions}, and not all of that is served")
        };
        let made = made.ok_or_else(|| Blind::Misplaced(why()))?;
        let sight = Sight::both(kind.clone(), Some(object), &made, self.writer);
        Ok(Some(Sight { migration, ..sight }))
    }

    /// What would be if the object were made anew, where its manifest asks for that.
    async fn anew(
        self,
        kind: &Kind,
        identity: &Identity,
        manifest: &Json,
        failure: &Failure,
    ) -> Result<Option<Sight>, Failure> {
        let Failure::Refused(status) = failure else { return Ok(None) };
        if status.code != 422 || !replace::is_asked(manifest) {
            return Ok(None);
        }
        match self.read(kind, identity).await? {
            Some(object) => replace::look(self, kind, identity, manifest, object, status).await,
            None => Ok(None),
        }
    }

    /// The object alone, if it is there.
    pub(super) async fn glance(
        self,
        identity: &Identity,
        manifest: Option<&Json>,
    ) -> Result<Option<Json>, Blind> {
        match self.kind(identity, manifest).await {
            Ok(Some(kind)) => Ok(self.read(&kind, identity).await?),
            Ok(None) => Ok(None),
            Err(Blind::Unserved(_, object)) => Ok(object.map(|object| *object)),
            Err(blind) => Err(blind),
        }
    }

    async fn read(self, kind: &Kind, identity: &Identity) -> Result<Option<Json>, Failure> {
        let found = self.connection.find(Call::get(kind.path(identity))).await;
        if found.as_ref().is_err_and(Failure::is_no_path) {
            // Its version was served when that was last asked: the next look asks again.
            self.kinds.forget();
        }
        found
    }

    /// Where the API has the object; `None`: the cluster does not know its kind.
    async fn kind(
        self,
        identity: &Identity,
        manifest: Option<&Json>,
    ) -> Result<Option<Kind>, Blind> {
        let version = manifest.and_then(identity::version);
        let kind = match self.kinds.find(self.connection, identity, version).await? {
            Found::Kind(kind) => kind,
            Found::Unknown => return Ok(None),
            Found::Other(kind) => {
                fits(identity, &kind)?;
                let object = self.read(&kind, identity).await?;
                let why = self.kinds.unserved(identity, manifest.unwrap_or(&Json::Null));
                return Err(Blind::Unserved(why, object.map(Box::new)));
            }
            Found::Silent => {
                let why = format!("the server of the API group `{}` is away", identity.group);
                return Err(Blind::Misplaced(why));
            }
        };
        fits(identity, &kind)?;
        Ok(Some(kind))
    }

    /// What the server would make of the object. Nothing is stored.
    pub(super) async fn rehearse(
        self,
        kind: &Kind,
        identity: &Identity,
        manifest: &Json,
    ) -> Result<Answer, Failure> {
        let call = self.apply(kind, identity, manifest.clone(), true).query("dryRun", "All");
        self.connection.inquire(call).await
    }

    /// The request that applies `manifest`. Without `force` it is refused where somebody else has
    /// written another value.
    ///
    /// Fields that the schema does not have are refused in any case. All that a strict validation adds
    /// to an apply is that the text has no key twice, for which the server parses it once more; a map
    /// cannot have one twice.
    pub(super) fn apply(
        self,
        kind: &Kind,
        identity: &Identity,
        manifest: Json,
        force: bool,
    ) -> Call {
        Call::patch(kind.path(identity), APPLY, manifest)
            .on_its_behalf()
            .query("fieldManager", self.writer)
            .query("force", force.to_string())
            .query("fieldValidation", "Ignore")
    }
}

/// What is `found`, which is no older than what was `known` before that was asked: a cache in
/// between, or a server that lags behind, may say what was true once, and drift would be none.
async fn no_older_than<F>(known: &Json, found: impl Fn() -> F) -> Result<Option<Json>, Failure>
where
    F: Future<Output = Result<Option<Json>, Failure>>,
{
    for _ in 0..READS_MAX {
        let object = found().await?;
        if object.as_ref().is_none_or(|object| is_no_older(known, object)) {
            return Ok(object);
        }
    }
    Err(Failure::Lost("what the server says is older than what it said before".to_owned()))
}

/// Whether `object` is as it was when it was `known`, or as it became after that.
fn is_no_older(known: &Json, object: &Json) -> bool {
    let version =
        |object: &Json| identity::metadata(object, "resourceVersion")?.parse::<u64>().ok();
    version(object) >= version(known)
}

fn fits(identity: &Identity, kind: &Kind) -> Result<(), Blind> {
    let why = match (kind.is_namespaced, &identity.namespace) {
        (true, None) => "it has no namespace: set `settings.kubernetes.namespace`",
        (false, Some(_)) => {
            "its kind is not part of a namespace, and it is in one: say `namespace: ''` in its metadata"
        }
        _ => return Ok(()),
    };
    Err(Blind::Misplaced(why.to_owned()))
}

impl Sight {
    /// The cluster does not know the kind yet, or not the namespace: nothing can be there, and
    /// what would be is what the manifest says.
    pub(super) fn unheard_of(manifest: Option<&Json>) -> Self {
        let intended = manifest.map(|manifest| body(&owner::plain(manifest.clone())));
        Self { intended, ..Self::default() }
    }

    /// Nothing is wanted: what is there of ours, or all of it where nothing is.
    fn unwanted(kind: Kind, object: Option<Json>, writer: &str) -> Self {
        let live = object.as_ref().map(|object| {
            let ours = owner::fields_of(object, writer).filter(|fields| !fields.is_empty());
            body(&owner::plain(ours.map_or_else(|| object.clone(), |ours| part(object, &ours))))
        });
        Self { kind: Some(kind), object, live, ..Self::default() }
    }

    pub(super) fn both(kind: Kind, object: Option<Json>, rehearsed: &Json, writer: &str) -> Self {
        let wished = owner::fields_of(rehearsed, writer).unwrap_or_default();
        let intended = owner::plain(part(rehearsed, &wished));
        let side = Self { kind: Some(kind), intended: Some(body(&intended)), ..Self::default() };
        let Some(object) = object else { return side };
        let ours = owner::fields_of(&object, writer).unwrap_or_default();
        let mut live = match takeover::fields(&object, writer) {
            Some(taken) => owner::plain(part(&object, &taken.or(&wished))),
            None => {
                let moved = moved_with_version(&object, rehearsed, writer);
                let ours = ours.or(&wished).or(&moved);
                let outcome = owner::plain(part(rehearsed, &ours));
                given_up(owner::plain(part(&object, &ours)), &outcome, &intended)
            }
        };
        let others = owner::others(&object, writer, &live);
        // What is written down for another version is of no use once that is gone.
        if let Some(version) = owner::version_of(&object, writer) {
            live["apiVersion"] = version.into();
        }
        let live = body(&live);
        let same = side.intended.as_ref().map(Body::content_id) == Some(live.content_id());
        // Of what the manifest says only that counts which the server keeps; what was applied says the
        // keys of list items, too, where a manifest leaves them to the server.
        let kept = owner::with_marks_of(intended, rehearsed);
        let missing = wished.within(&kept).without(&ours);
        let is_ours = missing.is_empty();
        let lost = if same && !is_ours { missing.paths(&kept) } else { Vec::new() };
        Self { object: Some(object), live: Some(live), is_ours, lost, others, ..side }
    }

    /// A text of the object's metadata.
    pub(super) fn metadata(&self, field: &str) -> Option<&str> {
        self.object.as_ref().and_then(|object| identity::metadata(object, field))
    }
}

/// What goes from an object, or is other, because we no longer say it, where what we said is written down for
/// another version of the API: its fields may be others there.
fn moved_with_version(object: &Json, rehearsed: &Json, writer: &str) -> Fields {
    let version = owner::version_of(object, writer);
    let is_same = version.is_none_or(|version| rehearsed["apiVersion"] == version);
    // One that was tried under another name has nothing of what others own.
    if is_same || object["metadata"]["uid"] != rehearsed["metadata"]["uid"] {
        return Fields::default();
    }
    Fields::changed(&owner::plain(object.clone()), &owner::plain(rehearsed.clone()))
}

/// The fields of an object, and always those that say which one it is.
fn part(object: &Json, fields: &Fields) -> Json {
    let mut part = fields.of(object).filter(|_| !fields.is_empty()).unwrap_or_default();
    if !part.is_object() {
        part = Json::Object(serde_json::Map::new());
    }
    for field in ["apiVersion", "kind"] {
        part[field] = object.get(field).cloned().unwrap_or_default();
    }
    for field in ["name", "namespace"] {
        if let Some(value) = identity::metadata(object, field) {
            part["metadata"][field] = value.into();
        }
    }
    part
}

/// `live` without what is no longer ours and stays as it is all the same, because others own it
/// too or because it is the default.
fn given_up(live: Json, outcome: &Json, intended: &Json) -> Json {
    let Json::Object(map) = live else { return live };
    let each =
        map.into_iter().filter_map(|(key, live)| match (outcome.get(&key), intended.get(&key)) {
            (Some(outcome), None) if *outcome == live => None,
            (Some(outcome), Some(intended)) => Some((key, given_up(live, outcome, intended))),
            _ => Some((key, live)),
        });
    Json::Object(each.collect())
}

/// What is ours of an object just after it was applied.
pub(super) fn ours(object: &Json, writer: &str) -> Body {
    let fields = owner::fields_of(object, writer).unwrap_or_default();
    body(&owner::plain(part(object, &fields)))
}

fn body(json: &Json) -> Body {
    Body::new(Format::Yaml, canonical::from_json(json))
}
