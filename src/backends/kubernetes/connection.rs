//! One cluster's API: a request, and what came of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use jiff::Timestamp;
use kube::Error;
use kube::client::Body;
use kube::core::response::StatusDetails;
use kube::core::{Status, WatchEvent};
use serde::{Deserialize, Serialize as _};
use serde_json::Value as Json;
use serde_json::ser::{PrettyFormatter, Serializer};
use tokio::sync::OnceCell;

use super::fence::{Fence, User};
use super::kinds::Kind;
use super::transport::{Events, Lines};
use super::turns::{Turn, Turns};
use super::{failure, owner};
use crate::ids::TargetName;
use crate::settings::KubernetesSettings;
use crate::store::Lease;
use crate::world::World;

/// Requests of one target under way at a time: an API server of two cores is busy with 24.
const IN_FLIGHT_MAX: usize = 32;

/// How long a request that changes nothing may take: a list of 500 objects takes less than a
/// second on a busy server.
pub(super) const READ_TIME: Duration = Duration::from_secs(30);

/// How long nothing is asked of a cluster that did not answer: whoever looks at several objects
/// waits for it once, and stacks of other clusters hardly at all.
pub(super) const AWAY: Duration = Duration::from_secs(5);

/// How often what changes nothing is asked of a server that says it is busy, and the longest pause
/// that it may ask for: thrice a minute is what an answer is worth.
const TRIES: u32 = 3;
const BUSY_MAX: u32 = 60;

/// Largest answer: an object has at most 1.5 MiB, and lists come in pages.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// A cluster's API. It is connected with the first request.
pub(super) struct Connection {
    /// What the agent's settings call the cluster.
    target: TargetName,
    settings: KubernetesSettings,
    world: World,
    lines: OnceCell<Lines>,
    in_flight: Arc<Turns>,
    requests: AtomicU64,
    /// Who the agent is there.
    oneself: OnceCell<User>,
    /// Since when the cluster does not answer, and why, if it did not when it was last asked.
    away: Mutex<Option<(Duration, String)>>,
}

/// One request.
#[derive(Clone)]
pub(super) struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    accept: &'static str,
    /// Whose rights count, if not the agent's own.
    on_behalf: Option<String>,
    fence: Option<Fence>,
    /// Whether nobody is held up by it: a server that is slow with it is not taken to be away.
    is_aside: bool,
    body: Option<(&'static str, Json)>,
}

/// What the API said yes with.
pub(super) struct Answer<B = Json> {
    pub(super) status: StatusCode,
    pub(super) body: B,
}

impl Answer<Vec<u8>> {
    fn parsed(self) -> Result<Answer, Failure> {
        Ok(Answer { status: self.status, body: parsed(&self.body)? })
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The API says no.
    Refused(Box<Status>),
    /// The request was never sent: the cluster is not there.
    Away(String),
    /// It was never sent: the lease would not have outlived it.
    Late(String),
    /// It was sent, and what became of it is not known.
    Lost(String),
}

impl Call {
    fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            query: Vec::new(),
            accept: "application/json",
            on_behalf: None,
            fence: None,
            is_aside: false,
            body: None,
        }
    }

    pub(super) fn get(path: String) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn post(path: String, body: Json) -> Self {
        Self { body: Some(("application/json", body)), ..Self::new(Method::POST, path) }
    }

    pub(super) fn put(path: String, body: Json) -> Self {
        Self { body: Some(("application/json", body)), ..Self::new(Method::PUT, path) }
    }

    /// `form` is the type of patch.
    pub(super) fn patch(path: String, form: &'static str, body: Json) -> Self {
        Self { body: Some((form, body)), ..Self::new(Method::PATCH, path) }
    }

    pub(super) fn delete(path: String, options: Json) -> Self {
        Self { body: Some(("application/json", options)), ..Self::new(Method::DELETE, path) }
    }

    pub(super) fn accept(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    /// With the rights of the service account that `object` names, if it names one.
    pub(super) fn on_behalf_of(self, object: &Json) -> Self {
        Self { on_behalf: owner::account(object), ..self }
    }

    /// The same of the object that is sent.
    pub(super) fn on_its_behalf(self) -> Self {
        let on_behalf = self.body.as_ref().and_then(|(_, object)| owner::account(object));
        Self { on_behalf, ..self }
    }

    /// Under a lease: where the target says so, the request carries its epoch.
    pub(super) fn under(self, lease: &Lease) -> Self {
        Self { fence: Some(Fence::of(lease)), ..self }
    }

    /// For what may as well not happen.
    pub(super) fn aside(self) -> Self {
        Self { is_aside: true, ..self }
    }

    pub(super) fn query(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    /// What it asks for, as the metrics have it.
    fn verb(&self) -> &'static str {
        let asks = |key: &str| self.query.iter().any(|(known, _)| *known == key);
        let is_apply = self.body.as_ref().is_some_and(|(form, _)| form.contains("apply-patch"));
        match self.method {
            _ if asks("dryRun") => "dry-run",
            Method::GET if asks("watch") => "watch",
            Method::GET if asks("limit") => "list",
            Method::GET => "get",
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH if is_apply => "apply",
            Method::PATCH => "patch",
            _ => "delete",
        }
    }

    fn request(&self) -> Result<Request<Body>, Failure> {
        let query =
            self.query.iter().map(|(key, value)| format!("{key}={}", super::kinds::escaped(value)));
        let query = query.collect::<Vec<_>>().join("&");
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(format!("{}?{query}", self.path))
            .header(http::header::ACCEPT, self.accept);
        if let Some(user) = &self.on_behalf {
            request = request.header("Impersonate-User", user.as_str());
        }
        if let Some(fence) = &self.fence {
            request = fence.on(request, self.on_behalf.is_none());
        }
        let body = match &self.body {
            Some((form, body)) => {
                request = request.header(http::header::CONTENT_TYPE, *form);
                Body::from(lines(body).map_err(|error| Failure::Away(error.to_string()))?)
            }
            None => Body::empty(),
        };
        request.body(body).map_err(|error| Failure::Away(error.to_string()))
    }
}

