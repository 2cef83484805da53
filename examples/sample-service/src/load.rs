//! A load generator: requests at a steady rate, whatever the service makes of them.
//!
//! The rate is open-loop: request `k` is due at `k / rate`, and a slow answer does not delay the others as long as a
//! connection is free.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use url::{Host, Url};

/// The highest rate, in requests a second.
pub const MAX_RATE: u32 = 2_000;
/// The longest run.
pub const MAX_DURATION: Duration = Duration::from_secs(3_600);
/// The most connections.
pub const MAX_CONNECTIONS: usize = 64;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a worker sleeps at most before it looks whether it should stop.
const GLANCE: Duration = Duration::from_millis(100);

/// Which hosts may be loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// This machine.
    #[default]
    Loopback,
    /// Any host: somebody has said that it is theirs.
    Anywhere,
}

/// A run that is within its bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    url: Url,
    rate: u32,
    duration: Duration,
    connections: usize,
}

/// Why a run is not begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Not a URL.
    #[error("`{0}` is not an http:// URL: write one such as http://127.0.0.1:8080/orders")]
    Url(String),
    /// Not this machine.
    #[error("{0} is not this machine: pass --allow-remote if you may load it")]
    Remote(String),
    /// Out of bounds.
    #[error("{what} is {given}: it has to be from 1 to {max}")]
    Bound {
        /// Which.
        what: &'static str,
        /// What was asked.
        given: u64,
        /// The most.
        max: u64,
    },
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Requests sent.
    pub sent: u64,
    /// Answers below 500.
    pub succeeded: u64,
    /// Answers of 500 and above.
    pub failed: u64,
    /// No answer: refused, broken, timed out.
    pub unanswered: u64,
    /// How long each answer took, in ascending order.
    pub took: Vec<Duration>,
}

impl Plan {
    /// Checks what was asked for.
    ///
    /// # Errors
    /// When the URL is none, is not of this machine, or a number is out of its bounds.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sample_service::load::{Plan, PlanError, Reach};
    ///
    /// let minute = Duration::from_secs(60);
    /// assert!(Plan::new("http://127.0.0.1:8080/orders", Reach::Loopback, 50, minute, 8).is_ok());
    /// assert!(matches!(
    ///     Plan::new("http://shop.example/orders", Reach::Loopback, 50, minute, 8),
    ///     Err(PlanError::Remote(_))
    /// ));
    /// ```
    pub fn new(
        url: &str,
        reach: Reach,
        rate: u32,
        duration: Duration,
        connections: usize,
    ) -> Result<Self, PlanError> {
        let parsed = Url::parse(url).ok().filter(|parsed| parsed.scheme() == "http" && parsed.has_host());
        let parsed = parsed.ok_or_else(|| PlanError::Url(url.to_owned()))?;
        if reach == Reach::Loopback && !is_loopback(&parsed) {
            return Err(PlanError::Remote(parsed.host_str().unwrap_or_default().to_owned()));
        }
        bound("--rate", u64::from(rate), u64::from(MAX_RATE))?;
        bound("--seconds", duration.as_secs(), MAX_DURATION.as_secs())?;
        bound("--connections", connections as u64, MAX_CONNECTIONS as u64)?;
        Ok(Self { url: parsed, rate, duration, connections })
    }

