//! Policies, secrets and identities.

use super::{Row, code, conditions, exists};
use crate::conditions::{Conditions, Sign};
use crate::object::Status::{False, True};
use crate::operators::policies;

/// A store and the secrets from it are often created together.
const EXTERNAL: Conditions = Conditions::required(&["Ready"])
    .strict()
    .patience(60)
    .signs(&[Sign::healthy("Ready", False).because(&["SecretDeleted"])]);

const KEYCLOAK: Conditions =
    Conditions::required(&["Ready"]).signs(&[Sign::degraded("HasErrors", True)]);

const IMPORT: Conditions =
    Conditions::required(&["Done"]).signs(&[Sign::degraded("HasErrors", True)]);

pub(super) const ROWS: &[Row] = &[
    conditions("bitnami.com", &["SealedSecret"], Conditions::required(&["Synced"]).strict()),
    conditions(
        "external-secrets.io",
        &[
            "ClusterExternalSecret",
            "ClusterPushSecret",
            "ClusterSecretStore",
            "ExternalSecret",
            "PushSecret",
            "SecretStore",
        ],
        EXTERNAL,
    ),
    exists("generators.external-secrets.io", &["*"]),
    code("constraints.gatekeeper.sh", &["*"], policies::constraint, &[]),
    code("templates.gatekeeper.sh", &["ConstraintTemplate"], policies::constraint_template, &[]),
    exists("config.gatekeeper.sh", &["Config"]),
    exists("mutations.gatekeeper.sh", &["*"]),
    conditions("k8s.keycloak.org", &["Keycloak"], KEYCLOAK),
    conditions("k8s.keycloak.org", &["KeycloakRealmImport"], IMPORT),
    conditions(
        "kyverno.io",
        &["ClusterPolicy", "Policy"],
        Conditions::required(&["Ready"]).strict(),
    ),
    exists(
        "kyverno.io",
        &["ClusterCleanupPolicy", "CleanupPolicy", "PolicyException", "UpdateRequest"],
    ),
    exists("wgpolicyk8s.io", &["ClusterPolicyReport", "PolicyReport"]),
];
