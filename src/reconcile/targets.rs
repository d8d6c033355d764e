//! The targets a repository's stacks may name, opened when one first does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::wanted::Wanted;
use crate::backends::Target;
use crate::backends::files::FilesTarget;
use crate::backends::kubernetes::{HealthRules, KubernetesTarget};
use crate::build::Rendered;
use crate::ids::{Scope, StackName, TargetName};
use crate::keyring::Keyring;
use crate::model::policy::RepositoryPolicy;
use crate::settings::{AgentSettings, PlaceSettings, TargetSettings};
use crate::world::World;

/// The targets of one repository under one agent.
pub struct Targets {
    scope: Scope,
    settings: Arc<AgentSettings>,
    world: World,
    keyring: Arc<Keyring>,
    rules: Arc<HealthRules>,
    open: Mutex<BTreeMap<TargetName, Arc<dyn Target>>>,
    /// Those that were asked what is owned in them and have not answered, and when.
    asked: Mutex<BTreeMap<TargetName, Duration>>,
}

/// A stack may not use the target it names.
#[derive(Debug, thiserror::Error)]
pub enum TargetRefused {
    /// The agent's settings do not have it.
    #[error("the target `{0}` is not in the agent's settings")]
    Unknown(TargetName),
    /// The agent's settings do not let this stack use it.
    #[error("the agent's settings do not let `{stack}` use the target `{target}`")]
    Stack {
        /// The stack.
        stack: StackName,
        /// The target.
        target: TargetName,
    },
    /// It cannot be opened.
    #[error("the target `{target}` cannot be opened")]
    Broken {
        /// The target.
        target: TargetName,
        /// What went wrong.
        #[source]
        cause: std::io::Error,
    },
}

impl Targets {
    /// None is opened yet.
    pub fn new(scope: Scope, settings: Arc<AgentSettings>, world: World) -> Self {
        let repository = settings.repositories.get(&scope.repository);
        let sops = repository.and_then(|repository| repository.sops.clone());
        let keyring = Arc::new(Keyring::new(&settings, sops, world.clone()));
        let (open, asked, rules) = (Mutex::default(), Mutex::default(), Arc::default());
        Self { scope, settings, world, keyring, rules, open, asked }
    }

    /// Takes note of what is encrypted of what is wanted: nothing else is ever opened.
    pub(super) fn learn(&self, wanted: &Wanted) {
        let built = wanted.rendered.values().flatten();
        self.keyring.learn(built.flat_map(Rendered::ciphers));
    }

    /// From now on objects are judged by the rules of this policy.
    pub fn judge_by(&self, policy: &RepositoryPolicy) {
        self.rules.learn(&policy.health);
    }

    /// The target `name`, if `stack` may use it.
    pub fn open(
        &self,
        name: &TargetName,
        stack: &StackName,
    ) -> Result<Arc<dyn Target>, TargetRefused> {
        let settings =
            self.settings.target(name).ok_or_else(|| TargetRefused::Unknown(name.clone()))?;
        if !settings.stacks.iter().any(|pattern| pattern.fits(stack)) {
            return Err(TargetRefused::Stack { stack: stack.clone(), target: name.clone() });
        }
        self.opened(name, settings)
    }

    fn opened(
        &self,
        name: &TargetName,
        settings: TargetSettings,
    ) -> Result<Arc<dyn Target>, TargetRefused> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(target) = open.get(name) {
            return Ok(target.clone());
        }
        let (own, scope, world) = (name.clone(), self.scope.clone(), &self.world);
        let target: Arc<dyn Target> = match settings.place {
            PlaceSettings::Files(files) => {
                let target = FilesTarget::open(own, scope, files.path, world);
                let broken = |cause| TargetRefused::Broken { target: name.clone(), cause };
                Arc::new(target.map_err(broken)?)
            }
            PlaceSettings::Kubernetes(cluster) => {
                let cache = &self.settings.cache;
                let known = (self.keyring.clone(), self.rules.clone());
                Arc::new(KubernetesTarget::open(own, scope, cluster, cache, known, world))
            }
        };
        open.insert(name.clone(), target.clone());
        Ok(target)
    }

    /// The targets that are Kubernetes clusters.
    pub fn clusters(&self) -> BTreeSet<TargetName> {
        self.settings.clusters()
    }

    /// Every target of the settings that can be opened, whether or not a stack names it now:
    /// stacks that left the branch may still own something there.
    pub fn known(&self) -> Vec<Arc<dyn Target>> {
        for name in self.settings.targets_known() {
            if let Some(settings) = self.settings.target(&name) {
                // One that cannot be opened is reported by the runs of its stacks.
                let _ = self.opened(&name, settings);
            }
        }
        self.all()
    }

    /// Whether to wait for a target at `now` with other things to do: nobody else does, and none has
    /// for a `pause` unless it has answered.
    pub(super) fn begin_asking(&self, name: &TargetName, now: Duration, pause: Duration) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let may = asked.get(name).is_none_or(|asked| *asked + pause <= now);
        if may {
            asked.insert(name.clone(), now);
        }
        may
    }

    /// It has answered.
    pub(super) fn has_answered(&self, name: &TargetName) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Every target that is open.
    pub fn all(&self) -> Vec<Arc<dyn Target>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

#[cfg(test)]
mod tests;
