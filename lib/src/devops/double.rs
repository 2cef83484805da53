//! A service for tests: answers by a function, and remembers what was asked.

use std::sync::Mutex;

use crate::Duration;
use crate::devops::{Client, Project};
use crate::transport::{Request, Response, Transport, TransportError};

pub(crate) type Reply = Result<Response, TransportError>;

type Answering = dyn Fn(&str, &Request) -> Reply + Send + Sync;

/// Answers each request by a function of `METHOD path`.
pub(crate) struct Service {
    answer: Box<Answering>,
    pub(crate) asked: Mutex<Vec<Request>>,
}

impl Service {
    pub(crate) fn new(answer: impl Fn(&str, &Request) -> Reply + Send + Sync + 'static) -> Self {
        Self { answer: Box::new(answer), asked: Mutex::default() }
    }

    /// One that gives this answer to everything.
    pub(crate) fn always(response: Response) -> Self {
        Self::new(move |_, _| Ok(response.clone()))
    }

    pub(crate) fn client(&self) -> Client<'_> {
        Client::new(self, project(), &two_minutes)
    }
}

impl Transport for Service {
    fn send(&self, request: &Request) -> Reply {
        self.asked.lock().unwrap().push(request.clone());
        (self.answer)(&format!("{} {}", request.method.as_str(), request.path_and_query), request)
    }
}

pub(crate) fn project() -> Project {
    "orders".parse().unwrap()
}

pub(crate) fn two_minutes() -> Duration {
    Duration::from_secs(120)
}

pub(crate) fn json(body: &str) -> Response {
    Response::new(200, "application/json", body)
}
