//! A network for tests: answers by hand, and remembers what was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::{CommandEnd, CommandError, Commands, Observation, PollWindow, Polled, Source, World};
use crate::policy::source_spec::CommandSpec;
use crate::sample::Sample;
use crate::transport::{Address, Request, Response, Transport, TransportError, joined};
use crate::{Duration, Timestamp};

pub(super) type Answer = Result<Response, TransportError>;

/// Answers each request by a function of its URL and form.
pub(super) struct Network {
    answer: Box<dyn Fn(&Asked) -> Answer + Send + Sync>,
    pub(super) asked: Mutex<Vec<Asked>>,
}

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) url: String,
    pub(super) form: BTreeMap<String, String>,
    pub(super) request: Arc<Request>,
}

impl Asked {
    /// A field of the form, or nothing.
    pub(super) fn field(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }
}

impl Network {
    pub(super) fn new(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self { answer: Box::new(answer), asked: Mutex::default() }
    }

    /// Polls a source at a time, with start and anchor at 1000 s.
    pub(super) fn poll(&self, source: &mut dyn Source, seconds: i64) -> Polled {
        self.poll_in(source, &window(1000, 1000, seconds))
    }

    pub(super) fn poll_in(&self, source: &mut dyn Source, window: &PollWindow) -> Polled {
        source.poll(window, &World { transport: self, commands: &NoCommands })
    }

    /// What was asked since the last call.
    pub(super) fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Transport for Network {
    fn send(&self, request: &Request) -> Answer {
        let url = match &request.address {
            Address::Url(url) => joined(url, &request.path_and_query).to_string(),
            Address::Opened(url) => format!("opened:{}", joined(url, &request.path_and_query)),
            Address::Connection(name) => format!("connection:{name}{}", request.path_and_query),
            Address::Service(service) => format!("service:{}{}", service.name(), request.path_and_query),
            Address::Azure(api) => format!("azure:{}{}", api.name(), request.path_and_query),
            Address::Webhook(_) => "webhook".to_owned(),
        };
        let form = request.body.as_ref().map_or(&[][..], |body| &body.bytes);
        let form = url::form_urlencoded::parse(form).into_owned().collect();
        let asked = Asked { url, form, request: Arc::new(request.clone()) };
        self.asked.lock().unwrap().push(asked.clone());
        (self.answer)(&asked)
    }
}

pub(super) struct NoCommands;

impl Commands for NoCommands {
    fn run(&self, command: &CommandSpec) -> Result<CommandEnd, CommandError> {
        panic!("no command is run here: {command:?}")
    }
}

pub(super) fn window(start: i64, anchor: i64, scheduled: i64) -> PollWindow {
    PollWindow {
        start: Timestamp::from_secs(start),
        scheduled: Timestamp::from_secs(scheduled),
        anchor: Timestamp::from_secs(anchor),
        timeout: Duration::from_secs(30),
    }
}

pub(super) fn status(status: u16, content_type: &str, body: &str) -> Answer {
    let answer = Response::new(status, content_type, body);
    Ok(Response { elapsed: Duration::from_millis(20), ..answer })
}

pub(super) fn ok(body: &str) -> Answer {
    status(200, "text/plain", body)
}

pub(super) fn timeout() -> Answer {
    Err(TransportError::Timeout { host: "orders.example".into(), after: Duration::from_secs(5) })
}

pub(super) fn refused() -> Answer {
    Err(TransportError::Connect { host: "orders.example".into(), why: "connection refused".into() })
}

/// The observations as `second signal sample`, for comparing.
pub(super) fn shown(polled: &Polled) -> Vec<String> {
    polled.observations.iter().map(show).collect()
}

fn show(observation: &Observation) -> String {
    let sample = match &observation.sample {
        Sample::Absent(absence) => absence.to_string(),
        Sample::Known(crate::sample::Reading::Counts(counts)) => {
            format!("{} of {}", counts.bad(), counts.total())
        }
        Sample::Known(crate::sample::Reading::Value { value, total: None }) => value.get().to_string(),
        Sample::Known(crate::sample::Reading::Value { value, total: Some(total) }) => {
            format!("{} behind {}", value.get(), total.get())
        }
    };
    format!("{} {} {sample}", observation.at.as_seconds_f64(), observation.signal)
}

/// The texts of the notes.
pub(super) fn notes(polled: &Polled) -> Vec<&str> {
    polled.notes.iter().map(|note| note.text.as_str()).collect()
}
