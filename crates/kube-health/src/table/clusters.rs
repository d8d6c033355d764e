//! Clusters, their nodes, and what is bought from clouds.

use super::{Row, code, conditions, exists, phases};
use crate::conditions::{Conditions, Sign};
use crate::generic;
use crate::object::Status::{False, True};
use crate::operators::{delivery, runtime};
use crate::phases::Phases;

/// The newer version of the API says Available where the older one says Ready.
const CLUSTER_CONDITIONS: Conditions = Conditions::required(&[])
    .also(&["Ready", "Available"])
    .signs(&[Sign::suspended("Paused", True)]);

const CLUSTER: Phases = Phases::at("/status/phase")
    .messages(&["/status/failureMessage", "/status/failureReason"])
    .healthy(&["Provisioned", "Running"])
    .degraded(&["Failed"])
    .then_conditions(&CLUSTER_CONDITIONS);

const PACKAGE: Conditions = Conditions::required(&["Installed", "Healthy"])
    .patience(120)
    .signs(&[Sign::suspended("Installed", False).because(&["InactivePackageRevision"])]);

/// Composites, claims and what providers manage.
const MANAGED: Conditions = Conditions::required(&["Ready"]).also(&["Synced"]).signs(&[
    Sign::suspended("Synced", False).because(&["ReconcilePaused"]),
    Sign::degraded("LastAsyncOperation", False),
]);

const ACK: Conditions = Conditions::required(&["ACK.ResourceSynced"])
    .signs(&[Sign::degraded("ACK.Terminal", True), Sign::progressing("ACK.Recoverable", True)]);

const ADOPTED: Conditions =
    Conditions::required(&["ACK.Adopted"]).signs(&[Sign::degraded("ACK.Terminal", True)]);

const OPENSHIFT: Conditions = Conditions::required(&["Available"])
    .strict()
    .signs(&[Sign::degraded("Degraded", True), Sign::progressing("Progressing", True)]);

const CSV: Phases = Phases::at("/status/phase").healthy(&["Succeeded"]).degraded(&["Failed"]);

const EXTENSION: Conditions = Conditions::required(&["Installed"]).signs(&[
    Sign::degraded("Progressing", False).because(&["Blocked"]),
    Sign::progressing("Progressing", True).because(&["Retrying"]),
]);

pub(super) const ROWS: &[Row] = &[
    conditions(
        "addons.cluster.x-k8s.io",
        &["ClusterResourceSet"],
        Conditions::required(&["ResourcesApplied"]),
    ),
    phases(
        "cluster.x-k8s.io",
        &["Cluster", "Machine", "MachineDeployment", "MachinePool"],
        CLUSTER,
    ),
    code("cluster.x-k8s.io", &["MachineSet"], generic::judge, generic::READS),
    conditions(
        "cluster.x-k8s.io",
        &["MachineHealthCheck"],
        Conditions::required(&["RemediationAllowed"]),
    ),
    exists("cluster.x-k8s.io", &["ClusterClass"]),
    code("controlplane.cluster.x-k8s.io", &["*"], runtime::provided, runtime::PROVIDED),
    code("infrastructure.cluster.x-k8s.io", &["*"], runtime::provided, runtime::PROVIDED),
    conditions("karpenter.sh", &["NodePool"], Conditions::required(&["Ready"])),
    conditions(
        "karpenter.sh",
        &["NodeClaim"],
        Conditions::required(&["Launched", "Registered", "Initialized", "Ready"]),
    ),
    conditions("karpenter.k8s.aws", &["EC2NodeClass"], Conditions::required(&["Ready"])),
    conditions("karpenter.azure.com", &["AKSNodeClass"], Conditions::required(&["Ready"])),
    conditions("pkg.crossplane.io", &["Configuration", "Function", "Provider"], PACKAGE),
    conditions(
        "pkg.crossplane.io",
        &["ConfigurationRevision", "FunctionRevision", "ProviderRevision"],
        Conditions::required(&["Healthy", "RevisionHealthy", "RuntimeHealthy"]).optional(),
    ),
    exists("pkg.crossplane.io", &["DeploymentRuntimeConfig", "ImageConfig", "Lock"]),
    conditions(
        "apiextensions.crossplane.io",
        &["CompositeResourceDefinition"],
        Conditions::required(&["Established"]).signs(&[Sign::progressing("Offered", False)]),
    ),
    exists(
        "apiextensions.crossplane.io",
        &["Composition", "CompositionRevision", "EnvironmentConfig"],
    ),
    conditions("ops.crossplane.io", &["Operation"], Conditions::required(&["Succeeded"])),
    exists("ops.crossplane.io", &["CronOperation", "WatchOperation"]),
    exists("*.crossplane.io", &["ClusterProviderConfig", "ProviderConfig", "ProviderConfigUsage"]),
    exists("*.upbound.io", &["ClusterProviderConfig", "ProviderConfig", "ProviderConfigUsage"]),
    conditions("*.crossplane.io", &["*"], MANAGED),
    conditions("*.upbound.io", &["*"], MANAGED),
    conditions("*.services.k8s.aws", &["*"], ACK),
    conditions("services.k8s.aws", &["AdoptedResource"], ADOPTED),
    conditions("services.k8s.aws", &["FieldExport", "IAMRoleSelector"], ADOPTED.optional()),
    conditions("*.cnrm.cloud.google.com", &["*"], Conditions::required(&["Ready"])),
    code("core.cnrm.cloud.google.com", &["*"], generic::judge, generic::READS),
    conditions("*.azure.com", &["*"], Conditions::required(&["Ready"])),
    conditions("config.openshift.io", &["ClusterOperator"], OPENSHIFT),
    conditions("operator.tigera.io", &["TigeraStatus"], OPENSHIFT),
    exists("operators.coreos.com", &["OperatorGroup"]),
    phases(
        "operators.coreos.com",
        &["CatalogSource"],
        Phases::at("/status/connectionState/lastObservedState")
            .healthy(&["READY", "IDLE"])
            .degraded(&["SHUTDOWN", "TRANSIENT_FAILURE"]),
    ),
    phases("operators.coreos.com", &["ClusterServiceVersion"], CSV),
    phases(
        "operators.coreos.com",
        &["InstallPlan"],
        Phases::at("/status/phase")
            .healthy(&["Complete"])
            .degraded(&["Failed"])
            .suspended(&["RequiresApproval"]),
    ),
    code("operators.coreos.com", &["Subscription"], delivery::subscription, &[]),
    conditions("olm.operatorframework.io", &["ClusterExtension"], EXTENSION),
    conditions(
        "olm.operatorframework.io",
        &["ClusterCatalog"],
        Conditions::required(&["Serving"])
            .signs(&[Sign::degraded("Progressing", False).because(&["Blocked"])]),
    ),
];
