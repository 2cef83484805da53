//! What somebody who waits sees: one live line on a terminal, a line per event elsewhere.

use std::collections::BTreeSet;

use runbook_gate::criterion::Criterion;
use runbook_gate::gate::Progress;
use runbook_gate::gate::outcome::{Distance, Phase};
use runbook_gate::policy::rules::{Configured, GateRules};
use runbook_gate::report::numbers::Measure;
use runbook_gate::{Duration, SignalName, Timestamp};

use crate::agent::Agent;
use crate::door::Door;

/// Shows how things stand.
pub trait View {
    /// How things stand now.
    fn show(&mut self, progress: &Progress, now: Timestamp);

    /// Says a line that stays.
    fn say(&mut self, text: &str);

    /// What a source remarked: a line that stays.
    fn remark(&mut self, at: Timestamp, text: &str) {
        self.say(&format!("{} {text}", clock(at)));
    }

    /// How often it wants to be shown how things stand, beside every change.
    fn refresh_every(&self) -> Option<Duration> {
        None
    }
}

/// The signals that criteria judge, in the order of the criteria: the others change nothing.
#[derive(Clone, Debug, Default)]
pub struct Judged(Vec<(SignalName, Measure)>);

impl Judged {
    /// The signals of these rules.
    pub fn of(rules: &GateRules) -> Self {
        let criteria: Vec<&Criterion> = rules
            .rollback_when()
            .iter()
            .chain(rules.verify())
            .filter(|rule| rule.configured == Configured::Yes)
            .map(|rule| &rule.criterion)
            .collect();
        let mut judged: Vec<(SignalName, Measure)> = Vec::new();
        for signal in criteria.iter().flat_map(|criterion| criterion.signals()) {
            if !judged.iter().any(|(known, _)| known == signal) {
                let reading = rules.signals().get(signal).map(|rules| rules.reading);
                judged.push((signal.clone(), Measure::of(signal, reading, criteria.iter().copied())));
            }
        }
        Self(judged)
    }

    /// Each signal with its newest reading in people's units, or nothing.
    fn readings<'p>(
        &'p self,
        progress: &'p Progress,
    ) -> impl Iterator<Item = (&'p SignalName, Option<String>)> {
        self.0.iter().filter_map(|(signal, measure)| {
            let (_, value) = progress.last.iter().find(|(name, _)| name == signal)?;
            Some((signal, value.map(|value| measure.show(value))))
        })
    }
}

/// A line that is drawn over and over.
pub struct LiveLine {
    door: Door,
    width: usize,
    judged: Judged,
}

impl LiveLine {
    /// A live line for a terminal of this width.
    pub const fn new(door: Door, width: usize, judged: Judged) -> Self {
        Self { door, width, judged }
    }
}

