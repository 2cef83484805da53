//! What `verify` records as the release: of the run that built it, or as unknown; never of a run that only deploys it.

use runbook_gate_tests::binary::Gate;
use runbook_gate_tests::repository::commit;
use runbook_gate_tests::service::{Behaviour, Service};
use serde_json::{Value, json};

use super::gate_of;

/// The gate in a run of a pipeline, which has a number and a commit of its own.
fn in_a_run(gate: Gate) -> Gate {
    gate.with_variable("BUILD_BUILDID", "7")
        .with_variable("BUILD_BUILDNUMBER", "20260101.1")
        .with_variable("BUILD_SOURCEVERSION", &own())
}

fn own() -> String {
    "a".repeat(40)
}

fn built() -> String {
    "b".repeat(40)
}

/// The same of a run that takes what run 51 of another pipeline built.
fn with_resource(gate: Gate) -> Gate {
    gate.with_variable("RESOURCES_PIPELINE_APP_RUNID", "51")
        .with_variable("RESOURCES_PIPELINE_APP_RUNNAME", "1.4.0")
        .with_variable("RESOURCES_PIPELINE_APP_SOURCECOMMIT", &built())
}

/// What is recorded of a release that proceeded, and what was said.
fn recorded(gate: &Gate, more: &[&str]) -> (Value, String) {
    let mut arguments = vec!["verify", "--report-dir", "out"];
    arguments.extend(more);
    let said = gate.run(&arguments).with_code(0).err;
    let verdict: Value = serde_json::from_str(&gate.read("out/verdict.json")).expect("a verdict");
    assert_eq!(verdict["judged_in"], 7);
    (verdict["release"].clone(), said)
}

#[test]
fn a_run_that_builds_what_it_deploys_names_itself() {
    let service = Service::start(Behaviour::default());
    let (release, said) = recorded(&in_a_run(gate_of(&service)), &[]);
    assert_eq!(release, json!({ "run": 7, "version": "20260101.1", "commit": own() }));
    assert!(!said.contains("warning: "), "{said}");
}

#[test]
fn a_run_of_another_pipeline_is_the_release_where_it_is_named() {
    let service = Service::start(Behaviour::default());
    let gate = with_resource(in_a_run(gate_of(&service)));
    let (release, said) = recorded(&gate, &["--build", "app"]);
    assert_eq!(release, json!({ "run": 51, "version": "1.4.0", "commit": built() }));
    assert!(!said.contains("warning: "), "{said}");
    let (release, _) = recorded(&gate, &["--build", "app", "--release-version", "1.4"]);
    assert_eq!(release, json!({ "run": 51, "version": "1.4", "commit": built() }));
    let refused = gate.run(&["verify", "--report-dir", "out", "--build", "other"]).with_code(2);
    assert!(refused.err.contains("RESOURCES_PIPELINE_OTHER_RUNID"), "{}", refused.err);
    let refused = gate.run(&["verify", "--profile", "rollback", "--build", "app"]).with_code(2);
    assert!(refused.err.contains("--plan"), "{}", refused.err);
}

#[test]
fn a_run_that_takes_runs_of_others_and_names_none_leaves_the_release_unknown() {
    let service = Service::start(Behaviour::default());
    let gate = with_resource(in_a_run(gate_of(&service)));
    let (release, said) = recorded(&gate, &[]);
    assert_eq!(release, json!({ "run": 7, "version": "", "commit": "" }));
    assert!(said.contains("warning") && said.contains("--build") && said.contains("app"), "{said}");
    let (release, _) = recorded(&gate, &["--release-version", "1.4.0"]);
    assert_eq!(release, json!({ "run": 7, "version": "1.4.0", "commit": "" }));
}

/// A repository with one commit, and a gate over it.
fn checked_out(service: &Service) -> (Gate, String) {
    let gate = gate_of(service).with_file(".gitignore", "out*/\n");
    let head = commit(&gate, "Widen the cache");
    (gate, head)
}

#[test]
fn the_checklist_of_the_same_run_knows_the_commit_that_the_run_does_not() {
    let service = Service::start(Behaviour::default());
    let (gate, head) = checked_out(&service);
    let gate = with_resource(in_a_run(gate));
    gate.run(&["checklist", "--report-dir", "out"]);
    let (release, said) = recorded(&gate, &[]);
    assert_eq!(release, json!({ "run": 7, "version": "", "commit": head }));
    assert!(!said.contains("--build"), "{said}");
    // That of an earlier run says nothing of this one.
    let earlier = gate.read("out/checklist.json").replace("\"run\":7", "\"run\":6");
    let gate = gate.with_file("out/checklist.json", &earlier);
    let (release, said) = recorded(&gate, &["--checklist-report", "out/checklist.json"]);
    assert_eq!(release, json!({ "run": 7, "version": "", "commit": "" }));
    assert!(said.contains("--build"), "{said}");
}

#[test]
fn a_checkout_of_another_repository_is_no_commit_of_the_run() {
    let service = Service::start(Behaviour::default());
    let (gate, head) = checked_out(&service);
    let gate = in_a_run(gate);
    gate.run(&["checklist", "--report-dir", "out"]);
    let (release, _) = recorded(&gate, &[]);
    assert_eq!(release, json!({ "run": 7, "version": "", "commit": head }));
}

#[test]
fn a_checklist_of_the_runs_own_commit_does_not_say_who_built() {
    let service = Service::start(Behaviour::default());
    let (gate, head) = checked_out(&service);
    let gate = with_resource(in_a_run(gate).with_variable("BUILD_SOURCEVERSION", &head));
    gate.run(&["checklist", "--report-dir", "out"]);
    let (release, _) = recorded(&gate, &[]);
    assert_eq!(release, json!({ "run": 7, "version": "", "commit": "" }));
}
