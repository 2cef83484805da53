//! Measures decisions: seeded families of labelled deployments through the gate, and through two rules that are in use
//! elsewhere. Run by `scripts/bench decisions`; prints a Markdown table.
//!
//! The number of runs of each family may be given: `bench-decisions 1000`.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

mod families;
mod random;

use families::{FAMILIES, Family, Label};
use random::Random;
use runbook_gate::gate::{Decision, Gate, Step};
use runbook_gate::journal::Line;
use runbook_gate::policy::rules::{Configured, GateCriterion, GateRules, ReadingKind, SignalRules};
use runbook_gate::sample::{Reading, Sample, State};
use runbook_gate::{Baseline, Duration, SignalName, Timestamp};

type Failure = Box<dyn std::error::Error>;

const RUNS: u64 = 200;
/// Samples go on for so long after the watch, for the extension.
const AFTER: u64 = 600;
const START: Timestamp = Timestamp::from_secs(1_767_225_600);

/// The rules that are compared.
const JUDGES: [&str; 3] = ["this gate", "every sample", "five failures"];

/// What a judge did with a family.
#[derive(Clone, Default)]
struct Tally {
    proceed: u64,
    hold: u64,
    rollback: u64,
    delays: Vec<f64>,
}

/// One deployment.
struct Deployment {
    samples: Vec<(f64, Sample)>,
    baseline: Option<Baseline>,
}

fn main() -> Result<(), Failure> {
    let runs = std::env::args().nth(1).map_or(Ok(RUNS), |runs| runs.parse())?;
    let mut sums = vec![[Tally::default(), Tally::default(), Tally::default()]; 3];
    println!("| family | should | {} |", JUDGES.join(" | "));
    println!("|---|---|---|---|---|");
    for (index, family) in FAMILIES.iter().enumerate() {
        let mut tallies = [Tally::default(), Tally::default(), Tally::default()];
        for run in 0..runs {
            let deployment = deployment(family, &mut Random::new(index as u64 * 1_000_003 + run));
            tallies[0].count(family, gate(family, &deployment)?);
            tallies[1].count(family, every_sample(family, &deployment));
            tallies[2].count(family, five_failures(family, &deployment));
        }
        let cells: Vec<String> = tallies.iter().map(|tally| tally.cell(family.label, runs)).collect();
        println!("| {} | {} | {} |", family.name, should(family.label), cells.join(" | "));
        for (sum, tally) in sums[family.label as usize].iter_mut().zip(tallies) {
            sum.add(tally);
        }
    }
    println!();
    println!("| in all | {} |", JUDGES.join(" | "));
    println!("|---|---|---|---|");
    let [regressions, good, persons] = &sums[..] else { return Err("three labels are expected".into()) };
    let row = |name: &str, cell: &dyn Fn(usize) -> String| {
        println!("| {name} | {} | {} | {} |", cell(0), cell(1), cell(2));
    };
    row("regressions that went on (missed)", &|judge| {
        share(regressions[judge].proceed, regressions[judge].all())
    });
    row("regressions that were held for a person", &|judge| {
        share(regressions[judge].hold, regressions[judge].all())
    });
    row("false rollbacks of good releases", &|judge| share(good[judge].rollback, good[judge].all()));
    row("needless holds of good releases", &|judge| share(good[judge].hold, good[judge].all()));
    row("rollbacks where a person should look", &|judge| {
        share(persons[judge].rollback, persons[judge].all())
    });
    row("proceeds where a person should look", &|judge| share(persons[judge].proceed, persons[judge].all()));
    row("delay from onset, median", &|judge| minutes(quantile(&regressions[judge].delays, 0.5)));
    row("delay from onset, 95th percentile", &|judge| minutes(quantile(&regressions[judge].delays, 0.95)));
    Ok(())
}

fn deployment(family: &Family, random: &mut Random) -> Deployment {
    let baseline = (family.baseline)(random);
    let count = (family.watch + AFTER) / family.step;
    // A longer step gathers as many requests as all the short ones in it.
    let gather = family.step / 15;
    let samples = (1..=count)
        .map(|place| {
            let t = (place * family.step) as f64;
            let first = (family.sample)(t, random);
            (t, (1..gather).fold(first, |sum, _| added(sum, &(family.sample)(t, random))))
        })
        .collect();
    Deployment { samples, baseline }
}

fn added(left: Sample, right: &Sample) -> Sample {
    match (&left, right) {
        (Sample::Known(Reading::Counts(a)), Sample::Known(Reading::Counts(b))) => {
            Sample::from_counts(a.bad() + b.bad(), a.total() + b.total())
        }
        _ => left,
    }
}

