//! A gate's outcome in words.

mod plots;
mod timeline;

use std::collections::BTreeMap;

use super::course::{Course, Limit};
use super::numbers::{self, Measure};
use crate::criterion::{Comparison, Criterion, Direction};
use crate::gate::outcome::{ComparisonNumbers, Ending, SignalSummary};
use crate::gate::{CriterionKind, CriterionOutcome, CriterionStatus, Outcome};
use crate::sample::Absence;
use crate::{Duration, SignalName};

pub(super) use plots::plots;
pub use timeline::{Event, EventKind, Phase, PhaseKind, Timeline};

/// A signal that covers less than this share of the watch is said to.
const NEARLY_ALL: f64 = 0.95;

/// What a gate saw, ready to be laid out.
#[derive(Clone, Debug, PartialEq)]
pub struct GateSection {
    ended: Option<&'static str>,
    by: Option<String>,
    facts: Vec<Fact>,
    also: Vec<String>,
    rows: Vec<CriterionRow>,
    unknown: Vec<String>,
    notes: Vec<String>,
}

/// A fact of the gate: a word and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub name: &'static str,
    /// What it is.
    pub text: String,
}

/// How a criterion speaks for the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// For it.
    For,
    /// For it, with a reservation.
    ForWithCaveat,
    /// Neither: it could not be judged, or it was so before.
    Open,
    /// Against it.
    Against,
    /// It was not evaluated.
    Skipped,
}

/// A criterion in words.
#[derive(Clone, Debug, PartialEq)]
pub struct CriterionRow {
    /// Its text.
    pub criterion: String,
    /// Rollback or verification.
    pub kind: CriterionKind,
    /// How it stands.
    pub status: CriterionStatus,
    /// The same for people: `clear so far` where the gate ended before its watch did.
    pub word: &'static str,
    /// What that says of the release.
    pub standing: Standing,
    /// What was seen of its signals; empty where nothing was.
    pub seen: String,
    /// What it was judged against, in numbers; empty where there is none.
    pub against: String,
    /// The covered share of the watch.
    pub covered: String,
    /// Whether that is less than nearly all of it.
    pub poorly_covered: bool,
    /// A reservation.
    pub caveat: Option<String>,
    /// One sentence: what was seen.
    pub summary: String,
    /// Whether the report's reason says the same.
    pub told_by_reason: bool,
    /// The numbers behind the status, for those who ask why.
    pub facts: Vec<Fact>,
    /// One sentence: what would have had to differ.
    pub otherwise: String,
    /// The course of its first signal.
    pub course: Course,
}

impl CriterionRow {
    /// The sentences that say why it stands as it does, beside the report's reason.
    pub fn sentences(&self) -> impl Iterator<Item = &str> {
        let summary = (!self.told_by_reason).then_some(self.summary.as_str());
        summary.into_iter().chain(self.caveat.as_deref()).filter(|sentence| !sentence.is_empty())
    }
}

impl GateSection {
    pub(super) fn new(outcome: &Outcome) -> Self {
        let book = Book::new(outcome);
        let rows: Vec<CriterionRow> = outcome.criteria.iter().map(|criterion| book.row(criterion)).collect();
        // What a criterion says for itself need not stand above it too.
        let told = |also: &str| {
            rows.iter().any(|row| {
                matches!(row.standing, Standing::Against | Standing::Open)
                    && !row.summary.is_empty()
                    && also.contains(row.summary.as_str())
            })
        };
        Self {
            also: outcome.also.iter().filter(|also| !told(also)).cloned().collect(),
            ended: match &outcome.ending {
                Ending::Complete => None,
                Ending::Incomplete => Some("incomplete"),
                Ending::Requested { .. } => Some("requested"),
                Ending::Unserved => Some("never served"),
                Ending::Cancelled { .. } => Some("cancelled"),
            },
            by: match &outcome.ending {
                Ending::Requested { by } | Ending::Cancelled { by } => Some(by.clone()),
                Ending::Complete | Ending::Incomplete | Ending::Unserved => None,
            },
            facts: course_of_the_gate(outcome),
            rows,
            unknown: unknown(outcome),
            notes: outcome.notes.clone(),
        }
    }

