//! One change to one object: look, check, write over exactly what was looked at.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::KubernetesTarget;
use super::connection::{Call, Failure};
use super::identity::Identity;
use super::kinds::{Found, Kind, PAUSE};
use super::look::{Blind, Sight, ours};
use super::observe::manifest;
use super::turns::Turn;
use super::veil::{self, Veil};
use super::{identity, owner, takeover};
use crate::backends::beside::beside;
use crate::backends::{After, StepError};
use crate::keyring::KeyringError;
use crate::model::body::Body;
use crate::model::canonical;
use crate::model::change::{Action, Change};
use crate::model::observation::{Health, Owner};
use crate::model::path::FieldPath;
use crate::model::plan::Effect;
use crate::store::Lease;

/// Longest time for one request that changes something: as long as the server gives an admission
/// webhook.
const WRITE_TIME_MAX: Duration = Duration::from_secs(30);

/// What a request gets at least, and what is left of the lease when it has ended. A lease that is
/// renewed in time has never less than a third of three seconds.
const WRITE_TIME_MIN: Duration = Duration::from_millis(500);
const MARGIN: Duration = Duration::from_millis(250);

/// How often an object is looked at again that was written by somebody else in between: a
/// Deployment that rolls out is written some ten times a second.
const TRIES: u32 = 10;

/// How long to wait for an object to be gone, and between two looks. What waits longer waits for
/// a finalizer: the engine tries again.
const GONE_TIME: Duration = Duration::from_secs(10);
const GONE_PAUSE: Duration = Duration::from_millis(100);

/// How long to leave a server alone that does not know a namespace or a kind yet.
const NOT_THERE: Duration = Duration::from_millis(500);

/// How long a definition may take to be established: several API servers take five seconds to
/// tell each other.
const ESTABLISHED_TIME: Duration = Duration::from_secs(10);

/// One change, and what it is about.
struct Job<'a> {
    target: &'a KubernetesTarget,
    lease: &'a Lease,
    turn: &'a Turn,
    /// All that is done in the same run.
    effect: &'a Effect,
    change: &'a Change,
    identity: Identity,
    /// What may not be seen of what it is to hold.
    veil: Option<Veil>,
}

impl KubernetesTarget {
    /// How long a request may take that begins now: the lease has to outlive it.
    pub(super) fn write_time(&self, lease: &Lease) -> Result<Duration, StepError> {
        let clock = self.connection.world().clock.as_ref();
        lease
            .check(clock, WRITE_TIME_MIN + MARGIN)
            .map_err(|lost| StepError::refused(lost.to_string()))?;
        Ok(lease.left(clock).saturating_sub(MARGIN).min(WRITE_TIME_MAX))
    }

    /// The same for a request whose turn it is.
    pub(super) fn time_left(&self, lease: &Lease) -> Result<Duration, Failure> {
        self.write_time(lease).map_err(|error| Failure::Late(error.reason))
    }

    /// Does one change.
    pub(super) async fn change(
        &self,
        lease: &Lease,
        turn: &Turn,
        effect: &Effect,
        change: &Change,
    ) -> Result<After, StepError> {
        self.write_time(lease)?;
        let marks = self.marks.known(&self.connection).await?;
        marks.fence(&self.scope, lease)?;
        let mut identity = Identity::parse(&change.resource)
            .map_err(|error| StepError::refused(error.to_string()))?;
        let body = change.intended.as_ref().filter(|body| body.value().holds_secret());
        identity.has_secrets = body.is_some();
        let veil = match body {
            Some(body) => Some(self.veil(body).await.map_err(|error| match error {
                KeyringError::Gone => StepError::stale(error.to_string()),
                error => StepError::refused(error.to_string()),
            })?),
            None => None,
        };
        let job = Job { target: self, lease, turn, effect, change, identity, veil };
        match &change.action {
            Action::Create => job.create().await,
            Action::Update | Action::Adopt => job.update().await,
            Action::Move { .. } => job.update().await,
            Action::Delete => job.take_away(None).await,
            Action::Replace => job.replace().await,
            Action::Forget => job.forget().await,
            Action::Keep => job.after(&job.look(None).await?),
        }
    }
}

