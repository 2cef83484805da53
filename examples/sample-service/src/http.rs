//! Just enough of HTTP/1.1 for a service on a socket: requests in, responses out, everything bounded.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The longest request line and headers.
pub const MAX_HEAD: usize = 16 * 1024;
/// The longest body.
pub const MAX_BODY: usize = 64 * 1024;
const MAX_HEADERS: usize = 64;
/// How long a request may take to arrive, from its first byte.
const ARRIVAL: Duration = Duration::from_secs(10);
/// How long a connection may stay silent between two requests.
const IDLE: Duration = Duration::from_secs(30);
/// How often a silent connection looks whether the service is stopping.
const GLANCE: Duration = Duration::from_millis(50);
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// The methods that some route answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Reads without the body.
    Head,
    /// Makes.
    Post,
    /// Resets.
    Delete,
    /// Any other.
    Other,
}

/// Whether the connection stays open after the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// Another request may follow.
    KeepAlive,
    /// It closes.
    Close,
}

/// A request that arrived whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// Its body.
    pub body: Vec<u8>,
    /// What the client asks for.
    pub afterwards: Afterwards,
}

/// What is sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Response {
    /// A JSON response.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self { status, content_type: "application/json", body: body.to_string() }
    }
}

/// A request that is refused before it reaches a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is no HTTP/1 request.
    Malformed,
    /// Its head is too long.
    HeadTooLong,
    /// Its body is too long.
    BodyTooLong,
    /// Its body has no length.
    LengthRequired,
    /// It did not arrive in time.
    TooSlow,
}

impl Refusal {
    /// The response that says it.
    #[must_use]
    pub fn response(self) -> Response {
        let (status, error) = match self {
            Self::Malformed => (400, "this is not an HTTP/1.1 request"),
            Self::TooSlow => (408, "the request did not arrive within 10 s"),
            Self::LengthRequired => (411, "send the body with a Content-Length"),
            Self::BodyTooLong => (413, "the body is longer than 64 KiB"),
            Self::HeadTooLong => (431, "the request line and headers are longer than 16 KiB"),
        };
        Response::json(status, &serde_json::json!({ "error": error }))
    }
}

/// What the next read of a connection gives.
#[derive(Debug)]
pub enum Next {
    /// A request.
    Request(Request),
    /// Something to refuse, and then to close.
    Refused(Refusal),
    /// Nothing more: the client closed, stayed silent, or the service is stopping.
    Done,
}

/// One connection and the bytes that it is ahead by.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    ahead: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Head {
    method: Method,
    path: String,
    afterwards: Afterwards,
    /// Bytes of the head itself.
    length: usize,
    body: usize,
    continues: bool,
}

impl Connection {
    /// Takes over an accepted socket.
    ///
    /// # Errors
    /// When the socket refuses its settings.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        Ok(Self { stream, ahead: Vec::new() })
    }

    /// Waits for a request; `stopping` is asked while nothing has arrived.
    ///
    /// # Errors
    /// When the socket breaks.
    pub fn next(&mut self, stopping: impl Fn() -> bool) -> io::Result<Next> {
        if self.ahead.is_empty() && !self.wait(stopping)? {
            return Ok(Next::Done);
        }
        let deadline = Instant::now() + ARRIVAL;
        let head = loop {
            match parse_head(&self.ahead) {
                Ok(Some(head)) => break head,
                Ok(None) => {}
                Err(refusal) => return Ok(Next::Refused(refusal)),
            }
            match self.more(deadline)? {
                More::Bytes => {}
                More::Closed => return Ok(Next::Done),
                More::TooLate => return Ok(Next::Refused(Refusal::TooSlow)),
            }
        };
        if head.continues && self.ahead.len() < head.length + head.body {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        while self.ahead.len() < head.length + head.body {
            match self.more(deadline)? {
                More::Bytes => {}
                More::Closed => return Ok(Next::Done),
                More::TooLate => return Ok(Next::Refused(Refusal::TooSlow)),
            }
        }
        let rest = self.ahead.split_off(head.length + head.body);
        let mut whole = std::mem::replace(&mut self.ahead, rest);
        let body = whole.split_off(head.length);
        Ok(Next::Request(Request { method: head.method, path: head.path, body, afterwards: head.afterwards }))
    }

    /// Sends a response.
    ///
    /// # Errors
    /// When the client is gone or does not read.
    pub fn send(&mut self, response: &Response, method: Method, afterwards: Afterwards) -> io::Result<()> {
        let connection = match afterwards {
            Afterwards::KeepAlive => "keep-alive",
            Afterwards::Close => "close",
        };
        let mut bytes = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: {connection}\r\n\r\n",
            response.status,
            reason(response.status),
            response.content_type,
            response.body.len(),
        );
        if method != Method::Head {
            bytes.push_str(&response.body);
        }
        self.stream.write_all(bytes.as_bytes())
    }

    /// Waits for the first byte of a request.
    fn wait(&mut self, stopping: impl Fn() -> bool) -> io::Result<bool> {
        let deadline = Instant::now() + IDLE;
        while !stopping() && Instant::now() < deadline {
            match self.more(Instant::now() + GLANCE)? {
                More::Bytes => return Ok(true),
                More::Closed => return Ok(false),
                More::TooLate => {}
            }
        }
        Ok(false)
    }

    fn more(&mut self, deadline: Instant) -> io::Result<More> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(More::TooLate);
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut chunk = [0_u8; 4096];
        match self.stream.read(&mut chunk) {
            Ok(0) => Ok(More::Closed),
            Ok(n) => {
                self.ahead.extend(chunk.iter().take(n));
                Ok(More::Bytes)
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Ok(More::TooLate),
                io::ErrorKind::Interrupted => Ok(More::Bytes),
                _ => Err(error),
            },
        }
    }
}

