//! Kinds of Kubernetes itself, and what its own groups of developers publish besides.

use super::{Row, code, conditions, exists, phases};
use crate::builtin::{cluster, pods, workloads};
use crate::conditions::{Conditions, Sign};
use crate::object::Status::{False, True};
use crate::phases::Phases;

/// A server that starts up answers discovery within a minute.
const API_SERVICE: Conditions = Conditions::required(&["Available"]).strict().patience(60);

/// Metrics of a new pod take some periods of 15 s and of the scrape until they are there.
const AUTOSCALER: Conditions = Conditions::required(&["AbleToScale", "ScalingActive"])
    .strict()
    .optional()
    .patience(120)
    .signs(&[Sign::suspended("ScalingActive", False).because(&["ScalingDisabled"])]);

const BUDGET: Conditions =
    Conditions::required(&[])
        .signs(&[Sign::degraded("DisruptionAllowed", False).because(&["SyncFailed"])]);

const FLOW_SCHEMA: Conditions =
    Conditions::required(&[]).signs(&[Sign::degraded("Dangling", True)]);

const MIGRATION: Conditions =
    Conditions::required(&["Succeeded"]).signs(&[Sign::degraded("Failed", True)]);

/// A group of pods, or of such groups, is scheduled once there are pods of it, which may be never; what was
/// scheduled once stays so, whatever becomes of its pods.
const POD_GROUP: Conditions = Conditions::required(&["PodGroupInitiallyScheduled"])
    .strict()
    .optional()
    .signs(&[Sign::degraded("DisruptionTarget", True)]);

const COMPOSITE_POD_GROUP: Conditions =
    Conditions::required(&["CompositePodGroupInitiallyScheduled"]).strict().optional().signs(&[
        // Of a layout that is none, the scheduler says that it is done with it.
        Sign::degraded("CompositePodGroupInitiallyScheduled", True).because(&["Invalid"]),
        Sign::degraded("DisruptionTarget", True),
    ]);

/// The taint holds at once; what it drives away goes by and by.
const TAINT_RULE: Conditions =
    Conditions::required(&[]).signs(&[Sign::progressing("EvictionInProgress", True)]);

const POOL_REQUEST: Conditions =
    Conditions::required(&["Complete"]).signs(&[Sign::degraded("Failed", True)]);

pub(super) const ROWS: &[Row] = &[
    exists(
        "",
        &[
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "PodTemplate",
            "ResourceQuota",
            "Secret",
            "ServiceAccount",
        ],
    ),
    phases("", &["Namespace"], Phases::at("/status/phase").healthy(&["Active"])),
    code("", &["Node"], cluster::node, &["/spec/unschedulable"]),
    phases(
        "",
        &["PersistentVolume"],
        Phases::at("/status/phase")
            .healthy(&["Available", "Bound"])
            .degraded(&["Failed"])
            .suspended(&["Released"]),
    ),
    code("", &["PersistentVolumeClaim"], cluster::persistent_volume_claim, &[]),
    code("", &["Pod"], pods::pod, &[]),
    code("", &["ReplicationController"], workloads::replica_set, &["/spec/replicas"]),
    code("", &["Service"], cluster::service, &["/spec/type", "/spec/clusterIP"]),
    exists(
        "admissionregistration.k8s.io",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    code(
        "apiextensions.k8s.io",
        &["CustomResourceDefinition"],
        cluster::custom_resource_definition,
        &[],
    ),
    conditions("apiregistration.k8s.io", &["APIService"], API_SERVICE),
    exists("apps", &["ControllerRevision"]),
    code("apps", &["DaemonSet"], workloads::daemon_set, &["/spec/updateStrategy/type"]),
    code(
        "apps",
        &["Deployment"],
        workloads::deployment,
        &["/spec/replicas", "/spec/progressDeadlineSeconds"],
    ),
    code("apps", &["ReplicaSet"], workloads::replica_set, &["/spec/replicas"]),
    code(
        "apps",
        &["StatefulSet"],
        workloads::stateful_set,
        &["/spec/replicas", "/spec/updateStrategy"],
    ),
    conditions("autoscaling", &["HorizontalPodAutoscaler"], AUTOSCALER),
    exists("batch", &["CronJob"]),
    code("batch", &["Job"], workloads::job, &["/spec/completions"]),
    code(
        "certificates.k8s.io",
        &["CertificateSigningRequest"],
        cluster::certificate_signing_request,
        &[],
    ),
    exists("certificates.k8s.io", &["ClusterTrustBundle"]),
    conditions(
        "certificates.k8s.io",
        &["PodCertificateRequest"],
        Conditions::required(&["Issued"])
            .signs(&[Sign::degraded("Denied", True), Sign::degraded("Failed", True)]),
    ),
    exists("coordination.k8s.io", &["Lease", "LeaseCandidate"]),
    exists("discovery.k8s.io", &["EndpointSlice"]),
    exists("events.k8s.io", &["Event"]),
    conditions("flowcontrol.apiserver.k8s.io", &["FlowSchema"], FLOW_SCHEMA),
    exists("flowcontrol.apiserver.k8s.io", &["PriorityLevelConfiguration"]),
    // What each server writes about itself.
    exists("internal.apiserver.k8s.io", &["StorageVersion"]),
    exists("networking.k8s.io", &["Ingress", "IngressClass", "IPAddress", "NetworkPolicy"]),
    conditions("networking.k8s.io", &["ServiceCIDR"], Conditions::required(&["Ready"])),
    exists("node.k8s.io", &["RuntimeClass"]),
    conditions("policy", &["PodDisruptionBudget"], BUDGET),
    exists(
        "rbac.authorization.k8s.io",
        &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
    ),
    // A claim is allocated once a pod uses it, which may be never.
    exists(
        "resource.k8s.io",
        &["DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"],
    ),
    conditions("resource.k8s.io", &["DeviceTaintRule"], TAINT_RULE),
    conditions("resource.k8s.io", &["ResourcePoolStatusRequest"], POOL_REQUEST),
    conditions("scheduling.k8s.io", &["CompositePodGroup"], COMPOSITE_POD_GROUP),
    conditions("scheduling.k8s.io", &["PodGroup"], POD_GROUP),
    // What groups of pods are made of; nobody writes a status.
    exists("scheduling.k8s.io", &["PriorityClass", "Workload"]),
    exists(
        "storage.k8s.io",
        &["CSIDriver", "CSINode", "CSIStorageCapacity", "StorageClass", "VolumeAttributesClass"],
    ),
    code("storage.k8s.io", &["VolumeAttachment"], cluster::volume_attachment, &[]),
    conditions("storagemigration.k8s.io", &["StorageVersionMigration"], MIGRATION),
    conditions(
        "autoscaling.k8s.io",
        &["VerticalPodAutoscaler"],
        Conditions::required(&["RecommendationProvided"])
            .signs(&[Sign::degraded("ConfigUnsupported", True)]),
    ),
    conditions(
        "jobset.x-k8s.io",
        &["JobSet"],
        Conditions::required(&["Completed"])
            .signs(&[Sign::degraded("Failed", True), Sign::suspended("Suspended", True)]),
    ),
    conditions(
        "kueue.x-k8s.io",
        &["ClusterQueue", "LocalQueue"],
        Conditions::required(&["Active"]),
    ),
    conditions(
        "leaderworkerset.x-k8s.io",
        &["LeaderWorkerSet"],
        Conditions::required(&["Available"]),
    ),
];
