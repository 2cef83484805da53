//! Policies as a whole.

use super::*;
use crate::diagnostic::Colour;
use crate::policy::rules::{Configured, ReadingKind};

const FULL: &str = include_str!("../../../examples/policies/full.yml");
const MINIMAL: &str = include_str!("../../../examples/policies/minimal.yml");

/// Variables from a list.
pub(crate) struct Given(pub(crate) &'static [(&'static str, &'static str)]);

impl Variables for Given {
    fn get(&self, name: &str) -> Variable {
        match self.0.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => Variable::Value((*value).to_owned()),
            None if PIPELINE_VARIABLES.contains(&name) => Variable::Unset,
            None => Variable::NotAllowed,
        }
    }
}

pub(crate) fn today() -> Timestamp {
    Timestamp::from_day("2026-06-01").unwrap()
}

pub(crate) fn parse(text: &str) -> Checked {
    PolicyFile::parse("runbook.yml", text, today()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn resolve(text: &str) -> Policy {
    parse(text).file.resolve(None, &Given(&[])).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn the_smallest_policy_is_the_runbook() {
    let policy = resolve(MINIMAL);
    let gate = policy.gate();
    assert_eq!(gate.warmup().to_string(), "1m");
    assert_eq!(gate.observe().to_string(), "15m");
    let texts =
        |list: &[rules::GateCriterion]| list.iter().map(|c| c.criterion.to_string()).collect::<Vec<_>>();
    assert!(texts(gate.rollback_when()).contains(&"health failing for 2m".to_owned()));
    assert!(texts(gate.verify()).contains(&"error_rate < 1%".to_owned()));
    let smoke = gate.rollback_when().iter().find(|c| c.criterion.to_string() == "smoke failing").unwrap();
    assert_eq!(smoke.configured, Configured::No { missing: vec!["smoke".parse().unwrap()] });
}

#[test]
fn the_whole_language_is_read() {
    let checked = parse(FULL);
    println!("{}", checked.warnings.render(Colour::Plain));
    assert_eq!(checked.file.environments().collect::<Vec<_>>(), ["dev", "staging", "production"]);
}

#[test]
fn counts_and_criteria_of_a_written_policy_reach_the_gate() {
    let policy = resolve(
        "version: 1\nservice: bench\nprobe: { url: \"http://127.0.0.1:9\" }\nsignals:\n  s0: { prometheus: { url: \"http://127.0.0.1:9\", bad: \"a\", total: \"b\" } }\ngate:\n  warmup: 0s\n  observe: 900s\n  interval: 15s\n  rollback_when: \n    - \"s0 > 5% for 300s\"\n  verify: \n    - \"s0 < 1%\"\n",
    );
    let gate = policy.gate();
    assert_eq!(gate.signals()[&"s0".parse().unwrap()].reading, ReadingKind::Counts);
    assert_eq!(gate.rollback_when().len(), 1);
    assert_eq!(gate.warmup(), Duration::ZERO);
}
