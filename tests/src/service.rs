//! A service under test, in this process: what it answers is switched while the gate watches.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

/// A service with `/health`, `/ready`, `/version` and `/metrics`.
pub struct Service {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// How it behaves.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// The status of `/health`.
    pub health: u16,
    /// What `/health` says.
    pub health_body: String,
    /// What `/version` says.
    pub version: String,
    /// The share of requests that fail, as `/metrics` counts them.
    pub error_ratio: f64,
    /// The status of `/metrics`.
    pub metrics: u16,
    /// A header that `/metrics` must be asked with.
    pub wants: Option<(String, String)>,
}

struct State {
    behaviour: Behaviour,
    counted: Instant,
    good: f64,
    bad: f64,
    asked: Vec<String>,
}

/// Requests a second that it pretends to have.
const RATE: f64 = 200.0;

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            health: 200,
            health_body: "health\n".to_owned(),
            version: "1.0.0".to_owned(),
            error_ratio: 0.0,
            metrics: 200,
            wants: None,
        }
    }
}

impl Service {
    /// Starts it on a port of its own.
    pub fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let now = Instant::now();
        // Counters do not begin at nothing: a service runs for a while before a gate looks at it.
        let state = State { behaviour, counted: now, good: 1000.0, bad: 1.0, asked: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || serve(&stream, &state));
            }
        });
        Self { address, state }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// Switches its behaviour.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        let mut state = self.state.lock().expect("the state");
        state.count();
        change(&mut state.behaviour);
    }

    /// The requests that it has had, with their headers.
    pub fn asked(&self) -> Vec<String> {
        self.state.lock().expect("the state").asked.clone()
    }

    /// Waits until it has been asked for a path so often.
    pub fn wait_for(&self, path: &str, times: usize) {
        let begun = Instant::now();
        let front = format!("GET {path} ");
        while self.asked().iter().filter(|head| head.starts_with(&front)).count() < times {
            assert!(
                begun.elapsed().as_secs() < 60,
                "{path} was not asked for {times} times: {:?}",
                self.asked()
            );
            thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

impl State {
    fn count(&mut self) {
        let now = Instant::now();
        let requests = now.duration_since(self.counted).as_secs_f64() * RATE;
        self.counted = now;
        self.bad += requests * self.behaviour.error_ratio;
        self.good += requests * (1.0 - self.behaviour.error_ratio);
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    while let Some(head) = head_of(&mut reader) {
        let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
        let (status, kind, body) = {
            let mut state = state.lock().expect("the state");
            state.count();
            state.asked.push(head.clone());
            answer(&state, &path, &head)
        };
        let answer = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut writer = stream;
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn head_of(reader: &mut BufReader<&TcpStream>) -> Option<String> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.by_ref().take(16 * 1024).read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            return Some(head);
        }
        head.push_str(&line);
    }
}

fn answer(state: &State, path: &str, head: &str) -> (u16, &'static str, String) {
    let behaviour = &state.behaviour;
    match path.split('?').next().unwrap_or("") {
        "/health" => (behaviour.health, "text/plain", behaviour.health_body.clone()),
        "/ready" => (200, "text/plain", "ready\n".to_owned()),
        "/version" => (200, "application/json", format!("{{\"version\":\"{}\"}}", behaviour.version)),
        "/metrics" => {
            let allowed = behaviour.wants.as_ref().is_none_or(|(name, value)| {
                let line = format!("{name}: {value}").to_ascii_lowercase();
                head.to_ascii_lowercase().lines().any(|found| found == line)
            });
            if !allowed {
                return (401, "text/plain", String::new());
            }
            let text = format!(
                "# TYPE requests_total counter\nrequests_total{{code=\"200\"}} {}\nrequests_total{{code=\"500\"}} {}\n",
                state.good.round(),
                state.bad.round()
            );
            (behaviour.metrics, "text/plain", text)
        }
        "/kpi" => (200, "application/json", "{\"last_minute\": 7}".to_owned()),
        _ => (404, "text/plain", String::new()),
    }
}
