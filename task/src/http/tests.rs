//! The transport against a server that misbehaves in every way.

mod proxies;
mod schemes;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use runbook_gate::transport::{
    Address, Body, Header, Method, Redirects, Request, Response, Retry, Sensitivity, Transport,
    TransportError,
};
use runbook_gate::{Duration, Secret, Timestamp};

use super::{Connection, Credential, HttpTransport, Network};

/// A server that answers each connection as the test says, and remembers what it was asked.
struct Double {
    base: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Double {
    /// `answer` writes to the connection; the count is of requests, from 1.
    fn new(answer: impl Fn(usize, &mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(head) = read_request(&stream) else { continue };
                let count = {
                    let mut log = log.lock().unwrap();
                    log.push(head);
                    log.len()
                };
                answer(count, &mut stream);
            }
        });
        Self { base, asked }
    }

    fn request(&self, path: &str) -> Request {
        Request::get(Address::Url(self.base.parse().unwrap()), path.to_owned(), Duration::from_secs(5))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn read_request(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
        .and_then(|text| text.trim().parse::<usize>().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    head.push_str(&String::from_utf8_lossy(&body));
    Some(head)
}

fn write(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n", body.len());
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

fn no_pause(_: Duration) {}

fn fixed_now() -> Timestamp {
    Timestamp::from_secs(1_767_225_600)
}

fn transport() -> HttpTransport {
    HttpTransport::new(Network::default(), no_pause, fixed_now)
}

fn send(request: &Request) -> Result<Response, TransportError> {
    transport().send(request)
}

#[test]
fn reads_an_answer() {
    let double = Double::new(|_, stream| {
        write(stream, "200 OK", "Content-Type: Application/JSON; charset=utf-8\r\n", b"{}")
    });
    let response = send(&double.request("/a?b=c%20d")).unwrap();
    assert_eq!(
        (response.status, response.content_type.as_str(), response.body.as_slice()),
        (200, "application/json", &b"{}"[..])
    );
    let asked = double.asked();
    assert!(asked[0].starts_with("GET /a?b=c%20d HTTP/1.1\r\n"), "{asked:?}");
    assert!(asked[0].to_ascii_lowercase().contains("user-agent: runbook-gate/"), "{asked:?}");
}

#[test]
fn an_error_status_is_an_answer() {
    let double = Double::new(|_, stream| write(stream, "500 Oops", "", b"no"));
    assert_eq!(send(&double.request("/")).unwrap().status, 500);
}

#[test]
fn sends_a_body() {
    let double = Double::new(|_, stream| write(stream, "200 OK", "", b""));
    let mut request = double.request("/api/v1/query");
    request.method = Method::Post;
    request.body =
        Some(Body { content_type: "application/x-www-form-urlencoded", bytes: b"query=up".to_vec() });
    send(&request).unwrap();
    let asked = double.asked().remove(0).to_ascii_lowercase();
    assert!(asked.starts_with("post /api/v1/query "), "{asked}");
    assert!(asked.contains("content-type: application/x-www-form-urlencoded\r\n"), "{asked}");
    assert!(asked.ends_with("query=up"), "{asked}");
}

#[test]
fn a_silent_server_is_a_timeout_within_the_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut request = Request::get(
        Address::Url(format!("http://{}", listener.local_addr().unwrap()).parse().unwrap()),
        String::new(),
        Duration::from_millis(200),
    );
    for retry in [Retry::Never, Retry::WithinTimeout] {
        request.retry = retry;
        assert!(matches!(send(&request), Err(TransportError::Timeout { .. })), "{retry:?}");
    }
}

#[test]
fn a_body_that_never_ends_is_a_timeout() {
    let double = Double::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
        let _ = stream.read(&mut [0; 1]);
    });
    let mut request = double.request("/");
    request.timeout = Duration::from_millis(200);
    assert!(matches!(send(&request), Err(TransportError::Timeout { .. })));
}

#[test]
fn nobody_listening_is_a_connect_failure_after_tries() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let request = Request::get(
        Address::Url(format!("http://{address}").parse().unwrap()),
        String::new(),
        Duration::from_secs(5),
    );
    let error = send(&request).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot connect to {address}: nobody listens there"));
}

#[test]
fn a_reset_connection_is_tried_again_but_not_for_a_probe() {
    for (retry, tries) in [(Retry::WithinTimeout, 3), (Retry::Never, 1)] {
        let double = Double::new(|count, stream| {
            if count >= 3 {
                write(stream, "200 OK", "", b"");
            }
        });
        let mut request = double.request("/");
        request.retry = retry;
        let outcome = send(&request);
        assert_eq!(outcome.is_ok(), retry == Retry::WithinTimeout, "{outcome:?}");
        assert_eq!(double.asked().len(), tries);
    }
}