    /// How the gate ended, where it did not end by itself: `cancelled`, `incomplete`, `requested`.
    #[must_use]
    pub const fn ended(&self) -> Option<&'static str> {
        self.ended
    }

    /// When it watched, and what it was told.
    #[must_use]
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// What else speaks for `hold`, beside the reason and what the criteria say for themselves.
    #[must_use]
    pub fn also(&self) -> &[String] {
        &self.also
    }

    /// Every criterion, in policy order.
    #[must_use]
    pub fn rows(&self) -> &[CriterionRow] {
        &self.rows
    }

    /// The criteria that made the decision what it is: those against the release, else the open ones, else those that
    /// passed with a reservation.
    pub fn deciding(&self) -> impl Iterator<Item = &CriterionRow> {
        // Where nothing was watched, no criterion decided.
        let watched = self.ended != Some("never served");
        let against = |standing: Standing| matches!(standing, Standing::Against | Standing::Open);
        let any = self.rows.iter().any(|row| against(row.standing));
        let tripped = self.rows.iter().any(|row| row.status == CriterionStatus::Tripped);
        self.rows.iter().filter(move |row| {
            watched
                && match (tripped, any) {
                    (true, _) => row.status == CriterionStatus::Tripped,
                    (false, true) => against(row.standing),
                    (false, false) => row.standing == Standing::ForWithCaveat,
                }
        })
    }

    /// What was not known, a sentence each.
    #[must_use]
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// What the sources remarked.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    pub(super) fn has_caveats(&self) -> bool {
        self.rows.iter().any(|row| row.standing == Standing::ForWithCaveat)
    }

    pub(super) fn next_of_hold(&self) -> String {
        let by = self.by.as_deref().unwrap_or("somebody");
        match self.ended {
            Some("cancelled") => {
                return format!(
                    "The gate was cancelled by {by} before it could decide. Run it again, or let a person decide whether the release stays."
                );
            }
            Some("incomplete") => {
                return "The gate stopped before its watch was over. Find out why, and run it again; until then a person must decide whether the release stays."
                    .to_owned();
            }
            Some("never served") => {
                return "Nothing was watched and nothing is rolled back. Find out whether the deployment reached the service, and whether `version` in the policy asks for what was deployed; then run the gate again."
                    .to_owned();
            }
            Some("requested") => {
                return format!(
                    "The gate did not find this hold: it was asked for ({by}). Learn why from whoever asked, then decide whether the release stays; nothing is rolled back by itself."
                );
            }
            _ => {}
        }
        let open: Vec<String> = self
            .deciding()
            .filter(|row| matches!(row.standing, Standing::Against | Standing::Open))
            .map(|row| format!("`{}` ({})", row.criterion, row.word))
            .collect();
        let most = open.get(..4).unwrap_or(&open).join("; ");
        let rest = match open.len().saturating_sub(4) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let look = if open.is_empty() { String::new() } else { format!(" Look at: {most}{rest}.") };
        format!("A person must decide whether the release stays: nothing is rolled back by itself.{look}")
    }
}

/// When the gate watched.
fn course_of_the_gate(outcome: &Outcome) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |name, text| facts.push(Fact { name, text });
    if let Some(decided) = outcome.decided_at {
        add("decided", numbers::moment(decided));
    }
    if let (Some(from), Some(to)) = (outcome.watch_from, outcome.watch_to) {
        let planned = to.since(from);
        let ended = outcome.decided_at.filter(|_| saw_anything(outcome));
        let watched = ended.unwrap_or(from).since(from);
        let extended = match outcome.extended_by {
            Duration::ZERO => String::new(),
            more => format!(", extended by {more}"),
        };
        let warmup = outcome.started_at.map_or(Duration::ZERO, |start| from.since(start));
        let after = if warmup.is_zero() { String::new() } else { format!(", after {warmup} of warm-up") };
        add("watched", format!("{} of {planned}{extended}{after}", rounded(watched)));
    }
    facts
}

