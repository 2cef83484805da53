//! Journals with the decision that an independent implementation of the same semantics gave.

use std::fs;
use std::path::Path;

use runbook_gate::journal;
use runbook_gate::policy::{PolicyFile, Variable, Variables};
use serde_json::Value;

use super::scene::START;

struct NoVariables;

impl Variables for NoVariables {
    fn get(&self, _: &str) -> Variable {
        Variable::Unset
    }
}

#[test]
fn all_vectors_agree() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vectors.ndjson");
    let vectors = fs::read_to_string(path).unwrap();
    let mut wrong = Vec::new();
    for line in vectors.lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| vector[key].as_str().unwrap();
        let checked = PolicyFile::parse("runbook.yml", text("policy"), START);
        let policy = checked.unwrap().file.resolve(None, &NoVariables).unwrap();
        let outcome = journal::replay(policy.gate().clone(), text("journal").as_bytes()).unwrap().outcome;
        let found = (outcome.decision.to_string(), outcome.decided_at.map(|t| t.to_string()));
        let expected = &vector["expect"];
        let expected = (
            expected["decision"].as_str().unwrap().to_owned(),
            expected["decided_at"].as_str().map(str::to_owned),
        );
        if found != expected {
            wrong.push(format!("{}: {found:?}, not {expected:?}: {}", text("name"), outcome.reason));
        }
    }
    assert_eq!(vectors.lines().count(), 60);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Small journals that tell one reading of the semantics from another, with what an independent engine makes of them.
#[test]
fn every_reading_is_the_one_that_was_agreed_on() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/readings.ndjson");
    let readings = fs::read_to_string(path).unwrap();
    let mut wrong = Vec::new();
    for line in readings.lines() {
        let reading: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| reading[key].as_str().unwrap();
        let checked = PolicyFile::parse("runbook.yml", text("policy"), START);
        let policy = checked.unwrap().file.resolve(None, &NoVariables).unwrap();
        let outcome = journal::replay(policy.gate().clone(), text("journal").as_bytes()).unwrap().outcome;
        let statuses: Vec<Value> = outcome
            .criteria
            .iter()
            .filter(|row| row.status.as_str() != "not-configured")
            .map(|row| serde_json::json!([row.criterion, row.status.as_str()]))
            .collect();
        let found = serde_json::json!({
            "decision": outcome.decision.to_string(),
            "decided_at": outcome.decided_at.map(|t| t.to_string()),
            "criterion": outcome.criterion,
            "criteria": statuses,
        });
        let mut expected = reading["expect"].clone();
        let criteria = expected["criteria"].as_array().unwrap().iter();
        let criteria = criteria.filter(|row| row["status"] != "not-configured");
        expected["criteria"] =
            criteria.map(|row| serde_json::json!([row["criterion"], row["status"]])).collect();
        if found != expected {
            wrong.push(format!("{}:\n  {found}\n  not {expected}: {}", text("name"), outcome.reason));
        }
    }
    assert_eq!(readings.lines().count(), 16);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
