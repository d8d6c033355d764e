//! What an agent counts, for whoever watches over it.
//!
//! Takes: what happens, as it happens; what every stack was like when it was last planned.
//! Gives: one text in the OpenMetrics form, for as long as the process lives.
//! Never: a value of a manifest, a message or a resource's name: labels are names from the settings
//! and the stacks, kinds of objects, and words of ours.
//! Start at: [`Metrics`]; `docs/metrics.md` is made from what it says of itself.
//! How to add: a field of [`Metrics`], one line in `default`, one function that counts. The page of
//! metrics is then out of date until it is generated anew.

mod book;
mod process;
mod stacks;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

pub use book::{Described, Kind, SERIES_MAX};
pub use stacks::{COMPONENTS_MAX, StackState};

use self::book::{Book, Counters, Gauges, Histograms};
use self::process::Process;
use self::stacks::Stacks;
use crate::ids::{RepositoryName, StackName, TargetName};

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is counted by one process. Copies count together.
#[derive(Clone)]
pub struct Metrics(Arc<Counts>);

struct Counts {
    registry: Registry,
    described: Vec<Described>,
    runs: Counters<2>,
    run_seconds: Histograms<2>,
    apply_seconds: Histograms<1>,
    step_seconds: Histograms<2>,
    requests: Counters<3>,
    request_seconds: Histograms<2>,
    watch_heard: Gauges<2>,
    watch_events: Counters<2>,
    watch_lag: Histograms<2>,
    watch_lists: Counters<2>,
    events: Counters<2>,
    drift_found: Counters<2>,
    drift_corrected: Counters<2>,
    lease_renewals: Counters<1>,
    lease_losses: Counters<1>,
    fetches: Counters<2>,
    fetch_success: Gauges<1>,
    outbox: Gauges<1>,
    stacks: Arc<Stacks>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut book = Book::default();
        let stacks = Stacks::gathered(&mut book);
        Process::register(&mut book);
        let counts = Counts {
            runs: book.counter("isobar_runs", RUNS, ["repository", "outcome"]),
            run_seconds: book.histogram(
                "isobar_run_duration_seconds",
                "How long a look at a stack took, with what was applied.",
                ["repository", "outcome"],
            ),
            apply_seconds: book.histogram(
                "isobar_apply_duration_seconds",
                "How long a plan took to be applied, from its claim to its outcome.",
                ["target"],
            ),
            step_seconds: book.histogram("isobar_step_duration_seconds", STEPS, STEP),
            requests: book.counter("isobar_kubernetes_requests", REQUESTS, REQUEST),
            request_seconds: book.histogram(
                "isobar_kubernetes_request_duration_seconds",
                "How long a cluster took to answer, watches aside.",
                ["target", "verb"],
            ),
            watch_heard: book.gauge("isobar_watch_heard_timestamp_seconds", HEARD, WATCH),
            watch_events: book.counter("isobar_watch_events", "What watches have told.", WATCH),
            watch_lag: book.histogram("isobar_watch_lag_seconds", LAG, WATCH),
            watch_lists: book.counter("isobar_watch_lists", LISTS, WATCH),
            events: book.counter("isobar_kubernetes_events", EVENTS, ["target", "outcome"]),
            drift_found: book.counter(
                "isobar_drift_found",
                "Resources that were found to have left what was last applied.",
                ["repository", "target"],
            ),
            drift_corrected: book.counter(
                "isobar_drift_corrected",
                "Resources of these that were put back.",
                ["repository", "target"],
            ),
            lease_renewals: book.counter(
                "isobar_lease_renewals",
                "Leases that were renewed in time.",
                ["repository"],
            ),
            lease_losses: book.counter("isobar_lease_losses", LOSSES, ["repository"]),
            fetches: book.counter(
                "isobar_fetches",
                "Looks at the tracked branch: `done`, `failed`.",
                ["repository", "outcome"],
            ),
            fetch_success: book.gauge(
                "isobar_fetch_success_timestamp_seconds",
                "When the tracked branch was last fetched.",
                ["repository"],
            ),
            outbox: book.gauge(
                "isobar_outbox_messages",
                "Comments and statuses that are written and not sent yet.",
                ["repository"],
            ),
            stacks,
            described: std::mem::take(&mut book.described),
            registry: book.registry,
        };
        Self(Arc::new(counts))
    }
}

const RUNS: &str = "Looks at a stack, by how they ended: `true` (all is as it should be), `held`, \
    `busy`, `applied`, `incomplete` (not all of it was applied), `stopped` (with the agent), `failed`.";
const STEPS: &str = "How long a step took at its target, with all its tries, by how it ended: \
    `done`, `not-started`, `waits`, `stale`, `failed`, `indeterminate`.";
const STEP: [&str; 2] = ["target", "end"];
const REQUESTS: &str = "Requests to a cluster, by verb (`get`, `list`, `watch`, `create`, `update`, \
    `patch`, `apply`, `delete`, `dry-run`) and the class of the answer; `none`: there was none.";
