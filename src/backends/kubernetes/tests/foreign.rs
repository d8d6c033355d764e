//! Whatever others write, what counts as certain is what the server says as well.

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::applied::{Applied, NOTICE_MAX, identity};
use super::place::Corner;
use super::variable;
use crate::backends::Disposition;
use crate::backends::fixture::{body, component, scope};
use crate::backends::kubernetes::connection::Call;
use crate::backends::kubernetes::fields::fingerprint;
use crate::backends::kubernetes::identity::Identity;
use crate::backends::kubernetes::kinds::Kind;
use crate::backends::kubernetes::look::{APPLY, Blind, Sight};
use crate::backends::kubernetes::owner;
use crate::backends::kubernetes::truth::{Rehearsed, Truths};
use crate::ids::{ContentId, ResourceKey};
use crate::model::body::Body;
use crate::model::change::{Action, Cause, Change, Precondition, Risk};

/// Edits in the gate, the same each time; `scripts/edits` asks for more by `ISOBAR_EDITS`, and by
/// `ISOBAR_SEED` for others.
const EDITS: usize = 60;
const SEED: u64 = 1;

/// What others write: to which kind, in which form, and what. `$s` is one of a few texts, `$n` one
/// of a few numbers, so that the value that is there comes up as well.
const FOREIGN: &[(&str, &str, &str)] = &[
    ("", "merge", r#"{"metadata": {"labels": {"tier": "$s"}}}"#),
    ("", "merge", r#"{"metadata": {"labels": {"tier": null}}}"#),
    ("", "merge", r#"{"metadata": {"labels": {"other": "$s"}}}"#),
    ("", "merge", r#"{"metadata": {"annotations": {"note": "$s"}}}"#),
    ("", "json", r#"[{"op": "add", "path": "/metadata/labels/tier", "value": "$s"}]"#),
    ("", "json", r#"[{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]"#),
    ("", "apply", r#"{"metadata": {"labels": {"tier": "$s"}}}"#),
    ("", "force", r#"{"metadata": {"labels": {"tier": "$s"}}}"#),
    ("", "force", r#"{"metadata": {"annotations": {"note": "$s"}}}"#),
    ("ConfigMap", "merge", r#"{"data": {"size": "$s"}}"#),
    ("ConfigMap", "merge", r#"{"data": {"more": "$s"}}"#),
    ("ConfigMap", "merge", r#"{"data": {"size": null}}"#),
    ("ConfigMap", "force", r#"{"data": {"size": "$s", "more": "$s"}}"#),
    ("ConfigMap", "apply", r#"{"data": {"size": "$s"}}"#),
    ("Secret", "merge", r#"{"data": {"key": "eA=="}}"#),
    ("Secret", "merge", r#"{"stringData": {"key": "$s"}}"#),
    ("Service", "merge", r#"{"spec": {"ports": [{"name": "one", "port": 80}]}}"#),
    ("Service", "json", r#"[{"op": "replace", "path": "/spec/ports/0/port", "value": $n}]"#),
    ("Service", "json", r#"[{"op": "move", "from": "/spec/ports/0", "path": "/spec/ports/1"}]"#),
    ("Service", "strategic", r#"{"spec": {"ports": [{"port": 99, "name": "more"}]}}"#),
    ("Service", "merge", r#"{"spec": {"sessionAffinity": "ClientIP"}}"#),
    ("Deployment", "merge", r#"{"spec": {"replicas": $n}}"#),
    ("Deployment", "scale", r#"{"spec": {"replicas": $n}}"#),
    ("Deployment", "status", r#"{"status": {"observedGeneration": $n}}"#),
    ("Deployment", "merge", r#"{"spec": {"minReadySeconds": $n}}"#),
    ("Deployment", "merge", r#"{"spec": {"paused": true}}"#),
    (
        "Deployment",
        "strategic",
        r#"{"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "$s"}]}}}}"#,
    ),
    (
        "Deployment",
        "strategic",
        r#"{"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "$s"}]}}}}"#,
    ),
    (
        "Deployment",
        "strategic",
        r#"{"spec": {"template": {"spec": {"containers": [{"name": "web",
            "env": [{"name": "LEVEL", "value": "$s"}, {"name": "MORE", "value": "$s"}]}]}}}}"#,
    ),
    (
        "Deployment",
        "json",
        r#"[{"op": "move", "from": "/spec/template/spec/containers/0",
            "path": "/spec/template/spec/containers/1"}]"#,
    ),
    (
        "Deployment",
        "json",
        r#"[{"op": "remove", "path": "/spec/template/spec/containers/0/env/0"}]"#,
    ),
    (
        "Deployment",
        "force",
        r#"{"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "$s"}]}}}}"#,
    ),
    (
        "Deployment",
        "apply",
        r#"{"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web"}]}}}}"#,
    ),
    ("Role", "merge", r#"{"rules": [{"apiGroups": [""], "resources": ["$s"], "verbs": ["get"]}]}"#),
    ("Role", "json", r#"[{"op": "replace", "path": "/rules/0/verbs/0", "value": "$s"}]"#),
    ("Ingress", "merge", r#"{"spec": {"rules": [{"host": "$s"}]}}"#),
    ("Ingress", "merge", r#"{"spec": {"ingressClassName": "$s"}}"#),
    ("Ingress", "status", r#"{"status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.$n"}]}}}"#),
];

fn manifests(namespace: &str) -> [Json; 6] {
    let metadata = json!({"name": "x", "namespace": namespace, "labels": {"tier": "web"}});
    let container = |name: &str| {
        json!({"name": name, "image": "web", "env": [
            {"name": "LEVEL", "value": "web"}, {"name": "SIZE", "value": "3"},
        ]})
    };
    [
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata,
               "data": {"size": "web"}}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata,
               "data": {"key": "d2Vi"}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata,
        "spec": {"clusterIP": "None", "ports": [
            {"name": "one", "port": 80}, {"name": "two", "port": 81},
        ]}}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
               "spec": {"selector": {"matchLabels": {"app": "x"}},
                        "template": {"metadata": {"labels": {"app": "x"}},
                                     "spec": {"containers": [container("web"), container("b")]}}}}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata,
               "rules": [{"apiGroups": [""], "resources": ["web"], "verbs": ["get", "list"]}]}),
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata,
               "spec": {"defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}}}),
    ]
}

/// One object, and what is known of it.
struct Subject {
    key: ResourceKey,
    identity: Identity,
    manifest: Json,
    kind: Kind,
    path: String,
    truths: Truths,
}

impl Subject {
    async fn new(applied: &Applied, manifest: &Json) -> Self {
        let key = identity(manifest);
        let identity = Identity::parse(&key).unwrap();
        let manifest = owner::marked(manifest.clone(), &scope("one"), &component("a"));
        let sight = applied.target.eyes().look(&identity, Some(&manifest)).await.unwrap();
        let kind = sight.kind.clone().unwrap();
        let path = kind.path(&identity);
        let truths = Truths::new(owner::writer(&scope("one")));
        let subject = Self { key, identity, manifest, kind, path, truths };
        subject.truths.care(&subject.key, &component("a"), "folder".to_owned());
        subject.learn(&sight);
        subject.truths.follow("folder", &[subject.key.clone()].into());
        subject
    }

    /// `None`: the server does not take what is wanted beside what others have written.
    async fn look(&self, applied: &Applied) -> Option<Sight> {
        match applied.target.eyes().look(&self.identity, Some(&self.manifest)).await {
            Ok(sight) => Some(sight),
            Err(Blind::Unwelcome(_)) => None,
            Err(blind) => panic!("{blind:?}"),
        }
    }

    fn wanted(&self) -> ContentId {
        fingerprint(&self.manifest)
    }

    fn learn(&self, sight: &Sight) {
        let content = |body: &Body| body.content_id();
        let intended = sight.intended.as_ref().map(content).unwrap();
        self.truths.rehearse(&self.key, Rehearsed { manifest: self.wanted(), intended });
        let live = sight.live.as_ref().map(content);
        let ours = live.filter(|live| sight.is_ours && *live == intended);
        self.truths.look(&self.key, sight.object.as_ref(), ours);
    }

    /// Somebody else writes something. What the server refuses is no edit.
    async fn edited(&self, corner: &Corner, rng: &mut Rng) -> String {
        let kind = &self.identity.kind;
        let fitting: Vec<_> =
            FOREIGN.iter().filter(|(of, ..)| of.is_empty() || of == kind).collect();
        let (_, form, text) = rng.choice(fitting).unwrap();
        let text = text.replace("$s", rng.choice(["web", "a", "b", "3"]).unwrap());
        let text = text.replace("$n", rng.choice(["0", "1", "80", "81"]).unwrap());
        let mut edit: Json = serde_json::from_str(&text).unwrap();
        let (mut path, mut media) = (self.path.clone(), "application/merge-patch+json");
        match *form {
            "json" => media = "application/json-patch+json",
            "strategic" => media = "application/strategic-merge-patch+json",
            "scale" | "status" => path = format!("{path}/{form}"),
            "apply" | "force" => {
                media = APPLY;
                edit["apiVersion"] = self.manifest["apiVersion"].clone();
                edit["kind"] = self.manifest["kind"].clone();
                edit["metadata"]["name"] = "x".into();
            }
            _ => {}
        }
        let writer = *rng.choice(&["ann", "ben"]).unwrap();
        let call = Call::patch(path, media, edit).query("fieldManager", writer);
        let call = if *form == "force" { call.query("force", "true") } else { call };
        let refused = corner.send(call).await.is_err();
        format!("{kind}: {writer} {form} {text}{}", if refused { " (refused)" } else { "" })
    }

    /// Has what is as it should be, and not ours any more, owned again, as a plan has it.
    async fn own_again(&self, applied: &Applied, sight: &Sight) {
        let uid = sight.metadata("uid").map(str::to_owned);
        let own = Change {
            component: component("a"),
            resource: self.key.clone(),
            action: Action::Update,
            risk: Risk::Reversible,
            cause: Cause::Drift,
            fields: Vec::new(),
            intended: sight.intended.clone(),
            precondition: Precondition { uid, exists: true, ..Precondition::default() },
        };
        // Where a controller writes the status faster than that can be written, a run tries again.
        let owned = async {
            while let Err(error) = applied.apply(own.clone()).await {
                assert!(matches!(error.disposition, Disposition::RetryAfter(_)), "{error:?}");
            }
        };
        tokio::time::timeout(NOTICE_MAX, owned).await.expect("it is owned");
        let sight = self.look(applied).await.unwrap();
        assert!(sight.is_ours && sight.lost.is_empty(), "{:#}", sight.object.unwrap());
        self.learn(&sight);
        assert!(
            self.truths.certain(&self.key, self.wanted(), Timestamp::UNIX_EPOCH).is_some(),
            "{}",
            self.identity
        );
    }

    /// Makes it what is wanted, or anew where an apply cannot: the order of a list stays.
    async fn put_back(&self, applied: &Applied, corner: &Corner) {
        for again in [false, true] {
            if again {
                corner.send(Call::delete(self.path.clone(), json!({}))).await.unwrap();
            }
            let eyes = applied.target.eyes();
            let call = eyes.apply(&self.kind, &self.identity, self.manifest.clone(), true);
            if corner.send(call).await.is_err() {
                continue;
            }
            self.learn(&self.look(applied).await.unwrap());
            if self.truths.certain(&self.key, self.wanted(), Timestamp::UNIX_EPOCH).is_some() {
                return;
            }
        }
        panic!("{} cannot be put back", self.identity);
    }
}

/// What is certain is as the server says. What is not is looked at once too often at worst.
#[tokio::test]
#[expect(clippy::print_stdout, reason = "what it was tried with is worth a line")]
async fn nobody_can_change_what_is_ours_without_a_trace() {
    let Some(corner) = Corner::new().await else { return };
    let number = |name, default| variable(name).map_or(default, |text| text.parse().unwrap());
    let (edits, seed) = (number("ISOBAR_EDITS", EDITS as u64), number("ISOBAR_SEED", SEED));
    let manifests = manifests(&corner.namespace);
    let applied = Applied::new(&corner, &manifests).await;
    let mut subjects = Vec::new();
    for manifest in &manifests {
        assert!(!body(manifest).value().is_open());
        subjects.push(Subject::new(&applied, manifest).await);
    }
    let mut rng = Rng::with_seed(seed);
    let (mut certain, mut changed, mut needless, mut lost) = (0, 0, 0, 0);
    for number in 0..edits {
        let subject = rng.choice(&subjects).unwrap();
        let edit = subject.edited(&corner, &mut rng).await;
        let object = corner.get(subject.path.clone()).await.unwrap();
        subject.truths.tell(&subject.key, Some(&object), None);
        let is_certain =
            subject.truths.certain(&subject.key, subject.wanted(), Timestamp::UNIX_EPOCH).is_some();
        let sight = subject.look(&applied).await;
        let sides = sight.as_ref().map(|sight| (&sight.live, &sight.intended));
        let content = |side: &Option<Body>| side.as_ref().unwrap().content_id();
        let same = sides.is_some_and(|(live, intended)| content(live) == content(intended));
        assert!(same || !is_certain, "seed {seed}, edit {number}: {edit}\n{:#}", object);
        certain += u64::from(is_certain);
        changed += u64::from(!same);
        needless += u64::from(same && !is_certain);
        match sight {
            _ if is_certain => {}
            Some(sight) if !sight.lost.is_empty() => {
                lost += 1;
                subject.own_again(&applied, &sight).await;
            }
            _ => subject.put_back(&applied, &corner).await,
        }
    }
    // Neither may every edit be looked at, nor none.
    assert!(certain > 0 && certain < edits, "seed {seed}: {certain} of {edits}");
    println!(
        "seed {seed}: {edits} edits; {certain} left what is ours as it was and cost nothing, {changed} changed it \
         and were seen, {needless} were looked at needlessly; {lost} objects were owned again"
    );
}
