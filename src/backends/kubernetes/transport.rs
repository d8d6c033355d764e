//! The lines to one cluster's API: HTTP/2 where the server speaks it, so that hundreds of requests
//! and watches share a connection.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use http::{Request, Response};
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, Client, ConfigExt as _};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::WatchEvent;
use kube::{Config, Error};
use rustls::pki_types::ServerName;
use serde_json::Value as Json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::{BoxError, ServiceBuilder};

use crate::settings::KubernetesSettings;

/// How long a connection may take to be made.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// How often a connection is asked whether anybody is there, and how long that may take: one that
/// is cut without a word is found out before a request on it has waited its whole time.
const ALIVE_PERIOD: Duration = Duration::from_secs(10);
const ALIVE_TIME: Duration = Duration::from_secs(5);

/// Watches that share a line: an API server takes 100 requests at a time on one connection, and
/// leaves the rest waiting.
const WATCHES_MAX: usize = 64;

/// What happens, as the server tells it.
pub(super) struct Events {
    events: BoxStream<'static, Result<WatchEvent<Json>, Error>>,
    _seat: OwnedSemaphorePermit,
}

/// All lines to one cluster, connected when they are used.
pub(super) struct Lines {
    config: Config,
    asks: Client,
    watches: Mutex<Vec<WatchLine>>,
}

struct WatchLine {
    client: Client,
    seats: Arc<Semaphore>,
}

impl Events {
    /// The next one; `None`: the server has ended the watch.
    pub(super) async fn next(&mut self) -> Option<Result<WatchEvent<Json>, Error>> {
        self.events.next().await
    }
}

impl Lines {
    /// To the cluster that `settings` name. A kubeconfig is read; nothing is sent yet.
    pub(super) async fn open(settings: &KubernetesSettings) -> Result<Self, BoxError> {
        let mut config = match &settings.kubeconfig {
            Some(path) => {
                let kubeconfig = Kubeconfig::read_from(path)?;
                let context = settings.context.clone();
                let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
                Config::from_custom_kubeconfig(kubeconfig, &options).await?
            }
            None => Config::incluster().map_err(|error| {
                format!("no kubeconfig is named, and this runs in no pod of a cluster: {error}")
            })?,
        };
        // What is tried again, and when, is for the engine to say.
        config.default_retry = false;
        config.connect_timeout = Some(CONNECT_TIME);
        Ok(Self { asks: client(&config)?, watches: Mutex::default(), config })
    }

    /// Sends a request.
    pub(super) async fn send(&self, request: Request<Body>) -> Result<Response<Body>, Error> {
        self.asks.send(request).await
    }

    /// Sends a request that is under way for as long as somebody listens to what comes.
    pub(super) async fn watch(&self, request: Request<Body>) -> Result<Events, Error> {
        let (client, seat) = self.seat()?;
        let (parts, _) = request.into_parts();
        let events = client.request_events::<Json>(Request::from_parts(parts, Vec::new())).await?;
        Ok(Events { events: events.boxed(), _seat: seat })
    }

    /// A line with room for one more watch.
    fn seat(&self) -> Result<(Client, OwnedSemaphorePermit), Error> {
        let mut lines = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let free = |line: &WatchLine| {
            Some((line.client.clone(), line.seats.clone().try_acquire_owned().ok()?))
        };
        loop {
            if let Some(free) = lines.iter().find_map(free) {
                return Ok(free);
            }
            let seats = Arc::new(Semaphore::new(WATCHES_MAX));
            lines.push(WatchLine { client: client(&self.config)?, seats });
        }
    }
}

/// A client whose requests share one connection to a server that speaks HTTP/2, and have one each
/// to any other.
fn client(config: &Config) -> Result<Client, Error> {
    if config.proxy_url.is_some() {
        return Client::try_from(config.clone());
    }
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT_TIME));
    // Whoever was first has said which one the process uses.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let tls = HttpsConnectorBuilder::new().with_tls_config(config.rustls_client_config()?);
    let mut tls = tls.https_or_http();
    if let Some(name) = &config.tls_server_name {
        let name =
            ServerName::try_from(name.clone()).map_err(|error| Error::Service(error.into()))?;
        tls = tls.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let connector = tls.enable_all_versions().wrap_connector(http);
    let mut builder = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
    builder.timer(TokioTimer::new()).http2_keep_alive_while_idle(true);
    builder.http2_keep_alive_interval(ALIVE_PERIOD).http2_keep_alive_timeout(ALIVE_TIME);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(builder.build(connector));
    Ok(Client::new(service, config.default_namespace.clone()))
}

#[cfg(test)]
mod tests;