const REQUEST: [&str; 3] = ["target", "verb", "code"];
const WATCH: [&str; 2] = ["target", "resource"];
const HEARD: &str = "When a watch was last heard of: a list, an event or a bookmark. A server sends \
    a bookmark about every minute.";
const LAG: &str = "How long after an object was written its watch had told of it. Servers write down \
    whole seconds of their own clock, so up to one second of it is rounding.";
const LISTS: &str =
    "Lists that a watch began with: at first, once an hour, and whenever it was cut.";
const EVENTS: &str = "Events that were to be written on objects, by what became of them: `sent`, \
    `failed`, `forbidden`, `dropped` (too many waited).";
const LOSSES: &str = "Leases that ran out, or that somebody else had, while a plan was applied.";

impl Metrics {
    /// All of it, as it is now.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.0.registry).expect("a string takes any text");
        text
    }

    /// Every metric there may be.
    pub fn described(&self) -> &[Described] {
        &self.0.described
    }

    /// A stack was looked at, and more was done if something allowed it.
    pub fn ran(&self, repository: &RepositoryName, outcome: &str, took: Duration) {
        self.0.runs.add([repository.as_str(), outcome], 1);
        self.0.run_seconds.observe([repository.as_str(), outcome], took);
    }

    /// A plan was applied.
    pub fn applied(&self, target: &TargetName, took: Duration) {
        self.0.apply_seconds.observe([target.as_str()], took);
    }

    /// A step has ended.
    pub fn stepped(&self, target: &TargetName, end: &str, took: Duration) {
        self.0.step_seconds.observe([target.as_str(), end], took);
    }

    /// A cluster was asked. `took` is `None` for what is under way for as long as somebody listens.
    pub fn asked(&self, target: &TargetName, verb: &str, code: &str, took: Option<Duration>) {
        self.0.requests.add([target.as_str(), verb, code], 1);
        if let Some(took) = took {
            self.0.request_seconds.observe([target.as_str(), verb], took);
        }
    }

    /// A watch has begun with a list.
    pub fn listed(&self, target: &TargetName, resource: &str, now: Timestamp) {
        self.0.watch_lists.add([target.as_str(), resource], 1);
        self.0.watch_heard.set([target.as_str(), resource], seconds(now));
    }

    /// A watch has told of so many things, or that it is there.
    pub fn heard(&self, target: &TargetName, resource: &str, events: u64, now: Timestamp) {
        self.0.watch_events.add([target.as_str(), resource], events);
        self.0.watch_heard.set([target.as_str(), resource], seconds(now));
    }

    /// A watch has told of something so long after it was written.
    pub fn lagged(&self, target: &TargetName, resource: &str, lag: Duration) {
        self.0.watch_lag.observe([target.as_str(), resource], lag);
    }

    /// So many Events came to this.
    pub fn events(&self, target: &TargetName, outcome: &str, events: u64) {
        if events > 0 {
            self.0.events.add([target.as_str(), outcome], events);
        }
    }

    /// Resources were put back.
    pub fn corrected(&self, repository: &RepositoryName, target: &TargetName, resources: u64) {
        self.0.drift_corrected.add([repository.as_str(), target.as_str()], resources);
    }

    /// A lease was renewed.
    pub fn renewed(&self, repository: &RepositoryName) {
        self.0.lease_renewals.add([repository.as_str()], 1);
    }

    /// A lease was lost.
    pub fn lost_lease(&self, repository: &RepositoryName) {
        self.0.lease_losses.add([repository.as_str()], 1);
    }

    /// The branch was fetched, at `now`; `None`: it could not be.
    pub fn fetched(&self, repository: &RepositoryName, now: Option<Timestamp>) {
        let outcome = if now.is_some() { "done" } else { "failed" };
        self.0.fetches.add([repository.as_str(), outcome], 1);
        if let Some(now) = now {
            self.0.fetch_success.set([repository.as_str()], seconds(now));
        }
    }

    /// So many messages wait to be sent.
    pub fn outbox(&self, repository: &RepositoryName, messages: u64) {
        self.0.outbox.set([repository.as_str()], messages as f64);
    }

    /// What a stack was like when it was planned just now; `None`: there is nothing of it any more.
    pub fn planned(
        &self,
        repository: &RepositoryName,
        stack: &StackName,
        target: &TargetName,
        state: Option<StackState>,
    ) {
        let found = self.0.stacks.put(repository, stack, target, state);
        self.0.drift_found.add([repository.as_str(), target.as_str()], found);
    }

    /// Nobody knows what a stack is like now.
    pub fn unsure(&self, repository: &RepositoryName, stack: &StackName) {
        self.0.stacks.unsure(repository, stack);
    }

    /// These are all stacks that there are.
    pub fn retain(&self, repository: &RepositoryName, is_there: impl Fn(&StackName) -> bool) {
        self.0.stacks.retain(repository, is_there);
    }
}

fn seconds(at: Timestamp) -> f64 {
    at.as_microsecond() as f64 / 1e6
}

#[cfg(test)]
mod tests;
