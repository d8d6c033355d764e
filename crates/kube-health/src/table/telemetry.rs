//! What watches: Prometheus, Grafana, OpenTelemetry.

use super::{Row, code, conditions, exists, phases};
use crate::conditions::{Conditions, Sign};
use crate::object::Status::True;
use crate::operators::runtime;
use crate::phases::Phases;

const PROMETHEUS: Conditions = Conditions::required(&["Reconciled", "Available"]);

const GRAFANA_STAGE: Phases = Phases::at("/status/stage").healthy(&["complete"]);

const GRAFANA: Phases = Phases::at("/status/stageStatus")
    .messages(&["/status/lastMessage"])
    .healthy(&["success"])
    .degraded(&["failed"])
    .then(&GRAFANA_STAGE);

const fn in_grafana(names: &'static [&'static str]) -> Conditions {
    Conditions::required(names).signs(REFUSED)
}

/// Besides, each kind has one condition of its own for having arrived in every instance.
const REFUSED: &[Sign] = &[
    Sign::degraded("InvalidSpec", True),
    Sign::degraded("NoMatchingInstance", True),
    Sign::degraded("NoMatchingFolder", True),
];

pub(super) const ROWS: &[Row] = &[
    phases("grafana.integreatly.org", &["Grafana"], GRAFANA),
    conditions(
        "grafana.integreatly.org",
        &["GrafanaDashboard"],
        in_grafana(&["DashboardSynchronized"]),
    ),
    conditions(
        "grafana.integreatly.org",
        &["GrafanaDatasource"],
        in_grafana(&["DatasourceSynchronized"]),
    ),
    conditions("grafana.integreatly.org", &["GrafanaFolder"], in_grafana(&["FolderSynchronized"])),
    conditions(
        "grafana.integreatly.org",
        &["GrafanaAlertRuleGroup"],
        in_grafana(&["AlertGroupSynchronized"]),
    ),
    conditions(
        "grafana.integreatly.org",
        &["GrafanaContactPoint"],
        in_grafana(&["ContactPointSynchronized"]),
    ),
    conditions(
        "monitoring.coreos.com",
        &["Alertmanager", "Prometheus", "PrometheusAgent", "ThanosRuler"],
        PROMETHEUS,
    ),
    exists(
        "monitoring.coreos.com",
        &[
            "AlertmanagerConfig",
            "PodMonitor",
            "Probe",
            "PrometheusRule",
            "ScrapeConfig",
            "ServiceMonitor",
        ],
    ),
    exists("opentelemetry.io", &["Instrumentation"]),
    code("opentelemetry.io", &["OpenTelemetryCollector"], runtime::collector, &["/spec/mode"]),
];
