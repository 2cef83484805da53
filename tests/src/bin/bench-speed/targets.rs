//! Two hundred probe targets, and how late the gate's polls of them start.
//!
//! The targets are paths of servers on loopback that note when each connection comes: the gate's own word is not taken. A probe
//! opens a connection for each request.
//! The rounds are due every five seconds from a beginning that the servers do not know; it is taken to be the one by which no request
//! came early.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Failure;

/// How many targets.
pub const TARGETS: usize = 200;
const INTERVAL: Duration = Duration::from_secs(5);
const ROUNDS: u32 = 12;
/// Servers, each with its part of the targets: a listener's queue of 128 connections would drop some of 200 at once, and a
/// dropped one is tried again by the kernel a second later.
const SERVERS: usize = 8;
/// Threads of each that answer; the one that accepts does nothing else.
const ANSWERING: usize = 4;

/// How late polls started.
#[derive(Clone, Debug)]
pub struct Late {
    /// How many polls there were.
    pub polls: usize,
    /// The median.
    pub median: Duration,
    /// The 99th percentile.
    pub p99: Duration,
    /// The latest.
    pub most: Duration,
    /// The latest of each round, in order of the rounds.
    pub rounds: Vec<Duration>,
}

type Arrivals = Arc<Mutex<Vec<Instant>>>;

/// Runs a gate of a minute over the targets.
///
/// # Errors
/// When the gate cannot be run, or asked too seldom.
pub fn probe(gate: &Path, folder: &Path) -> Result<Late, Failure> {
    let arrivals = Arrivals::default();
    let ports = (0..SERVERS).map(|_| server(&arrivals)).collect::<io::Result<Vec<u16>>>()?;

    let policy = folder.join("targets.yml");
    fs::write(&policy, policy_of(&ports))?;
    let ended = Command::new(gate)
        .args(["verify", "--policy"])
        .arg(&policy)
        .arg("--report-dir")
        .arg(folder.join("targets"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()?;
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        return Err(format!("verify over {TARGETS} targets ended with {}: {said}", ended.status).into());
    }
    let mut arrivals = arrivals.lock().unwrap_or_else(PoisonError::into_inner).clone();
    arrivals.sort_unstable();
    // Before the watch every target is asked once, at no time in particular.
    let arrivals = arrivals.split_off(TARGETS.min(arrivals.len()));
    if arrivals.len() < TARGETS * ROUNDS as usize {
        return Err(format!("only {} requests came in {ROUNDS} rounds", arrivals.len()).into());
    }
    Ok(lateness(&arrivals))
}

/// Starts a server that serves until this program ends.
fn server(arrivals: &Arrivals) -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let noted = Arc::clone(arrivals);
    let (accepted, streams) = channel();
    let streams = Arc::new(Mutex::new(streams));
    for _ in 0..ANSWERING {
        let streams = Arc::clone(&streams);
        thread::spawn(move || while next(&streams).is_some_and(|stream| serve(stream).is_ok()) {});
    }
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            noted.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            if accepted.send(stream).is_err() {
                return;
            }
        }
    });
    Ok(port)
}

fn policy_of(ports: &[u16]) -> String {
    let mut urls = String::new();
    for (n, port) in (1..=TARGETS).zip(ports.iter().cycle()) {
        let _ = writeln!(urls, "    - http://127.0.0.1:{port}/{n}");
    }
    format!(
        "version: 1\nservice: fleet\nprobe:\n  ready: none\n  urls:\n{urls}\
         gate:\n  warmup: 5s\n  observe: {}s\n  interval: {}s\n  baseline: none\n  steady: 15s\n  \
         rollback_when: [health failing for 20s]\n  verify: [health passing]\n",
        ROUNDS * INTERVAL.as_secs() as u32,
        INTERVAL.as_secs()
    )
}

/// How long after its round's due time each request came.
fn lateness(arrivals: &[Instant]) -> Late {
    let Some(&first) = arrivals.iter().min() else {
        return Late {
            polls: 0,
            median: Duration::ZERO,
            p99: Duration::ZERO,
            most: Duration::ZERO,
            rounds: Vec::new(),
        };
    };
    // Half an interval before the first request, phases do not wrap: the earliest of them is the beginning.
    let half = INTERVAL / 2;
    let round_and_phase = |at: &Instant| {
        let since = (at.duration_since(first) + half).as_nanos();
        ((since / INTERVAL.as_nanos()) as usize, Duration::from_nanos((since % INTERVAL.as_nanos()) as u64))
    };
    let phases: Vec<(usize, Duration)> = arrivals.iter().map(round_and_phase).collect();
    let beginning = phases.iter().map(|(_, phase)| *phase).min().unwrap_or_default();
    let mut rounds =
        vec![Duration::ZERO; phases.iter().map(|(round, _)| round + 1).max().unwrap_or_default()];
    for (round, phase) in &phases {
        if let Some(latest) = rounds.get_mut(*round) {
            *latest = (*latest).max(*phase - beginning);
        }
    }
    let mut late: Vec<Duration> = phases.into_iter().map(|(_, phase)| phase - beginning).collect();
    late.sort_unstable();
    Late {
        polls: late.len(),
        median: super::at(&late, 0.5),
        p99: super::at(&late, 0.99),
        most: super::at(&late, 1.0),
        rounds,
    }
}

fn next(streams: &Mutex<Receiver<TcpStream>>) -> Option<TcpStream> {
    streams.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Answers one request; a client that asks nothing is no reason to stop.
fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(INTERVAL))?;
    let mut head = Vec::new();
    let mut chunk = [0_u8; 2048];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return Ok(()),
            Ok(read) => head.extend(chunk.iter().take(read)),
        }
    }
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    stream.write_all(answer).or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_is_told_from_the_earliest_round_also_when_the_first_one_was_late() {
        let begun = Instant::now();
        let at = |millis| begun + Duration::from_millis(millis);
        let late = lateness(&[at(100), at(5_000), at(5_040), at(10_000), at(15_250)]);
        assert_eq!(
            (late.polls, late.median, late.most),
            (5, Duration::from_millis(40), Duration::from_millis(250))
        );
        assert_eq!(late.rounds, [100, 40, 0, 250].map(Duration::from_millis));
    }

    #[test]
    fn no_requests_are_no_polls() {
        assert_eq!(lateness(&[]).polls, 0);
    }
}
