//! Which kinds are not part of a namespace.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::object::Object;

/// The groups of Kubernetes itself as of 1.37, and their kinds that are not part of a namespace: all
/// others of them are.
const BUILT_IN: &[(&str, &[&str])] = &[
    ("", &["ComponentStatus", "Namespace", "Node", "PersistentVolume"]),
    (
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
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("apps", &[]),
    ("authentication.k8s.io", &["SelfSubjectReview", "TokenReview"]),
    (
        "authorization.k8s.io",
        &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"],
    ),
    ("autoscaling", &[]),
    ("batch", &[]),
    ("certificates.k8s.io", &["CertificateSigningRequest", "ClusterTrustBundle"]),
    ("coordination.k8s.io", &[]),
    ("discovery.k8s.io", &[]),
    ("events.k8s.io", &[]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("internal.apiserver.k8s.io", &["StorageVersion"]),
    ("networking.k8s.io", &["IPAddress", "IngressClass", "ServiceCIDR"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("policy", &[]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    (
        "resource.k8s.io",
        &["DeviceClass", "DeviceTaintRule", "ResourcePoolStatusRequest", "ResourceSlice"],
    ),
    ("scheduling.k8s.io", &["PriorityClass"]),
    (
        "storage.k8s.io",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"],
    ),
    ("storagemigration.k8s.io", &["StorageVersionMigration"]),
];

/// Every kind of a group.
const ALL: &str = "*";

/// The same of what people run beside it, as far as manifests hold such objects. What is not here may
/// be either.
const KNOWN: &[(&str, &[&str])] = &[
    ("apiextensions.crossplane.io", &[ALL]),
    ("aquasecurity.github.io", &["ClusterComplianceReport"]),
    ("argoproj.io", &["ClusterAnalysisTemplate", "ClusterWorkflowTemplate"]),
    ("cert-manager.io", &["ClusterIssuer"]),
    (
        "cilium.io",
        &[
            "CiliumBGPAdvertisement",
            "CiliumBGPClusterConfig",
            "CiliumBGPNodeConfigOverride",
            "CiliumBGPPeerConfig",
            "CiliumBGPPeeringPolicy",
            "CiliumCIDRGroup",
            "CiliumClusterwideEnvoyConfig",
            "CiliumClusterwideNetworkPolicy",
            "CiliumEgressGatewayPolicy",
            "CiliumExternalWorkload",
            "CiliumL2AnnouncementPolicy",
            "CiliumLoadBalancerIPPool",
            "CiliumPodIPPool",
            "TracingPolicy",
        ],
    ),
    ("configuration.konghq.com", &["KongClusterPlugin", "KongLicense", "KongVault"]),
    ("constraints.gatekeeper.sh", &[ALL]),
    (
        "crd.projectcalico.org",
        &[
            "BGPConfiguration",
            "BGPFilter",
            "BGPPeer",
            "FelixConfiguration",
            "GlobalNetworkPolicy",
            "GlobalNetworkSet",
            "HostEndpoint",
            "IPPool",
            "IPReservation",
            "KubeControllersConfiguration",
            "Tier",
        ],
    ),
    ("eventing.keda.sh", &["ClusterCloudEventSource"]),
    ("expansion.gatekeeper.sh", &["ExpansionTemplate"]),
    ("external-secrets.io", &["ClusterExternalSecret", "ClusterPushSecret", "ClusterSecretStore"]),
    ("externaldata.gatekeeper.sh", &["Provider"]),
    ("gateway.networking.k8s.io", &["GatewayClass"]),
    ("generators.external-secrets.io", &["ClusterGenerator"]),
    ("groupsnapshot.storage.k8s.io", &["VolumeGroupSnapshotClass", "VolumeGroupSnapshotContent"]),
    ("karpenter.azure.com", &["AKSNodeClass"]),
    ("karpenter.k8s.aws", &["EC2NodeClass"]),
    ("karpenter.sh", &["NodeClaim", "NodeOverlay", "NodePool"]),
    ("keda.sh", &["ClusterTriggerAuthentication"]),
    (
        "kueue.x-k8s.io",
        &[
            "AdmissionCheck",
            "ClusterQueue",
            "Cohort",
            "MultiKueueCluster",
            "MultiKueueConfig",
            "ProvisioningRequestConfig",
            "ResourceFlavor",
            "Topology",
            "WorkloadPriorityClass",
        ],
    ),
    ("kyverno.io", &["ClusterCleanupPolicy", "ClusterPolicy", "GlobalContextEntry"]),
    ("mutations.gatekeeper.sh", &["Assign", "AssignImage", "AssignMetadata", "ModifySet"]),
    ("nfd.k8s-sigs.io", &["NodeFeatureRule"]),
    ("nvidia.com", &["ClusterPolicy", "NVIDIADriver"]),
    ("operator.tigera.io", &["APIServer", "Goldmane", "ImageSet", "Installation", "Whisker"]),
    (
        "pkg.crossplane.io",
        &[
            "Configuration",
            "ControllerConfig",
            "DeploymentRuntimeConfig",
            "Function",
            "ImageConfig",
            "Provider",
        ],
    ),
    (
        "policies.kyverno.io",
        &[
            "DeletingPolicy",
            "GeneratingPolicy",
            "ImageValidatingPolicy",
            "MutatingPolicy",
            "ValidatingPolicy",
        ],
    ),
    ("policy.cert-manager.io", &["CertificateRequestPolicy"]),
    (
        "policy.networking.k8s.io",
        &["AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"],
    ),
    ("policy.sigstore.dev", &["ClusterImagePolicy", "TrustRoot"]),
    ("postgresql.cnpg.io", &["ClusterImageCatalog"]),
    ("security.openshift.io", &["SecurityContextConstraints"]),
    ("snapshot.storage.k8s.io", &["VolumeSnapshotClass", "VolumeSnapshotContent"]),
    ("spire.spiffe.io", &["ClusterFederatedTrustDomain", "ClusterSPIFFEID", "ClusterStaticEntry"]),
    ("syncset.gatekeeper.sh", &["SyncSet"]),
    ("tailscale.com", &["Connector", "DNSConfig", "ProxyClass", "ProxyGroup", "Recorder"]),
    ("tekton.dev", &["ClusterTask"]),
    ("templates.gatekeeper.sh", &["ConstraintTemplate"]),
    ("triggers.tekton.dev", &["ClusterInterceptor", "ClusterTriggerBinding"]),
    ("trust.cert-manager.io", &["Bundle", "ClusterBundle"]),
];

/// Kinds that definitions put beside all namespaces, by group and kind.
pub type ClusterKinds = BTreeSet<(Arc<str>, Arc<str>)>;

/// Where objects of a kind are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Cluster,
    Namespace,
    /// In the cluster as a whole, unless an object says otherwise.
    LikelyCluster,
    /// In a namespace, unless an object says otherwise.
    LikelyNamespace,
}

/// Where objects of the kind are, if these kinds are `defined`.
pub(super) fn of(group: &Arc<str>, kind: &Arc<str>, defined: &ClusterKinds) -> Scope {
    let holds = |kinds: &&[&str]| kinds.iter().any(|known| *known == ALL || *known == &**kind);
    match (kinds(BUILT_IN, group), kinds(KNOWN, group)) {
        (Some(kinds), _) if holds(&kinds) => Scope::Cluster,
        (Some(_), _) => Scope::Namespace,
        _ if defined.contains(&(group.clone(), kind.clone())) => Scope::Cluster,
        (_, known) if known.as_ref().is_some_and(holds) => Scope::LikelyCluster,
        _ => Scope::LikelyNamespace,
    }
}

/// Whether Kubernetes itself has the group: nobody has to define its kinds.
pub(super) fn is_built_in(group: &str) -> bool {
    kinds(BUILT_IN, group).is_some()
}

/// The kinds that are not part of a namespace, as far as `objects` define them.
pub(super) fn defined(objects: &[Object]) -> ClusterKinds {
    let definitions = objects.iter().filter_map(|object| Some((object, object.defines()?)));
    let wide = definitions.filter(|(object, _)| {
        let spec = object.value.get("spec");
        spec.and_then(|spec| spec.get("scope")?.as_str()) == Some("Cluster")
    });
    wide.map(|(_, defined)| defined).collect()
}

fn kinds(
    table: &[(&str, &'static [&'static str])],
    group: &str,
) -> Option<&'static [&'static str]> {
    table.iter().find(|(known, _)| *known == group).map(|(_, kinds)| *kinds)
}

#[cfg(test)]
mod tests;