enum More {
    Bytes,
    Closed,
    TooLate,
}

/// The head of a request, or `None` while it has not arrived whole.
fn parse_head(bytes: &[u8]) -> Result<Option<Head>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length <= MAX_HEAD => length,
        Ok(httparse::Status::Partial) if bytes.len() < MAX_HEAD => return Ok(None),
        Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(Refusal::HeadTooLong),
        Err(_) => return Err(Refusal::Malformed),
    };
    let mut afterwards = if request.version == Some(1) { Afterwards::KeepAlive } else { Afterwards::Close };
    let mut body = None;
    let mut continues = false;
    for header in request.headers.iter() {
        let value = str::from_utf8(header.value).map_err(|_| Refusal::Malformed)?.trim();
        if header.name.eq_ignore_ascii_case("content-length") {
            let said = content_length(value)?;
            // Two lengths that differ are how requests are smuggled past proxies (RFC 9112, 6.3).
            if body.is_some_and(|before| before != said) {
                return Err(Refusal::Malformed);
            }
            body = Some(said);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(Refusal::LengthRequired);
        } else if header.name.eq_ignore_ascii_case("expect") {
            continues = value.eq_ignore_ascii_case("100-continue");
        } else if header.name.eq_ignore_ascii_case("connection") {
            for word in value.split(',').map(str::trim) {
                if word.eq_ignore_ascii_case("close") {
                    afterwards = Afterwards::Close;
                } else if word.eq_ignore_ascii_case("keep-alive") {
                    afterwards = Afterwards::KeepAlive;
                }
            }
        }
    }
    let method = match request.method {
        Some("GET") => Method::Get,
        Some("HEAD") => Method::Head,
        Some("POST") => Method::Post,
        Some("DELETE") => Method::Delete,
        _ => Method::Other,
    };
    let target = request.path.unwrap_or("/");
    let path = target.split(['?', '#']).next().unwrap_or("/").to_owned();
    Ok(Some(Head { method, path, afterwards, length, body: body.unwrap_or(0), continues }))
}

fn content_length(value: &str) -> Result<usize, Refusal> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Malformed);
    }
    // Digits alone that are no usize are too many.
    value.parse().ok().filter(|&length| length <= MAX_BODY).ok_or(Refusal::BodyTooLong)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Option<Head>, Refusal> {
        parse_head(text.as_bytes())
    }

    #[test]
    fn a_head_is_read_without_its_query() {
        let text = "POST /orders?x=1 HTTP/1.1\r\nHost: a\r\ncontent-length: 3\r\n\r\nabc";
        let expected = Head {
            method: Method::Post,
            path: "/orders".to_owned(),
            afterwards: Afterwards::KeepAlive,
            length: text.len() - 3,
            body: 3,
            continues: false,
        };
        assert_eq!(head(text), Ok(Some(expected)));
    }

    #[test]
    fn every_cut_of_a_head_waits_for_more() {
        let text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for cut in 0..text.len() {
            assert_eq!(parse_head(&text.as_bytes()[..cut]), Ok(None), "cut at {cut}");
        }
    }

    #[test]
    fn the_connection_header_is_obeyed() {
        let afterwards = |text: &str| head(text).unwrap().unwrap().afterwards;
        assert_eq!(afterwards("GET / HTTP/1.1\r\n\r\n"), Afterwards::KeepAlive);
        assert_eq!(afterwards("GET / HTTP/1.0\r\n\r\n"), Afterwards::Close);
        assert_eq!(afterwards("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n"), Afterwards::Close);
        assert_eq!(afterwards("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), Afterwards::KeepAlive);
    }

    #[test]
    fn hostile_heads_are_refused() {
        let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(MAX_HEAD));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(MAX_HEADERS + 1));
        let rows = [
            ("\u{16}\u{3}\u{1}", Refusal::Malformed),
            ("GET / HTTP/2.0\r\n\r\n", Refusal::Malformed),
            (long.as_str(), Refusal::HeadTooLong),
            (many.as_str(), Refusal::HeadTooLong),
            ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", Refusal::Malformed),
            ("POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", Refusal::Malformed),
            ("POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", Refusal::BodyTooLong),
            ("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", Refusal::BodyTooLong),
            ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", Refusal::Malformed),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", Refusal::LengthRequired),
        ];
        for (text, refusal) in rows {
            assert_eq!(head(text), Err(refusal), "{text:.60}");
        }
    }
}