#[test]
fn throttling_is_tried_again_inside_the_time() {
    let double = Double::new(|count, stream| match count {
        1 => write(stream, "429 Slow", "Retry-After: 1\r\n", b""),
        2 => write(stream, "503 Busy", "", b""),
        _ => write(stream, "200 OK", "", b"ok"),
    });
    assert_eq!(send(&double.request("/")).unwrap().status, 200);
    assert_eq!(double.asked().len(), 3);
}

#[test]
fn a_retry_after_beyond_the_time_is_not_waited_for() {
    let double = Double::new(|_, stream| write(stream, "429 Slow", "Retry-After: 3600\r\n", b""));
    let response = send(&double.request("/")).unwrap();
    assert_eq!((response.status, response.retry_after), (429, Some(Duration::from_secs(3600))));
    assert_eq!(double.asked().len(), 1);
}

#[test]
fn a_retry_after_may_be_a_date() {
    let double = Double::new(|_, stream| {
        write(stream, "503 Busy", "Retry-After: Thu, 01 Jan 2026 00:02:00 GMT\r\n", b"")
    });
    assert_eq!(send(&double.request("/")).unwrap().retry_after, Some(Duration::from_secs(120)));
}

#[test]
fn a_huge_body_is_refused_without_reading_it_all() {
    let double = Double::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while stream.write_all(format!("400\r\n{}\r\n", "x".repeat(1024)).as_bytes()).is_ok() {}
    });
    let mut request = double.request("/");
    request.max_bytes = 10_000;
    assert!(matches!(send(&request), Err(TransportError::TooLarge { limit: 10_000, .. })));
}

#[test]
fn a_gzip_bomb_is_refused() {
    // 1 MiB of zeros, compressed.
    let bomb = gzip_of_zeros();
    let double = Double::new(move |_, stream| write(stream, "200 OK", "Content-Encoding: gzip\r\n", &bomb));
    let mut request = double.request("/");
    request.max_bytes = 100_000;
    let outcome = send(&request);
    assert!(matches!(outcome, Err(TransportError::TooLarge { .. })), "{outcome:?}");
    request.max_bytes = 2_000_000;
    assert_eq!(send(&request).unwrap().body.len(), 1 << 20);
}

/// A gzip file of one MiB of zeros, of repeated stored-free deflate blocks: built by hand, so that no crate is needed.
fn gzip_of_zeros() -> Vec<u8> {
    let mut bits = BitWriter::default();
    // One fixed-Huffman block: the literal 0, then matches of length 258 at distance 1.
    bits.push(0b1, 1);
    bits.push(0b01, 2);
    bits.push_code(0x30, 8);
    let mut left = (1_usize << 20) - 1;
    while left >= 258 {
        bits.push_code(0b1100_0101, 8);
        bits.push_code(0, 5);
        left -= 258;
    }
    for _ in 0..left {
        bits.push_code(0x30, 8);
    }
    bits.push_code(0, 7);
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    file.extend(bits.bytes);
    file.extend(0xa738_ea1c_u32.to_le_bytes());
    file.extend((1_u32 << 20).to_le_bytes());
    file
}

#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    used: u32,
}

impl BitWriter {
    fn push(&mut self, value: u32, count: u32) {
        for index in 0..count {
            if self.used == 0 {
                self.bytes.push(0);
            }
            if value >> index & 1 == 1 {
                *self.bytes.last_mut().unwrap() |= 1 << self.used;
            }
            self.used = (self.used + 1) % 8;
        }
    }

    /// Huffman codes go from the highest bit.
    fn push_code(&mut self, code: u32, count: u32) {
        self.push(code.reverse_bits() >> (32 - count), count);
    }
}

#[test]
fn a_broken_compression_is_a_protocol_failure() {
    let double = Double::new(|_, stream| write(stream, "200 OK", "Content-Encoding: gzip\r\n", b"not gzip"));
    let outcome = send(&double.request("/"));
    assert!(matches!(outcome, Err(TransportError::Protocol { .. })), "{outcome:?}");
}

#[test]
fn garbage_is_a_protocol_failure() {
    let double = Double::new(|_, stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n\r\n\r\n");
    });
    let outcome = send(&double.request("/"));
    assert!(matches!(outcome, Err(TransportError::Protocol { .. })), "{outcome:?}");
}

#[test]
fn endless_headers_are_refused() {
    let double = Double::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"X-More: and more\r\n").is_ok() {}
    });
    let mut request = double.request("/");
    request.retry = Retry::Never;
    let outcome = send(&request);
    assert!(matches!(outcome, Err(TransportError::Protocol { .. })), "{outcome:?}");
}

