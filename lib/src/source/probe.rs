//! HTTP probes of the service itself: health, readiness, version, and what the probe measures on the way.
//!
//! Signals: `health` (liveness and readiness pass on a quorum of targets), `ready` (readiness alone), `version` (the
//! deployed version serves), `probe_latency` (seconds; the middle one of the checks that passed) and `availability`
//! (counts: the checks that passed, of all).

mod body;
#[cfg(test)]
mod tests;
mod verdict;

use super::remark::{self, Secrets};
use super::{
    Observation, PollWindow, Polled, Serving, Source, SourceError, SourceNote, SourceSignal, World, named,
};
use crate::policy::rules::ReadingKind;
use crate::policy::source_spec::{ProbeCheck, ProbeSpec, VersionCheck};
use crate::sample::{Absence, Sample};
use crate::transport::{Address, Redirects, Request, Response, Retry, TransportError};
use crate::{Duration, SignalName};
use verdict::{
    Contact, Known, Proven, Verdict, all_of, judge_health, judge_version, quorum_of, shows_contact,
};

/// The largest answer of a check, in bytes.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// The probe source.
#[derive(Debug)]
pub(super) struct Probe {
    spec: ProbeSpec,
    targets: Vec<Target>,
    checks: Vec<Check>,
    secrets: Secrets,
    names: Names,
}

#[derive(Debug)]
struct Target {
    address: Address,
    contact: Contact,
    /// What is kept of each check, in their order.
    memory: Vec<Memory>,
}

/// What is kept of one check of one target.
#[derive(Clone, Debug)]
struct Memory {
    proven: Proven,
    /// What was last said of it, so that it is said once.
    said: Verdict,
}

#[derive(Clone, Debug)]
enum Check {
    Health(ProbeCheck),
    Ready(ProbeCheck),
    Version(VersionCheck),
}

#[derive(Debug)]
struct Names {
    health: SignalName,
    ready: SignalName,
    version: SignalName,
    latency: SignalName,
    availability: SignalName,
}

/// What the checks of a poll came to.
struct Round {
    /// Of each target, one verdict for each check asked, in the order of the checks.
    verdicts: Vec<Vec<Verdict>>,
    /// How long the passed liveness and readiness checks took, in seconds.
    latencies: Vec<f64>,
    /// The versions that were found.
    versions: Vec<String>,
}

impl Probe {
    pub(super) fn new(spec: &ProbeSpec) -> Result<Self, SourceError> {
        if spec.targets.is_empty() {
            return Err(SourceError::NoTargets { kind: "probe" });
        }
        if spec.quorum == 0 || spec.quorum > spec.targets.len() {
            return Err(SourceError::Quorum { quorum: spec.quorum, targets: spec.targets.len() });
        }
        let mut checks = Vec::new();
        checks.extend(spec.health.clone().map(Check::Health));
        checks.extend(spec.ready.clone().map(Check::Ready));
        checks.extend(spec.version.clone().map(Check::Version));
        if checks.is_empty() {
            return Err(SourceError::NoChecks);
        }
        for check in &checks {
            if let Check::Version(VersionCheck { pointer: Some(pointer), .. }) = check {
                super::http_json::check_pointer("version", pointer)?;
            }
        }
        let targets: Vec<Target> = spec
            .targets
            .iter()
            .map(|url| Target {
                address: Address::Url(url.clone()),
                contact: Contact::Never,
                memory: vec![
                    Memory { proven: Proven::Never, said: Verdict::Passed { remark: String::new() } };
                    checks.len()
                ],
            })
            .collect();
        let secrets = Secrets::of(&spec.headers, targets.iter().map(|target| &target.address));
        let names = Names {
            health: named("health")?,
            ready: named("ready")?,
            version: named("version")?,
            latency: named("probe_latency")?,
            availability: named("availability")?,
        };
        Ok(Self { spec: spec.clone(), targets, checks, secrets, names })
    }

