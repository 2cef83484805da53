//! The network: the library's [`Transport`] over one HTTP agent, with one proxy rule and one set of trusted roots.
//!
//! Nothing is opened, read or resolved before the first request, so that commands without a network start at once.

mod connect;
mod crew;
mod failure;
pub mod guard;
pub mod proxy;
pub mod roots;
mod target;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, select, unbounded};
use runbook_gate::transport::{
    Address, Method, Redirects, Request, Response, Retry, Service, Transport, TransportError, http_date,
};
use runbook_gate::{Duration, Timestamp};
use ureq::http;

use self::crew::Crew;
use self::failure::Way;
use self::proxy::ProxyRules;
use self::roots::ExtraRoots;
pub use self::target::{Connection, Connections, Credential, percent_decoded};
use self::target::{Target, origin_of};
use crate::halt::Halt;

const USER_AGENT: &str = concat!("runbook-gate/", env!("CARGO_PKG_VERSION"));
const MAX_REDIRECTS: usize = 5;
const MAX_TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Below this, another try could not even connect.
const SHORTEST_TRY: Duration = Duration::from_millis(50);
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Requests of one `send_all` that are on their way at once.
const SIDE_BY_SIDE: usize = 256;
const STACK_BYTES: usize = 512 * 1024;
const IDLE_CONNECTIONS: usize = 512;
const IDLE_CONNECTIONS_OF_A_HOST: usize = 32;

/// How the network is reached.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Service connections by name.
    pub connections: Connections,
    /// Proxies and what goes past them.
    pub proxies: ProxyRules,
    /// Roots beside the platform's.
    pub roots: ExtraRoots,
}

/// The transport of the binary.
pub struct HttpTransport {
    wire: Arc<Wire>,
    crew: Crew,
    halt: Option<Halt>,
}

/// One request after the other.
struct Wire {
    network: Network,
    /// Keeps connections between requests.
    pooled: OnceLock<Result<ureq::Agent, String>>,
    /// Opens a connection for each request: a probe must see that the service still takes new ones, and must not fail
    /// because the service closed an idle one.
    fresh: OnceLock<Result<ureq::Agent, String>>,
    /// Until when a service asks not to be asked again: it says so with good answers too, before it throttles.
    patience: Mutex<BTreeMap<Service, Instant>>,
    pause: fn(Duration),
    now: fn() -> Timestamp,
}

impl std::fmt::Debug for HttpTransport {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

impl HttpTransport {
    /// A transport that has opened nothing yet. `pause` waits between tries, `now` reads the wall clock (for
    /// `Retry-After` dates).
    pub fn new(network: Network, pause: fn(Duration), now: fn() -> Timestamp) -> Self {
        let wire = Wire {
            network,
            pooled: OnceLock::new(),
            fresh: OnceLock::new(),
            patience: Mutex::default(),
            pause,
            now,
        };
        Self { wire: Arc::new(wire), crew: Crew::default(), halt: None }
    }

    /// The same, whose requests are waited for no longer than until then: what has not come is an error.
    #[must_use]
    pub fn until(self, halt: Option<Halt>) -> Self {
        Self { halt, ..self }
    }
}

impl Wire {
    /// Waits as long as the service asked for with an earlier answer; an error where that is longer than there is time.
    fn wait_for(&self, request: &Request, target: &Target) -> Result<(), TransportError> {
        let Address::Service(service) = request.address else { return Ok(()) };
        let until = {
            let patience = self.patience.lock().unwrap_or_else(PoisonError::into_inner);
            patience.get(&service).copied()
        };
        let left = until.map(|until| until.saturating_duration_since(Instant::now())).unwrap_or_default();
        if left.is_zero() {
            return Ok(());
        }
        let wait = Duration::from_nanos(u64::try_from(left.as_nanos()).unwrap_or(u64::MAX));
        if wait.plus(SHORTEST_TRY) > request.timeout {
            return Err(TransportError::Timeout { host: target.host.clone(), after: request.timeout });
        }
        log::debug!("{} asks to wait {wait}", target.host);
        (self.pause)(wait);
        Ok(())
    }

