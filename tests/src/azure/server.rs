//! HTTP/1.1 over TLS, a thread for each connection.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Answer, Call};

/// The certificate of the authority that vouches for the double.
pub fn authority() -> PathBuf {
    fixture("authority.pem")
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../task/src/http/fixtures").join(name)
}

/// Starts a server; gives its port.
pub fn start(answer: impl Fn(Call) -> Answer + Send + Sync + 'static) -> u16 {
    let certificate = CertificateDer::from_pem_file(fixture("server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(fixture("server.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a configuration");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (config, answer) = (Arc::clone(&config), Arc::clone(&answer));
            thread::spawn(move || serve(stream, &config, answer.as_ref()));
        }
    });
    port
}

fn serve(stream: TcpStream, config: &Arc<rustls::ServerConfig>, answer: &(impl Fn(Call) -> Answer + ?Sized)) {
    let Ok(connection) = rustls::ServerConnection::new(Arc::clone(config)) else { return };
    let mut reader = BufReader::new(rustls::StreamOwned::new(connection, stream));
    while let Some(call) = read(&mut reader) {
        let answer = answer(call);
        let mut text = format!(
            "HTTP/1.1 {} X\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n",
            answer.status,
            answer.body.len()
        );
        for header in &answer.headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text.push_str(&answer.body);
        if reader.get_mut().write_all(text.as_bytes()).is_err() || reader.get_mut().flush().is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Call> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split(' ');
    let method = words.next()?.to_owned();
    let target = words.next()?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (whole, query) = target.split_once('?').unwrap_or((&target, ""));
    // The first segment is the host, unless it is for Entra ID, Azure Pipelines or the metadata service.
    let first = whole.trim_start_matches('/').split('/').next().unwrap_or_default();
    let (host, path) = if first.contains('.') {
        (first.to_owned(), whole.strip_prefix(&format!("/{first}")).unwrap_or_default().to_owned())
    } else {
        (String::new(), whole.to_owned())
    };
    Some(Call {
        method,
        host,
        path: decoded(&path),
        query: pairs(query).collect(),
        headers,
        body: String::from_utf8(body).ok()?,
    })
}

/// The pairs of a form.
pub fn pairs(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
    })
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match (first, hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
