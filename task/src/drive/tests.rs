//! The driver on virtual time: no thread, no clock, no waiting.

mod normal;
mod outages;
mod versions;
mod words;

use proptest::prelude::*;
use runbook_gate::gate::outcome::Ending;
use runbook_gate::gate::{Decision, Gate, Outcome, Progress};
use runbook_gate::journal::{self, Line};
use runbook_gate::policy::rules::{Configured, GateCriterion, GateRules, ReadingKind, SignalRules};
use runbook_gate::sample::{Absence, Sample, State};
use runbook_gate::source::{Observation, PollWindow, Polled, Serving, SourceNote, SourceSignal};
use runbook_gate::{Duration, SignalName, Timestamp};

use super::ledger::Ledger;
use super::prepare::{Interrupted, WhySilent, ask, findings, first_look};
use super::stage::{Answer, Event, Job, Stage};
use super::witness::{Fault, FaultKind};
use super::{Course, DriveError, Early, Reads, Trial, Watched, end_early, watch};
use crate::live::View;
use crate::redact::Redactor;

/// What a scripted source does with a job: how long it takes, and what it answers; `None` never answers.
type Script = Box<dyn FnMut(Job) -> Option<(Duration, Answer)>>;

/// Time that passes only when somebody waits.
struct Virtual {
    now: Timestamp,
    scripts: Vec<Script>,
    busy: Vec<bool>,
    pending: Vec<(Timestamp, usize, Answer)>,
    cancel_at: Option<Timestamp>,
    request_at: Option<(Timestamp, Decision)>,
    remarks: Vec<String>,
    crash: Option<usize>,
    started: Vec<(usize, Timestamp, Job)>,
}

impl Virtual {
    fn new(now: Timestamp, scripts: Vec<Script>) -> Self {
        let busy = vec![false; scripts.len()];
        Self {
            now,
            scripts,
            busy,
            pending: Vec::new(),
            cancel_at: None,
            request_at: None,
            remarks: Vec::new(),
            crash: None,
            started: Vec::new(),
        }
    }

    fn polls_of(&self, source: usize) -> Vec<u64> {
        let of_source = self.started.iter().filter(|(index, ..)| *index == source);
        of_source
            .map(|(_, _, job)| window_of(*job).scheduled.since(start()).as_nanos() / 1_000_000_000)
            .collect()
    }
}

fn window_of(job: Job) -> PollWindow {
    match job {
        Job::Poll(window) | Job::History(window) | Job::Serving(window) => window,
    }
}

impl Stage for Virtual {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn start(&mut self, source: usize, job: Job) {
        assert!(!self.busy[source], "two jobs of source {source} at once");
        self.started.push((source, self.now, job));
        self.busy[source] = true;
        if let Some((length, answer)) = self.scripts[source](job) {
            self.pending.push((self.now + length, source, answer));
        }
    }

    fn next(&mut self, until: Timestamp) -> Event {
        if let Some(source) = self.crash.take() {
            return Event::Crashed { source };
        }
        let soonest = self.pending.iter().map(|(at, ..)| *at).min();
        if let Some((at, decision)) = self.request_at.filter(|(at, _)| *at <= until)
            && soonest.is_none_or(|soonest| at <= soonest)
        {
            self.now = self.now.max(at);
            return Event::Requested { decision, by: "ann".into() };
        }
        let first =
            (0..self.pending.len()).min_by_key(|index| (self.pending[*index].0, self.pending[*index].1));
        let first = first.filter(|index| self.pending[*index].0 <= until);
        let cancel = self.cancel_at.filter(|at| *at <= until);
        match (first, cancel) {
            (first, Some(at)) if first.is_none_or(|index| at <= self.pending[index].0) => {
                self.cancel_at = None;
                self.now = self.now.max(at);
                Event::Cancelled { by: "a test".into() }
            }
            (Some(index), _) => {
                let (at, source, answer) = self.pending.remove(index);
                self.now = self.now.max(at);
                self.busy[source] = false;
                Event::Done { source, answer, fault: None }
            }
            (None, _) => {
                self.now = self.now.max(until);
                Event::Reached
            }
        }
    }

