//! A small blocking HTTP client, so that the library's sources can be tested against real servers.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use runbook_gate::Duration;
use runbook_gate::policy::source_spec::CommandSpec;
use runbook_gate::source::{CommandEnd, CommandError, Commands, World};
use runbook_gate::transport::{
    Address, Request, Response, ResponseHeaders, Transport, TransportError, joined,
};

/// Plain HTTP/1.0 to loopback: no retries, no redirects, no TLS.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loopback;

/// Runs no command.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCommands;

/// The network and no commands.
pub const WORLD: World<'static> = World { transport: &Loopback, commands: &NoCommands };

impl Commands for NoCommands {
    fn run(&self, command: &CommandSpec) -> Result<CommandEnd, CommandError> {
        let program = command.run.first().cloned().unwrap_or_default();
        Err(CommandError::NotAllowed { program, why: "tests run no commands".to_owned() })
    }
}

impl Transport for Loopback {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let Address::Url(base) = &request.address else {
            let name = format!("{:?}", request.address);
            return Err(TransportError::UnknownConnection { name, help: "tests have none".to_owned() });
        };
        let url = joined(base, &request.path_and_query);
        let host = format!("{}:{}", url.host_str().unwrap_or(""), url.port_or_known_default().unwrap_or(80));
        let wrong = |error: std::io::Error| match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => {
                TransportError::Timeout { host: host.clone(), after: request.timeout }
            }
            _ => TransportError::Connect { host: host.clone(), why: error.to_string() },
        };
        let begun = Instant::now();
        let mut stream = TcpStream::connect(&host).map_err(wrong)?;
        stream.set_read_timeout(Some(request.timeout.to_std())).map_err(wrong)?;
        let body = request.body.as_ref();
        let mut head = format!(
            "{} {}{} HTTP/1.0\r\nhost: {host}\r\ncontent-length: {}\r\n",
            request.method.as_str(),
            url.path(),
            url.query().map(|query| format!("?{query}")).unwrap_or_default(),
            body.map_or(0, |body| body.bytes.len())
        );
        if let Some(body) = body {
            head.push_str(&format!("content-type: {}\r\n", body.content_type));
        }
        for header in &request.headers {
            head.push_str(&format!("{}: {}\r\n", header.name, header.value.reveal()));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).map_err(wrong)?;
        stream.write_all(body.map_or(&[], |body| &body.bytes)).map_err(wrong)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(wrong)?;
        let elapsed = Duration::from_nanos(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
        parse(&answer, elapsed)
            .ok_or_else(|| TransportError::Protocol { host: host.clone(), why: "no status line".to_owned() })
    }
}

fn parse(answer: &[u8], elapsed: Duration) -> Option<Response> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?;
    let status = head.split_ascii_whitespace().nth(1)?.parse().ok()?;
    let content_type = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let value = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        name.eq_ignore_ascii_case("content-type").then_some(value)
    });
    Some(Response {
        status,
        content_type: content_type.unwrap_or_default(),
        retry_after: None,
        headers: ResponseHeaders::default(),
        body: answer.get(end + 4..)?.to_vec(),
        elapsed,
    })
}
