//! Families of deployments, each with what a careful person would have done.

use runbook_gate::sample::{Absence, Counts, Sample, State};
use runbook_gate::{Baseline, Finite};

use crate::random::Random;

/// What the deployment was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// The release is bad from `onset` on: it has to be undone.
    Regression,
    /// The release is good: it has to proceed.
    Good,
    /// Nothing can be proved, or undoing it would not help: a person has to look.
    Person,
}

pub struct Family {
    pub name: &'static str,
    pub label: Label,
    /// Seconds from the start.
    pub onset: f64,
    pub watch: u64,
    pub step: u64,
    /// The rollback criterion without its duration.
    pub predicate: &'static str,
    /// Its duration in seconds.
    pub duration: u64,
    /// A verification criterion, where there is one.
    pub verify: &'static str,
    /// What follows the duration.
    pub form: &'static str,
    pub baseline: fn(&mut Random) -> Option<Baseline>,
    /// The sample that ends at a time.
    pub sample: fn(f64, &mut Random) -> Sample,
}

const ERRORS: Family = Family {
    name: "",
    label: Label::Good,
    onset: 0.0,
    watch: 900,
    step: 15,
    predicate: "s > 5%",
    duration: 300,
    verify: "s < 1%",
    form: "",
    baseline: |random| errors_before(0.002, random),
    sample: |_, random| errors(450.0, 0.002, random),
};

const LATENCY: Family = Family {
    predicate: "s > 2x baseline",
    verify: "s < 1.5x baseline",
    baseline: |random| latency_before(0.25, random),
    sample: |_, random| latency(0.2, 0.25, random),
    ..ERRORS
};

const HEALTH: Family = Family {
    predicate: "s failing",
    duration: 120,
    verify: "s passing",
    baseline: |_| None,
    sample: |_, _| Sample::from_state(State::Passing),
    ..ERRORS
};