/// `body` as JSON, with a line for each of its parts. Servers read what is applied as YAML, where the
/// first of a line may turn out to be a key until that line ends: they would keep all of it until then,
/// and take three times the memory for a Deployment (47 instead of 138 KB) and a third more time.
fn lines(body: &Json) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::new();
    let form = PrettyFormatter::with_indent(b"");
    body.serialize(&mut Serializer::with_formatter(&mut text, form))?;
    Ok(text)
}

impl Connection {
    pub(super) fn new(target: TargetName, settings: KubernetesSettings, world: World) -> Self {
        let in_flight = Turns::new(IN_FLIGHT_MAX);
        let (lines, requests) = (OnceCell::new(), AtomicU64::new(0));
        let (oneself, away) = (OnceCell::new(), Mutex::default());
        Self { target, settings, world, lines, in_flight, requests, oneself, away }
    }

    fn away(&self) -> MutexGuard<'_, Option<(Duration, String)>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests have been sent, watches aside.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Time for pauses and leases.
    pub(super) fn now(&self) -> Duration {
        self.world.clock.monotonic()
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    /// Asks what changes nothing.
    pub(super) async fn read(&self, call: Call) -> Result<Json, Failure> {
        Ok(self.inquire(call).await?.body)
    }

    /// The same as it was sent.
    pub(super) async fn read_bytes(&self, call: Call) -> Result<Vec<u8>, Failure> {
        Ok(self.inquire_raw(call).await?.body)
    }

    /// The same with how the answer is meant. A server that is busy is asked again.
    pub(super) async fn inquire(&self, call: Call) -> Result<Answer, Failure> {
        self.inquire_raw(call).await?.parsed()
    }

    async fn inquire_raw(&self, call: Call) -> Result<Answer<Vec<u8>>, Failure> {
        for _ in 1..TRIES {
            match self.send_raw(call.clone(), Turn::default(), || Ok(READ_TIME)).await {
                Err(Failure::Refused(status)) if status.code == 429 => {
                    self.world.clock.sleep(failure::wait(&status)).await;
                }
                other => return other,
            }
        }
        self.send_raw(call, Turn::default(), || Ok(READ_TIME)).await
    }

    /// The same for what may not be there: `None`.
    pub(super) async fn find(&self, call: Call) -> Result<Option<Json>, Failure> {
        match self.read(call).await {
            Ok(body) => Ok(Some(body)),
            // Only the API itself can say so: a page of a proxy in between is no answer.
            Err(Failure::Refused(status)) if status.reason == "NotFound" => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// What happens from now on, as the server tells it. Not counted among what is under way: it
    /// is so for minutes.
    pub(super) async fn watch(&self, call: Call) -> Result<Events, Failure> {
        self.permit(&call)?;
        let (lines, request) = (self.lines().await?, call.request()?);
        let events = tokio::select! {
            events = lines.watch(request) => events.map_err(|error| failed(&error)),
            () = self.world.clock.sleep(READ_TIME) => Err(Failure::Lost("no answer".to_owned())),
        };
        let code = class(events.as_ref().map(|_| StatusCode::OK));
        self.world.metrics.asked(&self.target, call.verb(), code, None);
        events
    }

    /// A watch of a kind has begun with a list.
    pub(super) fn listed(&self, kind: &Kind) {
        let now = self.world.clock.now();
        self.world.metrics.listed(&self.target, &kind.resource(), now);
    }

    /// A watch of a kind has told of something, or that it is there.
    pub(super) fn heard(&self, kind: &Kind, event: &WatchEvent<Json>) {
        let events = u64::from(!matches!(event, WatchEvent::Bookmark(_)));
        let now = self.world.clock.now();
        self.world.metrics.heard(&self.target, &kind.resource(), events, now);
    }

    /// A watch of a kind has told of what was written then.
    pub(super) fn told_of(&self, kind: &Kind, written: Timestamp) {
        let lag = self.world.clock.now().duration_since(written).try_into().unwrap_or_default();
        self.world.metrics.lagged(&self.target, &kind.resource(), lag);
    }

    /// The lines to the cluster, or why there are none.
    async fn lines(&self) -> Result<&Lines, Failure> {
        let open = async || Lines::open(&self.settings).await;
        self.lines.get_or_try_init(open).await.map_err(|error| Failure::Away(chain(&*error)))
    }

    /// Sends `call` when it is its `turn`, for at most `time`, which is asked for only then. The
    /// server, too, gives up after that. A cluster that did not answer a moment ago is not asked.
    pub(super) async fn send(
        &self,
        call: Call,
        turn: Turn,
        time: impl Fn() -> Result<Duration, Failure>,
    ) -> Result<Answer, Failure> {
        let fence = match call.fence {
            Some(fence) if self.settings.fencing => {
                let ask = async || User::read(&self.read(User::question()).await?);
                Some(fence.of_user(self.oneself.get_or_try_init(ask).await?))
            }
            _ => None,
        };
        self.send_raw(Call { fence, ..call }, turn, time).await?.parsed()
    }

    async fn send_raw(
        &self,
        call: Call,
        turn: Turn,
        time: impl Fn() -> Result<Duration, Failure>,
    ) -> Result<Answer<Vec<u8>>, Failure> {
        self.permit(&call)?;
        let _seat = self.in_flight.take(turn).await;
        let time = time()?;
        if let Some((since, why)) = self.away().clone()
            && self.now() < since + AWAY
        {
            return Err(Failure::Away(why));
        }
        let answer = self.ask(call, time).await;
        match &answer {
            Err(Failure::Away(why)) => *self.away() = Some((self.now(), why.clone())),
            // One whose answer broke off is there, one that never answered was told apart.
            Err(Failure::Lost(_)) => {}
            _ => *self.away() = None,
        }
        answer
    }

    /// Refuses to act as a service account that the settings do not let manifests name.
    fn permit(&self, call: &Call) -> Result<(), Failure> {
        let Some(account) = &call.on_behalf else { return Ok(()) };
        let permitted = &self.settings.service_accounts;
        let named = permitted.iter().any(|permitted| owner::names(permitted, account));
        named.then_some(()).ok_or_else(|| failure::not_permitted(account))
    }

    async fn ask(&self, call: Call, time: Duration) -> Result<Answer<Vec<u8>>, Failure> {
        let lines = self.lines().await?;
        let (verb, is_aside) = (call.verb(), call.is_aside);
        let request = call.query("timeout", format!("{}ms", time.as_millis())).request()?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let began = self.now();
        let answer = tokio::select! {
            answer = answer(lines, request) => answer,
            () = self.world.clock.sleep(time) => {
                let why = format!("no answer after {} s", time.as_secs());
                if !is_aside {
                    *self.away() = Some((self.now(), why.clone()));
                }
                Err(Failure::Lost(why))
            }
        };
        let (code, took) = (class(answer.as_ref().map(|answer| answer.status)), self.now() - began);
        self.world.metrics.asked(&self.target, verb, code, Some(took));
        answer
    }
}

/// The class of an answer, as the metrics have it.
fn class(answer: Result<StatusCode, &Failure>) -> &'static str {
    let code = match answer {
        Ok(status) => status.as_u16(),
        Err(Failure::Refused(status)) => status.code,
        Err(_) => 0,
    };
    match code / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "none",
    }
}

async fn answer(lines: &Lines, request: Request<Body>) -> Result<Answer<Vec<u8>>, Failure> {
    let response = lines.send(request).await.map_err(|error| failed(&error))?;
    let status = response.status();
    let wait =
        response.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
    let body = body.collect().await.map_err(|error| Failure::Lost(chain(&*error)))?;
    let body = Vec::from(body.to_bytes());
    if status.is_success() {
        return Ok(Answer { status, body });
    }
    let mut refused = serde_json::from_slice::<Status>(&body).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(&body);
        Status::failure(text.trim(), "").with_code(status.as_u16())
    });
    if let Some(wait) = wait {
        let details = refused.details.get_or_insert_with(|| StatusDetails {
            name: String::new(),
            group: String::new(),
            kind: String::new(),
            uid: String::new(),
            causes: Vec::new(),
            retry_after_seconds: 0,
        });
        details.retry_after_seconds = details.retry_after_seconds.max(wait).min(BUSY_MAX);
    }
    Err(Failure::Refused(Box::new(refused)))
}

/// What an answer says.
pub(super) fn parsed<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Failure> {
    serde_json::from_slice(body)
        .map_err(|error| Failure::Lost(format!("the answer is not as it should be: {error}")))
}

/// A request without an answer. What could not be connected was not sent: nobody listens there, the name
/// is nobody's, the way is a hole, or who answers is another.
fn failed(error: &Error) -> Failure {
    use hyper_util::client::legacy::Error as Sending;
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<Sending>().is_some_and(Sending::is_connect) {
            return Failure::Away(chain(error));
        }
        cause = error.source();
    }
    match error {
        Error::Auth(error) => Failure::Away(chain(error)),
        other => Failure::Lost(chain(other)),
    }
}

/// An error with everything that led to it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
