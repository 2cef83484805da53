//! The gate over the redeployment of an earlier version: what it judges by, and what it was told of the rollback.
//!
//! There is nothing more to go back to, so nothing decides `rollback`. What has to be true at the end is the policy's own
//! `verify`, and that the service is as it was before the bad deployment.

use crate::criterion::{Comparison, Criterion};
use crate::policy::rules::{Configured, GateCriterion, GateRules, ReadingKind};
use crate::sample::State;
use crate::{SignalName, Timestamp};

/// What a gate over a redeployment was told of the rollback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The version that was deployed again, as a sentence names it; empty where nobody said it.
    pub redeployed: String,
    /// When the rollback began.
    pub rollback_started: Option<Timestamp>,
    /// The gate that asked for the rollback, where it is known.
    pub failed: Option<FailedGate>,
}

/// The gate that a rollback came of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailedGate {
    /// The release that it judged, as a sentence names it; empty where nobody said it.
    pub release: String,
    /// Why it decided as it did.
    pub reason: String,
    /// When the harm began.
    pub onset: Option<Timestamp>,
    /// When it decided.
    pub decided_at: Option<Timestamp>,
}

/// What a gate is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A release.
    #[default]
    Release,
    /// The redeployment of an earlier version.
    Recovery,
}

/// The rules of a release, as those of a recovery: no rollback criteria, and beside the policy's own `verify` that
///
/// - the error rate is back at the baseline: of counts `error_rate <= 1x baseline`, whose bound knows how much the counts
///   can tell; of a bare number half a percentage point above it, as a baseline without an error has no multiple;
/// - each latency that a criterion reads is, `<= 1.25x baseline`; where no criterion reads one, each that has a source;
/// - health and smoke tests pass, and whatever else the policy would roll back for when it fails.
///
/// The baseline is the one of before the bad deployment: whoever feeds the gate gives it no other.
///
/// ```
/// use runbook_gate::gate::recovery_rules;
/// use runbook_gate::policy::rules::{GateRules, ReadingKind, SignalRules};
/// use runbook_gate::Duration;
///
/// let step = Duration::from_secs(15);
/// let release = GateRules::new(Duration::ZERO, Duration::from_secs(600), step)
///     .with_signal("error_rate".parse()?, SignalRules::new(ReadingKind::Counts, step));
/// let rules = recovery_rules(&release);
/// assert!(rules.rollback_when().is_empty());
/// assert_eq!(rules.verify()[0].criterion.text(), "error_rate <= 1x baseline");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn recovery_rules(release: &GateRules) -> GateRules {
    let mut verify = release.verify().to_vec();
    let mut add = |text: String, signal: &str| {
        // Made of words of the language and the name of a signal: it always reads.
        let Ok(criterion) = text.parse::<Criterion>() else { return };
        if verify.iter().any(|known| known.criterion.to_string() == criterion.to_string()) {
            return;
        }
        let known = release.signals().keys().any(|name| name.as_str() == signal);
        let configured = match (known, signal.parse()) {
            (true, _) | (false, Err(_)) => Configured::Yes,
            (false, Ok(signal)) => Configured::No { missing: vec![signal] },
        };
        verify.push(GateCriterion { criterion, configured });
    };
    let counts = release
        .signals()
        .iter()
        .all(|(name, rules)| name.as_str() != ERROR_RATE || rules.reading == ReadingKind::Counts);
    let errors = if counts { "error_rate <= 1x baseline" } else { "error_rate <= baseline + 0.005" };
    add(errors.to_owned(), ERROR_RATE);
    let latencies = latencies(release);
    for signal in &latencies {
        add(format!("{signal} <= 1.25x baseline"), signal.as_str());
    }
    if latencies.is_empty() {
        add("latency_p95 <= 1.25x baseline".to_owned(), "latency_p95");
    }
    let failing = release
        .rollback_when()
        .iter()
        .filter(|rule| rule.configured == Configured::Yes)
        .flat_map(|rule| rule.criterion.comparisons())
        .filter_map(|comparison| match comparison {
            Comparison::State { signal, state: State::Failing } => Some(signal.as_str()),
            Comparison::State { .. } | Comparison::Threshold { .. } => None,
        });
    for signal in ["health", "smoke"].into_iter().chain(failing) {
        add(format!("{signal} passing"), signal);
    }
    release.clone().with_criteria(Vec::new(), verify)
}