impl View for LiveLine {
    fn show(&mut self, progress: &Progress, now: Timestamp) {
        match progress.phase {
            Phase::NotStarted | Phase::Decided => self.door.clear(),
            Phase::WarmUp | Phase::Watch | Phase::Extended => {
                // The last column stays free: some terminals wrap when it is written.
                let line = cut(&live_line(&self.judged, progress, now), self.width.saturating_sub(1));
                self.door.draw(&line);
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.door.say(text);
    }

    fn refresh_every(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }
}

/// A line for each thing that changes.
pub struct EventLines {
    door: Door,
    judged: Judged,
    before: Progress,
    /// The criteria whose breach was said, and of which nothing is known since.
    lost: BTreeSet<String>,
}

impl EventLines {
    /// Nothing has been said yet.
    pub fn new(door: Door, judged: Judged) -> Self {
        Self { door, judged, before: Progress::default(), lost: BTreeSet::new() }
    }
}

impl View for EventLines {
    fn show(&mut self, progress: &Progress, now: Timestamp) {
        for line in changes(&self.judged, &self.before, progress, &mut self.lost, now) {
            self.door.say(&line);
        }
        self.before = progress.clone();
    }

    fn say(&mut self, text: &str) {
        self.door.say(text);
    }
}

/// A line for each thing that changes, and the progress of a pipeline's step.
pub struct StepProgress {
    lines: EventLines,
    agent: Agent,
    begun: Option<Timestamp>,
}

impl StepProgress {
    /// Nothing has been said yet.
    pub const fn new(lines: EventLines, agent: Agent) -> Self {
        Self { lines, agent, begun: None }
    }
}

impl View for StepProgress {
    fn show(&mut self, progress: &Progress, now: Timestamp) {
        self.lines.show(progress, now);
        let begun = *self.begun.get_or_insert(now);
        if let Some(end) = progress.end {
            let (gone, whole) = (now.since(begun).as_nanos(), end.since(begun).as_nanos());
            // The last percent is the verdict's.
            let percent = gone.saturating_mul(100).checked_div(whole).unwrap_or(0).min(99);
            let left = whole_seconds(end.since(now));
            let words = format!("{} {left} left", phase_word(progress.phase));
            self.agent.progress(u8::try_from(percent).unwrap_or(99), &words);
        }
    }

    fn say(&mut self, text: &str) {
        self.lines.say(text);
    }

    fn refresh_every(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }
}

/// `watching, 12m30s left · error_rate > 5% for 5m: 1m15s of 5m · error_rate 8.2% · latency_p95 210ms`
fn live_line(judged: &Judged, progress: &Progress, now: Timestamp) -> String {
    let left = progress.end.map_or(Duration::ZERO, |end| end.since(now));
    let mut parts = vec![format!("{} {} left", phase_word(progress.phase), whole_seconds(left))];
    // What threatens the release comes first, where the line is cut last.
    let breaching = progress
        .criteria
        .iter()
        .filter(|(_, distance)| matches!(distance, Distance::Breaching { .. } | Distance::Tripped));
    parts.extend(breaching.map(|(text, distance)| format!("{text}: {}", distance_words(*distance))));
    let readings = judged.readings(progress);
    parts.extend(readings.map(|(signal, shown)| format!("{signal} {}", shown.as_deref().unwrap_or("–"))));
    let unknown = progress.criteria.iter().filter(|(_, distance)| *distance == Distance::Unknown).count();
    if unknown > 0 {
        parts.push(format!("{unknown} of {} criteria unknown", progress.criteria.len()));
    }
    parts.join(" · ")
}

/// What is new, one line each.
fn changes(
    judged: &Judged,
    before: &Progress,
    after: &Progress,
    lost: &mut BTreeSet<String>,
    now: Timestamp,
) -> Vec<String> {
    let mut lines = Vec::new();
    let mut decided = None;
    if after.phase != before.phase {
        let words = match after.phase {
            Phase::NotStarted => None,
            Phase::WarmUp => Some("warming up: samples do not count yet".to_owned()),
            Phase::Watch => Some("watching".to_owned()),
            Phase::Extended => Some("the watch goes on: a criterion is still running at its end".to_owned()),
            Phase::Decided => {
                // After what decided it.
                decided = Some("decided".to_owned());
                None
            }
        };
        // The end of the watch is no end of the warm-up.
        let until = after.end.filter(|_| after.phase != Phase::WarmUp);
        lines.extend(words.map(|words| match until {
            Some(end) => format!("{words} until {}", clock(end)),
            None => words,
        }));
    } else if after.phase == Phase::Extended && after.end != before.end {
        lines.extend(after.end.map(|end| format!("the watch goes on until {}", clock(end))));
    }
    for (text, distance) in &after.criteria {
        let was = before.criteria.iter().find(|(name, _)| name == text).map(|(_, distance)| *distance);
        lines.extend(turn(text, was, *distance, lost));
    }
    for (signal, shown) in judged.readings(after) {
        let was = before.last.iter().find(|(name, _)| name == signal).and_then(|(_, value)| *value);
        match (was, shown) {
            (Some(_), None) => lines.push(format!("{signal} is absent")),
            (None, Some(shown)) => lines.push(format!("{signal} is {shown}")),
            _ => {}
        }
    }
    lines.extend(decided);
    lines.into_iter().map(|line| format!("{} {line}", clock(now))).collect()
}

/// `lost` are the criteria whose breach was said, and of which nothing is known since.
fn turn(text: &str, was: Option<Distance>, is: Distance, lost: &mut BTreeSet<String>) -> Option<String> {
    let breached = matches!(was, Some(Distance::Breaching { .. }));
    match is {
        Distance::Breaching { .. } if breached => None,
        Distance::Breaching { needed, .. } => {
            lost.remove(text);
            Some(format!("{text}: beyond, trips after {needed}"))
        }
        Distance::Tripped if was == Some(Distance::Tripped) => None,
        Distance::Tripped => Some(format!("{text}: tripped")),
        Distance::Unknown if breached => {
            lost.insert(text.to_owned());
            Some(format!("{text}: was beyond, and nothing is known now: the breach may go on"))
        }
        // Both ends of a breach are said, however long nothing was known between.
        Distance::Clear if lost.remove(text) || breached => Some(format!("{text}: clear again")),
        Distance::Unknown | Distance::Clear => None,
    }
}

const fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::NotStarted => "starting",
        Phase::WarmUp => "warming up,",
        Phase::Watch => "watching,",
        Phase::Extended => "watching on,",
        Phase::Decided => "decided",
    }
}

fn distance_words(distance: Distance) -> String {
    match distance {
        Distance::Clear => "clear".to_owned(),
        Distance::Breaching { held, needed } => format!("{} of {needed}", whole_seconds(held)),
        Distance::Unknown => "unknown".to_owned(),
        Distance::Tripped => "tripped".to_owned(),
    }
}

fn whole_seconds(length: Duration) -> Duration {
    Duration::from_secs(length.as_nanos().div_ceil(1_000_000_000))
}

