//! Certificates, gateways and meshes.

use super::{Row, code, conditions, exists, phases};
use crate::conditions::{Conditions, Sign};
use crate::object::Status::{False, True};
use crate::operators::gateway;
use crate::phases::Phases;

const ISSUER: Conditions = Conditions::required(&["Ready"]).strict().patience(60);

/// While it is being renewed a certificate is as good as before.
const CERTIFICATE: Conditions = Conditions::required(&["Ready"])
    .signs(&[Sign::degraded("Issuing", False).because(&["Failed", "Denied", "InvalidRequest"])]);

const REQUEST: Conditions = Conditions::required(&["Ready"]).signs(&[
    Sign::degraded("Denied", True),
    Sign::degraded("InvalidRequest", True),
    Sign::degraded("Ready", False).because(&["Denied", "Failed"]),
]);

const ACME: Phases = Phases::at("/status/state")
    .messages(&["/status/reason"])
    .healthy(&["valid"])
    .degraded(&["invalid", "expired", "errored"]);

/// Here False is final, and work under way is Unknown.
const KNATIVE: Conditions = Conditions::required(&["Ready"]).strict();

const SCALED: Conditions = Conditions::required(&["Ready"])
    .strict()
    .signs(&[Sign::suspended("Paused", True), Sign::degraded("Fallback", True)]);

pub(super) const ROWS: &[Row] = &[
    phases("acme.cert-manager.io", &["Challenge", "Order"], ACME),
    conditions("cert-manager.io", &["Certificate"], CERTIFICATE),
    conditions("cert-manager.io", &["CertificateRequest"], REQUEST),
    conditions("cert-manager.io", &["ClusterIssuer", "Issuer"], ISSUER),
    conditions("trust.cert-manager.io", &["Bundle"], Conditions::required(&["Synced"]).strict()),
    code("gateway.networking.k8s.io", &["Gateway"], gateway::gateway, &[]),
    conditions(
        "gateway.networking.k8s.io",
        &["GatewayClass"],
        Conditions::required(&["Accepted"])
            .strict()
            .signs(&[Sign::progressing("Accepted", False).because(&["Waiting", "Pending"])]),
    ),
    code(
        "gateway.networking.k8s.io",
        &["GRPCRoute", "HTTPRoute", "TCPRoute", "TLSRoute", "UDPRoute"],
        gateway::route,
        &["/spec/parentRefs"],
    ),
    code("gateway.networking.k8s.io", &["BackendTLSPolicy"], gateway::policy, &[]),
    exists("gateway.networking.k8s.io", &["ReferenceGrant"]),
    code(
        "gateway.envoyproxy.io",
        &["BackendTrafficPolicy", "ClientTrafficPolicy", "EnvoyExtensionPolicy", "SecurityPolicy"],
        gateway::policy,
        &[],
    ),
    code("extensions.istio.io", &["*"], gateway::istio, &[]),
    code("networking.istio.io", &["*"], gateway::istio, &[]),
    code("security.istio.io", &["*"], gateway::istio, &[]),
    code("telemetry.istio.io", &["*"], gateway::istio, &[]),
    conditions(
        "sailoperator.io",
        &["Istio", "IstioCNI", "IstioRevision", "ZTunnel"],
        Conditions::required(&["Reconciled", "Ready"]),
    ),
    conditions(
        "cilium.io",
        &["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"],
        Conditions::required(&["Valid"]).strict().optional(),
    ),
    phases(
        "projectcontour.io",
        &["HTTPProxy"],
        Phases::at("/status/currentStatus")
            .messages(&["/status/description"])
            .healthy(&["valid"])
            .degraded(&["invalid", "orphaned"]),
    ),
    exists("traefik.io", &["*"]),
    exists("metallb.io", &["*"]),
    conditions("keda.sh", &["ScaledJob", "ScaledObject"], SCALED),
    exists("keda.sh", &["ClusterTriggerAuthentication", "TriggerAuthentication"]),
    exists("caching.internal.knative.dev", &["Image"]),
    conditions("*.knative.dev", &["*"], KNATIVE),
];