/// Whether any sample of the watch came: a gate that ended before its watch has been no watch, however late it was.
fn saw_anything(outcome: &Outcome) -> bool {
    outcome.signals.iter().any(|signal| signal.known > 0 || !signal.absent.is_empty())
}

/// A length of time without its fractions of a second.
fn rounded(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_nanos() / 1_000_000_000)
}

/// Whether what is not covered is no more than what a gate that somebody ended did not wait for: the step after the newest
/// sample.
fn is_since_the_newest_sample(outcome: &Outcome, signal: &SignalSummary) -> bool {
    let ended = matches!(outcome.ending, Ending::Cancelled { .. } | Ending::Requested { .. });
    let (Some(from), Some(decided), true) = (outcome.watch_from, outcome.decided_at, ended) else {
        return false;
    };
    let watched = decided.since(from).as_seconds_f64();
    watched * (1.0 - signal.coverage) <= signal.step.as_seconds_f64()
}

/// What was not known.
fn unknown(outcome: &Outcome) -> Vec<String> {
    let mut lines = Vec::new();
    let read =
        |signal: &SignalSummary| outcome.criteria.iter().any(|row| row.signals.contains(&signal.signal));
    for signal in outcome.signals.iter().filter(|signal| read(signal)) {
        let absent: u64 =
            signal.absent.iter().map(|(_, count)| count).fold(0, |sum, n| sum.saturating_add(*n));
        let reasons: Vec<String> =
            signal.absent.iter().take(8).map(|(reason, count)| format!("{reason} ({count})")).collect();
        let reasons = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
        let covered = numbers::percent(signal.coverage);
        let name = &signal.signal;
        if signal.known == 0 {
            let said = signal.remark.as_deref().filter(|_| is_without_reason(signal));
            let said = said.map(|text| text.strip_prefix(&format!("{name}: ")).unwrap_or(text));
            lines.push(match said {
                Some(text) => format!("{name} was never known in the watch{reasons}: {}", sentence(text)),
                None if reasons.is_empty() => {
                    format!("{name} was never known in the watch: no sample of it came.")
                }
                None => format!("{name} was never known in the watch{reasons}."),
            });
        } else if absent > 0 {
            let of = numbers::of(absent as f64, absent.saturating_add(signal.known) as f64);
            lines.push(match covered.as_str() {
                "100%" => {
                    format!("{of} samples of {name} are absent{reasons}; those beside them cover the watch.")
                }
                covered => format!("{name} covers {covered} of the watch; {of} samples are absent{reasons}."),
            });
        } else if signal.coverage < NEARLY_ALL && !is_since_the_newest_sample(outcome, signal) {
            lines.push(format!("{name} covers {covered} of the watch; no reason is known."));
        }
    }
    let unread: Vec<&str> = outcome
        .signals
        .iter()
        .filter(|signal| !read(signal) && signal.known == 0)
        .map(|signal| signal.signal.as_str())
        .collect();
    if !unread.is_empty() {
        lines.push(format!("Never known, and read by no criterion: {}.", unread.join(", ")));
    }
    for (signal, count) in &outcome.ignored {
        lines.push(format!("{} of {signal}, which the policy does not name, were ignored.", samples(*count)));
    }
    if outcome.late > 0 {
        lines.push(format!(
            "{} came after their time had been judged, and count for nothing.",
            samples(outcome.late)
        ));
    }
    lines
}

/// Whether the reasons of its absent samples say nothing of why.
fn is_without_reason(signal: &SignalSummary) -> bool {
    let nothing = Absence::NoData.to_string();
    signal.absent.iter().all(|(reason, _)| *reason == nothing)
}

