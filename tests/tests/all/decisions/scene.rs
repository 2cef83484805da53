//! A small language for journals: what a policy asks, what a service showed, and what the gate makes of it.
//!
//! ```text
//! asks:  watch 15m; rollback error_rate > 5% for 5m; verify error_rate < 1%; baseline error_rate 60/30000; after a rollback
//! shows: error_rate every 15s: 5m of 0/300, 10m of 24/300
//! ```
//! Readings are counts `24/300`, numbers `0.2`, probes `up` and `down`, absences `no-data` and the like, `lost` for no line at
//! all, and `(a b c)` for a cycle. The first sample of a signal comes one step after the start.

use runbook_gate::gate::{Gate, Outcome, Recovery};
use runbook_gate::journal::Line;
use runbook_gate::policy::rules::{
    Configured, DataContract, FailingRule, GateCriterion, GateRules, OnMissing, ReadingKind, SignalRules,
};
use runbook_gate::sample::{Absence, Counts, Sample, State};
use runbook_gate::{Baseline, Duration, Finite, SignalName, Timestamp, criterion};

/// The start of every scene.
pub const START: Timestamp = Timestamp::from_secs(1_767_225_600);

/// One row of a table.
pub struct Row {
    /// What it shows.
    pub name: &'static str,
    pub asks: &'static str,
    pub shows: &'static str,
    /// Decision and when, since the start: `rollback 10m15s`.
    pub decision: &'static str,
    /// Each criterion's status, rollback criteria first.
    pub statuses: &'static str,
    /// Part of the reason, or of a criterion's summary or caveat.
    pub because: &'static str,
}

pub fn row(
    name: &'static str,
    asks: &'static str,
    shows: &'static str,
    decision: &'static str,
    statuses: &'static str,
    because: &'static str,
) -> Row {
    Row { name, asks, shows, decision, statuses, because }
}

