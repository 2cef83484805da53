//! Journals with the decision that an independent implementation of the same semantics gave.

use std::fs;
use std::path::Path;

use runbook_gate::policy::rules::{Configured, GateCriterion, GateRules, ReadingKind, SignalRules};
use runbook_gate::{Duration, journal};
use serde_json::Value;

#[test]
fn all_vectors_agree() {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vectors.ndjson")).unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in text.lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| vector[key].as_str().unwrap();
        let replayed = journal::replay(rules(text("policy")), text("journal").as_bytes()).unwrap();
        let outcome = replayed.outcome;
        let found = (outcome.decision.to_string(), outcome.decided_at.map(|t| t.to_string()));
        let expected = &vector["expect"];
        let expected = (
            expected["decision"].as_str().unwrap().to_owned(),
            expected["decided_at"].as_str().map(str::to_owned),
        );
        if found != expected {
            wrong.push(format!("{}: {found:?}, not {expected:?}: {}", text("name"), outcome.reason));
        }
        count += 1;
    }
    assert_eq!(count, 60);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Reads the few keys that the vectors' policies use.
fn rules(policy: &str) -> GateRules {
    let value = |key: &str| {
        policy.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": ")).map(str::trim)
    };
    let duration = |key: &str| value(key).unwrap().parse::<Duration>().unwrap();
    let interval = duration("interval");
    let mut rules = GateRules::new(duration("warmup"), duration("observe"), interval);
    if policy.contains("s0: {") {
        let kind = if policy.contains("bad: ") { ReadingKind::Counts } else { ReadingKind::Value };
        rules = rules.with_signal("s0".parse().unwrap(), SignalRules::new(kind, interval));
    }
    rules = rules.with_signal("health".parse().unwrap(), SignalRules::new(ReadingKind::State, interval));
    let mut verify = false;
    for line in policy.lines().map(str::trim) {
        verify |= line.starts_with("verify");
        if let Some(text) = line.strip_prefix("- ") {
            let criterion = text.trim_matches('"').parse().unwrap();
            let criterion = GateCriterion { criterion, configured: Configured::Yes };
            rules = if verify { rules.with_verify(criterion) } else { rules.with_rollback(criterion) };
        }
    }
    rules
}