    /// Remembers how long a service asks to wait with a good answer.
    fn remember(&self, request: &Request, response: &Response) {
        let (Address::Service(service), Some(wait), 200..=299) =
            (&request.address, response.retry_after, response.status)
        else {
            return;
        };
        let until = Instant::now().checked_add(wait.to_std());
        if let Some(until) = until {
            let mut patience = self.patience.lock().unwrap_or_else(PoisonError::into_inner);
            let known = patience.entry(*service).or_insert(until);
            *known = until.max(*known);
        }
    }

    fn agent(&self, retry: Retry, host: &str) -> Result<&ureq::Agent, TransportError> {
        let (slot, idle) = match retry {
            Retry::Never => (&self.fresh, 0),
            Retry::WithinTimeout => (&self.pooled, IDLE_CONNECTIONS),
        };
        slot.get_or_init(|| self.open(idle))
            .as_ref()
            .map_err(|why| TransportError::Tls { host: host.to_owned(), why: why.clone() })
    }

    fn open(&self, idle: usize) -> Result<ureq::Agent, String> {
        let config = ureq::config::Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(MAX_HEADER_BYTES)
            .max_idle_connections(idle)
            .max_idle_connections_per_host(idle.min(IDLE_CONNECTIONS_OF_A_HOST))
            .user_agent(USER_AGENT)
            .proxy(None)
            .build();
        let connector = connect::connector(&self.network.roots)?;
        Ok(ureq::Agent::with_parts(config, connector, guard::GuardedResolver::default()))
    }

    /// One try, redirects inside the origin included.
    fn try_once(
        &self,
        request: &Request,
        target: &Target,
        left: Duration,
    ) -> Result<Response, TransportError> {
        let started = Instant::now();
        let mut at = target.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let remaining = left.minus(elapsed_since(started));
            if remaining.is_zero() {
                return Err(TransportError::Timeout { host: target.host.clone(), after: request.timeout });
            }
            let answer = self.exchange(request, target, &at, remaining)?;
            let location = answer.headers().get(http::header::LOCATION).and_then(|text| text.to_str().ok());
            let redirected = match (request.redirects, answer.status().as_u16(), location) {
                (Redirects::AsAnswer, ..) | (_, _, None) => None,
                (_, 307 | 308, Some(location)) => Some(location),
                // Repeating a question as another method would ask another question.
                (_, 301..=303, Some(location)) => match request.method {
                    Method::Get => Some(location),
                    Method::Post | Method::Put | Method::Patch | Method::Delete => {
                        return Err(TransportError::Redirect { host: target.host.clone() });
                    }
                },
                _ => None,
            };
            let Some(location) = redirected else {
                return self.read(request, target, answer, started);
            };
            let next = at.join(location).ok().filter(|next| origin_of(next) == origin_of(&target.url));
            at = next.ok_or_else(|| TransportError::Redirect { host: target.host.clone() })?;
        }
        Err(TransportError::Protocol {
            host: target.host.clone(),
            why: format!("it redirected more than {MAX_REDIRECTS} times"),
        })
    }