    fn remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.remarks)
    }
}

struct Silent;

impl View for Silent {
    fn show(&mut self, _: &Progress, _: Timestamp) {}

    fn say(&mut self, _: &str) {}
}

fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn at(seconds: u64) -> Timestamp {
    start() + Duration::from_secs(seconds)
}

fn signal(name: &str) -> SignalName {
    name.parse().unwrap()
}

const STEP: Duration = Duration::from_secs(15);

fn watched(name: &str, reads: Reads, delay: u64) -> Watched {
    Watched {
        name: format!("scripted {name}"),
        signals: vec![SourceSignal {
            signal: signal(name),
            reading: ReadingKind::Value,
            step: STEP,
            span: Duration::ZERO,
            ingestion_delay: Duration::from_secs(delay),
        }],
        interval: STEP,
        ingestion_delay: Duration::from_secs(delay),
        timeout: Duration::from_secs(5),
        reads,
        trial: Trial::Answers,
    }
}

/// Ten minutes of watch after a minute of warm-up.
fn rules(signals: &[&str], rollback: &[&str], verify: &[&str]) -> GateRules {
    let mut rules = GateRules::new(Duration::from_secs(60), Duration::from_secs(600), STEP);
    for name in signals {
        let kind = if *name == "health" { ReadingKind::State } else { ReadingKind::Value };
        rules = rules.with_signal(signal(name), SignalRules::new(kind, STEP));
    }
    let rule = |text: &&str| GateCriterion { criterion: text.parse().unwrap(), configured: Configured::Yes };
    for text in rollback {
        rules = rules.with_rollback(rule(text));
    }
    for text in verify {
        rules = rules.with_verify(rule(text));
    }
    rules
}

fn one(name: &str, at: Timestamp, sample: Sample) -> Polled {
    Polled { observations: vec![Observation { at, signal: signal(name), sample }], notes: Vec::new() }
}

/// A source of moments: its value at each time, answered after `length`.
fn moments(name: &'static str, length: Duration, value: impl Fn(u64) -> f64 + 'static) -> Script {
    Box::new(move |job| {
        let scheduled = window_of(job).scheduled;
        let seconds = scheduled.since(start()).as_nanos() / 1_000_000_000;
        Some((length, Answer::Polled(one(name, scheduled, Sample::from_number(value(seconds))))))
    })
}

/// A source of ranges: every step that is old enough and was not given before.
fn ranges(name: &'static str, delay: u64, value: impl Fn(u64) -> f64 + 'static) -> Script {
    let mut given = 0;
    Box::new(move |job| {
        let reached = window_of(job).scheduled.since(start()).as_nanos() / 1_000_000_000;
        let mut polled = Polled::default();
        while given + 15 + delay <= reached {
            given += 15;
            polled.observations.extend(one(name, at(given), Sample::from_number(value(given))).observations);
        }
        Some((Duration::from_millis(100), Answer::Polled(polled)))
    })
}

struct Run {
    outcome: Outcome,
    journal: String,
    stage: Virtual,
}

fn run(rules: &GateRules, sources: Vec<Watched>, stage: Virtual) -> Run {
    try_run(rules, sources, stage).unwrap()
}

fn try_run(rules: &GateRules, sources: Vec<Watched>, mut stage: Virtual) -> Result<Run, DriveError> {
    let mut file = Vec::new();
    let mut ledger = Ledger::new(Gate::new(rules.clone()), &mut file, Redactor::default());
    let head = Line::Start { t: start(), environment: "production".into(), policy_sha256: String::new() };
    ledger.record(head).unwrap();
    let course = Course { start: start(), watch_from: start() + rules.warmup(), sources };
    let outcome = watch(&course, ledger, &mut stage, &mut Silent)?;
    Ok(Run { outcome, journal: String::from_utf8(file).unwrap(), stage })
}