/// `03:07:12Z`.
fn clock(at: Timestamp) -> String {
    let text = at.to_string();
    let time = text.split_once('T').map_or(text.as_str(), |(_, time)| time);
    let whole = time.split(['.', 'Z']).next().unwrap_or(time);
    format!("{whole}Z")
}

fn cut(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    line.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(0) + Duration::from_secs(seconds)
    }

    fn progress(phase: Phase, value: Option<f64>, distance: Distance) -> Progress {
        Progress {
            phase,
            end: Some(at(960)),
            last: vec![("error_rate".parse().unwrap(), value), ("other".parse().unwrap(), Some(7.0))],
            criteria: vec![("error_rate > 5% for 5m".into(), distance)],
        }
    }

    fn judged() -> Judged {
        use runbook_gate::policy::rules::{GateCriterion, ReadingKind, SignalRules};
        let step = Duration::from_secs(15);
        let criterion = "error_rate > 5% for 5m".parse().unwrap();
        Judged::of(
            &GateRules::new(Duration::ZERO, Duration::from_secs(900), step)
                .with_signal("error_rate".parse().unwrap(), SignalRules::new(ReadingKind::Counts, step))
                .with_signal("other".parse().unwrap(), SignalRules::new(ReadingKind::Value, step))
                .with_rollback(GateCriterion { criterion, configured: Configured::Yes }),
        )
    }

    #[test]
    fn the_live_line_says_time_values_and_distance() {
        let held = Distance::Breaching { held: Duration::from_secs(75), needed: Duration::from_secs(300) };
        let line = live_line(&judged(), &progress(Phase::Watch, Some(0.0612), held), at(210));
        assert_eq!(line, "watching, 12m30s left · error_rate > 5% for 5m: 1m15s of 5m · error_rate 6.12%");
        let blind = live_line(&judged(), &progress(Phase::WarmUp, None, Distance::Unknown), at(900));
        assert_eq!(blind, "warming up, 1m left · error_rate – · 1 of 1 criteria unknown");
    }

    #[test]
    fn a_long_line_is_cut_to_the_width() {
        assert_eq!(cut("äöüß", 3), "äö…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abc", 0), "…");
    }

    fn changes(before: &Progress, after: &Progress, now: Timestamp) -> Vec<String> {
        super::changes(&judged(), before, after, &mut BTreeSet::new(), now)
    }

    #[test]
    fn a_breach_that_is_no_longer_seen_is_not_called_clear() {
        let (judged, mut lost) = (judged(), BTreeSet::new());
        let held = Distance::Breaching { held: Duration::ZERO, needed: Duration::from_secs(300) };
        let course = [
            (Some(0.09), held),
            (None, held),
            (None, Distance::Unknown),
            (None, Distance::Unknown),
            (Some(0.001), Distance::Clear),
            (Some(0.001), Distance::Clear),
        ];
        let mut before = progress(Phase::Watch, Some(0.001), Distance::Clear);
        let mut said = Vec::new();
        for (value, distance) in course {
            let after = progress(Phase::Watch, value, distance);
            said.extend(super::changes(&judged, &before, &after, &mut lost, at(1)));
            before = after;
        }
        let said: Vec<&str> =
            said.iter().filter_map(|line| line.split_once("5m: ")).map(|(_, said)| said).collect();
        assert_eq!(
            said,
            [
                "beyond, trips after 5m",
                "was beyond, and nothing is known now: the breach may go on",
                "clear again"
            ]
        );
    }

    #[test]
    fn what_decided_is_said_before_the_decision() {
        let held = Distance::Breaching { held: Duration::ZERO, needed: Duration::from_secs(300) };
        let before = progress(Phase::Watch, Some(0.09), held);
        let after = progress(Phase::Decided, Some(0.09), Distance::Tripped);
        assert_eq!(
            changes(&before, &after, at(61)),
            ["00:01:01Z error_rate > 5% for 5m: tripped", "00:01:01Z decided"]
        );
    }

    #[test]
    fn a_line_is_said_only_when_something_changes() {
        let quiet = progress(Phase::Watch, Some(0.001), Distance::Clear);
        assert!(changes(&quiet, &quiet, at(1)).is_empty());
        let held = Distance::Breaching { held: Duration::ZERO, needed: Duration::from_secs(300) };
        let bad = progress(Phase::Watch, Some(0.09), held);
        assert_eq!(
            changes(&quiet, &bad, at(61)),
            ["00:01:01Z error_rate > 5% for 5m: beyond, trips after 5m"]
        );
        assert_eq!(changes(&bad, &quiet, at(62)), ["00:01:02Z error_rate > 5% for 5m: clear again"]);
        let blind = progress(Phase::Watch, None, Distance::Clear);
        assert_eq!(changes(&quiet, &blind, at(63)), ["00:01:03Z error_rate is absent"]);
        assert_eq!(changes(&blind, &quiet, at(64)), ["00:01:04Z error_rate is 0.1%"]);
        let started = changes(&Progress::default(), &quiet, at(0));
        assert_eq!(started[0], "00:00:00Z watching until 00:16:00Z");
    }
}
