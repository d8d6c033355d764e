//! `docs/metrics.md`: what an agent counts, from what the metrics say of themselves.

use std::fmt::{self, Write as _};

use crate::metrics::{Kind, Metrics};

const HEAD: &str = "\
# Metrics

Made by `isobar reference metrics`; `scripts/check` holds it to that.

`isobar serve` tells what it counts where `agent.yaml` says so, and listens nowhere without it:

```yaml
metrics: { listen: 127.0.0.1:9090 }
```

`/metrics` there is a text in the OpenMetrics form, which Prometheus and whatever reads its format take.
There is nothing else, no encryption and no login: let only those reach it who may know the names of stacks
and components. No value, no message and no resource's name is ever in it. One request is answered per
connection, within ten seconds, and sixteen at a time. The agent's own port that is taken is an error when it
starts. `isobar install --print` names the port `metrics`, lets pods reach it and annotates the pod
(`prometheus.io/scrape`), where the setting is on and the address is not the pod's own.

";

const BOUNDS: &str = "
A histogram has a series `_bucket` for each of eleven bounds from 1 ms to 17 minutes, and `_sum` and `_count`.
A component, stack or resource that is gone has no series any more. Until a stack has been looked at once, there
is none of it. Of one metric there are at most 2,000 series; what there is no room for is counted with `other`
as every label. `isobar_component_ready` has at most 10,000, those first that are not ready;
`isobar_components` counts them all.

## What to alert on

```yaml
groups:
- name: isobar
  rules:
  - alert: IsobarComponentNotReady
    expr: max without (state) (isobar_component_ready) == 0
    for: 15m
    annotations: { summary: '{{ $labels.stack }}/{{ $labels.component }} is not as it should be' }
  - alert: IsobarBranchNotFetched
    expr: time() - isobar_fetch_success_timestamp_seconds > 900
    annotations: { summary: 'the branch of {{ $labels.repository }} was last fetched 15 minutes ago' }
  - alert: IsobarRunsFail
    expr: sum by (repository) (increase(isobar_runs_total{outcome=~'failed|incomplete'}[30m])) > 3
    for: 10m
    annotations: { summary: 'runs of {{ $labels.repository }} fail again and again' }
  - alert: IsobarWatchSilent
    expr: time() - isobar_watch_heard_timestamp_seconds > 300
    for: 5m
    annotations: { summary: 'nothing is heard of {{ $labels.resource }} in {{ $labels.target }}' }
  - alert: IsobarPlanWaits
    expr: isobar_plans_waiting > 0
    for: 1d
    annotations: { summary: 'a plan for {{ $labels.target }} has waited for an approval for a day' }
  - alert: IsobarGone
    expr: absent(isobar_build_info)
    for: 10m
    annotations: { summary: 'no agent is there' }
```

While a run fails, its stack's components are `unknown`, and so not ready: the first rule is the one to begin
with.
";

/// The page.
pub(super) fn page() -> Result<String, fmt::Error> {
    let mut page = HEAD.to_owned();
    page += "| Metric | Form | Labels | Meaning |\n|---|---|---|---|\n";
    let metrics = Metrics::default();
    let mut all: Vec<_> = metrics.described().iter().collect();
    all.sort_by_key(|one| &one.name);
    for one in all {
        let form = match one.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let labels: Vec<_> = one.labels.iter().map(|label| format!("`{label}`")).collect();
        writeln!(page, "| `{}` | {form} | {} | {} |", one.name, labels.join(", "), one.help)?;
    }
    page += BOUNDS;
    Ok(page)
}