fn replayed(rules: &GateRules, journal: &str) -> Outcome {
    journal::replay(rules.clone(), journal.as_bytes()).unwrap().outcome
}

const QUICK: Duration = Duration::from_millis(40);

#[test]
fn a_good_release_is_watched_to_the_end_and_proceeds() {
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &["latency < 1"]);
    let stage = Virtual::new(start(), vec![moments("latency", QUICK, |_| 0.2)]);
    let run = run(&rules, vec![watched("latency", Reads::Moments, 0)], stage);
    assert_eq!(run.outcome.decision, Decision::Proceed, "{}", run.outcome.reason);
    assert_eq!(run.outcome.decided_at, Some(at(660)));
    assert_eq!(run.stage.polls_of(0), (0..=44).map(|k| k * 15).collect::<Vec<_>>(), "polls do not drift");
    assert!(run.stage.now < at(661), "the last answer is enough: nobody waits on");
    assert_eq!(replayed(&rules, &run.journal), run.outcome);
}

#[test]
fn a_rollback_is_decided_at_its_sample_and_ends_the_watch() {
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &["latency < 1"]);
    let slow_from = |seconds| if seconds >= 200 { 3.0 } else { 0.2 };
    let stage = Virtual::new(start(), vec![moments("latency", QUICK, slow_from)]);
    let run = run(&rules, vec![watched("latency", Reads::Moments, 0)], stage);
    assert_eq!(run.outcome.decision, Decision::Rollback);
    let decided = run.outcome.decided_at.unwrap();
    assert!(decided >= at(320) && decided <= at(350), "{decided}");
    assert!(run.stage.now < decided + Duration::from_secs(1), "decided as soon as it was read");
    assert_eq!(replayed(&rules, &run.journal), run.outcome);
}

#[test]
fn a_poll_slower_than_its_interval_leaves_polls_out_and_says_so_once() {
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &["latency < 1"]);
    let stage = Virtual::new(start(), vec![moments("latency", Duration::from_secs(37), |_| 0.2)]);
    let run = run(&rules, vec![watched("latency", Reads::Moments, 0)], stage);
    let polls = run.stage.polls_of(0);
    assert!(polls.windows(2).all(|pair| pair[1] - pair[0] == 45), "every third: {polls:?}");
    assert_eq!(run.journal.matches("some were left out").count(), 1);
}

#[test]
fn a_source_that_hangs_delays_no_other() {
    let rules = rules(&["latency", "queue"], &["latency > 1 for 2m"], &[]);
    let slow_from = |seconds| if seconds >= 200 { 3.0 } else { 0.2 };
    let hangs: Script = Box::new(|_| None);
    let stage = Virtual::new(start(), vec![moments("latency", QUICK, slow_from), hangs]);
    let sources = vec![watched("latency", Reads::Moments, 0), watched("queue", Reads::Moments, 0)];
    let run = run(&rules, sources, stage);
    assert_eq!(run.outcome.decision, Decision::Rollback);
    let decided = run.outcome.decided_at.unwrap();
    assert!(decided <= at(350), "{decided}");
    assert!(run.stage.now <= decided + Duration::from_secs(6), "it waits for the timeout of 5s at most");
    assert_eq!(run.stage.polls_of(1), [0], "no second poll while the first runs");
}

#[test]
fn a_gate_whose_sources_all_hang_holds_in_bounded_time() {
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &["latency < 1"]);
    let stage = Virtual::new(start(), vec![Box::new(|_| None)]);
    let run = run(&rules, vec![watched("latency", Reads::Moments, 0)], stage);
    assert_eq!(run.outcome.decision, Decision::Hold);
    assert!(run.stage.now <= at(660 + 10), "{}", run.stage.now);
    assert_eq!(replayed(&rules, &run.journal), run.outcome);
}