    /// Sends the requests, until the time is over or `stop` is set. Every fifth places an order, the others read.
    #[must_use]
    pub fn run(&self, stop: &AtomicBool) -> Tally {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(REQUEST_TIMEOUT))
            .max_idle_connections_per_host(self.connections)
            .proxy(None)
            .build()
            .into();
        let begun = Instant::now();
        let next = AtomicU64::new(0);
        let tally = Mutex::new(Tally::default());
        thread::scope(|scope| {
            for _ in 0..self.connections {
                scope.spawn(|| {
                    while let Some(n) = self.wait_for_turn(begun, &next, stop) {
                        let asked = Instant::now();
                        let answer = self.ask(&agent, n);
                        let took = asked.elapsed();
                        tally.lock().unwrap_or_else(PoisonError::into_inner).add(answer, took);
                    }
                });
            }
        });
        let mut tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
        tally.took.sort_unstable();
        tally
    }

    fn wait_for_turn(&self, begun: Instant, next: &AtomicU64, stop: &AtomicBool) -> Option<u64> {
        let n = next.fetch_add(1, Ordering::Relaxed);
        let due = Duration::from_secs_f64(n as f64 / f64::from(self.rate));
        if due >= self.duration {
            return None;
        }
        loop {
            let now = begun.elapsed();
            if stop.load(Ordering::SeqCst) || now >= self.duration {
                return None;
            }
            match due.checked_sub(now) {
                Some(left) if !left.is_zero() => thread::sleep(left.min(GLANCE)),
                _ => return Some(n),
            }
        }
    }

    fn ask(&self, agent: &ureq::Agent, n: u64) -> Option<u16> {
        let url = self.url.as_str();
        let answer = if n % 5 == 4 { agent.post(url).send_empty() } else { agent.get(url).call() };
        let mut answer = answer.ok()?;
        // Read to its end, the connection can be used again.
        answer.body_mut().with_config().limit(1 << 20).read_to_vec().ok()?;
        Some(answer.status().as_u16())
    }
}

impl Tally {
    fn add(&mut self, status: Option<u16>, took: Duration) {
        self.sent += 1;
        match status {
            None => {
                self.unanswered += 1;
                return;
            }
            Some(500..) => self.failed += 1,
            Some(_) => self.succeeded += 1,
        }
        self.took.push(took);
    }

    /// The `percent` percentile of the answers' durations (nearest rank); `None` without an answer.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sample_service::load::Tally;
    ///
    /// let took = (1..=100).map(Duration::from_millis).collect();
    /// let tally = Tally { took, ..Tally::default() };
    /// assert_eq!(tally.percentile(95), Some(Duration::from_millis(95)));
    /// ```
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Option<Duration> {
        let rank = (self.took.len() * percent.min(100)).div_ceil(100);
        self.took.get(rank.saturating_sub(1)).copied()
    }
}

fn bound(what: &'static str, given: u64, max: u64) -> Result<(), PlanError> {
    if (1..=max).contains(&given) { Ok(()) } else { Err(PlanError::Bound { what, given, max }) }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn plan(url: &str) -> Result<Plan, PlanError> {
        Plan::new(url, Reach::Loopback, 10, SECOND, 2)
    }

    #[test]
    fn only_this_machine_is_loaded_unless_said_otherwise() {
        for url in ["http://127.0.0.1:1/x", "http://127.9.9.9/", "http://[::1]:1/", "http://localhost/"] {
            assert!(plan(url).is_ok(), "{url}");
        }
        for url in ["http://10.0.0.1/", "http://localhost.example/", "http://0.0.0.0/", "http://[::2]/"] {
            assert!(matches!(plan(url), Err(PlanError::Remote(_))), "{url}");
        }
        assert!(Plan::new("http://10.0.0.1/", Reach::Anywhere, 10, SECOND, 2).is_ok());
    }

    #[test]
    fn what_is_no_http_url_is_refused() {
        for url in ["", "orders", "https://127.0.0.1/", "file:///etc/passwd"] {
            assert_eq!(plan(url), Err(PlanError::Url(url.to_owned())));
        }
    }

    #[test]
    fn a_run_has_bounds() {
        let of = |rate, duration, connections| {
            Plan::new("http://localhost/", Reach::Loopback, rate, duration, connections).is_ok()
        };
        assert!(of(MAX_RATE, MAX_DURATION, MAX_CONNECTIONS));
        assert!(!of(0, SECOND, 1) && !of(MAX_RATE + 1, SECOND, 1));
        assert!(!of(1, Duration::ZERO, 1) && !of(1, MAX_DURATION + SECOND, 1));
        assert!(!of(1, SECOND, 0) && !of(1, SECOND, MAX_CONNECTIONS + 1));
    }

    #[test]
    fn answers_are_told_apart_from_silence() {
        let mut tally = Tally::default();
        for status in [Some(200), Some(404), Some(500), Some(503), None] {
            tally.add(status, SECOND);
        }
        assert_eq!((tally.sent, tally.succeeded, tally.failed, tally.unanswered), (5, 2, 2, 1));
        assert_eq!(tally.took.len(), 4);
    }

    #[test]
    fn a_percentile_of_nothing_is_none() {
        assert_eq!(Tally::default().percentile(95), None);
    }
}