/// With a full stop, where it has no end of its own.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '?', '!']) { text.to_owned() } else { format!("{text}.") }
}

fn samples(count: u64) -> String {
    match count {
        1 => "1 sample".to_owned(),
        count => format!("{} samples", numbers::count(count as f64)),
    }
}

/// What is looked up for each criterion.
struct Book<'o> {
    signals: BTreeMap<&'o SignalName, &'o SignalSummary>,
    criteria: Vec<Option<Criterion>>,
    texts: Vec<&'o str>,
    outcome: &'o Outcome,
}

impl<'o> Book<'o> {
    fn new(outcome: &'o Outcome) -> Self {
        Self {
            signals: outcome.signals.iter().map(|summary| (&summary.signal, summary)).collect(),
            criteria: outcome.criteria.iter().map(|row| row.criterion.parse().ok()).collect(),
            texts: outcome.criteria.iter().map(|row| row.criterion.as_str()).collect(),
            outcome,
        }
    }

    fn measure(&self, signal: &SignalName) -> Measure {
        let reading = self.signals.get(signal).map(|summary| summary.reading);
        Measure::of(signal, reading, self.criteria.iter().flatten())
    }

    fn row(&self, outcome: &CriterionOutcome) -> CriterionRow {
        let explanation = &outcome.explanation;
        let numbers: Vec<(String, Option<String>)> = explanation
            .comparisons
            .iter()
            .map(|numbers| {
                numbers::seen_against(self.measure(&numbers.signal), &numbers.observed, numbers.threshold)
            })
            .collect();
        // Several comparisons of one signal mostly see the same.
        let mut seen: Vec<&str> = numbers.iter().map(|(seen, _)| seen.as_str()).collect();
        seen.dedup();
        let against: Vec<&str> = numbers.iter().filter_map(|(_, against)| against.as_deref()).collect();
        CriterionRow {
            criterion: outcome.criterion.clone(),
            kind: outcome.kind,
            status: outcome.status,
            word: self.word(outcome.status),
            standing: standing(outcome),
            seen: seen.join(" and "),
            against: against.join(" and "),
            covered: outcome.coverage.map(numbers::percent).unwrap_or_default(),
            poorly_covered: outcome.coverage.is_some_and(|coverage| coverage < NEARLY_ALL),
            caveat: outcome.caveat.clone(),
            summary: explanation.summary.clone(),
            told_by_reason: self.outcome.reason.contains(explanation.summary.trim_end_matches('.')),
            facts: facts(outcome, &numbers),
            otherwise: explanation.otherwise.clone(),
            course: self.course(outcome),
        }
    }

    /// What speaks for a release before the watch is over does so only so far.
    const fn word(&self, status: CriterionStatus) -> &'static str {
        match (&self.outcome.ending, status) {
            (Ending::Complete, _) => status.as_str(),
            (_, CriterionStatus::Clear) => "clear so far",
            (_, CriterionStatus::Passed) => "passed so far",
            _ => status.as_str(),
        }
    }

    fn course(&self, outcome: &CriterionOutcome) -> Course {
        let Some(summary) = outcome.signals.first().and_then(|signal| self.signals.get(signal)) else {
            return Course::default();
        };
        let whole = match (self.outcome.started_at, self.outcome.decided_at) {
            (Some(start), Some(decided)) => decided.since(start),
            _ => Duration::ZERO,
        };
        let width = whole.divided_by(summary.course.len() as u64);
        Course::new(&summary.course, width, summary.step, self.limit(outcome, &summary.signal))
    }

    /// The threshold that a signal has to be beyond for the whole criterion: the farthest of those on one side.
    fn limit(&self, outcome: &CriterionOutcome, signal: &SignalName) -> Option<Limit> {
        let place = self.texts.iter().position(|text| *text == outcome.criterion)?;
        let criterion = self.criteria.get(place)?.as_ref()?;
        let mut limit: Option<Limit> = None;
        for (comparison, numbers) in criterion.comparisons().iter().zip(&outcome.explanation.comparisons) {
            let Comparison::Threshold { operand, cmp, .. } = comparison else { continue };
            let (Some(threshold), direction) = (numbers.threshold, cmp.direction()) else { continue };
            if operand.signal != *signal || direction == Direction::Neither {
                continue;
            }
            // Trouble is where a rollback criterion is true, and where a verification criterion is not.
            let direction = match (outcome.kind, direction) {
                (CriterionKind::Verify, Direction::Above) => Direction::Below,
                (CriterionKind::Verify, Direction::Below) => Direction::Above,
                (_, direction) => direction,
            };
            limit = Some(match limit {
                Some(known) if known.direction == direction => Limit {
                    threshold: match (direction, outcome.kind) {
                        (Direction::Above, CriterionKind::Rollback)
                        | (Direction::Below, CriterionKind::Verify) => known.threshold.max(threshold),
                        _ => known.threshold.min(threshold),
                    },
                    direction,
                },
                Some(known) => known,
                None => Limit { threshold, direction },
            });
        }
        limit
    }
}