#[test]
fn late_points_are_waited_for_as_long_as_they_may_take() {
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &["latency < 1"]);
    let stage = Virtual::new(start(), vec![ranges("latency", 40, |_| 0.2)]);
    let run = run(&rules, vec![watched("latency", Reads::Ranges, 40)], stage);
    assert_eq!(run.outcome.decision, Decision::Proceed, "{}", run.outcome.reason);
    assert_eq!(run.outcome.late, 0);
    assert!(run.stage.now >= at(700) && run.stage.now <= at(701), "{}", run.stage.now);
    assert_eq!(run.outcome.signals[0].known, 40, "every point of the watch was seen");
    assert_eq!(replayed(&rules, &run.journal), run.outcome);
}

#[test]
fn ticks_wait_for_the_latest_source() {
    let rules = rules(&["latency", "queue"], &["latency > 1 and queue > 1 for 2m"], &["latency < 9"]);
    let scripts = vec![moments("latency", QUICK, |_| 0.2), ranges("queue", 30, |_| 0.2)];
    let sources = vec![watched("latency", Reads::Moments, 0), watched("queue", Reads::Ranges, 30)];
    let run = run(&rules, sources, Virtual::new(start(), scripts));
    assert_eq!((run.outcome.decision, run.outcome.late), (Decision::Proceed, 0));
}

#[test]
fn an_answer_after_its_time_speaks_of_when_it_was_given() {
    let rules = rules(&["latency", "smoke"], &["smoke < 1"], &[]);
    let mut smoke = watched("smoke", Reads::Moments, 0);
    smoke.interval = Duration::from_secs(300);
    smoke.timeout = Duration::from_secs(240);
    // The second run fails, and takes two minutes to say so.
    let failing = |seconds| if seconds >= 300 { 0.0 } else { 1.0 };
    let scripts =
        vec![moments("latency", QUICK, |_| 0.2), moments("smoke", Duration::from_secs(120), failing)];
    let run = run(&rules, vec![watched("latency", Reads::Moments, 0), smoke], Virtual::new(start(), scripts));
    assert_eq!(run.outcome.decision, Decision::Rollback, "{}", run.outcome.reason);
    assert_eq!(run.outcome.decided_at, Some(at(420)));
    assert_eq!(run.outcome.late, 0);
}

#[test]
fn a_breach_at_the_end_extends_the_watch() {
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &["latency < 9"]);
    let slow_from = |seconds| if seconds >= 600 { 3.0 } else { 0.2 };
    let stage = Virtual::new(start(), vec![moments("latency", QUICK, slow_from)]);
    let run = run(&rules, vec![watched("latency", Reads::Moments, 0)], stage);
    assert_eq!(run.outcome.decision, Decision::Rollback, "{}", run.outcome.reason);
    assert!(run.outcome.decided_at.unwrap() > at(660), "{:?}", run.outcome.decided_at);
    assert_eq!(replayed(&rules, &run.journal), run.outcome);
}

#[test]
fn a_cancelled_gate_holds_with_a_whole_journal() {
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &["latency < 1"]);
    let mut stage = Virtual::new(start(), vec![moments("latency", Duration::from_secs(4), |_| 0.2)]);
    stage.cancel_at = Some(at(302));
    let run = run(&rules, vec![watched("latency", Reads::Moments, 0)], stage);
    assert_eq!(run.outcome.decision, Decision::Hold);
    assert_eq!(run.outcome.ending, Ending::Cancelled { by: "a test".into() });
    assert_eq!(run.stage.now, at(302), "at once, although a poll is under way");
    assert!(run.journal.ends_with('\n') && run.journal.lines().last().unwrap().contains("\"end\""));
    assert_eq!(replayed(&rules, &run.journal), run.outcome);
}

#[test]
fn the_past_is_read_at_once() {
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &["latency < 1"]);
    let stage = Virtual::new(at(3600), vec![ranges("latency", 30, |_| 0.2)]);
    let run = run(&rules, vec![watched("latency", Reads::Ranges, 30)], stage);
    assert_eq!(run.outcome.decision, Decision::Proceed, "{}", run.outcome.reason);
    assert!(run.stage.now <= at(3601), "nobody waited: {}", run.stage.now);
    assert_eq!(run.stage.started.len(), 1, "one poll reads it all");
}