    /// Asks every target for the checks that are wanted, and judges the answers.
    fn ask(&mut self, wanted: impl Fn(&Check) -> bool, window: &PollWindow, world: &World<'_>) -> Round {
        let (places, checks): (Vec<usize>, Vec<Check>) =
            self.checks.iter().cloned().enumerate().filter(|(_, check)| wanted(check)).unzip();
        let timeout = self.spec.timeout.min(window.timeout);
        let requests: Vec<Request> = self
            .targets
            .iter()
            .flat_map(|target| checks.iter().map(|check| self.request(target, check, timeout)))
            .collect();
        let mut answers = world.transport.send_all(&requests).into_iter();
        let mut round = Round { verdicts: Vec::new(), latencies: Vec::new(), versions: Vec::new() };
        for target in &mut self.targets {
            let answers: Vec<Result<Response, TransportError>> =
                answers.by_ref().take(checks.len()).collect();
            // One check that answers shows that the way is open: then the silence of another is a failure.
            if answers.iter().any(shows_contact) {
                target.contact = Contact::Answered;
            }
            let mut verdicts = Vec::with_capacity(checks.len());
            for ((check, place), answer) in checks.iter().zip(&places).zip(&answers) {
                let mut memory = target.memory.get_mut(*place);
                let url = check.place(&target.address);
                let known = Known {
                    contact: target.contact,
                    proven: memory.as_ref().map_or(Proven::Never, |memory| memory.proven),
                    url: &url,
                    secrets: &self.secrets,
                };
                let (verdict, shows_path) = match check {
                    Check::Health(check) | Check::Ready(check) => {
                        let verdict = judge_health(check, answer, known);
                        if let (Verdict::Passed { .. }, Ok(response)) = (&verdict, answer) {
                            round.latencies.push(response.elapsed.as_seconds_f64());
                        }
                        let passed = matches!(verdict, Verdict::Passed { .. });
                        (verdict, passed)
                    }
                    Check::Version(check) => {
                        let (verdict, found) = judge_version(check, answer, known);
                        // Another version than the deployed one is found at the right path as well.
                        let shows_path = found.is_some();
                        round.versions.extend(found);
                        (verdict, shows_path)
                    }
                };
                if let (true, Some(memory)) = (shows_path, memory.as_mut()) {
                    memory.proven = Proven::Yes;
                }
                verdicts.push(verdict);
            }
            // A transport that gives fewer answers than requests has not answered.
            while verdicts.len() < checks.len() {
                verdicts.push(Verdict::Absent { why: Absence::NoData, remark: String::new() });
            }
            round.verdicts.push(verdicts);
        }
        round
    }

    fn request(&self, target: &Target, check: &Check, timeout: Duration) -> Request {
        Request {
            headers: self.spec.headers.clone(),
            max_bytes: LARGEST_ANSWER,
            retry: Retry::Never,
            redirects: Redirects::AsAnswer,
            ..Request::get(target.address.clone(), check.path().to_owned(), timeout)
        }
    }

    /// What is new in the verdicts, in words.
    fn notes(&mut self, round: &Round) -> Vec<SourceNote> {
        let mut notes = Vec::new();
        for (target, verdicts) in self.targets.iter_mut().zip(&round.verdicts) {
            for ((check, verdict), memory) in self.checks.iter().zip(verdicts).zip(&mut target.memory) {
                if *verdict == memory.said {
                    continue;
                }
                let what = match verdict {
                    Verdict::Passed { remark } if remark.is_empty() => "passes again",
                    Verdict::Absent { remark, .. } if remark.is_empty() => "no answer",
                    Verdict::Passed { remark }
                    | Verdict::Failed { remark }
                    | Verdict::Absent { remark, .. } => remark,
                };
                let place = check.place(&target.address);
                // Some remarks say themselves where.
                let text = if what.contains(&place) { what.to_owned() } else { format!("{place}: {what}") };
                let name = match check {
                    // Health is both.
                    Check::Health(_) | Check::Ready(_) => &self.names.health,
                    Check::Version(_) => &self.names.version,
                };
                match verdict {
                    Verdict::Passed { .. } => remark::good_news(&mut notes, Some(name), &place, &text),
                    Verdict::Failed { .. } | Verdict::Absent { .. } => {
                        remark::note(&mut notes, Some(name), &text);
                    }
                }
                memory.said.clone_from(verdict);
            }
        }
        notes
    }
}

impl Round {
    /// Of each target what the wanted checks come to; every check was asked.
    fn of(&self, checks: &[Check], wanted: fn(&Check) -> bool) -> Vec<&Verdict> {
        let wanted = |(check, verdict)| wanted(check).then_some(verdict);
        self.verdicts
            .iter()
            .filter_map(|verdicts| all_of(checks.iter().zip(verdicts).filter_map(wanted)))
            .collect()
    }
}

impl Check {
    fn path(&self) -> &str {
        match self {
            Self::Health(check) | Self::Ready(check) => &check.path,
            Self::Version(check) => &check.path,
        }
    }

    /// Where it asks a target, as it may be printed: a query of the path may carry a key.
    fn place(&self, address: &Address) -> String {
        let path = self.path().split(['?', '#']).next().unwrap_or_default();
        format!("{}{path}", remark::place(address))
    }

    const fn is_version(&self) -> bool {
        matches!(self, Self::Version(_))
    }
}

impl Source for Probe {
    fn describe(&self) -> String {
        let first = self.targets.first().map(|target| remark::place(&target.address)).unwrap_or_default();
        match self.targets.len() {
            0 | 1 => format!("probe {first}"),
            targets => format!("probe {first} and {} more", targets - 1),
        }
    }