    fn exchange(
        &self,
        request: &Request,
        target: &Target,
        at: &url::Url,
        left: Duration,
    ) -> Result<http::Response<ureq::Body>, TransportError> {
        let wrong = |why: &str| TransportError::Protocol { host: target.host.clone(), why: why.to_owned() };
        let method = match request.method {
            Method::Get => http::Method::GET,
            Method::Post => http::Method::POST,
            Method::Put => http::Method::PUT,
            Method::Patch => http::Method::PATCH,
            Method::Delete => http::Method::DELETE,
        };
        let mut head = http::Request::builder().method(method).uri(target::request_uri(at));
        for (name, value) in target.headers(request) {
            let value = http::HeaderValue::from_str(value.reveal()).map_err(|_| TransportError::Refused {
                host: target.host.clone(),
                why: format!(
                    "the value of the header `{name}` has a line break or another control character in it; \
                     store it again, in one line"
                ),
            })?;
            head = head.header(name.as_str(), value);
        }
        if request.retry == Retry::Never {
            head = head.header(http::header::CONNECTION, "close");
        }
        let bytes = match &request.body {
            Some(body) => {
                head = head.header(http::header::CONTENT_TYPE, body.content_type);
                body.bytes.clone()
            }
            None => Vec::new(),
        };
        let agent = self.agent(request.retry, &target.host)?;
        let proxy = self.network.proxies.proxy_for(at);
        let through = proxy.map(|named| named.proxy().clone());
        let unwritable = |_| wrong("the request cannot be written");
        let outcome =
            if request.method == Method::Get || (request.method == Method::Delete && bytes.is_empty()) {
                run(agent, head.body(()).map_err(unwritable)?, left, through)
            } else {
                run(agent, head.body(bytes).map_err(unwritable)?, left, through)
            };
        let if_closed = match at.scheme() {
            "http" => "; if it speaks TLS there, write https://",
            _ => "",
        };
        let way = Way { host: &target.host, after: request.timeout, proxy, if_closed };
        outcome.map_err(|error| failure::named(error, way))
    }

    fn read(
        &self,
        request: &Request,
        target: &Target,
        mut answer: http::Response<ureq::Body>,
        started: Instant,
    ) -> Result<Response, TransportError> {
        let limit = request.max_bytes;
        let mut body = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        // The limit counts what comes out of decompression.
        let mut reader = answer.body_mut().as_reader().take(most);
        reader.read_to_end(&mut body).map_err(|error| {
            let way = Way { host: &target.host, after: request.timeout, proxy: None, if_closed: "" };
            failure::named(ureq::Error::from(error), way)
        })?;
        if body.len() > limit {
            return Err(TransportError::TooLarge { host: target.host.clone(), limit });
        }
        let status = answer.status().as_u16();
        if status == 400 && target.url.scheme() == "http" && failure::wants_tls(&body) {
            return Err(TransportError::Protocol {
                host: target.host.clone(),
                why: failure::SPEAKS_TLS.to_owned(),
            });
        }
        let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let content_type = text(http::header::CONTENT_TYPE)
            .and_then(|whole| whole.split(';').next())
            .map(|kind| kind.trim().to_ascii_lowercase())
            .unwrap_or_default();
        Ok(Response {
            status,
            content_type,
            headers: answer
                .headers()
                .iter()
                .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
                .collect(),
            retry_after: text(http::header::RETRY_AFTER).and_then(|text| retry_after(text, self.now)),
            body,
            elapsed: elapsed_since(started),
        })
    }

    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let target = self.network.connections.target(request)?;
        let started = Instant::now();
        self.wait_for(request, &target)?;
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let left = request.timeout.minus(elapsed_since(started));
            let outcome = self.try_once(request, &target, left);
            let wait = match (request.retry, &outcome) {
                (Retry::Never, _) => None,
                (_, Ok(response)) if is_passing(&request.address, response.status) => {
                    Some(response.retry_after.unwrap_or(pause))
                }
                (_, Err(TransportError::Connect { .. } | TransportError::Proxy { .. })) => Some(pause),
                _ => None,
            };
            let left = request.timeout.minus(elapsed_since(started));
            match wait {
                Some(wait) if attempt < MAX_TRIES && wait.plus(SHORTEST_TRY) <= left => {
                    log::debug!("{} is asked again in {wait}", target.host);
                    (self.pause)(wait);
                }
                _ => {
                    if let Ok(response) = &outcome {
                        self.remember(request, response);
                    }
                    return outcome;
                }
            }
            pause = pause.times(2);
        }
        Err(TransportError::Timeout { host: target.host, after: request.timeout })
    }
}

impl HttpTransport {
    /// What is said of a request whose answer is not waited for.
    fn halted(&self, request: &Request, halt: &Halt) -> TransportError {
        let target = self.wire.network.connections.target(request);
        let host = target.map_or_else(|_| "the server".to_owned(), |target| target.host);
        let why = halt.why().map(ToString::to_string).unwrap_or_default();
        TransportError::Halted { host, why }
    }
}

