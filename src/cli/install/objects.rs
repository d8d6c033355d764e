//! The objects of an installation.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::{Value as Json, json};

use super::rights::Rights;
use super::{KEYS, NAME, STORE, fencing};

/// Where the settings and the state are.
const SETTINGS: &str = "/etc/isobar";
const STATE: &str = "/var/lib/isobar";

/// Nobody in particular, who is not root.
const USER: u32 = 65532;

/// The database of a large repository has some hundred megabytes after a year; clones and what programs
/// brought are beside it.
const STATE_SIZE: &str = "2Gi";

/// What the agent is seen to need for a thousand components, and room for programs beside it.
const MEMORY: &str = "1Gi";

/// Where the agent is and what it takes.
pub(super) struct Place<'a> {
    pub(super) namespace: &'a str,
    /// Where what is owned is written down.
    pub(super) marks: &'a str,
    pub(super) image: &'a str,
    /// The settings' file.
    pub(super) settings: &'a str,
    pub(super) references: BTreeSet<Reference>,
    pub(super) store: Database,
    /// The ports of others that it reaches.
    pub(super) ports: BTreeSet<u16>,
    pub(super) gives_rights: bool,
    /// Whether writes are held against the epochs of leases.
    pub(super) fencing: bool,
    /// Where others fetch the metrics, if they may.
    pub(super) metrics: Option<SocketAddr>,
}

/// Where the agent remembers things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Database {
    /// In a file of its volume.
    Volume,
    /// Where its settings say.
    Settings,
    /// Where a variable of the Secret says.
    Named,
}

/// What is secret, by its name in the Secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reference {
    /// A file below [`KEYS`].
    File(String),
    /// A variable.
    Variable(String),
}