/// Every family.
pub const FAMILIES: [Family; 28] = [
    Family { name: "healthy, 30 requests a second", ..ERRORS },
    Family {
        name: "healthy, 3 requests a minute",
        watch: 1800,
        baseline: |_| None,
        sample: |_, random| errors(0.75, 0.002, random),
        ..ERRORS
    },
    Family {
        name: "errors 30 % from minute 5",
        label: Label::Regression,
        onset: 300.0,
        sample: |t, r| step(t, 300.0, 0.30, r),
        ..ERRORS
    },
    Family {
        name: "errors 8 % from minute 5",
        label: Label::Regression,
        onset: 300.0,
        sample: |t, r| step(t, 300.0, 0.08, r),
        ..ERRORS
    },
    Family {
        name: "errors 7 % from the start",
        label: Label::Regression,
        sample: |t, r| step(t, 0.0, 0.07, r),
        ..ERRORS
    },
    Family {
        name: "errors rise from 0 to 20 % within 6 minutes",
        label: Label::Regression,
        onset: 300.0,
        sample: |t, random| errors(450.0, ((t - 300.0) / 360.0).clamp(0.01, 1.0) * 0.20, random),
        ..ERRORS
    },
    Family {
        name: "errors 12 %, a third of the samples lost",
        label: Label::Regression,
        onset: 240.0,
        sample: |t, random| if random.happens(0.3) { LOST } else { step(t, 240.0, 0.12, random) },
        ..ERRORS
    },
    Family {
        name: "errors 20 %, every 8th sample clean",
        label: Label::Regression,
        onset: 240.0,
        sample: |t, random| {
            let clean = ((t / 15.0) as u64).is_multiple_of(8);
            errors(450.0, if t > 240.0 && !clean { 0.2 } else { 0.002 }, random)
        },
        ..ERRORS
    },
    Family {
        name: "flapping 90 s on, 30 s off",
        label: Label::Regression,
        onset: 240.0,
        watch: 1200,
        sample: |t, random| {
            errors(450.0, if t > 240.0 && (t - 240.0) % 120.0 <= 90.0 { 0.3 } else { 0.002 }, random)
        },
        ..ERRORS
    },
    Family {
        name: "flapping half and half, `for 5m in 15m`",
        label: Label::Regression,
        onset: 120.0,
        watch: 1500,
        form: " in 15m",
        sample: |t, random| {
            errors(450.0, if t > 120.0 && (t - 120.0) % 120.0 <= 60.0 { 0.3 } else { 0.002 }, random)
        },
        ..ERRORS
    },
    Family {
        name: "3 requests a minute, errors 40 % from minute 4",
        label: Label::Regression,
        onset: 240.0,
        watch: 1800,
        baseline: |_| None,
        sample: |t, random| errors(0.75, if t > 240.0 { 0.4 } else { 0.002 }, random),
        ..ERRORS
    },
    Family {
        name: "errors 30 % begin 2 minutes before the end",
        label: Label::Regression,
        onset: 780.0,
        sample: |t, r| step(t, 780.0, 0.30, r),
        ..ERRORS
    },
    Family {
        name: "bins of a minute, errors 20 % from minute 6",
        label: Label::Regression,
        onset: 360.0,
        watch: 1200,
        step: 60,
        sample: |t, r| step(t, 360.0, 0.20, r),
        ..ERRORS
    },
    Family {
        name: "one blip of 30 s, errors 8 %",
        sample: |t, r| blip(t, &[(300.0, 330.0)], 0.08, r),
        ..ERRORS
    },
    Family {
        name: "two blips of 45 s, errors 7 %",
        sample: |t, r| blip(t, &[(300.0, 345.0), (480.0, 525.0)], 0.07, r),
        ..ERRORS
    },
    Family {
        name: "six blips of 15 s, errors 9 %",
        sample: |t, r| if t % 135.0 < 1.0 { errors(450.0, 0.09, r) } else { errors(450.0, 0.001, r) },
        ..ERRORS
    },
    Family {
        name: "healthy, samples missing for 2 minutes",
        sample: |t, random| if (400.0..520.0).contains(&t) { LOST } else { errors(450.0, 0.002, random) },
        ..ERRORS
    },
    Family {
        name: "telemetry stops at minute 9",
        label: Label::Person,
        sample: |t, random| if t > 540.0 { LOST } else { errors(450.0, 0.002, random) },
        ..ERRORS
    },
    Family {
        name: "no traffic at all",
        label: Label::Person,
        sample: |_, _| Sample::from_counts(0.0, 0.0),
        ..ERRORS
    },
    Family {
        name: "errors 8 % before and after",
        label: Label::Person,
        baseline: |random| errors_before(0.08, random),
        sample: |_, random| errors(450.0, 0.08, random),
        ..ERRORS
    },
    Family {
        name: "errors 8 % before, 0.2 % after",
        baseline: |random| errors_before(0.08, random),
        ..ERRORS
    },
    Family {
        name: "errors 8 % before, 25 % from minute 5",
        label: Label::Regression,
        onset: 300.0,
        baseline: |random| errors_before(0.08, random),
        sample: |t, random| errors(450.0, if t > 300.0 { 0.25 } else { 0.08 }, random),
        ..ERRORS
    },
    Family { name: "latency healthy, noisy", ..LATENCY },
    Family {
        name: "latency healthy, one sample in ten 10 times as high",
        sample: |_, random| latency(if random.happens(0.1) { 2.0 } else { 0.2 }, 0.25, random),
        ..LATENCY
    },
    Family {
        name: "latency 3 times as high from minute 5, noisy",
        label: Label::Regression,
        onset: 300.0,
        sample: |t, random| latency(if t > 300.0 { 0.6 } else { 0.2 }, 0.25, random),
        ..LATENCY
    },
    Family {
        name: "down from minute 3",
        label: Label::Regression,
        onset: 180.0,
        sample: |t, _| Sample::from_state(if t > 180.0 { State::Failing } else { State::Passing }),
        ..HEALTH
    },
    Family {
        name: "a restart of 75 s",
        sample: |t, _| {
            Sample::from_state(if t > 300.0 && t <= 375.0 { State::Failing } else { State::Passing })
        },
        ..HEALTH
    },
    Family {
        name: "down from minute 3, one probe in ten answers",
        label: Label::Regression,
        onset: 180.0,
        sample: |t, random| {
            let fails = t > 180.0 && !random.happens(0.1);
            Sample::from_state(if fails { State::Failing } else { State::Passing })
        },
        ..HEALTH
    },
];

const LOST: Sample = Sample::Absent(Absence::NoData);

fn errors(requests: f64, share: f64, random: &mut Random) -> Sample {
    let total = random.poisson(requests);
    Sample::from_counts(random.binomial(total, share), total)
}

fn step(t: f64, onset: f64, share: f64, random: &mut Random) -> Sample {
    errors(450.0, if t > onset { share } else { 0.002 }, random)
}

fn blip(t: f64, blips: &[(f64, f64)], share: f64, random: &mut Random) -> Sample {
    let inside = blips.iter().any(|(from, to)| t > *from && t <= *to);
    errors(450.0, if inside { share } else { 0.001 }, random)
}

fn latency(middle: f64, spread: f64, random: &mut Random) -> Sample {
    Sample::from_number(middle * libm::exp(spread * random.normal()))
}

fn errors_before(share: f64, random: &mut Random) -> Option<Baseline> {
    let total = random.poisson(54_000.0);
    let counts = Counts::new(random.binomial(total, share), total)?;
    let rate = Finite::new(counts.bad() / counts.total())?;
    Some(Baseline {
        median: rate,
        p95: rate,
        worst: None,
        count: 120,
        counts: Some(counts),
        window: None,
        source: None,
    })
}

fn latency_before(spread: f64, random: &mut Random) -> Option<Baseline> {
    let start = runbook_gate::Timestamp::from_secs(1_767_000_000);
    let observed: Vec<_> = (0..120)
        .map(|i| (start + runbook_gate::Duration::from_secs(15 * i), latency(0.2, spread, random)))
        .collect();
    Baseline::from_observations(&observed, Some(runbook_gate::Duration::from_secs(300)), 30)
}
