//! One text in, a plan out: what the tests of this stage speak.
//!
//! ```text
//! review 1 | none          what isobar.yaml asks for; `manage observe|propose|correct` likewise
//! component vpc            an active component; more words: disabled abstract locked unresolved
//!                          unbuilt skipped unreachable partial keep-all observe slow broken
//!                          no-wait
//! vpc needs iam            a dependency
//! vpc wants a.json {...}   what it is built into (`stateful`, `secret x.y` may follow the key)
//! vpc makes a.json {...}   what the target would make of it, if not just that
//! vpc makes-up a.json x.y  a field of it that a program makes up
//! vpc has a.json {...}     what is there, as the component's own (inventory, mark and object)
//! vpc was a.json {...}     what was last applied, if not what is there
//! vpc lost a.json x        a field that is there as it would be, and the target does not count as ours
//! vpc kept                 what it owns was to outlive it when it was last there
//! there a.json {...}       what is there and nobody's
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::build::fixture::rendered;
use crate::build::{Piece, Rendered};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::ids::*;
use crate::model::body::{Body, Format};
use crate::model::canonical;
use crate::model::change::Action;
use crate::model::desired::{Component, Dependency, Listing, Presence, Stack};
use crate::model::inventory::{Inventory, Mark, Owned};
use crate::model::need::Need;
use crate::model::observation::{Compared, Health, Observation, Observed, Owner, Seen};
use crate::model::path::FieldPath;
use crate::model::plan::Plan;
use crate::model::policy::{
    Manage, Reconcile, RepositoryPolicy, RequiredReview, Review, StackRule, Unreviewed,
};
use crate::model::question::Question;
use crate::model::revision::Revision;
use crate::model::value::{Origin, Value};
use crate::pattern::StackPattern;
use crate::plan::{Evidence, PlanInput, plan};

/// Everything a [`PlanInput`] borrows.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) scope: Scope,
    pub(crate) stack: Stack,
    pub(crate) target: TargetName,
    pub(crate) rendered: BTreeMap<ComponentId, Result<Rendered, Vec<Diagnostic>>>,
    pub(crate) observed: BTreeMap<ComponentId, Observed>,
    pub(crate) owned: Inventory,
    pub(crate) mark: Option<Mark>,
    pub(crate) evidence: Evidence,
    pub(crate) policy: RepositoryPolicy,
    pub(crate) revision: Revision,
    pub(crate) now: Timestamp,
}

pub(crate) fn id(name: &str) -> ComponentId {
    component_id("prod", name)
}

pub(crate) fn component_id(stack: &str, name: &str) -> ComponentId {
    ComponentId {
        stack: StackName::new(stack).unwrap(),
        kind: KindName::new("terraform").unwrap(),
        name: ComponentName::new(name).unwrap(),
    }
}

pub(crate) fn key(text: &str) -> ResourceKey {
    ResourceKey::new(text).unwrap()
}

pub(crate) fn value(json: &str) -> Value {
    canonical::decode(&serde_json::from_str(json).expect(json)).expect(json)
}