fn standing(outcome: &CriterionOutcome) -> Standing {
    match outcome.status {
        CriterionStatus::Tripped | CriterionStatus::Failed | CriterionStatus::Running => Standing::Against,
        CriterionStatus::PreExisting | CriterionStatus::Unknown => Standing::Open,
        CriterionStatus::Clear | CriterionStatus::Passed if outcome.caveat.is_some() => {
            Standing::ForWithCaveat
        }
        CriterionStatus::Clear | CriterionStatus::Passed => Standing::For,
        CriterionStatus::NotConfigured => Standing::Skipped,
    }
}

/// The numbers behind a criterion's status.
fn facts(outcome: &CriterionOutcome, numbers: &[(String, Option<String>)]) -> Vec<Fact> {
    let explanation = &outcome.explanation;
    let mut facts = Vec::new();
    let mut add = |name, text| facts.push(Fact { name, text });
    match (explanation.comparisons.as_slice(), numbers) {
        ([comparison], [(seen, against)]) => {
            add("seen", seen.clone());
            if let Some(against) = threshold(comparison, against.as_deref()) {
                add("threshold", against);
            }
        }
        (several, _) => {
            for (comparison, (seen, against)) in several.iter().zip(numbers) {
                let against = threshold(comparison, against.as_deref())
                    .map(|against| format!(" against {against}"))
                    .unwrap_or_default();
                add("seen", format!("{}: {seen}{against}", comparison.comparison));
            }
        }
    }
    if let Some((from, to)) = explanation.window {
        let length = rounded(to.since(from));
        add("window", format!("{} to {} UTC ({length})", numbers::clock(from), numbers::clock(to)));
    }
    if let Some(confidence) = explanation.confidence {
        let needed = explanation
            .confidence_needed
            .map(|needed| format!(" ({} needed)", numbers::probability_needed(needed)))
            .unwrap_or_default();
        add("confidence", format!("{}{needed}", numbers::probability(confidence)));
    }
    for said in &explanation.said {
        add("said", format!("{} UTC: {}", numbers::clock(said.at), said.text));
    }
    if let Some(coverage) = outcome.coverage {
        add("covered", format!("{} of the watch", numbers::percent(coverage)));
    }
    facts
}

/// The threshold in numbers, and the baseline that it came from.
fn threshold(comparison: &ComparisonNumbers, against: Option<&str>) -> Option<String> {
    match (against, &comparison.from_baseline) {
        (Some(against), Some(baseline)) => Some(format!("{against}, which is {baseline}")),
        (Some(against), None) => Some(against.to_owned()),
        (None, Some(baseline)) => Some(format!("a threshold that is not known: {baseline}")),
        (None, None) => None,
    }
}
