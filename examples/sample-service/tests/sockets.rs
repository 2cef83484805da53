//! The service over real sockets on loopback.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use sample_service::faults::Faults;
use sample_service::load::{Plan, Reach};
use sample_service::server::Server;
use sample_service::service::Service;

/// Runs `test` against a served release, and stops it even when `test` panics.
fn with_service(faults: Faults, test: impl FnOnce(SocketAddr)) {
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let (address, stopper) = (server.address(), server.stopper());
    let service = Service::new("1.4.0".to_owned(), 1, faults);
    thread::scope(|scope| {
        scope.spawn(|| server.run(&service));
        struct StopAtEnd(sample_service::server::Stopper);
        impl Drop for StopAtEnd {
            fn drop(&mut self) {
                self.0.stop();
            }
        }
        let _stop = StopAtEnd(stopper);
        test(address);
    });
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Sends bytes and reads until the service closes.
fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = connect(address);
    stream.write_all(bytes).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn several_requests_share_a_connection_and_may_come_at_once() {
    with_service(Faults::default(), |address| {
        let two = b"GET /version HTTP/1.1\r\nHost: a\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let answer = exchange(address, two);
        assert_eq!(answer.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{answer}");
        assert!(answer.contains("1.4.0") && answer.ends_with(r#"{"status":"pass"}"#), "{answer}");
    });
}

#[test]
fn a_request_may_arrive_a_byte_at_a_time() {
    with_service(Faults::default(), |address| {
        let mut stream = connect(address);
        stream.set_nodelay(true).unwrap();
        for byte in
            b"POST /faults HTTP/1.1\r\nConnection: close\r\nContent-Length: 16\r\n\r\n{\"latency_ms\":1}"
        {
            stream.write_all(&[*byte]).unwrap();
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"latency_ms\":1,"), "{answer}");
    });
}

#[test]
fn a_head_request_gets_no_body() {
    with_service(Faults::default(), |address| {
        let answer = exchange(address, b"HEAD /version HTTP/1.1\r\nConnection: close\r\n\r\n");
        assert!(answer.contains("Content-Length: 38\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    });
}

#[test]
fn what_is_no_request_is_refused_and_the_service_goes_on() {
    with_service(Faults::default(), |address| {
        assert!(exchange(address, b"\x16\x03\x01\r\n\r\n").starts_with("HTTP/1.1 400"));
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(20_000));
        let mut stream = connect(address);
        // The service may close before it has read everything: what counts is that it goes on.
        let _ = stream.write_all(long.as_bytes());
        let _ = stream.read_to_end(&mut Vec::new());
        drop(connect(address));
        assert!(
            exchange(address, b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")
                .starts_with("HTTP/1.1 200")
        );
    });
}

#[test]
fn a_client_that_waits_to_send_its_body_is_told_to() {
    with_service(Faults::default(), |address| {
        let mut stream = connect(address);
        stream
            .write_all(b"POST /faults HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n")
            .unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert_eq!(line, "HTTP/1.1 100 Continue\r\n");
        stream.write_all(b"{}").unwrap();
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("HTTP/1.1 200 OK"), "{rest}");
    });
}

#[test]
fn load_finds_the_share_of_failures_that_was_set() {
    with_service(Faults { error_ratio: 0.2, ..Faults::default() }, |address| {
        let url = format!("http://{address}/orders");
        let plan = Plan::new(&url, Reach::Loopback, 500, Duration::from_secs(1), 16).unwrap();
        let tally = plan.run(&AtomicBool::new(false));
        assert_eq!(tally.sent, tally.succeeded + tally.failed, "{tally:?}");
        assert!(tally.failed > 0 && tally.failed < tally.succeeded, "{tally:?}");
        let text = ureq::get(format!("http://{address}/metrics")).call().unwrap();
        let text = text.into_body().read_to_string().unwrap();
        let counted: f64 = text
            .lines()
            .filter(|line| line.contains("_count{") && line.contains("status_code=\"500\""))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum();
        assert!((counted - tally.failed as f64).abs() < 0.5, "{counted} counted, {tally:?}");
    });
}

#[test]
fn load_on_a_service_that_is_gone_counts_every_request_as_unanswered() {
    let gone = Server::bind("127.0.0.1:0".parse().unwrap()).unwrap().address();
    let plan = Plan::new(&format!("http://{gone}/"), Reach::Loopback, 20, Duration::from_secs(1), 2).unwrap();
    let tally = plan.run(&AtomicBool::new(false));
    assert!(tally.sent > 0 && tally.unanswered == tally.sent, "{tally:?}");
}

#[cfg(unix)]
mod signals {
    use std::process::{Child, Stdio};

    use super::*;

    /// The program, killed when a test ends early.
    struct Program(Child);

    impl Drop for Program {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    #[test]
    fn sigterm_finishes_the_request_in_hand_and_exits_0() {
        let mut program = Program(
            Command::new(env!("CARGO_BIN_EXE_sample-service"))
                .args(["--port", "0", "--version", "2.0.0", "--latency-ms", "400"])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let mut output = BufReader::new(program.0.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("sample-service 2.0.0 listens on http://").unwrap();
        let mut busy = connect(address.parse().unwrap());
        busy.write_all(b"POST /orders HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            .unwrap();
        // Once the service asks for the body, it has the request in hand.
        busy.read_exact(&mut [0; "HTTP/1.1 100 Continue\r\n\r\n".len()]).unwrap();
        let terminated = Command::new("sh").args(["-c", &format!("kill -TERM {}", program.0.id())]).status();
        assert!(terminated.unwrap().success());
        busy.write_all(b"{}").unwrap();
        let mut answer = String::new();
        busy.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
        assert!(program.0.wait().unwrap().success());
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "sample-service 2.0.0 has stopped\n");
    }
}

#[test]
fn bad_arguments_end_with_2_and_say_what_to_change() {
    for (arguments, said) in [
        (["--port", "0", "--error-ratio", "20"], "from 0 to 1"),
        (["--port", "0", "--latency-ms", "999999"], "at most 10000"),
        (["--port", "99999", "--seed", "1"], "99999"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_sample-service")).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(said), "{output:?}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_load")).arg("http://192.0.2.1/").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--allow-remote"), "{output:?}");
}