#[test]
fn follows_redirects_inside_the_origin_only() {
    let double = Double::new(|count, stream| match count {
        1 => write(stream, "302 Found", "Location: /new?x=1\r\n", b""),
        _ => write(stream, "200 OK", "", b"there"),
    });
    assert_eq!(send(&double.request("/old")).unwrap().body, b"there");
    assert!(double.asked()[1].starts_with("GET /new?x=1 "));

    let away = Double::new(|_, stream| write(stream, "302 Found", "Location: http://127.0.0.2:1/\r\n", b""));
    assert!(matches!(send(&away.request("/")), Err(TransportError::Redirect { .. })));
}

#[test]
fn a_redirect_may_be_the_answer() {
    let double = Double::new(|_, stream| write(stream, "302 Found", "Location: /login\r\n", b""));
    let mut request = double.request("/health");
    request.redirects = Redirects::AsAnswer;
    assert_eq!(send(&request).unwrap().status, 302);
    assert_eq!(double.asked().len(), 1);
}

#[test]
fn a_circle_of_redirects_ends() {
    let double = Double::new(|_, stream| write(stream, "307 Again", "Location: /\r\n", b""));
    assert!(matches!(send(&double.request("/")), Err(TransportError::Protocol { .. })));
    assert_eq!(double.asked().len(), 6);
}

#[test]
fn a_post_is_not_turned_into_another_question() {
    let double = Double::new(|_, stream| write(stream, "302 Found", "Location: /other\r\n", b""));
    let mut request = double.request("/");
    request.method = Method::Post;
    request.body = Some(Body { content_type: "text/plain", bytes: Vec::new() });
    assert!(matches!(send(&request), Err(TransportError::Redirect { .. })));
}

#[test]
fn a_name_without_address_is_a_dns_failure() {
    let request = Request::get(
        Address::Url("http://no-such-host.invalid/".parse().unwrap()),
        String::new(),
        Duration::from_secs(5),
    );
    let error = send(&request).unwrap_err();
    assert!(matches!(error, TransportError::Dns { .. }), "{error:?}");
}

#[test]
fn link_local_addresses_are_refused() {
    for url in ["http://169.254.169.254/metadata", "http://[fe80::1]/", "http://metadata.google.internal/"] {
        let request = Request::get(Address::Url(url.parse().unwrap()), String::new(), Duration::from_secs(1));
        let error = send(&request).unwrap_err();
        assert!(matches!(error, TransportError::Refused { .. }), "{url}: {error:?}");
    }
}

fn with_connection(url: &str) -> HttpTransport {
    let mut network = Network::default();
    let token = Credential::Bearer(Secret::new("canary-token"));
    network.connections.insert("prom".into(), Connection::new("prom", url, Some(token)).unwrap());
    HttpTransport::new(network, no_pause, fixed_now)
}

#[test]
fn a_connection_brings_its_address_and_its_credential() {
    let double = Double::new(|_, stream| write(stream, "200 OK", "", b""));
    let transport = with_connection(&format!("{}/prefix/", double.base));
    let mut request = double.request("/api?q=1");
    request.address = Address::Connection("prom".into());
    transport.send(&request).unwrap();
    request.address = Address::Url(double.base.parse().unwrap());
    transport.send(&request).unwrap();
    let asked = double.asked();
    assert!(asked[0].starts_with("GET /prefix/api?q=1 "), "{asked:?}");
    assert!(asked[0].to_ascii_lowercase().contains("authorization: bearer canary-token\r\n"), "{asked:?}");
    assert!(!asked[1].contains("canary"), "a URL of the policy never gets a connection's credential");
}

#[test]
fn credentials_never_go_over_plain_http_to_another_machine() {
    let token = Credential::Bearer(Secret::new("canary"));
    assert!(Connection::new("prom", "http://prometheus.example:9090", Some(token)).is_err());
    assert!(Connection::new("prom", "http://prometheus.example:9090", None).is_ok());
    let mut request = Request::get(
        Address::Url("http://ann:canary@service.example/".parse().unwrap()),
        String::new(),
        Duration::from_secs(1),
    );
    let error = send(&request).unwrap_err().to_string();
    assert!(error.contains("https") && !error.contains("canary"), "{error}");
    request.address = Address::Url("http://service.example/".parse().unwrap());
    request.headers = vec![Header {
        name: "X-Api-Key".into(),
        value: Secret::new("canary"),
        sensitivity: Sensitivity::Secret,
    }];
    assert!(matches!(send(&request), Err(TransportError::Refused { .. })));
}