pub(crate) fn body(json: &str) -> Body {
    Body::new(Format::Json, value(json))
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl World {
    /// A stack `prod` at a target `box` without anything in it, corrected, reviewed once.
    pub(crate) fn empty() -> Self {
        let scope = Scope {
            agent: AgentName::new("home").unwrap(),
            repository: RepositoryName::new("config").unwrap(),
        };
        let target = TargetName::new("box").unwrap();
        let rule =
            StackRule { pattern: StackPattern::new("*").expect("a glob"), manage: Manage::Correct };
        Self {
            mark: Some(Mark::empty(scope.clone(), target.clone())),
            scope,
            stack: Stack {
                name: StackName::new("prod").unwrap(),
                manifests: vec!["stacks/prod.yaml".into()],
                target: Some(target.clone()),
                components: BTreeMap::new(),
                unresolved: BTreeMap::new(),
            },
            target,
            rendered: BTreeMap::new(),
            observed: BTreeMap::new(),
            owned: Inventory::new(),
            evidence: Evidence::default(),
            policy: RepositoryPolicy { stacks: vec![rule], ..RepositoryPolicy::default() },
            revision: Revision::Commit(CommitId::new("4f2a91c07d1e").unwrap()),
            now: at("2026-11-20T09:30:00Z"),
        }
    }

    pub(crate) fn input(&self) -> PlanInput<'_> {
        PlanInput {
            scope: &self.scope,
            stack: &self.stack,
            target: &self.target,
            rendered: &self.rendered,
            observed: &self.observed,
            owned: &self.owned,
            mark: self.mark.as_ref(),
            evidence: &self.evidence,
            policy: &self.policy,
            revision: &self.revision,
            moving: None,
            observed_at: self.now,
            now: self.now,
        }
    }

    pub(crate) fn plan(&self) -> Plan {
        plan(&self.input())
    }

    /// The world after every step of `plan` has been done.
    pub(crate) fn after(&self, plan: &Plan) -> Self {
        let mut world = self.clone();
        for change in &plan.effect().changes {
            let Some(Observed::Complete(observation) | Observed::Partial(observation)) =
                world.observed.get_mut(&change.component)
            else {
                continue;
            };
            let mark = &mut world.mark.as_mut().unwrap().resources;
            match (&change.action, &change.intended) {
                (Action::Keep, _) => continue,
                (_, Some(body)) => {
                    let owned = Owned {
                        component: change.component.clone(),
                        applied: Some(body.content_id()),
                        uid: None,
                        kept: false,
                        epoch: Epoch(2),
                    };
                    world.owned.insert(change.resource.clone(), owned.clone().into());
                    mark.insert(change.resource.clone(), owned.into());
                    let seen = observation.resources.get_mut(&change.resource).unwrap();
                    let Seen::Compared(both) = seen else { panic!("{change:?} of {seen:?}") };
                    both.live = Some(body.clone());
                    both.owner = Owner::This;
                    both.lost.clear();
                    both.must_replace.clear();
                }
                (_, None) => {
                    world.owned.remove(&change.resource);
                    mark.remove(&change.resource);
                    observation.resources.remove(&change.resource);
                }
            }
        }
        world
    }
}

/// Reads the text above.
pub(crate) fn world(text: &str) -> World {
    let mut script = Script { world: World::empty(), parts: BTreeMap::new() };
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        script.line(line);
    }
    script.finish()
}

#[derive(Default)]
struct Part {
    words: BTreeSet<String>,
    wants: BTreeMap<ResourceKey, Piece>,
    makes: BTreeMap<ResourceKey, Body>,
    has: BTreeMap<ResourceKey, Body>,
    was: BTreeMap<ResourceKey, Body>,
    needs: Vec<String>,
}

impl Part {
    /// What a line says about one resource of it.
    fn line(&mut self, verb: &str, resource: ResourceKey, words: &[&str], json: impl Fn() -> Body) {
        match verb {
            "wants" => {
                let secret = words.iter().position(|word| *word == "secret");
                let path = secret.map(|at| FieldPath::parse(words[at + 1]).unwrap());
                let piece = Piece {
                    sensitive: path.into_iter().collect(),
                    stateful: words[3] == "stateful",
                    ..Piece::plain(json())
                };
                self.wants.insert(resource, piece);
            }
            "behind" => {
                let piece = self.wants.get_mut(&resource).expect("it is wanted");
                piece.needs.insert(Need::Resource(key(words[3])));
            }
            "awaits" => {
                let piece = self.wants.get_mut(&resource).expect("it is wanted");
                piece.needs.insert(Need::Definition(words[3].into()));
            }
            "gives" => {
                let piece = self.wants.get_mut(&resource).expect("it is wanted");
                piece.gives.push(Need::Definition(words[3].into()));
            }
            "makes-up" => {
                let piece = self.wants.get_mut(&resource).expect("it is wanted");
                piece.made_up.push(FieldPath::parse(words[3]).unwrap());
            }
            "makes" => drop(self.makes.insert(resource, json())),
            "has" => {
                if words[3] == "stateful" {
                    self.words.insert(format!("stateful {resource}"));
                }
                self.has.insert(resource, json());
            }
            "was" => drop(self.was.insert(resource, json())),
            _ => panic!("what is {words:?}?"),
        }
    }
}