#[test]
fn a_gate_joined_late_reads_the_past_and_watches_the_rest() {
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &["latency < 1"]);
    let stage = Virtual::new(at(307), vec![ranges("latency", 0, |_| 0.2)]);
    let run = run(&rules, vec![watched("latency", Reads::Ranges, 0)], stage);
    assert_eq!(run.outcome.decision, Decision::Proceed, "{}", run.outcome.reason);
    let polls = run.stage.polls_of(0);
    assert_eq!(polls[..3], [307, 315, 330]);
    assert_eq!(polls.last(), Some(&660));
}

#[test]
fn probes_cannot_look_back() {
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &["latency < 1"]);
    let stage = Virtual::new(at(3600), vec![moments("latency", QUICK, |_| 0.2)]);
    let run = run(&rules, vec![watched("latency", Reads::Moments, 0)], stage);
    assert_eq!(run.outcome.decision, Decision::Hold, "{}", run.outcome.reason);
}

#[test]
fn a_crashed_source_is_no_decision() {
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &["latency < 1"]);
    let mut stage = Virtual::new(start(), vec![moments("latency", QUICK, |_| 0.2)]);
    stage.crash = Some(0);
    let error = try_run(&rules, vec![watched("latency", Reads::Moments, 0)], stage).err().unwrap();
    assert!(error.to_string().contains("scripted latency"), "{error}");
}

#[test]
fn a_full_disk_is_no_decision() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &[]);
    let mut file = Full;
    let mut ledger = Ledger::new(Gate::new(rules), &mut file, Redactor::default());
    let error = ledger.record(Line::Tick { t: start() }).unwrap_err().to_string();
    assert!(error.contains("cannot write the journal"), "{error}");
}

#[test]
fn no_secret_gets_into_the_journal_or_the_gate() {
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &["latency < 1"]);
    let leaky: Script = Box::new(|job| {
        let scheduled = window_of(job).scheduled;
        let absent = Sample::Absent(Absence::Error("token canary-token refused".into()));
        let mut polled = one("latency", scheduled, absent);
        polled.notes.push(SourceNote { signal: None, text: "asked with canary-token".into(), clears: None });
        Some((QUICK, Answer::Polled(polled)))
    });
    let redactor = Redactor::default();
    redactor.learn(&runbook_gate::Secret::new("canary-token"));
    let mut file = Vec::new();
    let mut ledger = Ledger::new(Gate::new(rules.clone()), &mut file, redactor);
    ledger
        .record(Line::Start { t: start(), environment: "production".into(), policy_sha256: String::new() })
        .unwrap();
    let course =
        Course { start: start(), watch_from: at(60), sources: vec![watched("latency", Reads::Moments, 0)] };
    let outcome = watch(&course, ledger, &mut Virtual::new(start(), vec![leaky]), &mut Silent).unwrap();
    let journal = String::from_utf8(file).unwrap();
    assert!(journal.contains("token *** refused") && !journal.contains("canary"));
    assert!(!format!("{outcome:?}").contains("canary"));
    assert_eq!(replayed(&rules, &journal), outcome);
}

fn looked(trial: Trial, sample: Option<Sample>, fault: Option<FaultKind>) -> super::prepare::Findings {
    let mut source = watched("latency", Reads::Moments, 0);
    source.trial = trial;
    let script: Script = match sample {
        Some(sample) => Box::new(move |job| {
            let polled = one("latency", window_of(job).scheduled, sample.clone());
            Some((QUICK, Answer::Polled(polled)))
        }),
        None => Box::new(|_| None),
    };
    let mut stage = Virtual::new(start(), vec![script]);
    let sources = [source];
    let mut replies = ask(&sources, &mut stage, |source| first_look(source, start())).unwrap();
    replies[0].fault = fault.map(|kind| Fault { kind, text: "the network says no".into() });
    findings(&sources, &replies, &WhySilent::new())
}