impl Job<'_> {
    async fn create(&self) -> Result<After, StepError> {
        self.marked_as_ours(None).await?;
        let manifest = self.manifest()?;
        let kind = self.kind(&manifest).await?;
        let eyes = self.target.eyes();
        let has_account = owner::account(&manifest).is_some();
        let call = eyes.apply(&kind, &self.identity, manifest, false);
        let answer = match self.send(call).await {
            Err(Failure::Refused(status)) if status.code == 409 => {
                let why = format!("{} is there by now: {}", self.identity, status.message);
                return Err(StepError::stale(why));
            }
            // Its namespace or its kind is being made, and not every server knows that yet.
            Err(failure @ Failure::Refused(_)) if failure.is_not_found() => {
                return Err(StepError::retry_after(NOT_THERE, failure.told(Some(&self.identity))));
            }
            // The same run gives an account its rights, and not every server knows that yet.
            Err(failure) if has_account && failure.is_forbidden() && self.gives_rights() => {
                return Err(StepError::retry_after(NOT_THERE, failure.told(Some(&self.identity))));
            }
            other => other.map_err(|failure| self.failed(failure))?,
        };
        self.established(&kind).await?;
        // Applying over what others have made changes none of their fields, and is not what was
        // planned.
        if answer.status == http::StatusCode::OK
            && !owner::others(&answer.body, &self.target.writer, &answer.body).is_empty()
        {
            return Err(StepError::stale(format!("{} was made by somebody else", self.identity)));
        }
        Ok(self.made(&answer.body))
    }

    /// Waits until objects of the kind that was defined just now can be made.
    async fn established(&self, kind: &Kind) -> Result<(), StepError> {
        if !self.identity.is_definition() {
            return Ok(());
        }
        let start = self.target.connection.now();
        loop {
            let sight = self.target.connection.find(Call::get(kind.path(&self.identity))).await;
            let definition = sight.map_err(|failure| self.failed(failure))?;
            if definition.is_some_and(|definition| is_established(&definition)) {
                self.target.kinds.forget();
                return Ok(());
            }
            if self.target.connection.now() > start + ESTABLISHED_TIME {
                let why = format!("{} is not established yet", self.identity);
                return Err(StepError::retry_after(NOT_THERE, why));
            }
            self.target.connection.world().clock.sleep(GONE_PAUSE).await;
        }
    }

    async fn update(&self) -> Result<After, StepError> {
        let intended = self.change.intended.as_ref();
        let wanted = intended.ok_or_else(|| self.stale("nothing says what it is to hold"))?;
        let manifest = self.manifest()?;
        let (key, target) = (&self.change.resource, self.target);
        let mut kept = target.sights.take(key).filter(|sight| target.is_still(key, sight));
        let mut found = None;
        for _ in 0..TRIES {
            let sight = match kept.take() {
                Some(sight) => sight,
                None => self.look(Some(&manifest)).await?.into(),
            };
            let (Some(object), Some(kind)) = (&sight.object, &sight.kind) else {
                return Err(self.stale("it is gone"));
            };
            self.marked_as_ours(Some(object)).await?;
            if self.is_done(&sight) {
                return self.after(&sight);
            }
            self.check(&sight, Some(wanted))?;
            let before = found.get_or_insert_with(|| sight.clone()).object.as_ref();
            let writer = &self.target.writer;
            let patch = (sight.migration.clone())
                .or_else(|| takeover::patch(object, writer))
                .or_else(|| takeover::first(object, writer));
            if let Some(patch) = patch {
                let form = "application/json-patch+json";
                let call = Call::patch(kind.path(&self.identity), form, patch);
                match self.send(call.on_behalf_of(&manifest)).await {
                    // Only now the server can say what becomes of what is ours: look again.
                    Ok(_) => continue,
                    Err(Failure::Refused(status)) if status.code == 409 => continue,
                    Err(failure) => return Err(self.failed(failure)),
                }
            }
            let mut manifest = manifest.clone();
            for field in ["uid", "resourceVersion"] {
                manifest["metadata"][field] = sight.metadata(field).unwrap_or_default().into();
            }
            // Where nothing is shown to change, nobody has another value, and if so, keeps it.
            let force = !self.only_owns();
            let call = self.target.eyes().apply(kind, &self.identity, manifest, force);
            match self.send(call).await {
                Ok(answer) => return Ok(self.updated(before, &answer.body)),
                Err(failure) if failure.is_conflict() => return Err(self.failed(failure)),
                // Somebody has written it since it was looked at.
                Err(Failure::Refused(status)) if status.code == 409 => {}
                Err(failure) => return Err(self.failed(failure)),
            }
        }
        Err(self.busy())
    }

    /// What cannot change in place goes, once the server has said again that it would be made
    /// anew, and is made. One that is gone already is only made.
    async fn replace(&self) -> Result<After, StepError> {
        let manifest = self.manifest()?;
        self.take_away(Some(&manifest)).await?;
        self.create().await
    }

    /// Deletes the object, and waits until it is gone. `manifest` is what is to take its place.
    async fn take_away(&self, manifest: Option<&Json>) -> Result<After, StepError> {
        let mut asked: Option<String> = None;
        let start = self.target.connection.now();
        loop {
            let sight = self.look(manifest.filter(|_| asked.is_none())).await?;
            let uid = sight.metadata("uid").map(str::to_owned);
            let (Some(object), Some(kind)) = (&sight.object, &sight.kind) else {
                return self.after(&sight);
            };
            if asked.is_some() && asked != uid {
                return Ok(self.gone());
            }
            if asked.is_none() {
                self.marked_as_ours(Some(object)).await?;
                if manifest.is_some() && sight.must_replace.is_empty() {
                    return Err(self.stale("it can change in place by now"));
                }
                self.check(&sight, self.change.intended.as_ref())?;
                let version = sight.metadata("resourceVersion");
                let options = json!({
                    "propagationPolicy": "Background",
                    "preconditions": {"uid": uid, "resourceVersion": version},
                });
                let call = Call::delete(kind.path(&self.identity), options);
                match self.send(call.on_behalf_of(object)).await {
                    Ok(_) => asked = uid,
                    Err(Failure::Refused(status)) if status.reason == "NotFound" => continue,
                    Err(Failure::Refused(status)) if status.code == 409 => {}
                    Err(failure) => return Err(self.failed(failure)),
                }
            }
            if self.target.connection.now() > start + GONE_TIME {
                let finalizers = &object["metadata"]["finalizers"];
                let why = format!("{} is going, and waits for {finalizers}", self.identity);
                return Err(StepError::retry_after(GONE_TIME, why));
            }
            self.target.connection.world().clock.sleep(GONE_PAUSE).await;
        }
    }

    /// Takes our marks off the object. All else stays as it is.
    async fn forget(&self) -> Result<After, StepError> {
        let sight = self.look(None).await?;
        let (Some(object), Some(kind)) = (&sight.object, &sight.kind) else {
            return self.after(&sight);
        };
        if owner::label_of(object) != Some(&owner::label(&self.target.scope)) {
            return self.after(&sight);
        }
        let form = "application/merge-patch+json";
        let call = Call::patch(kind.path(&self.identity), form, owner::unmarked())
            .on_behalf_of(object)
            .query("fieldManager", self.target.writer.as_str());
        match self.send(call).await {
            Ok(_) => self.after(&sight),
            Err(Failure::Refused(status)) if status.reason == "NotFound" => self.after(&sight),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    /// Refuses what our marks do not name, and what carries somebody else's.
    async fn marked_as_ours(&self, object: Option<&Json>) -> Result<(), StepError> {
        let (target, change) = (self.target, self.change);
        let owner = async |fresh: bool| {
            let marks = match fresh {
                true => target.marks.read(&target.connection).await?,
                false => target.marks.known(&target.connection).await?,
            };
            let by_marks = marks.owner(&change.resource, &change.component);
            let label = object.and_then(owner::label_of);
            let is_foreign = label.is_some_and(|label| label != owner::label(&target.scope));
            Ok::<_, StepError>(match (by_marks, label) {
                (_, Some(label)) if is_foreign => Owner::Foreign(label.to_owned()),
                (Owner::This, None) if object.is_some() && change.action.is_destructive() => {
                    Owner::Nobody
                }
                (owner, _) => owner,
            })
        };
        let mut found = owner(false).await?;
        if found != Owner::This {
            found = owner(true).await?;
        }
        match found {
            Owner::This => Ok(()),
            Owner::Nobody if change.action.is_destructive() => {
                Err(self.stale("it does not say any more that it is ours"))
            }
            Owner::Nobody => Err(StepError::refused(format!(
                "{} is not in the mark: it comes first",
                self.identity
            ))),
            Owner::Other(id) => Err(self.stale(&format!("it belongs to {id} by now"))),
            Owner::Foreign(owner) => Err(self.stale(&format!("it belongs to {owner}"))),
        }
    }

    /// Whether the object is the one the plan was made on: with exactly the values it was shown
    /// with, and nothing else that writing it would change.
    fn check(&self, sight: &Sight, wanted: Option<&Body>) -> Result<(), StepError> {
        let Change { precondition, fields, .. } = self.change;
        let live = sight.live.as_ref();
        if !precondition.exists && live.is_some() {
            return Err(self.stale("it is there by now"));
        }
        if let (Some(planned), Some(uid)) = (&precondition.uid, sight.metadata("uid"))
            && planned != uid
        {
            return Err(self.stale("another object has its name by now"));
        }
        for (path, planned) in &precondition.fields {
            let of = |body: &Body| path.find(body.value()).map(canonical::content_id);
            let found = live.and_then(of);
            // What is ours may be written down for the version that is wanted by now.
            let has_moved =
                || *path == FieldPath::root().key("apiVersion") && found == wanted.and_then(of);
            if found != *planned && !has_moved() {
                return Err(self.stale(&format!("`{path}` has changed since the plan was made")));
            }
        }
        let (Some(live), Some(wanted), Some(outcome)) = (live, wanted, &sight.intended) else {
            return Ok(());
        };
        if outcome.content_id() != wanted.content_id() {
            return Err(self.stale("the server would make something else of it by now"));
        }
        let shown: Vec<&FieldPath> = fields.iter().map(|field| &field.path).collect();
        match beside(live.value(), outcome.value(), &shown) {
            None => Ok(()),
            Some(path) => Err(self.stale(&format!(
                "`{path}` has changed since the plan was made, and is not part of it"
            ))),
        }
    }

    /// Whether the object is only written to be ours: it holds what it is to.
    fn only_owns(&self) -> bool {
        self.change.action == Action::Update && self.change.fields.is_empty()
    }

    /// Whether the object has what it is to have, and says whose it is.
    fn is_done(&self, sight: &Sight) -> bool {
        let same = match (&sight.live, &sight.intended) {
            (Some(live), Some(intended)) => live.content_id() == intended.content_id(),
            _ => false,
        };
        let component = self.change.component.to_string();
        let object = sight.object.as_ref();
        let label = object.and_then(owner::label_of);
        let named = object.and_then(owner::component_of);
        let marked = label == Some(&owner::label(&self.target.scope)) && named == Some(&component);
        same && marked
            && sight.lost.is_empty()
            && object.is_some_and(|object| owner::fields_of(object, &self.target.writer).is_some())
    }

    fn manifest(&self) -> Result<Json, StepError> {
        let intended = self.change.intended.as_ref();
        let intended = intended.ok_or_else(|| self.stale("nothing says what it is to hold"))?;
        let clear = self.veil.as_ref().map(|veil| veil.clear(intended));
        let manifest = manifest(clear.as_ref().unwrap_or(intended))
            .map_err(|error| StepError::refused(format!("{}: {error}", self.identity)))?;
        Ok(owner::marked(manifest, &self.target.scope, &self.change.component))
    }

    async fn kind(&self, manifest: &Json) -> Result<Kind, StepError> {
        let (target, version) = (self.target, identity::version(manifest));
        let found = target.kinds.find(&target.connection, &self.identity, version).await;
        let why = || format!("{}: the cluster does not know its kind", self.identity);
        match found.map_err(|failure| failure.into_step(Some(&self.identity)))? {
            Found::Kind(kind) => Ok(kind),
            Found::Unknown | Found::Other(_) if self.is_defined_now() => {
                Err(StepError::retry_after(PAUSE, why()))
            }
            Found::Other(_) => {
                let why = target.kinds.unserved(&self.identity, manifest);
                Err(StepError::refused(format!("{}: {why}", self.identity)))
            }
            Found::Unknown | Found::Silent => Err(StepError::refused(why())),
        }
    }

    /// Whether the same run makes or changes a definition in its group, which is called
    /// `<plural>.<group>`: a server tells of a kind a moment after that.
    fn is_defined_now(&self) -> bool {
        self.made_now().any(|made| {
            let group = made.name.split_once('.').map(|(_, group)| group);
            made.is_definition() && group == Some(&self.identity.group)
        })
    }

    /// Whether the same run changes what somebody may do.
    fn gives_rights(&self) -> bool {
        self.made_now().any(|made| made.group == "rbac.authorization.k8s.io")
    }

    /// All that the same run makes or changes.
    fn made_now(&self) -> impl Iterator<Item = Identity> {
        let made = self.effect.changes.iter().filter(|change| change.intended.is_some());
        made.flat_map(|change| Identity::parse(&change.resource))
    }

    async fn look(&self, manifest: Option<&Json>) -> Result<Sight, StepError> {
        let eyes = self.target.eyes();
        // Whoever looks before a write of something takes it to be there.
        let sight = match manifest {
            Some(manifest) => Box::pin(eyes.look_again(&self.identity, manifest)).await,
            None => Box::pin(eyes.look(&self.identity, None)).await,
        };
        let sight = sight.map_err(|blind| match blind {
            Blind::Failure(failure) | Blind::Unwelcome(failure) => self.failed(failure),
            Blind::Misplaced(why) | Blind::Unserved(why, _) => {
                StepError::refused(format!("{}: {why}", self.identity))
            }
        })?;
        Ok(self.target.veiled(&self.identity, sight, self.veil.as_ref()))
    }

    async fn send(&self, call: Call) -> Result<super::connection::Answer, Failure> {
        let time = || self.target.time_left(self.lease);
        self.target.connection.send(call.under(self.lease), self.turn.clone(), time).await
    }

    /// The object is as the server says it is now.
    fn made(&self, object: &Json) -> After {
        let mut live = ours(object, &self.target.writer);
        if let Some(veil) = &self.veil {
            live = veil.over_made(&live);
        }
        let wanted = self.change.intended.as_ref();
        live = veil::over_content(&live, wanted, self.identity.is_secret());
        self.target.truths.look(&self.change.resource, Some(object), Some(live.content_id()));
        After {
            resource: self.change.resource.clone(),
            live: Some(live),
            uid: identity::metadata(object, "uid").map(str::to_owned),
            health: self.judge(object),
        }
    }

    /// The same of what was there before.
    fn updated(&self, before: Option<&Json>, object: &Json) -> After {
        let (truths, key) = (&self.target.truths, &self.change.resource);
        let before = before.filter(|_| self.only_owns());
        truths.own_again(key, before);
        let made = self.made(object);
        let written = |object| owner::written(object, &self.target.writer);
        if before.is_some_and(|before| written(before) == written(object)) {
            truths.distrust(key);
        }
        made
    }

    fn gone(&self) -> After {
        let resource = self.change.resource.clone();
        After { resource, live: None, uid: None, health: Health::Healthy }
    }

    fn judge(&self, object: &Json) -> Health {
        self.target.judge(&self.identity, &self.change.resource, Some(object))
    }

    fn after(&self, sight: &Sight) -> Result<After, StepError> {
        let uid = sight.metadata("uid").map(str::to_owned);
        let health = match &sight.object {
            Some(object) => self.judge(object),
            None => Health::Healthy,
        };
        Ok(After { resource: self.change.resource.clone(), live: sight.live.clone(), uid, health })
    }

    fn failed(&self, failure: Failure) -> StepError {
        failure.into_step(Some(&self.identity))
    }

    fn stale(&self, why: &str) -> StepError {
        StepError::stale(format!("{}: {why}", self.identity))
    }

    fn busy(&self) -> StepError {
        let why = format!("{}: somebody else writes it all the time", self.identity);
        StepError::retry_after(Duration::from_secs(1), why)
    }
}

fn is_established(definition: &Json) -> bool {
    let conditions = definition["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|condition| condition["type"] == "Established" && condition["status"] == "True")
}