/// What is there, and whose it is for everybody else.
type There = BTreeMap<ResourceKey, (Owner, Body)>;

struct Script {
    world: World,
    parts: BTreeMap<String, Part>,
}

impl Script {
    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let json = || {
            let at = line.find(['{', '[', '"']).unwrap_or_else(|| panic!("no JSON in: {line}"));
            body(&line[at..])
        };
        match words[..] {
            ["review", "none"] => {
                self.world.policy.review = Review::Unreviewed(Unreviewed::None);
            }
            ["review", number] => {
                let approvals = number.parse().unwrap();
                self.world.policy.review =
                    Review::Required(RequiredReview { approvals, approval_hours: 24 });
            }
            ["manage", word] => {
                self.world.policy.stacks[0].manage =
                    serde_json::from_value(word.into()).expect(line);
            }
            ["missing", ..] => self.world.evidence.missing.push(words[1..].join(" ")),
            ["claim", component, name] => {
                let claims = self.world.evidence.claims.entry(key(name)).or_default();
                claims.push(component_id("other", component));
            }
            ["component", name, ..] => {
                let part = self.parts.entry(name.to_owned()).or_default();
                part.words.insert("present".to_owned());
                part.words.extend(words[2..].iter().map(|word| (*word).to_owned()));
            }
            ["there", name, ..] => {
                // Whoever wants it meets it.
                self.parts.entry(String::new()).or_default().has.insert(key(name), json());
            }
            [name, "kept"] => {
                self.parts.entry(name.to_owned()).or_default().words.insert("kept".to_owned());
            }
            [name, "lost", resource, field] => {
                let part = self.parts.entry(name.to_owned()).or_default();
                part.words.insert(format!("lost {resource} {field}"));
            }
            [name, "needs", ..] => {
                let needs = words[2..].iter().map(|word| (*word).to_owned());
                self.parts.entry(name.to_owned()).or_default().needs.extend(needs);
            }
            [name, verb, resource, ..] => {
                self.parts.entry(name.to_owned()).or_default().line(
                    verb,
                    key(resource),
                    &words,
                    json,
                );
            }
            _ => panic!("what is {line:?}?"),
        }
    }

    fn finish(mut self) -> World {
        let there = self.parts.remove("").unwrap_or_default().has;
        let nobodys = there.into_iter().map(|(key, body)| (key, (Owner::Nobody, body)));
        let owned = self.parts.iter().flat_map(|(name, part)| {
            let owner = Owner::Other(id(name));
            part.has.iter().map(move |(key, body)| (key.clone(), (owner.clone(), body.clone())))
        });
        let there: There = nobodys.chain(owned).collect();
        for (name, part) in &self.parts {
            self.world.add(name, part, &there);
        }
        self.world
    }
}

impl World {
    fn add(&mut self, name: &str, part: &Part, there: &There) {
        let is = |word: &str| part.words.contains(word);
        let id = id(name);
        for (resource, live) in &part.has {
            let applied = part.was.get(resource).unwrap_or(live).content_id();
            let owned = Owned {
                component: id.clone(),
                applied: Some(applied),
                uid: None,
                kept: is("kept"),
                epoch: Epoch(1),
            };
            self.owned.insert(resource.clone(), owned.clone().into());
            let mark = self.mark.as_mut().unwrap();
            mark.resources.insert(resource.clone(), owned.into());
        }
        let problem = || {
            let span = Span::file("stacks/prod.yaml");
            vec![Diagnostic::error(Code::BuildFailed, span, "a wheel is missing")]
        };
        let map_key = (id.kind.clone(), id.name.clone());
        if is("unresolved") {
            self.stack.unresolved.insert(map_key, problem());
        } else if is("present") {
            let component = component(&id, part);
            if component.presence == Presence::Active && !is("skipped") {
                // What others need of it goes into no input.
                let wants = format!("{:?}", part.wants).replace(", gives: []", "");
                let wants = wants.replace(", call: None", "");
                let inputs = ContentId::of(format!("{name} {wants}"));
                let built = rendered(id.clone(), part.wants.clone(), inputs);
                for resource in built.resources().keys() {
                    let claims = self.evidence.claims.entry(resource.clone()).or_default();
                    claims.push(id.clone());
                }
                let built = if is("unbuilt") { Err(problem()) } else { Ok(built) };
                self.rendered.insert(id.clone(), built);
            }
            self.stack.components.insert(map_key, component);
        }
        let observation = observation(&id, part, there);
        let observed = match (is("unreachable"), is("partial")) {
            (true, _) => Observed::Unreachable { reason: "no answer".to_owned() },
            (_, true) => Observed::Partial(observation),
            _ => Observed::Complete(observation),
        };
        self.observed.insert(id, observed);
    }
}

