//! HTTP: reads a request, lets faults and the token decide, and gives it to the answers.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::answers::{Answer, answer};
use super::state::{Asked, State};
use super::{ORGANISATION, TOKEN};

/// The fake.
pub struct Fake {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Fake {
    /// Starts it on a port of its own, with an answer that takes so long.
    pub fn start(state: State, latency: Duration) -> Self {
        Self::on(0, state, latency)
    }

    /// The same, on this port.
    pub fn on(port: u16, state: State, latency: Duration) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || serve(&stream, &state, latency));
            }
        });
        Self { address, state }
    }

    /// The organisation's address.
    pub fn collection(&self) -> String {
        format!("http://{}/{ORGANISATION}/", self.address)
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it has.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lines of what it was asked, in order.
    pub fn lines(&self) -> Vec<String> {
        self.state().asked.iter().map(|asked| asked.line.clone()).collect()
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>, latency: Duration) {
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read(&mut reader) {
        let answer = {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.asked.push(asked.clone());
            state.rounds += usize::from(state.answering == 0);
            state.answering += 1;
            decide(&mut state, &asked)
        };
        if !latency.is_zero() {
            thread::sleep(latency);
        }
        if is_silent(state, &asked) {
            loop {
                thread::park();
            }
        }
        state.lock().unwrap_or_else(PoisonError::into_inner).answering -= 1;
        let mut head = format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
        if !answer.kind.is_empty() {
            head.push_str(&format!("Content-Type: {}\r\n", answer.kind));
        }
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let whole = format!("{head}\r\n{}", answer.body);
        let mut writer = stream;
        if writer.write_all(whole.as_bytes()).is_err() {
            return;
        }
    }
}

fn is_silent(state: &Mutex<State>, asked: &Asked) -> bool {
    let state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.silent.iter().any(|line| asked.line.contains(line))
}

fn decide(state: &mut State, asked: &Asked) -> Answer {
    if let Some(fault) =
        state.faults.iter_mut().find(|fault| fault.times > 0 && asked.line.contains(&fault.line))
    {
        fault.times -= 1;
        return Answer {
            status: fault.status,
            kind: fault.kind.clone(),
            headers: fault.headers.clone(),
            body: fault.body.clone(),
        };
    }
    let authorization = asked.headers.get("authorization").map_or("", String::as_str);
    // `:canary-token-7f3b`, as a personal access token is sent.
    let known = [format!("Bearer {TOKEN}"), "Basic OmNhbmFyeS10b2tlbi03ZjNi".to_owned()];
    if !known.iter().any(|known| known == authorization) {
        let suppressed = asked.headers.get("x-tfs-fedauthredirect").is_some_and(|value| value == "Suppress");
        return if suppressed {
            Answer::error(401, "", "TF400813: not authorized")
        } else {
            Answer::sign_in()
        };
    }
    answer(state, asked)
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    if reader.by_ref().take(64 * 1024).read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        if reader.by_ref().take(64 * 1024).read_line(&mut header).ok()? == 0 {
            return None;
        }
        let header = header.trim_end();
        if header.is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    let body = body(reader, &headers)?;
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    Some(Asked { line, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

fn body(reader: &mut BufReader<&TcpStream>, headers: &BTreeMap<String, String>) -> Option<Vec<u8>> {
    if headers.get("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        let mut whole = Vec::new();
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).ok()?;
            if size == 0 {
                return Some(whole);
            }
            whole.extend_from_slice(chunk.get(..size)?);
        }
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    Some(bytes)
}
