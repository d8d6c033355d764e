//! The ports of others that an agent reaches, by its settings.

use std::collections::BTreeSet;

use http::Uri;
use kube::config::Kubeconfig;

use crate::settings::{AgentSettings, PlaceSettings};

/// An API server, a Git server, a registry, a key service.
const HTTPS: u16 = 443;
/// What most API servers listen on behind the address of their Service. Where they do not, `--port` says
/// so, or the kubeconfig's address.
const API_SERVER: u16 = 6443;
/// What PostgreSQL listens on where its url says nothing else.
const POSTGRES: u16 = 5432;

/// All of them, and `more`.
pub(super) fn reached(settings: &AgentSettings, more: &[u16]) -> BTreeSet<u16> {
    let mut all: BTreeSet<u16> =
        [HTTPS, API_SERVER].into_iter().chain(more.iter().copied()).collect();
    for repository in settings.repositories.values() {
        all.extend(port(&repository.url));
        all.extend(repository.allow.imports.iter().filter_map(|place| port(place)));
    }
    let kubeconfigs = settings.targets.values().filter_map(|target| match &target.place {
        PlaceSettings::Kubernetes(cluster) => cluster.kubeconfig.as_deref(),
        PlaceSettings::Files(_) => None,
    });
    // One that is not here may be at any port: `--port` says it.
    for kubeconfig in kubeconfigs.filter_map(|file| Kubeconfig::read_from(file).ok()) {
        let clusters = kubeconfig.clusters.into_iter().filter_map(|named| named.cluster);
        all.extend(clusters.filter_map(|cluster| port(&cluster.server?)));
    }
    all.extend(port(&settings.store));
    all
}

/// The port that `url` leads to; `None`: it leads to no other machine.
fn port(url: &str) -> Option<u16> {
    let url: Uri = url.parse().ok()?;
    let usual = match url.scheme_str()? {
        "https" | "oci" => HTTPS,
        "http" => 80,
        "postgres" | "postgresql" => POSTGRES,
        _ => return None,
    };
    Some(url.port_u16().unwrap_or(usual))
}

#[cfg(test)]
mod tests;