fn undecided() -> Question {
    Question { function: "terraform.output".into(), arguments: vec!["vpc".into(), "on".into()] }
}

fn component(id: &ComponentId, part: &Part) -> Component {
    let is = |word: &str| part.words.contains(word);
    Component {
        id: id.clone(),
        at: Span::file("stacks/a.yaml"),
        presence: match (is("disabled"), is("abstract")) {
            (true, _) => Presence::Disabled,
            (_, true) => Presence::Abstract,
            _ => Presence::Active,
        },
        locked: is("locked"),
        code: "vpc".into(),
        inheritance: Vec::new(),
        sections: Value::empty_map(),
        layers: Vec::new(),
        dependencies: part
            .needs
            .iter()
            .map(|name| Dependency { on: self::id(name), origin: Origin::NONE })
            .collect(),
        questions: Vec::new(),
        undecided: is("undecided").then(undecided).into_iter().collect(),
        reconcile: Reconcile {
            manage: is("observe").then_some(Manage::Observe),
            prune: is("keep-all").then_some(false),
            wait: is("no-wait").then_some(false),
            ignore: part
                .words
                .iter()
                .filter_map(|word| word.strip_prefix("ignore="))
                .map(|path| FieldPath::parse(path).unwrap())
                .collect(),
            ..Reconcile::default()
        },
        manifest: Arc::from("stacks/prod.yaml"),
        workspace: "prod".into(),
        listing: Listing::default(),
    }
}

fn observation(id: &ComponentId, part: &Part, there: &There) -> Observation {
    let keys: BTreeSet<_> = part.wants.keys().chain(part.has.keys()).cloned().collect();
    let active = part.words.contains("present") && !part.words.contains("disabled");
    let seen = |resource: ResourceKey| {
        let own = part.has.get(&resource).map(|body| (Owner::This, body.clone()));
        let there = own.or_else(|| there.get(&resource).cloned());
        let (owner, live) = there.unzip();
        let wanted = part.wants.get(&resource).filter(|_| active);
        let intended = wanted.map(|piece| part.makes.get(&resource).unwrap_or(&piece.body));
        let both = Compared {
            writers: BTreeMap::new(),
            live: live.filter(|body| *body.value() != value("\"gone\"")),
            intended: intended.cloned(),
            must_replace: Vec::new(),
            sensitive: Vec::new(),
            stateful: part.words.contains(&format!("stateful {resource}")),
            uid: None,
            owner: owner.unwrap_or(Owner::Nobody),
            lost: lost(part, &resource),
        };
        (resource, Seen::Compared(Box::new(both)))
    };
    Observation {
        component: id.clone(),
        resources: keys.into_iter().map(seen).collect(),
        health: health(&part.words),
        unwell: BTreeMap::new(),
        outputs: BTreeMap::new(),
        artifact: None,
        tools: BTreeMap::new(),
    }
}

fn health(words: &BTreeSet<String>) -> Health {
    let is = |word: &str| words.contains(word);
    match (is("slow"), is("broken")) {
        (_, true) => Health::Degraded("it fell over".to_owned()),
        (true, _) => Health::Progressing("1 of 2 is there".to_owned()),
        _ => Health::Healthy,
    }
}

/// The fields of a resource that the target does not count as ours.
fn lost(part: &Part, resource: &ResourceKey) -> Vec<FieldPath> {
    let said = format!("lost {resource} ");
    let fields = part.words.iter().filter_map(|word| word.strip_prefix(&said));
    fields.map(|field| FieldPath::parse(field).unwrap()).collect()
}