    fn signals(&self) -> Vec<SourceSignal> {
        let mut signals = Vec::new();
        let mut give = |signal: &SignalName, reading| {
            signals.push(SourceSignal {
                signal: signal.clone(),
                reading,
                step: self.spec.interval,
                // Each poll counts its own checks, whenever it comes.
                span: Duration::ZERO,
                ingestion_delay: Duration::ZERO,
            });
        };
        if self.checks.iter().any(|check| !check.is_version()) {
            give(&self.names.health, ReadingKind::State);
            if self.spec.ready.is_some() {
                give(&self.names.ready, ReadingKind::State);
            }
            give(&self.names.latency, ReadingKind::Value);
            give(&self.names.availability, ReadingKind::Counts);
        }
        if self.spec.version.is_some() {
            give(&self.names.version, ReadingKind::State);
        }
        signals
    }

    fn interval(&self) -> Duration {
        self.spec.interval
    }

    fn poll(&mut self, window: &PollWindow, world: &World<'_>) -> Polled {
        let round = self.ask(|_| true, window, world);
        let at = window.scheduled;
        let mut observations = Vec::new();
        let mut give = |signal: &SignalName, sample| {
            observations.push(Observation { at, signal: signal.clone(), sample });
        };
        let of = |wanted: fn(&Check) -> bool| round.of(&self.checks, wanted);
        let health = of(|check| !check.is_version());
        if !health.is_empty() {
            give(&self.names.health, quorum_of(&health, self.spec.quorum));
            if self.spec.ready.is_some() {
                let ready = of(|check| matches!(check, Check::Ready(_)));
                give(&self.names.ready, quorum_of(&ready, self.spec.quorum));
            }
            give(&self.names.latency, latency(&round, &health));
            give(&self.names.availability, availability(&round, &self.checks));
        }
        if self.spec.version.is_some() {
            give(&self.names.version, quorum_of(&of(Check::is_version), self.spec.quorum));
        }
        let notes = self.notes(&round);
        Polled { observations, notes }
    }

    fn history(&mut self, _: &PollWindow, _: &World<'_>) -> Option<Polled> {
        None
    }

    fn serving(&mut self, window: &PollWindow, world: &World<'_>) -> Serving {
        if self.spec.version.is_none() {
            return Serving::NotConfigured;
        }
        let mut round = self.ask(Check::is_version, window, world);
        let verdicts: Vec<&Verdict> = round.verdicts.iter().flatten().collect();
        let passed = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Passed { .. })).count();
        if passed >= self.spec.quorum {
            return Serving::Deployed;
        }
        let why = verdicts.iter().find_map(|verdict| match verdict {
            Verdict::Failed { remark } | Verdict::Absent { remark, .. } => Some(remark.clone()),
            Verdict::Passed { .. } => None,
        });
        if round.versions.is_empty() {
            return Serving::Unknown { why: why.unwrap_or_default() };
        }
        round.versions.sort();
        round.versions.dedup();
        round.versions.truncate(5);
        Serving::Other { found: round.versions }
    }

    fn answered_in_baseline(&mut self) {
        for target in &mut self.targets {
            target.contact = Contact::Answered;
            for memory in &mut target.memory {
                memory.proven = Proven::Yes;
            }
        }
    }
}

/// The middle one of the latencies of the checks that passed.
fn latency(round: &Round, health: &[&Verdict]) -> Sample {
    let mut seconds = round.latencies.clone();
    seconds.sort_by(f64::total_cmp);
    let middle = seconds.len() / 2;
    match (seconds.get(middle.wrapping_sub(1)), seconds.get(middle)) {
        (Some(low), Some(high)) if seconds.len().is_multiple_of(2) => {
            Sample::from_number(f64::midpoint(*low, *high))
        }
        (_, Some(middle)) => Sample::from_number(*middle),
        _ => Sample::Absent(
            health
                .iter()
                .find_map(|verdict| match verdict {
                    Verdict::Absent { why, .. } => Some(why.clone()),
                    _ => None,
                })
                .unwrap_or(Absence::NoData),
        ),
    }
}

/// The liveness and readiness checks that passed, of all that say something: the ratio is the availability.
fn availability(round: &Round, checks: &[Check]) -> Sample {
    let (mut passed, mut total) = (0.0, 0.0);
    let mut silent = None;
    for (check, verdict) in round.verdicts.iter().flat_map(|verdicts| checks.iter().zip(verdicts)) {
        if check.is_version() {
            continue;
        }
        match verdict {
            Verdict::Passed { .. } => {
                passed += 1.0;
                total += 1.0;
            }
            Verdict::Failed { .. } => total += 1.0,
            Verdict::Absent { why, .. } => silent = silent.or_else(|| Some(why.clone())),
        }
    }
    if total > 0.0 {
        Sample::from_counts(passed, total)
    } else {
        Sample::Absent(silent.unwrap_or(Absence::NoData))
    }
}