#[test]
fn user_info_becomes_a_basic_credential() {
    let double = Double::new(|_, stream| write(stream, "200 OK", "", b""));
    let mut request = double.request("/");
    let url = double.base.replace("http://", "http://ann:p%40ss@");
    request.address = Address::Url(url.parse().unwrap());
    send(&request).unwrap();
    assert!(double.asked()[0].contains("Basic YW5uOnBAc3M="), "{:?}", double.asked());
}

#[test]
fn an_unknown_connection_says_how_to_define_it() {
    let double = Double::new(|_, stream| write(stream, "200 OK", "", b""));
    let mut request = double.request("/");
    request.address = Address::Connection("grafana".into());
    let error = with_connection("https://prometheus.example").send(&request).unwrap_err().to_string();
    assert_eq!(
        error,
        "no connection is named `grafana`: known are prom; define it with --connection grafana=https://…"
    );
}

#[test]
fn no_error_carries_a_secret() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut request = Request::get(
        Address::Url(format!("http://ann:canary@{address}/?token=canary").parse().unwrap()),
        "/path?key=canary".into(),
        Duration::from_millis(500),
    );
    request.headers = vec![Header {
        name: "X-Api-Key".into(),
        value: Secret::new("canary\n"),
        sensitivity: Sensitivity::Secret,
    }];
    for headers in [request.headers.clone(), Vec::new()] {
        request.headers = headers;
        let error = send(&request).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

#[test]
fn tls_to_a_server_without_it_is_a_tls_failure() {
    let double = Double::new(|_, _| {});
    let mut request = double.request("/");
    request.address = Address::Url(double.base.replace("http://", "https://").parse().unwrap());
    request.retry = Retry::Never;
    request.timeout = Duration::from_secs(2);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.unwrap().write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    request.address = Address::Url(format!("https://{address}/").parse().unwrap());
    let error = send(&request).unwrap_err();
    assert!(matches!(error, TransportError::Tls { .. }), "{error:?}");
}

#[test]
fn many_requests_go_side_by_side_and_keep_their_order() {
    // Each of 20 answers waits until all 20 have arrived: one after the other would never end.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let arrived = Arc::new(std::sync::Barrier::new(20));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let arrived = Arc::clone(&arrived);
            thread::spawn(move || {
                let head = read_request(&stream).unwrap();
                arrived.wait();
                let path = head.split(' ').nth(1).unwrap().to_owned();
                write(&mut stream, "200 OK", "", path.as_bytes());
            });
        }
    });
    let requests: Vec<Request> = (0..20)
        .map(|index| {
            Request::get(Address::Url(base.parse().unwrap()), format!("/{index}"), Duration::from_secs(20))
        })
        .collect();
    let bodies: Vec<String> = transport()
        .send_all(&requests)
        .into_iter()
        .map(|result| String::from_utf8(result.unwrap().body).unwrap())
        .collect();
    assert_eq!(bodies, (0..20).map(|index| format!("/{index}")).collect::<Vec<_>>());
}

/// A server with TLS, whose certificate is of an authority that nobody knows.
fn tls_double() -> url::Url {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let certificate = CertificateDer::from_pem_slice(include_bytes!("fixtures/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("fixtures/server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    // Also at the other addresses of loopback.
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let url = format!("https://127.0.0.1:{}/", listener.local_addr().unwrap().port()).parse().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut head = [0; 4096];
            // A client that trusts nobody says nothing more.
            if stream.read(&mut head).is_ok() {
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecure");
            }
        }
    });
    url
}

#[test]
fn an_authority_of_a_file_is_trusted_beside_the_platforms() {
    let url = tls_double();
    let mut request = Request::get(Address::Url(url.clone()), String::new(), Duration::from_secs(10));
    request.headers = vec![Header {
        name: "Authorization".into(),
        value: Secret::new("Bearer canary"),
        sensitivity: Sensitivity::Secret,
    }];
    let mut network = Network::default();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/fixtures/authority.pem");
    network.roots.add_file(std::path::Path::new(file)).unwrap();
    let response = HttpTransport::new(network, no_pause, fixed_now).send(&request).unwrap();
    assert_eq!(response.body, b"secure");

    let error = send(&request).unwrap_err();
    assert!(matches!(error, TransportError::Tls { .. }), "{error:?}");
    assert!(error.to_string().contains("--ca-file"), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_certificate_of_another_host_is_not_trusted() {
    let mut url = tls_double();
    url.set_host(Some("127.0.0.2")).unwrap();
    let mut network = Network::default();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/fixtures/authority.pem");
    network.roots.add_file(std::path::Path::new(file)).unwrap();
    let request = Request::get(Address::Url(url), String::new(), Duration::from_secs(2));
    let error = HttpTransport::new(network, no_pause, fixed_now).send(&request).unwrap_err();
    assert!(matches!(error, TransportError::Tls { .. }), "{error:?}");
}