/// Every row that does not come out as it says is printed; then the test fails.
pub fn check(rows: &[Row]) {
    let mut wrong = Vec::new();
    for row in rows {
        let outcome = Scene::read(row.asks, row.shows).play();
        let at = outcome.decided_at.map(|t| t.since(START).to_string()).unwrap_or_default();
        let decision = format!("{} {at}", outcome.decision);
        let statuses: Vec<&str> = outcome.criteria.iter().map(|c| c.status.as_str()).collect();
        let statuses = statuses.join(" ");
        let words = words(&outcome);
        if decision != row.decision || statuses != row.statuses || !words.contains(row.because) {
            wrong.push(format!(
                "{}\n    is      {decision} [{statuses}]\n    not     {} [{}] because {:?}\n    {}",
                row.name,
                row.decision,
                row.statuses,
                row.because,
                words.replace('\n', "\n    ")
            ));
        }
    }
    let mut names: Vec<&str> = rows.iter().map(|row| row.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), rows.len(), "two rows have one name");
    assert!(wrong.is_empty(), "{} of {} rows differ:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

fn words(outcome: &Outcome) -> String {
    let mut words = vec![outcome.reason.clone()];
    words.extend(outcome.also.iter().cloned());
    for criterion in &outcome.criteria {
        words.push(criterion.explanation.summary.clone());
        words.extend(criterion.caveat.clone());
    }
    words.extend(outcome.notes.iter().cloned());
    words.join("\n")
}

/// A policy's rules and a journal without ticks.
#[derive(Clone)]
pub struct Scene {
    pub rules: GateRules,
    /// `start`, `recovery`, `signal` and `baseline` lines.
    pub heading: Vec<Line>,
    /// In order of time.
    pub samples: Vec<(Timestamp, SignalName, Sample)>,
    /// Other lines, each with its time.
    pub others: Vec<(Timestamp, Line)>,
}

impl Scene {
    pub fn read(asks: &str, shows: &str) -> Self {
        let mut scene = Self {
            rules: GateRules::new(Duration::ZERO, Duration::from_secs(900), Duration::from_secs(15)),
            heading: vec![Line::Start { t: START, environment: "test".into(), policy_sha256: String::new() }],
            samples: Vec::new(),
            others: Vec::new(),
        };
        let clauses: Vec<&str> = asks.split(';').map(str::trim).filter(|clause| !clause.is_empty()).collect();
        let find = |word: &str| {
            clauses.iter().find_map(|clause| clause.strip_prefix(word)?.strip_prefix(' ')).map(str::trim)
        };
        let duration = |word: &str, default: &str| find(word).unwrap_or(default).parse::<Duration>().unwrap();
        let interval = duration("interval", "15s");
        let mut rules = GateRules::new(duration("warmup", "0s"), duration("watch", "15m"), interval)
            .with_min_requests(find("min_requests").unwrap_or("30").parse().unwrap())
            .with_min_coverage(find("min_coverage").unwrap_or("0.5").parse().unwrap())
            .with_steady(duration("steady", "2m"));
        for line in shows.split(';').map(str::trim).filter(|line| !line.is_empty()) {
            let (head, body) = line.split_once(':').unwrap();
            let mut words = head.split_whitespace();
            let signal: SignalName = words.next().unwrap().parse().unwrap();
            let every = match (words.next(), words.next()) {
                (Some("every"), Some(every)) => every.parse().unwrap(),
                _ => interval,
            };
            let kind = kind(body);
            let found = rules.signals().get(&signal).cloned();
            rules = rules.with_signal(signal.clone(), found.unwrap_or_else(|| SignalRules::new(kind, every)));
            scene.show(&signal, every, body);
        }
        for clause in &clauses {
            rules = scene.ask(rules, clause, interval);
        }
        scene.rules = rules;
        scene.samples.sort_by_key(|(t, ..)| *t);
        scene
    }

    fn ask(&mut self, rules: GateRules, clause: &str, interval: Duration) -> GateRules {
        let (word, rest) = clause.split_once(' ').unwrap();
        let gate =
            |text: &str| GateCriterion { criterion: text.parse().unwrap(), configured: Configured::Yes };
        let unconfigured = |text: &str| {
            let missing = vec!["nothing".parse().unwrap()];
            GateCriterion { criterion: text.parse().unwrap(), configured: Configured::No { missing } }
        };
        let edit = |rules: GateRules, signal: &str, edit: &dyn Fn(&mut SignalRules)| {
            let name: SignalName = signal.parse().unwrap();
            let mut found = rules
                .signals()
                .get(&name)
                .cloned()
                .unwrap_or_else(|| SignalRules::new(ReadingKind::Value, interval));
            edit(&mut found);
            rules.with_signal(name, found)
        };
        let words: Vec<&str> = rest.split_whitespace().collect();
        match word {
            "watch" | "warmup" | "interval" | "min_requests" | "min_coverage" | "steady" => rules,
            "rollback" => rules.with_rollback(gate(rest)),
            "verify" => rules.with_verify(gate(rest)),
            "default-rollback" => rules.with_rollback(unconfigured(rest)),
            "default-verify" => rules.with_verify(unconfigured(rest)),
            "step" => {
                let step = words[1].parse().unwrap();
                self.heading.push(Line::Signal { signal: words[0].parse().unwrap(), step });
                rules
            }
            "baseline" => {
                let baseline = baseline(&words[1..]);
                self.heading.push(Line::Baseline { signal: words[0].parse().unwrap(), baseline });
                rules
            }
            "counts" => edit(rules, words[0], &|signal| signal.reading = ReadingKind::Counts),
            "health" => edit(rules, words[0], &|signal| signal.reading = ReadingKind::State),
            "low_traffic_below" => {
                edit(rules, words[0], &|signal| signal.low_traffic_below = words[1].parse().unwrap())
            }
            "failing" => edit(rules, words[0], &|signal| {
                let (cmp, threshold) = criterion::parse_comparison(&words[1..].join(" ")).unwrap();
                signal.failing = Some(FailingRule { cmp, threshold: threshold.base() });
            }),
            "pass" => edit(rules, words[0], &|signal| contract(&mut signal.contract, words[1])),
            "after" => {
                assert_eq!(rest, "a rollback", "`{clause}` has no meaning in a scene");
                self.heading.push(Line::Recovery(Recovery::default()));
                rules
            }
            "request" | "cancel" => {
                let t = START + words[0].parse().unwrap();
                let by = "Ada".to_owned();
                let line = match (word, words.get(1)) {
                    ("cancel", _) => Line::Cancel { t, by },
                    (_, Some(&"rollback")) => {
                        Line::Request { t, decision: runbook_gate::gate::Decision::Rollback, by }
                    }
                    (_, Some(&"proceed")) => {
                        Line::Request { t, decision: runbook_gate::gate::Decision::Proceed, by }
                    }
                    _ => Line::Request { t, decision: runbook_gate::gate::Decision::Hold, by },
                };
                self.others.push((t, line));
                rules
            }
            _ => panic!("`{clause}` has no meaning in a scene"),
        }
    }

    fn show(&mut self, signal: &SignalName, every: Duration, body: &str) {
        let mut t = START;
        for stretch in body.split(',').map(str::trim) {
            let (length, reading) = stretch.split_once(" of ").unwrap();
            let length: Duration = length.trim().parse().unwrap();
            let readings: Vec<&str> = reading.trim_matches(['(', ')', ' ']).split_whitespace().collect();
            let count = length.as_nanos() / every.as_nanos();
            for reading in readings.iter().cycle().take(usize::try_from(count).unwrap()) {
                t = t + every;
                if *reading != "lost" {
                    self.samples.push((t, signal.clone(), sample(reading)));
                }
            }
        }
    }

    /// The lines in order of time, with a tick after each time, and an end after the last.
    pub fn lines(&self) -> Vec<Line> {
        let mut timed: Vec<(Timestamp, u8, Line)> = Vec::new();
        for (t, signal, sample) in &self.samples {
            timed.push((*t, 0, Line::Sample { t: *t, signal: signal.clone(), sample: sample.clone() }));
            timed.push((*t, 2, Line::Tick { t: *t }));
        }
        timed.extend(self.others.iter().map(|(t, line)| (*t, 1, line.clone())));
        timed.sort_by_key(|(t, order, _)| (*t, *order));
        let mut lines = self.heading.clone();
        lines.extend(timed.into_iter().map(|(_, _, line)| line));
        lines.dedup();
        let last = self.samples.last().map_or(START, |(t, ..)| *t);
        lines.push(Line::End { t: last.max(START + self.rules.warmup() + self.rules.observe()) });
        lines
    }

    /// The outcome of the lines.
    pub fn play(&self) -> Outcome {
        play(&self.rules, &self.lines())
    }
}

/// The outcome of lines by rules.
pub fn play(rules: &GateRules, lines: &[Line]) -> Outcome {
    let mut gate = Gate::new(rules.clone());
    for line in lines {
        gate.apply(line).unwrap();
    }
    gate.finish()
}

fn kind(body: &str) -> ReadingKind {
    let has = |word: &str| body.split([' ', '(', ')', ',']).any(|found| found == word);
    if has("up") || has("down") {
        ReadingKind::State
    } else if body.contains('/') {
        ReadingKind::Counts
    } else {
        ReadingKind::Value
    }
}

fn sample(reading: &str) -> Sample {
    match reading {
        "up" => return Sample::from_state(State::Passing),
        "down" => return Sample::from_state(State::Failing),
        "nan" => return Sample::from_number(f64::NAN),
        _ => {}
    }
    if let Some((bad, total)) = reading.split_once('/') {
        return Sample::from_counts(bad.parse().unwrap(), total.parse().unwrap());
    }
    if let Some((value, total)) = reading.split_once('@') {
        return Sample::from_quantile(value.parse().unwrap(), total.parse().unwrap());
    }
    match reading.parse() {
        Ok(number) => Sample::from_number(number),
        Err(_) => Sample::Absent(Absence::parse(reading).unwrap()),
    }
}

fn baseline(words: &[&str]) -> Baseline {
    let mut baseline = Baseline {
        median: Finite::new(0.0).unwrap(),
        p95: Finite::new(0.0).unwrap(),
        worst: None,
        count: 120,
        counts: None,
        window: None,
        source: None,
    };
    for word in words {
        if let Some((bad, total)) = word.split_once('/') {
            let counts = Counts::new(bad.parse().unwrap(), total.parse().unwrap()).unwrap();
            baseline.counts = Some(counts);
            baseline.median = Finite::new(counts.bad() / counts.total()).unwrap();
        } else if let Some((key, value)) = word.split_once('=') {
            match key {
                "worst" => baseline.worst = Finite::new(value.parse().unwrap()),
                "count" => baseline.count = value.parse().unwrap(),
                "fixed" => baseline = Baseline::fixed(Finite::new(value.parse().unwrap()).unwrap()),
                _ => panic!("`{key}` is no part of a baseline"),
            }
        } else {
            baseline.median = Finite::new(word.parse().unwrap()).unwrap();
            baseline.p95 = baseline.median;
        }
    }
    baseline
}

fn contract(contract: &mut DataContract, key: &str) {
    match key {
        "on_no_data" => contract.on_no_data = OnMissing::Pass,
        "on_low_traffic" => contract.on_low_traffic = OnMissing::Pass,
        "on_error" => contract.on_error = OnMissing::Pass,
        _ => panic!("`{key}` is no part of a data contract"),
    }
}
