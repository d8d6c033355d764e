//! What is there for one component, beside what it wants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::{Value as Json, json};

use super::KubernetesTarget;
use super::coming::Coming;
use super::fields::fingerprint;
use super::health;
use super::identity::Identity;
use super::look::{Blind, Sight, ours};
use super::mark::All;
use super::owner;
use super::truth::{Certain, Rehearsed};
use super::veil::{self, Veil};
use crate::build::{Piece, Rendered};
use crate::ids::{ComponentId, ContentId, ResourceKey};
use crate::keyring::KeyringError;
use crate::model::body::{self, Body, EncodeError};
use crate::model::canonical;
use crate::model::inventory::Inventory;
use crate::model::need::Need;
use crate::model::observation::{
    Compared, Health, Observation, Observed, Owner, STATEFUL_KINDS, Seen,
};
use crate::model::path::FieldPath;
use crate::model::upkeep::{Hands, Upkeep};

/// Objects of one component looked at at a time; the connection has its own bound for all.
const OBJECTS_AT_ONCE: usize = 16;

impl KubernetesTarget {
    /// Looks at every object that is wanted or owned.
    pub(super) async fn look_at_all(
        &self,
        marks: &All,
        component: &ComponentId,
        rendered: Option<&Rendered>,
        owned: &Inventory,
        coming: &Coming<'_>,
    ) -> Observed {
        let nothing = BTreeMap::new();
        let wanted = rendered.map_or(&nothing, Rendered::resources);
        let ours = owned.iter().filter(|(_, owned)| owned.component == *component);
        let keys: BTreeSet<_> = wanted.keys().chain(ours.map(|(key, _)| key)).collect();
        let looks = keys.into_iter().map(|key| {
            let piece = wanted.get(key).map(AsRef::as_ref);
            let wish = piece.zip(rendered.map(Rendered::inputs));
            self.tell((marks, coming), component, key, wish)
        });
        let looks: Vec<_> = looks.collect();
        let told: Vec<_> = stream::iter(looks).buffer_unordered(OBJECTS_AT_ONCE).collect().await;
        let (mut resources, mut healths) = (BTreeMap::new(), BTreeMap::new());
        for (key, seen, health) in told {
            // How something is doing that goes while others stay is nobody's concern.
            let counts = match wanted.get(&key) {
                Some(piece) => !Upkeep::of(piece.body.value()).is_no_matter,
                None => rendered.is_none(),
            };
            healths.extend(health.filter(|_| counts).map(|health| (key.clone(), health)));
            resources.insert(key, seen);
        }
        let partial = resources.values().any(|seen| {
            matches!(seen, Seen::Unreadable { .. } | Seen::Refused { .. } | Seen::Ambiguous { .. })
        });
        let observation = Observation {
            component: component.clone(),
            health: health::worst(&healths),
            resources,
            unwell: healths.into_iter().filter(|(_, health)| health.unwell().is_some()).collect(),
            outputs: BTreeMap::new(),
            artifact: None,
            tools: BTreeMap::new(),
        };
        match partial {
            true => Observed::Partial(observation),
            false => Observed::Complete(observation),
        }
    }