const ERROR_RATE: &str = "error_rate";

/// The latencies that criteria read, else all that have a source.
fn latencies(rules: &GateRules) -> Vec<&SignalName> {
    let all = || rules.signals().keys().filter(|name| name.as_str().starts_with("latency_"));
    let criteria = || rules.rollback_when().iter().chain(rules.verify());
    let read: Vec<&SignalName> =
        all().filter(|name| criteria().any(|rule| rule.criterion.signals().contains(name))).collect();
    if read.is_empty() { all().collect() } else { read }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Duration;
    use crate::policy::rules::SignalRules;

    const STEP: Duration = Duration::from_secs(15);

    fn rules(signals: &[(&str, ReadingKind)], rollback: &[&str], verify: &[&str]) -> GateRules {
        let rule =
            |text: &&str| GateCriterion { criterion: text.parse().unwrap(), configured: Configured::Yes };
        let mut rules = GateRules::new(Duration::ZERO, Duration::from_secs(600), STEP);
        for (name, reading) in signals {
            rules = rules.with_signal(name.parse().unwrap(), SignalRules::new(*reading, STEP));
        }
        rules.with_criteria(rollback.iter().map(rule).collect(), verify.iter().map(rule).collect())
    }

    /// The criteria; those without a source in brackets.
    fn texts(rules: &GateRules) -> Vec<String> {
        let text = |rule: &GateCriterion| match rule.configured {
            Configured::Yes => rule.criterion.to_string(),
            Configured::No { .. } => format!("({})", rule.criterion),
        };
        assert!(rules.rollback_when().is_empty());
        rules.verify().iter().map(text).collect()
    }

    #[test]
    fn a_recovery_is_the_policys_own_verification_and_the_way_back_to_the_baseline() {
        use ReadingKind::{Counts, State, Value};
        let release = rules(
            &[
                ("error_rate", Counts),
                ("latency_p95", Value),
                ("latency_p99", Value),
                ("health", State),
                ("audit", State),
            ],
            &[
                "error_rate > 5% for 5m",
                "latency_p95 > 2x baseline for 5m",
                "health failing for 2m",
                "audit failing",
            ],
            &["error_rate < 1%", "health passing"],
        );
        assert_eq!(
            texts(&recovery_rules(&release)),
            [
                "error_rate < 1%",
                "health passing",
                "error_rate <= 1x baseline",
                "latency_p95 <= 1.25x baseline",
                "(smoke passing)",
                "audit passing"
            ],
        );
    }

    #[test]
    fn what_has_no_source_is_listed_and_what_nobody_reads_is_judged_where_nothing_else_is() {
        let bare = rules(&[], &[], &[]);
        assert_eq!(
            texts(&recovery_rules(&bare)),
            [
                "(error_rate <= 1x baseline)",
                "(latency_p95 <= 1.25x baseline)",
                "(health passing)",
                "(smoke passing)"
            ]
        );
        let unread =
            rules(&[("error_rate", ReadingKind::Value), ("latency_p50", ReadingKind::Value)], &[], &[]);
        assert_eq!(
            texts(&recovery_rules(&unread)),
            [
                "error_rate <= baseline + 0.005",
                "latency_p50 <= 1.25x baseline",
                "(health passing)",
                "(smoke passing)"
            ]
        );
    }

    #[test]
    fn the_rules_of_a_recovery_are_those_of_its_own_recovery() {
        let release = rules(&[("latency_p95", ReadingKind::Value)], &["latency_p95 > 1 for 5m"], &[]);
        let once = recovery_rules(&release);
        assert_eq!(recovery_rules(&once), once);
    }
}
