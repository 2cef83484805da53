//! An HTTP server in this process that answers by a function and remembers what it was asked: what doubles of services
//! are built on.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// A server on a port of its own.
pub struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    busy: Arc<Mutex<Busy>>,
}

/// What is being answered, and how often that began.
#[derive(Default)]
struct Busy {
    answering: usize,
    rounds: usize,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `GET`
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// What it answers.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// The longest line of a request's head that is read.
const LONGEST_LINE: u64 = 64 * 1024;

impl Server {
    /// Starts it.
    pub fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::slow(Duration::ZERO, answer)
    }

    /// Starts one that takes so long for each answer.
    pub fn slow(latency: Duration, answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        let (answer, busy) = (Arc::new(answer), Arc::new(Mutex::new(Busy::default())));
        let counted = Arc::clone(&busy);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (remembered, answer, busy) =
                    (Arc::clone(&remembered), Arc::clone(&answer), Arc::clone(&counted));
                thread::spawn(move || {
                    serve(&stream, &remembered, |asked| {
                        {
                            let mut busy = busy.lock().expect("what is answered");
                            busy.rounds += usize::from(busy.answering == 0);
                            busy.answering += 1;
                        }
                        let answer = answer(asked);
                        if !latency.is_zero() {
                            thread::sleep(latency);
                        }
                        busy.lock().expect("what is answered").answering -= 1;
                        answer
                    });
                });
            }
        });
        Self { address, asked, busy }
    }

    /// How often a question came while none was being answered: the trips that follow each other.
    pub fn rounds(&self) -> usize {
        self.busy.lock().expect("what is answered").rounds
    }

    /// Forgets what it was asked.
    pub fn forget(&self) {
        self.asked.lock().expect("what was asked").clear();
        self.busy.lock().expect("what is answered").rounds = 0;
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("what was asked").clone()
    }
}

impl Asked {
    /// The path, as sent.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A value of the query, as sent.
    pub fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// A header; empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }
}

impl Answer {
    /// An answer of JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.to_string())
    }

    /// An answer of a content type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: body.into() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

fn serve(stream: &TcpStream, remembered: &Mutex<Vec<Asked>>, answer: impl Fn(&Asked) -> Answer) {
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read(&mut reader) {
        remembered.lock().expect("what was asked").push(asked.clone());
        let answer = answer(&asked);
        let mut bytes = format!("HTTP/1.1 {} X\r\n", answer.status).into_bytes();
        for (name, value) in &answer.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", answer.body.len()).as_bytes());
        bytes.extend_from_slice(&answer.body);
        let mut writer = stream;
        if writer.write_all(&bytes).is_err() {
            return;
        }
    }
}

/// The next request of a connection; `None` where it ends.
fn read(reader: &mut BufReader<&TcpStream>) -> Option<Asked> {
    let mut line = || {
        let mut line = String::new();
        let count = reader.by_ref().take(LONGEST_LINE).read_line(&mut line).ok()?;
        (count > 0).then(|| line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    while let Some((name, value)) = line()?.split_once(':') {
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length =
        headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, target, headers, body })
}
