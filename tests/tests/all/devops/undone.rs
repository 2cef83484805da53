//! The run whose release was undone is marked by the gate over the redeployment: nobody goes back to it.

use runbook_gate_tests::binary::Ended;
use runbook_gate_tests::channels::Channels;
use runbook_gate_tests::devops::Fault;
use runbook_gate_tests::devops::incident::Incident;
use runbook_gate_tests::devops::scene::{GOOD_RUN, RUN};

use super::telling::task;

/// The gate over a redeployment, as a step of `run`; the gate of run 101 failed.
fn redeployed(incident: &mut Incident, run: u64, health: u16) -> Ended {
    let _ = incident.run(&["verify"], &["--report-dir", "gate"]).with_code(20);
    watched(incident, run, health)
}

fn watched(incident: &mut Incident, run: u64, health: u16) -> Ended {
    incident.service.behave(|behaviour| behaviour.health = health);
    let inputs = [
        ("INPUT_COMMAND", "verify"),
        ("INPUT_PROFILE", "rollback"),
        ("INPUT_FAILEDGATE", "gate"),
        ("INPUT_ANNOUNCE", "false"),
        ("BUILD_BUILDID", &run.to_string()),
    ];
    task(incident, &inputs)
}

const OWN: &str = "##vso[build.addbuildtag]rolled-back";

fn tags(incident: &Incident, run: u64) -> Vec<String> {
    incident.scene.fake.state().builds[&run].tags.clone()
}

#[test]
fn the_run_is_marked_whether_the_service_recovered_or_not() {
    for (health, code) in [(200, 0), (500, 10)] {
        let mut incident = Incident::with(Channels::open());
        let ended = redeployed(&mut incident, RUN, health).with_code(code);
        assert_eq!(ended.out.lines().filter(|line| *line == OWN).count(), 1, "{}", ended.out);
        let asked = incident.scene.fake.lines();
        assert!(
            !asked.iter().any(|line| line.starts_with("PUT ")),
            "its own run needs no permission: {asked:?}"
        );
    }
}

#[test]
fn a_redeployment_in_another_run_marks_the_one_that_failed() {
    let mut incident = Incident::with(Channels::open());
    let _ = redeployed(&mut incident, GOOD_RUN, 200).with_code(0);
    let ended = watched(&mut incident, GOOD_RUN, 200).with_code(0);
    assert!(!ended.out.contains(OWN), "what runs here did not fail: {}", ended.out);
    assert_eq!(tags(&incident, RUN), ["rolled-back"], "once, although the step ran twice");
    assert!(!tags(&incident, GOOD_RUN).iter().any(|tag| tag == "rolled-back"));
}

#[test]
fn a_mark_that_may_not_be_set_is_said_with_its_permission_and_stops_nothing() {
    let mut incident = Incident::with(Channels::open());
    let fault = Fault::error("/tags/rolled-back", 403, "AccessDeniedException", "TF400813: no right");
    incident.scene.fake.state().faults.push(fault);
    let ended = redeployed(&mut incident, GOOD_RUN, 200).with_code(0);
    for part in [
        "type=warning]run 101 is not tagged rolled-back",
        "*Edit build quality*",
        "result=Succeeded]recovered",
    ] {
        assert!(ended.out.contains(part), "{part}: {}", ended.out);
    }
    assert!(tags(&incident, RUN).is_empty());
}

#[test]
fn nothing_is_marked_where_nobody_says_which_run_failed() {
    let mut incident = Incident::with(Channels::open());
    let _ = incident.run(&["verify"], &["--report-dir", "gate"]).with_code(20);
    std::fs::remove_file(incident.scene.gate.path("gate/verdict.json")).unwrap();
    let ended = watched(&mut incident, RUN, 200).with_code(0);
    assert!(!ended.out.contains(OWN) && tags(&incident, RUN).is_empty(), "{}", ended.out);
    assert!(ended.err.contains("no run is tagged rolled-back"), "{}", ended.err);
    // A release that is no redeployment undoes nothing.
    let verify = [
        ("INPUT_PROFILE", ""),
        ("INPUT_FAILEDGATE", ""),
        ("INPUT_COMMAND", "verify"),
        ("INPUT_ANNOUNCE", "false"),
    ];
    let ended = task(&mut incident, &verify).with_code(0);
    assert!(!format!("{}{}", ended.out, ended.err).contains("rolled-back"), "{}", ended.err);
}
