//! `explain`: every code has words, and the examples in them are what they claim to be.

use std::fs;

use runbook_gate::diagnostic::{Severity, codes, explain};
use runbook_gate::policy::PolicyFile;

use super::{root, today};

const REFERENCE: &str = "docs/diagnostics.md";

/// Codes whose mistake needs more than a file of a few lines: each is shown by a test of its own.
const WITHOUT_EXAMPLE: [&str; 5] =
    ["empty-policy", "policy-too-large", "secret-misplaced", "variable-not-allowed", "variable-unset"];

/// Wrong examples have a fence of their own: the test of the documentation's policies passes them over.
const WRONG: &str = "Wrong:\n\n```yml\n";
const RIGHT: &str = "Right:\n\n```yaml\n";

/// The example after a mark.
fn example<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    let (_, after) = text.split_once(mark)?;
    after.split_once("```").map(|(example, _)| example)
}

/// A whole policy around an example that shows only some keys.
fn whole(example: &str) -> String {
    let has = |key: &str| example.lines().any(|line| line.starts_with(key));
    let mut text = String::new();
    if !has("version:") {
        text.push_str("version: 1\nservice: orders-api\n");
        if !has("probe:") {
            text.push_str("probe: { url: \"https://orders.contoso.com\" }\n");
        }
    }
    text + example
}

/// The codes that a policy is given.
fn found(text: &str) -> Vec<&'static str> {
    let said = match PolicyFile::parse("runbook.yml", text, today()) {
        Ok(checked) => checked.warnings,
        Err(errors) => errors,
    };
    said.iter().map(|found| found.code().as_str()).collect()
}

#[test]
fn the_wrong_example_of_every_code_shows_it_and_the_right_one_does_not() {
    for code in codes() {
        let name = code.as_str();
        let text = explain(name).unwrap();
        let (Some(wrong), Some(right)) = (example(text, WRONG), example(text, RIGHT)) else {
            assert!(WITHOUT_EXAMPLE.contains(&name), "{name} has no example");
            continue;
        };
        let (wrong, right) = (whole(wrong), whole(right));
        assert!(found(&wrong).contains(&name), "{name} is not found in\n{wrong}\nbut {:?}", found(&wrong));
        assert!(!found(&right).contains(&name), "{name} is found in\n{right}");
        let errors = PolicyFile::parse("runbook.yml", &right, today()).err();
        assert!(errors.is_none(), "the right example of {name} is wrong:\n{}", errors.unwrap());
    }
}

#[test]
fn codes_are_kebab_case_and_each_stands_once() {
    let names: Vec<&str> = codes().iter().map(|code| code.as_str()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), names.len());
    for name in names {
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
    }
}

#[test]
fn the_reference_of_codes_is_what_explain_says() {
    let mut current = String::from(
        "# Diagnostics\n\nEvery message about a policy has a code that never changes its meaning. `runbook-gate explain CODE` \
         prints what stands here.\n\n\
         An error means that the policy cannot be used; a warning, that it can be used and may not decide well.\n",
    );
    for (title, severity) in [("Errors", Severity::Error), ("Warnings", Severity::Warning)] {
        current.push_str(&format!("\n## {title}\n"));
        for code in codes().iter().filter(|code| code.severity() == severity) {
            current.push_str(&format!("\n### {}\n\n{}", code.as_str(), explain(code.as_str()).unwrap()));
        }
    }
    let path = root().join(REFERENCE);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &current).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(
        committed == current,
        "{REFERENCE} is stale: run the tests once with UPDATE_DOCS=1 and commit it"
    );
}