impl Place<'_> {
    /// Everything, in the order in which it can be made.
    pub(super) fn objects(&self, rights: &Rights) -> Vec<Json> {
        let mut all = vec![self.space(self.namespace)];
        if self.marks != self.namespace {
            all.push(
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.marks}}),
            );
        }
        all.push(json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": self.metadata(self.namespace),
            "automountServiceAccountToken": false,
        }));
        all.extend(self.rights(rights));
        all.push(json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": self.metadata(self.namespace),
            "data": {"agent.yaml": self.settings},
        }));
        all.push(json!({
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": self.metadata(self.namespace),
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": STATE_SIZE}},
            },
        }));
        if self.fencing {
            let agent = format!("system:serviceaccount:{}:{NAME}", self.namespace);
            all.extend(fencing::policy(&self.shared("-epochs"), &agent, self.marks));
        }
        all.extend([self.network(), self.deployment()]);
        all
    }

    /// What is called so outside of the agent's own namespace, where another agent may have its own.
    fn shared(&self, what: &str) -> String {
        match self.namespace {
            NAME => format!("{NAME}{what}"),
            other => format!("{NAME}-{other}{what}"),
        }
    }

    fn metadata(&self, namespace: &str) -> Json {
        json!({"name": NAME, "namespace": namespace, "labels": labels()})
    }

    /// The agent asks for nothing that the strictest of the standards for pods refuses.
    fn space(&self, name: &str) -> Json {
        json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
        })
    }

    fn rights(&self, rights: &Rights) -> Vec<Json> {
        let marks = json!({
            "apiGroups": [""],
            "resources": ["configmaps"],
            "verbs": ["get", "list", "create", "update"],
        });
        let mut everywhere = rights.rules(self.gives_rights);
        everywhere.extend(self.fencing.then(fencing::rule));
        let mut all = self.role(&self.shared(""), None, &everywhere);
        all.extend(self.role(&self.shared("-marks"), Some(self.marks), &[marks]));
        for (namespace, rule) in rights.impersonation() {
            all.extend(self.role(&self.shared("-acts-as"), Some(namespace), &[rule]));
        }
        all
    }

    /// A role and who has it: in one namespace, or in all.
    fn role(&self, name: &str, namespace: Option<&str>, rules: &[Json]) -> Vec<Json> {
        let prefix = if namespace.is_none() { "Cluster" } else { "" };
        let mut metadata = json!({"name": name, "labels": labels()});
        if let Some(namespace) = namespace {
            metadata["namespace"] = namespace.into();
        }
        let group = "rbac.authorization.k8s.io";
        let version = format!("{group}/v1");
        vec![
            json!({
                "apiVersion": version,
                "kind": format!("{prefix}Role"),
                "metadata": metadata,
                "rules": rules,
            }),
            json!({
                "apiVersion": version,
                "kind": format!("{prefix}RoleBinding"),
                "metadata": metadata,
                "roleRef": {"apiGroup": group, "kind": format!("{prefix}Role"), "name": name},
                "subjects": [{
                    "kind": "ServiceAccount", "name": NAME, "namespace": self.namespace,
                }],
            }),
        ]
    }

    /// Nobody asks the agent anything but what it counts, where the settings say so; it asks for names,
    /// and whom its settings name.
    fn network(&self) -> Json {
        let mut egress = vec![json!({"port": 53, "protocol": "UDP"})];
        let ports = [53].into_iter().chain(self.ports.iter().copied());
        egress.extend(ports.map(|port| json!({"port": port, "protocol": "TCP"})));
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": self.metadata(self.namespace),
            "spec": {
                "podSelector": {"matchLabels": labels()},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": self.ingress(),
                "egress": [{"ports": egress}],
            },
        })
    }

    fn ingress(&self) -> Vec<Json> {
        let port = |at: SocketAddr| json!({"ports": [{"port": at.port(), "protocol": "TCP"}]});
        self.metrics.map(port).into_iter().collect()
    }

    /// What is said of the pod: its labels, and where its metrics are for those who look for that.
    fn pod_metadata(&self) -> Json {
        let mut metadata = json!({"labels": labels()});
        if let Some(at) = self.metrics {
            metadata["annotations"] = json!({
                "prometheus.io/scrape": "true",
                "prometheus.io/port": at.port().to_string(),
                "prometheus.io/path": "/metrics",
            });
        }
        metadata
    }

    /// One agent: two would wait for each other's database.
    fn deployment(&self) -> Json {
        let probe = |period: u32, failures: u32| {
            json!({
                "exec": {"command": ["isobar", "status", "--serving"]},
                "periodSeconds": period,
                "timeoutSeconds": 10,
                "failureThreshold": failures,
            })
        };
        let mut container = json!({
            "name": NAME,
            "image": self.image,
            "args": ["serve"],
            "workingDir": STATE,
            "env": self.variables(),
            // Clones and a first look take as long as they take; what has begun is finished.
            "startupProbe": probe(5, 60),
            "livenessProbe": probe(60, 5),
            "readinessProbe": probe(30, 2),
            "resources": {
                "requests": {"cpu": "100m", "memory": "128Mi"},
                "limits": {"memory": MEMORY},
            },
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": true,
            },
            "volumeMounts": self.mounts(),
        });
        if let Some(at) = self.metrics {
            let port = json!({"name": "metrics", "containerPort": at.port(), "protocol": "TCP"});
            container["ports"] = json!([port]);
        }
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": self.metadata(self.namespace),
            "spec": {
                "replicas": 1,
                "strategy": {"type": "Recreate"},
                "selector": {"matchLabels": labels()},
                "template": {
                    "metadata": self.pod_metadata(),
                    "spec": {
                        "serviceAccountName": NAME,
                        "automountServiceAccountToken": true,
                        // A step that has begun is finished.
                        "terminationGracePeriodSeconds": 900,
                        "securityContext": {
                            "runAsNonRoot": true,
                            "runAsUser": USER,
                            "runAsGroup": USER,
                            "fsGroup": USER,
                            "seccompProfile": {"type": "RuntimeDefault"},
                        },
                        "containers": [container],
                        "volumes": self.volumes(),
                    },
                },
            },
        })
    }

    fn variables(&self) -> Vec<Json> {
        let set = |name: &str, value: String| json!({"name": name, "value": value});
        let mut all = vec![set("ISOBAR_SETTINGS", format!("{SETTINGS}/agent.yaml"))];
        if self.store == Database::Volume {
            all.push(set(STORE, format!("sqlite:{STATE}/isobar.db")));
        }
        all.push(set("ISOBAR_CACHE", format!("{STATE}/cache")));
        for reference in &self.references {
            if let Reference::Variable(name) = reference {
                let from = json!({"secretKeyRef": {"name": NAME, "key": name}});
                all.push(json!({"name": name, "valueFrom": from}));
            }
        }
        all
    }

    fn mounts(&self) -> Vec<Json> {
        let mut all = vec![
            json!({"name": "settings", "mountPath": SETTINGS, "readOnly": true}),
            json!({"name": "state", "mountPath": STATE}),
            json!({"name": "tmp", "mountPath": "/tmp"}),
        ];
        if !self.files().is_empty() {
            all.push(json!({"name": "keys", "mountPath": KEYS, "readOnly": true}));
        }
        all
    }

    fn volumes(&self) -> Vec<Json> {
        let mut all = vec![
            json!({"name": "settings", "configMap": {"name": NAME}}),
            json!({"name": "state", "persistentVolumeClaim": {"claimName": NAME}}),
            json!({"name": "tmp", "emptyDir": {}}),
        ];
        let files = self.files();
        if !files.is_empty() {
            let items: Vec<_> =
                files.iter().map(|file| json!({"key": file, "path": file})).collect();
            let secret = json!({"secretName": NAME, "defaultMode": 0o440, "items": items});
            all.push(json!({"name": "keys", "secret": secret}));
        }
        all
    }

    fn files(&self) -> Vec<&str> {
        let each = self.references.iter().filter_map(|reference| match reference {
            Reference::File(name) => Some(name.as_str()),
            Reference::Variable(_) => None,
        });
        each.collect()
    }
}

fn labels() -> Json {
    json!({"app.kubernetes.io/name": NAME})
}