/// The gate of this project.
fn gate(family: &Family, deployment: &Deployment) -> Result<(Decision, f64), Failure> {
    let signal: SignalName = "s".parse()?;
    let step = Duration::from_secs(family.step);
    let kind = match deployment.samples.iter().find_map(|(_, sample)| reading(sample)) {
        _ if family.predicate.ends_with("failing") => ReadingKind::State,
        Some(Reading::Value { .. }) => ReadingKind::Value,
        Some(Reading::Counts(_)) | None => ReadingKind::Counts,
    };
    let criterion = |text: &str| -> Result<GateCriterion, Failure> {
        Ok(GateCriterion { criterion: text.parse()?, configured: Configured::Yes })
    };
    let rollback = format!("{} for {}s{}", family.predicate, family.duration, family.form);
    let rules = GateRules::new(Duration::ZERO, Duration::from_secs(family.watch), step)
        .with_signal(signal.clone(), SignalRules::new(kind, step))
        .with_rollback(criterion(&rollback)?)
        .with_verify(criterion(family.verify)?);
    let mut gate = Gate::new(rules);
    gate.apply(&Line::Start { t: START, environment: String::new(), policy_sha256: String::new() })?;
    if let Some(baseline) = &deployment.baseline {
        gate.apply(&Line::Baseline { signal: signal.clone(), baseline: baseline.clone() })?;
    }
    for (t, sample) in &deployment.samples {
        let t = START + Duration::from_secs(*t as u64);
        gate.apply(&Line::Sample { t, signal: signal.clone(), sample: sample.clone() })?;
        if gate.apply(&Line::Tick { t })? == Step::Decided {
            break;
        }
    }
    let outcome = gate.finish();
    let at = outcome.decided_at.map_or(0.0, |t| t.since(START).as_seconds_f64());
    Ok((outcome.decision, at))
}

/// An alerting rule: every sample beyond the threshold for the duration; a missing one changes nothing.
fn every_sample(family: &Family, deployment: &Deployment) -> (Decision, f64) {
    let mut since = None;
    for (t, sample) in in_watch(family, deployment) {
        match beyond(family, deployment, sample) {
            Some(true) => {
                let since = *since.get_or_insert(*t);
                if t - since >= family.duration as f64 {
                    return (Decision::Rollback, *t);
                }
            }
            Some(false) => since = None,
            None => {}
        }
    }
    (Decision::Proceed, family.watch as f64)
}

/// A counter of failed checks: the fifth rolls back.
fn five_failures(family: &Family, deployment: &Deployment) -> (Decision, f64) {
    let mut failures = 0;
    for (t, sample) in in_watch(family, deployment) {
        failures += u32::from(beyond(family, deployment, sample) == Some(true));
        if failures == 5 {
            return (Decision::Rollback, *t);
        }
    }
    (Decision::Proceed, family.watch as f64)
}

fn in_watch<'d>(family: &Family, deployment: &'d Deployment) -> impl Iterator<Item = &'d (f64, Sample)> {
    let watch = family.watch as f64;
    deployment.samples.iter().take_while(move |(t, _)| *t <= watch)
}

/// Whether a sample by itself is beyond the family's threshold; `None` where it is absent.
fn beyond(family: &Family, deployment: &Deployment, sample: &Sample) -> Option<bool> {
    match (reading(sample)?, &deployment.baseline) {
        (Reading::Counts(counts), _) => Some(counts.bad() / counts.total() > 0.05),
        (Reading::Value { value, .. }, _) if family.predicate.ends_with("failing") => {
            Some(Sample::from_number(value.get()) == Sample::from_state(State::Failing))
        }
        (Reading::Value { value, .. }, Some(baseline)) => Some(value.get() > 2.0 * baseline.median.get()),
        (Reading::Value { .. }, None) => None,
    }
}

const fn reading(sample: &Sample) -> Option<Reading> {
    match sample {
        Sample::Known(reading) => Some(*reading),
        Sample::Absent(_) => None,
    }
}

impl Tally {
    fn count(&mut self, family: &Family, found: (Decision, f64)) {
        match found.0 {
            Decision::Proceed => self.proceed += 1,
            Decision::Hold => self.hold += 1,
            Decision::Rollback => self.rollback += 1,
        }
        if family.label == Label::Regression && found.0 == Decision::Rollback && found.1 >= family.onset {
            self.delays.push(found.1 - family.onset);
        }
    }

    fn add(&mut self, other: Self) {
        self.proceed += other.proceed;
        self.hold += other.hold;
        self.rollback += other.rollback;
        self.delays.extend(other.delays);
    }

    const fn all(&self) -> u64 {
        self.proceed + self.hold + self.rollback
    }

    /// The share that was right, what else was done, and the delay.
    fn cell(&self, label: Label, runs: u64) -> String {
        let (right, wrong) = match label {
            Label::Regression => (self.rollback, [("missed", self.proceed), ("held", self.hold)]),
            Label::Good => (self.proceed, [("rolled back", self.rollback), ("held", self.hold)]),
            Label::Person => (self.hold, [("rolled back", self.rollback), ("proceeded", self.proceed)]),
        };
        let mut cell = share(right, runs);
        for (what, count) in wrong.iter().filter(|(_, count)| *count > 0) {
            cell += &format!(", {} {what}", share(*count, runs));
        }
        if !self.delays.is_empty() {
            cell += &format!(", {}", minutes(quantile(&self.delays, 0.5)));
        }
        cell
    }
}

const fn should(label: Label) -> &'static str {
    match label {
        Label::Regression => "rollback",
        Label::Good => "proceed",
        Label::Person => "hold",
    }
}

fn share(count: u64, of: u64) -> String {
    let percent = 100.0 * count as f64 / of.max(1) as f64;
    if count == 0 || count == of { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len().saturating_sub(1)) as f64 * share;
    sorted.get(place.round() as usize).copied().unwrap_or(f64::NAN)
}

fn minutes(seconds: f64) -> String {
    if seconds.is_nan() {
        "none".to_owned()
    } else {
        format!("{}m{:02}s", seconds as u64 / 60, seconds as u64 % 60)
    }
}
