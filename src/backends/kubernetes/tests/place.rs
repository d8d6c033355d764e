//! A corner of the test bed, with hands to reach in.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::bed::{Bed, bed};
use crate::backends::fixture::{name, scope};
use crate::backends::kubernetes::KubernetesTarget;
use crate::backends::kubernetes::connection::{Call, Connection, Failure};
use crate::ids::TargetName;
use crate::keyring::Keyring;
use crate::settings::{AgentSettings, KubernetesSettings};
use crate::world::World;

/// Corners made so far: each has namespaces of its own.
static CORNERS: AtomicU32 = AtomicU32::new(0);

/// Two namespaces of the bed, one for objects and one for marks, behind a line that can be cut.
pub(super) struct Corner {
    pub(super) namespace: String,
    pub(super) marks: String,
    folder: TempDir,
    line: tokio::sync::Mutex<JoinSet<()>>,
    port: u16,
    hand: Connection,
}

impl Corner {
    /// An empty one; `None`: there is no bed.
    pub(super) async fn new() -> Option<Self> {
        let bed = bed()?;
        let number = CORNERS.fetch_add(1, Ordering::Relaxed);
        let (namespace, marks) = (format!("objects-{number}"), format!("marks-{number}"));
        let folder = TempDir::new().unwrap();
        let mut line = JoinSet::new();
        let port = lay(&mut line, &server(bed), 0).await;
        let kubeconfig = std::fs::read_to_string(bed.folder().join("admin.kubeconfig")).unwrap();
        let here = kubeconfig.replace(&server(bed), &format!("127.0.0.1:{port}"));
        std::fs::write(folder.path().join("kubeconfig"), here).unwrap();
        let hand = KubernetesSettings {
            kubeconfig: Some(bed.folder().join("admin.kubeconfig")),
            ..Default::default()
        };
        let hand = Connection::new(TargetName::new("bed").unwrap(), hand, World::real());
        let line = tokio::sync::Mutex::new(line);
        let corner = Self { namespace, marks, folder, line, port, hand };
        let space = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": corner.namespace}
        });
        corner.send(Call::post("/api/v1/namespaces".to_owned(), space)).await.unwrap();
        Some(corner)
    }

    /// The corner as a target, as the agent `agent` opens it.
    pub(super) fn target(&self, agent: &str) -> Arc<KubernetesTarget> {
        self.open(agent, KubernetesSettings::default())
    }

    /// The same, with the epoch of a lease on each write.
    pub(super) fn fenced(&self, agent: &str) -> Arc<KubernetesTarget> {
        self.open(agent, KubernetesSettings { fencing: true, ..Default::default() })
    }

    fn open(&self, agent: &str, settings: KubernetesSettings) -> Arc<KubernetesTarget> {
        let settings = KubernetesSettings {
            kubeconfig: Some(self.kubeconfig()),
            namespace: Some(self.marks.clone()),
            ..settings
        };
        Arc::new(KubernetesTarget::open(
            name(),
            scope(agent),
            settings,
            self.folder.path(),
            (
                Arc::new(Keyring::new(&AgentSettings::default(), None, World::real())),
                Arc::default(),
            ),
            &World::real(),
        ))
    }

    /// Puts `text` in the place of what targets here have kept.
    pub(super) fn rewrite_kept(&self, text: &str) {
        for entry in std::fs::read_dir(self.folder.path().join("clusters")).unwrap() {
            std::fs::write(entry.unwrap().path(), text).unwrap();
        }
    }

    fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// A request by hand.
    pub(super) async fn send(&self, call: Call) -> Result<Json, Failure> {
        self.hand.read(call).await
    }

    /// A path in the namespace for objects: `configmaps/x`, or with its API `apis/apps/v1`.
    pub(super) fn path(&self, api: &str, rest: &str) -> String {
        format!("/{api}/namespaces/{}/{rest}", self.namespace)
    }

    /// What is at a path; `None`: nothing.
    pub(super) async fn get(&self, path: String) -> Option<Json> {
        self.hand.find(Call::get(path)).await.unwrap()
    }

    /// Merges `patch` into what is at a path, as `writer`.
    pub(super) async fn merge(&self, path: String, writer: &str, patch: Json) -> Json {
        let call = Call::patch(path, "application/merge-patch+json", patch);
        self.send(call.query("fieldManager", writer)).await.unwrap()
    }

    /// Makes the whole bed one that cannot be reached through the corner.
    pub(super) async fn cut(&self) {
        self.line.lock().await.shutdown().await;
    }

    /// Lays the line anew where it was.
    pub(super) async fn mend(&self) {
        if let Some(bed) = bed() {
            lay(&mut *self.line.lock().await, &server(bed), self.port).await;
        }
    }
}

/// Where the bed's API is: host and port.
fn server(bed: &Bed) -> String {
    let server = std::fs::read_to_string(bed.folder().join("server")).unwrap();
    server.trim_start_matches("https://").to_owned()
}

/// Lays a line to `server` that carries bytes both ways. Gives the port of this end: `port`, or any
/// where that is 0.
async fn lay(line: &mut JoinSet<()>, server: &str, port: u16) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let (port, server) = (listener.local_addr().unwrap().port(), server.to_owned());
    line.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            let server = server.clone();
            connections.spawn(async move {
                if let Ok(mut far) = TcpStream::connect(&server).await {
                    // A connection that breaks off is what the line is for.
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                }
            });
        }
    });
    port
}