#[test]
fn a_first_look_tells_mistakes_from_outages() {
    let good = Sample::from_number(0.2);
    let broken = Sample::Absent(Absence::Error("parse error at char 5".into()));
    let failing = Sample::from_state(State::Failing);
    for (trial, sample, fault, mistakes, doubts) in [
        (Trial::Answers, Some(&good), None, 0, 0),
        (Trial::Answers, Some(&broken), None, 1, 0),
        (Trial::Answers, Some(&broken), Some(FaultKind::Answer), 1, 0),
        (Trial::Answers, Some(&broken), Some(FaultKind::Address), 1, 0),
        (Trial::Answers, Some(&broken), Some(FaultKind::Outage), 0, 1),
        // What is read of the moment has this machine's time.
        (Trial::Answers, Some(&good), Some(FaultKind::Clock), 0, 0),
        (Trial::Answers, None, None, 0, 1),
        (Trial::AddressOnly, Some(&failing), Some(FaultKind::Answer), 0, 1),
        (Trial::AddressOnly, Some(&broken), Some(FaultKind::Outage), 0, 1),
        (Trial::AddressOnly, Some(&broken), Some(FaultKind::Address), 1, 0),
        (Trial::None, None, None, 0, 0),
    ] {
        let found = looked(trial, sample.cloned(), fault);
        let counts = (found.mistakes.len(), found.doubts.len());
        assert_eq!(counts, (mistakes, doubts), "{trial:?} {sample:?} {fault:?}: {found:?}");
    }
    let found = looked(Trial::Answers, Some(Sample::Absent(Absence::NoTraffic)), None);
    assert_eq!(found.doubts, ["scripted latency: latency: no-traffic now"]);
}

/// A source that answers late, hangs, loses and repeats samples, by a seed.
fn wild(name: &'static str, values: Vec<(u8, u16)>) -> Script {
    let mut turn = 0;
    Box::new(move |job| {
        let scheduled = window_of(job).scheduled;
        let (what, size) = values[turn % values.len()];
        turn += 1;
        let length = Duration::from_millis(u64::from(size) * 40 % 20_000);
        let sample = match what % 8 {
            0 => Sample::Absent(Absence::Timeout),
            1 => Sample::from_number(f64::NAN),
            2 => return Some((length, Answer::Polled(Polled::default()))),
            3 => Sample::from_number(5.0),
            _ => Sample::from_number(f64::from(size) / 65_536.0),
        };
        let mut polled = one(name, scheduled, sample.clone());
        if what % 16 == 9 {
            // Once more, and a point of long ago.
            polled.observations.extend(one(name, scheduled, sample.clone()).observations);
            polled.observations.extend(one(name, scheduled - Duration::from_secs(100), sample).observations);
        }
        Some((length, Answer::Polled(polled)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_the_sources_do_live_and_replay_agree_and_end_in_time(
        first in prop::collection::vec(any::<(u8, u16)>(), 1..60),
        second in prop::collection::vec(any::<(u8, u16)>(), 1..60),
        delay in 0_u64..60,
        joined in 0_u64..900,
        cancel in prop::option::of(0_u64..900),
    ) {
        let rules = rules(&["latency", "queue"], &["latency > 1 for 2m", "queue > 2"], &["latency < 1"]);
        let scripts = vec![wild("latency", first), wild("queue", second)];
        let sources = vec![watched("latency", Reads::Moments, 0), watched("queue", Reads::Ranges, delay)];
        let mut stage = Virtual::new(at(joined), scripts);
        stage.cancel_at = cancel.map(at);
        let run = run(&rules, sources, stage);
        prop_assert_eq!(&replayed(&rules, &run.journal), &run.outcome);
        // Warm-up, watch, extension, the latest data, and a poll's patience.
        prop_assert!(run.stage.now <= at(joined.max(660 + 120) + delay + 11), "{}", run.stage.now);
    }
}