/// The next answer; `None` where no more come, or it is time to halt and none has come yet.
fn next_answer(answered: &Receiver<Answer>, halt: Option<&Halt>) -> Option<Answer> {
    let Some(halt) = halt else { return answered.recv().ok() };
    select! {
        recv(answered) -> answer => answer.ok(),
        recv(halt.over()) -> _ => answered.try_recv().ok(),
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        if self.halt.is_none() {
            return self.wire.send(request);
        }
        let lost = TransportError::Protocol { host: String::new(), why: "it was not sent".to_owned() };
        self.send_all(std::slice::from_ref(request)).pop().unwrap_or(Err(lost))
    }

    fn send_all(&self, requests: &[Request]) -> Vec<Result<Response, TransportError>> {
        if let (Some(halt), true) = (&self.halt, self.halt.as_ref().is_some_and(|halt| halt.why().is_some()))
        {
            return requests.iter().map(|request| Err(self.halted(request, halt))).collect();
        }
        if let ([request], None) = (requests, &self.halt) {
            return vec![self.wire.send(request)];
        }
        let (answers, answered) = unbounded();
        let batch = Arc::new(Batch {
            wire: Arc::clone(&self.wire),
            requests: requests.to_vec(),
            next: AtomicUsize::new(0),
        });
        // Whoever may be halted sends nothing itself: it could not let go of what it waits for.
        let mut sends_itself = self.halt.is_none();
        for _ in usize::from(sends_itself)..requests.len().min(SIDE_BY_SIDE) {
            let (batch, answers) = (Arc::clone(&batch), answers.clone());
            if self.crew.give(Box::new(move || batch.work(&answers)), STACK_BYTES).is_err() {
                log::warn!("no more threads: requests go one after the other");
                sends_itself = true;
                break;
            }
        }
        if sends_itself {
            batch.work(&answers);
        }
        // When every thread has let go of it, there is no more to come.
        drop(answers);
        let mut results: Vec<Option<Result<Response, TransportError>>> =
            requests.iter().map(|_| None).collect();
        while let Some((index, result)) = next_answer(&answered, self.halt.as_ref()) {
            if let Some(slot) = results.get_mut(index) {
                *slot = Some(result);
            }
        }
        let lost = |request: &Request| match &self.halt {
            Some(halt) if halt.why().is_some() => self.halted(request, halt),
            _ => TransportError::Protocol { host: String::new(), why: "it was not sent".to_owned() },
        };
        requests
            .iter()
            .zip(results)
            .map(|(request, result)| result.unwrap_or_else(|| Err(lost(request))))
            .collect()
    }
}

/// Requests that several threads take from.
struct Batch {
    wire: Arc<Wire>,
    requests: Vec<Request>,
    next: AtomicUsize,
}

type Answer = (usize, Result<Response, TransportError>);

impl Batch {
    /// Sends requests until there are none left.
    fn work(&self, answers: &Sender<Answer>) {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(request) = self.requests.get(index) else { return };
            // Somebody waits for every answer.
            let _ = answers.send((index, self.wire.send(request)));
        }
    }
}

/// Whether an answer may be another one in a moment. The services of the pipeline answer 500 where a part of theirs is away for a
/// while; elsewhere it is a fault of what was asked.
const fn is_passing(address: &Address, status: u16) -> bool {
    match status {
        429 | 502 | 503 | 504 => true,
        500 => matches!(address, Address::Service(_)),
        _ => false,
    }
}

/// Sends one message within the time that is left.
fn run(
    agent: &ureq::Agent,
    message: http::Request<impl ureq::AsSendBody>,
    left: Duration,
    proxy: Option<ureq::Proxy>,
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    agent.run(agent.configure_request(message).timeout_global(Some(left.to_std())).proxy(proxy).build())
}

/// `Retry-After` in seconds or as a date.
fn retry_after(text: &str, now: fn() -> Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    http_date(text).map(|date| date.since(now()))
}

fn elapsed_since(started: Instant) -> Duration {
    Duration::from_nanos(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX))
}