    async fn tell(
        &self,
        (marks, coming): (&All, &Coming<'_>),
        component: &ComponentId,
        key: &ResourceKey,
        wish: Option<(&Piece, ContentId)>,
    ) -> (ResourceKey, Seen, Option<Health>) {
        if let Some((_, inputs)) = wish
            && let Some((seen, health)) = self.know(marks, component, key, inputs)
        {
            return (key.clone(), seen, Some(health));
        }
        let pinned = match wish {
            Some((piece, inputs)) if !piece.made_up.is_empty() => {
                self.pinned(key, piece).await.map(|pinned| Some((pinned, inputs)))
            }
            _ => Ok(None),
        };
        let (seen, health) = match &pinned {
            Ok(Some((piece, inputs))) => {
                self.see((marks, coming), component, key, Some((piece, *inputs))).await
            }
            Ok(None) => self.see((marks, coming), component, key, wish).await,
            Err(told) => told.clone(),
        };
        (key.clone(), seen, health)
    }

    /// What is certain of an object whose component is made of what it was made of before: its
    /// manifest need not even be written out.
    fn know(
        &self,
        marks: &All,
        component: &ComponentId,
        key: &ResourceKey,
        inputs: ContentId,
    ) -> Option<(Seen, Health)> {
        let certain = self.certain(key, self.truths.made_of(key, inputs)?)?;
        let is_ours = marks.owner(key, component) == Owner::This;
        let same = Seen::Same { fingerprint: certain.content };
        certain.health.filter(|_| is_ours).map(|health| (same, health))
    }

    fn certain(&self, key: &ResourceKey, manifest: ContentId) -> Option<Certain> {
        self.truths.certain(key, manifest, self.connection.world().clock.now())
    }

    async fn see(
        &self,
        (marks, coming): (&All, &Coming<'_>),
        component: &ComponentId,
        key: &ResourceKey,
        wish: Option<(&Piece, ContentId)>,
    ) -> (Seen, Option<Health>) {
        let mut identity = match Identity::parse(key) {
            Ok(identity) => identity,
            Err(error) => return unreadable(error.to_string()),
        };
        let piece = wish.map(|(piece, _)| piece);
        identity.has_secrets = piece.is_some_and(|piece| piece.body.value().holds_secret());
        let said = match piece.map(|piece| written(&piece.body)).transpose() {
            Ok(said) => said,
            Err(EncodeError::Unknown(_)) => None,
            Err(error) => return unreadable(error.to_string()),
        };
        let marked = said.map(|said| owner::marked(said, &self.scope, component));
        let content = marked.as_ref().map(fingerprint);
        let certain = content.and_then(|content| self.certain(key, content));
        if let Some(certain) = certain.filter(|_| marks.owner(key, component) == Owner::This) {
            if let (Some(content), Some((_, inputs))) = (content, wish) {
                self.truths.made(key, inputs, content);
            }
            let same = Seen::Same { fingerprint: certain.content };
            let health = match certain.health {
                Some(health) => Ok(health),
                None => self.ask_health(&identity, key, marked.as_ref()).await,
            };
            return match health {
                Ok(health) => (same, Some(health)),
                Err(blind) => unreadable(blind.told(&identity)),
            };
        }
        let hands = piece.map(|piece| Upkeep::of(piece.body.value()).hands).unwrap_or_default();
        if hands != Hands::On
            && let Some(told) = self.glance_at(&identity, key, hands, marked.as_ref()).await
        {
            return told;
        }
        let now = self.connection.now();
        if let Some(intended) = content.and_then(|content| self.truths.absent(key, content, now)) {
            let sight = &Sight { intended: Some(intended), ..Sight::default() };
            let owner = self.owner(marks, component, key, None);
            return (seen(&identity, sight, piece, owner), Some(Health::Missing));
        }
        if let Some(sight) = content.and_then(|content| self.sights.of(key, content))
            && self.is_still(key, &sight)
        {
            let health = self.judge(&identity, key, sight.object.as_ref());
            let owner = self.owner(marks, component, key, sight.object.as_ref());
            return (seen(&identity, &sight, piece, owner), Some(health));
        }
        let sight = match self.ask((&identity, key), component, piece, marked, coming).await {
            Ok(sight) => Arc::new(self.settled(key, sight, content)),
            Err(told) => return told,
        };
        self.remember(&identity, component, key, &sight, content);
        if sight.object.is_none() && piece.is_none() {
            return (Seen::Absent, None);
        }
        let health = self.judge(&identity, key, sight.object.as_ref());
        let owner = self.owner(marks, component, key, sight.object.as_ref());
        let seen = seen(&identity, &sight, piece, owner);
        if let (Some(content), Seen::Compared(_), Some(_)) = (content, &seen, &sight.object) {
            self.sights.keep(key, content, &sight);
        }
        (seen, Some(health))
    }

    /// Asks the server about an object: with what is encrypted in the clear, and nothing of that in what
    /// comes of it. `marked` is the manifest as it is written.
    async fn ask(
        &self,
        (identity, key): (&Identity, &ResourceKey),
        component: &ComponentId,
        piece: Option<&Piece>,
        marked: Option<Json>,
        coming: &Coming<'_>,
    ) -> Result<Sight, (Seen, Option<Health>)> {
        let (veil, marked) = match piece.filter(|_| identity.has_secrets && marked.is_some()) {
            Some(piece) => {
                let veil = self.veil(&piece.body).await;
                let veil = veil.map_err(|error| unreadable(error.to_string()))?;
                let clear = manifest(&veil.clear(&piece.body));
                let clear = clear.map_err(|error| unreadable(error.to_string()))?;
                (Some(veil), Some(owner::marked(clear, &self.scope, component)))
            }
            None => (None, marked),
        };
        let looked = match &marked {
            Some(manifest) if self.truths.uid(key).is_some() => {
                Box::pin(self.eyes().look_again(identity, manifest)).await
            }
            marked => Box::pin(self.eyes().look(identity, marked.as_ref())).await,
        };
        let looked = match looked {
            Err(Blind::Failure(failure)) if failure.is_forbidden() => {
                let sight = self.not_allowed_yet(identity, piece, marked.as_ref(), coming);
                let sight = Box::pin(sight).await;
                sight.ok_or(Blind::Failure(failure))
            }
            looked => looked,
        };
        match looked {
            Ok(sight) => Ok(self.veiled(identity, sight, veil.as_ref())),
            Err(Blind::Unwelcome(failure)) => {
                let reason = failure.words(Some(identity));
                Err((Seen::Refused { reason }, None))
            }
            // The same stack defines its kind, and in this version for all that is known.
            Err(Blind::Unserved(_, None)) if piece.is_some_and(|piece| coming.defines(piece)) => {
                Ok(Sight::unheard_of(marked.as_ref()))
            }
            Err(Blind::Unserved(reason, object)) => {
                let health = object.map(|object| self.judge(identity, key, Some(&object)));
                Err((Seen::Refused { reason }, health))
            }
            Err(blind) => Err(unreadable(blind.told(identity))),
        }
    }

    /// What would be of an object that is not there, where its stack has yet to make the account whose
    /// rights count for it, or what gives that its rights: nobody can ask the server on its behalf.
    async fn not_allowed_yet(
        &self,
        identity: &Identity,
        piece: Option<&Piece>,
        manifest: Option<&Json>,
        coming: &Coming<'_>,
    ) -> Option<Sight> {
        let is_gone = async |identity: &Identity, manifest: Option<&Json>| {
            matches!(self.eyes().glance(identity, manifest).await, Ok(None))
        };
        let needs = piece?.needs.iter().filter(|need| matches!(need, Need::Behalf(_)));
        for giver in needs.flat_map(|need| coming.givers(need)) {
            let giver = Identity::parse(giver).ok()?;
            if is_gone(&giver, None).await && is_gone(identity, manifest).await {
                return Some(Sight::unheard_of(manifest));
            }
        }
        None
    }

    /// What may be seen of both sides of an object.
    pub(super) fn veiled(&self, identity: &Identity, sight: Sight, veil: Option<&Veil>) -> Sight {
        let sight = match veil {
            Some(veil) => veil.over(sight),
            None => sight,
        };
        let over =
            |live: &Body| veil::over_content(live, sight.intended.as_ref(), identity.is_secret());
        let live = sight.live.as_ref().map(over);
        Sight { live, ..sight }
    }

    /// A manifest with secrets, and the same in the clear.
    pub(super) async fn veil(&self, body: &Body) -> Result<Veil, KeyringError> {
        Ok(Veil::new(body.value(), self.keyring.reveal(body.value()).await?))
    }

    /// `piece` with what is there in place of what was made up, if the object is there; or what is to
    /// be told where that cannot be said.
    async fn pinned(
        &self,
        key: &ResourceKey,
        piece: &Piece,
    ) -> Result<Piece, (Seen, Option<Health>)> {
        let identity = Identity::parse(key).map_err(|error| unreadable(error.to_string()))?;
        let manifest = manifest(&piece.body).ok();
        let object = self.eyes().glance(&identity, manifest.as_ref()).await;
        let object = object.map_err(|blind| unreadable(blind.told(&identity)))?;
        let Some(object) = object else { return Ok(piece.clone()) };
        match piece.pinned(&canonical::from_json(&object)) {
            Ok(pinned) => Ok(pinned),
            // Nobody changes anything of it.
            Err(_) if Upkeep::of(piece.body.value()).hands != Hands::On => Ok(piece.clone()),
            Err(unplaced) => {
                let seen = Seen::Ambiguous { reason: unplaced.to_string() };
                Err((seen, Some(self.judge(&identity, key, Some(&object)))))
            }
        }
    }

    /// What is there of an object that is left alone. What would become of it is not asked: the server
    /// may refuse what nobody means to do. `None`: it is not there, and is to be made.
    async fn glance_at(
        &self,
        identity: &Identity,
        key: &ResourceKey,
        hands: Hands,
        manifest: Option<&Json>,
    ) -> Option<(Seen, Option<Health>)> {
        match self.eyes().glance(identity, manifest).await {
            Ok(Some(object)) => {
                let fingerprint = ours(&object, &self.writer).content_id();
                Some((Seen::Same { fingerprint }, Some(self.judge(identity, key, Some(&object)))))
            }
            Ok(None) if hands == Hands::Once => None,
            Ok(None) => Some((Seen::Same { fingerprint: fingerprint(manifest?) }, None)),
            Err(blind) => Some(unreadable(blind.told(identity))),
        }
    }

    /// Whether nothing has happened to an object since it was looked at.
    pub(super) fn is_still(&self, key: &ResourceKey, sight: &Sight) -> bool {
        let version = sight.metadata("resourceVersion");
        version.is_some_and(|version| self.truths.is_still(key, version))
    }

    /// How an object is doing of which all else is certain: one request.
    async fn ask_health(
        &self,
        identity: &Identity,
        key: &ResourceKey,
        manifest: Option<&Json>,
    ) -> Result<Health, Blind> {
        let object = self.eyes().glance(identity, manifest).await?;
        Ok(self.judge(identity, key, object.as_ref()))
    }

    /// How an object is doing, and remembers it.
    pub(super) fn judge(
        &self,
        identity: &Identity,
        key: &ResourceKey,
        object: Option<&Json>,
    ) -> Health {
        let now = self.connection.world().clock.now();
        // They stay until it is remembered: a watch that hears of others has all of it forgotten.
        let rules = self.rules.now();
        let outlook = health::judge(rules.of(identity), identity, object, now);
        self.truths.judge(key, object, &outlook);
        outlook.now
    }

    /// What was seen, with what stays lost taken for ours: it was written once for nothing but that, and is
    /// as it was before. A second time would be one too many, whoever takes it away each time.
    fn settled(&self, key: &ResourceKey, sight: Sight, manifest: Option<ContentId>) -> Sight {
        let (Some(manifest), Some(object)) = (manifest, &sight.object) else { return sight };
        if sight.lost.is_empty() || !self.truths.stays_lost(key, manifest, object) {
            return sight;
        }
        let fields: Vec<_> = sight.lost.iter().map(ToString::to_string).collect();
        let fields = fields.join(", ");
        tracing::info!(resource = %key, fields, "fields that were owned again are lost again, and left");
        Sight { lost: Vec::new(), stays_lost: true, ..sight }
    }

    /// Remembers what was seen, so that it need not be asked again.
    fn remember(
        &self,
        identity: &Identity,
        component: &ComponentId,
        key: &ResourceKey,
        sight: &Sight,
        manifest: Option<ContentId>,
    ) {
        let Some(kind) = &sight.kind else { return };
        self.truths.care(key, component, kind.folder(None));
        self.watches.follow(kind, identity);
        let intended = sight.intended.as_ref().map(Body::content_id);
        if let (Some(manifest), Some(intended)) = (manifest, intended) {
            self.truths.rehearse(key, Rehearsed { manifest, intended });
        }
        let live = sight.live.as_ref().map(Body::content_id);
        let is_ours = sight.is_ours || sight.stays_lost;
        let ours = live.filter(|live| is_ours && Some(*live) == intended);
        self.truths.look(key, sight.object.as_ref(), ours);
        if sight.stays_lost {
            self.truths.distrust(key);
        }
        if let (None, Some(intended)) = (&sight.object, &sight.intended) {
            self.truths.miss(key, self.connection.now(), intended);
        }
    }

    /// Whose the object is: the marks say it, and what is there has to agree.
    pub(super) fn owner(
        &self,
        marks: &All,
        component: &ComponentId,
        key: &ResourceKey,
        object: Option<&Json>,
    ) -> Owner {
        let label = object.and_then(owner::label_of);
        match (marks.owner(key, component), label) {
            (Owner::Foreign(scope), _) => Owner::Foreign(scope),
            (_, Some(label)) if label != owner::label(&self.scope) => {
                Owner::Foreign(label.to_owned())
            }
            // Somebody took our label off: it is no longer ours to delete.
            (_, None) if object.is_some() => Owner::Nobody,
            (marked, _) => marked,
        }
    }
}

fn seen(identity: &Identity, sight: &Sight, piece: Option<&Piece>, owner: Owner) -> Seen {
    let uid = sight.metadata("uid").map(str::to_owned);
    // A value that is not known yet cannot be rehearsed: what would be is what the manifest says.
    let intended = sight.intended.clone().or_else(|| piece.map(|piece| piece.body.clone()));
    if let (Owner::This, Some(live), Some(intended)) = (&owner, &sight.live, &intended)
        && sight.lost.is_empty()
        && live.content_id() == intended.content_id()
    {
        return Seen::Same { fingerprint: intended.content_id() };
    }
    let mut sensitive = piece.map(|piece| piece.sensitive.clone()).unwrap_or_default();
    if identity.is_secret() {
        sensitive.extend(["data", "stringData"].map(|field| FieldPath::root().key(field)));
    }
    Seen::Compared(Box::new(Compared {
        live: sight.live.clone(),
        intended,
        must_replace: sight.must_replace.clone(),
        sensitive,
        // What nobody wants any more has no piece, and what it holds goes with it all the same.
        stateful: STATEFUL_KINDS.contains(&identity.kind.as_str()),
        uid,
        owner,
        lost: sight.lost.clone(),
        writers: writers(&sight.others),
    }))
}

/// By field, everybody else who has written it.
fn writers(others: &[(String, Vec<FieldPath>)]) -> BTreeMap<FieldPath, String> {
    let mut writers = BTreeMap::<_, String>::new();
    for (writer, paths) in others {
        for path in paths {
            let all = writers.entry(path.clone()).or_default();
            if !all.is_empty() {
                all.push_str(", ");
            }
            all.push_str(writer);
        }
    }
    writers
}

/// What of a manifest says which one it is: secrets count as they are named.
fn written(body: &Body) -> Result<Json, EncodeError> {
    match body.value().holds_secret() && !body.value().is_open() {
        true => Ok(canonical::encode(body.value())),
        false => manifest(body),
    }
}

/// What is handed to the server. It never stores `stringData`, so that is turned into what it
/// stores: otherwise nobody could tell later what of it was ours.
pub(super) fn manifest(body: &Body) -> Result<Json, EncodeError> {
    let mut manifest = body::plain(body.value())?;
    let is_secret = manifest["kind"] == "Secret" && manifest["apiVersion"] == "v1";
    let Some(map) = manifest.as_object_mut().filter(|_| is_secret) else { return Ok(manifest) };
    let Some(Json::Object(texts)) = map.shift_remove("stringData") else { return Ok(manifest) };
    let entry = map.entry("data").or_insert_with(|| json!({}));
    if let Some(entries) = entry.as_object_mut() {
        for (key, value) in texts {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            entries.insert(key, json!(k8s_openapi::ByteString(text.into_bytes())));
        }
    }
    Ok(manifest)
}

fn unreadable(reason: String) -> (Seen, Option<Health>) {
    let health = Health::Unknown(reason.clone());
    (Seen::Unreadable { reason }, Some(health))
}
