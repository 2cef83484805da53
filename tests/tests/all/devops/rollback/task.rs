//! The task's command `rollback`: its outputs, its reports, and the run that it keeps.

use std::collections::BTreeMap;

use runbook_gate_tests::binary::Ended;
use runbook_gate_tests::devops::Fault;
use runbook_gate_tests::devops::releases::{Releases, decision};

use super::{answer, doubts};

fn as_a_task(releases: &mut Releases, more: &[(&str, &str)]) -> Ended {
    let inputs = [
        ("SYSTEM_HOSTTYPE", "build"),
        ("INPUT_COMMAND", "rollback"),
        ("INPUT_POLICY", "runbook.yml"),
        ("INPUT_ENVIRONMENT", "production"),
        ("INPUT_REPORTDIRECTORY", "plan"),
    ];
    for (name, value) in inputs.iter().chain(more) {
        releases.set(name, value);
    }
    releases.gate.run(&["task"])
}

fn outputs(ended: &Ended) -> BTreeMap<String, String> {
    let set = |line: &str| {
        let rest = line.strip_prefix("##vso[task.setvariable variable=")?;
        let (name, rest) = rest.split_once(';')?;
        Some((name.to_owned(), rest.split_once(']')?.1.to_owned()))
    };
    ended.out.lines().filter_map(set).collect()
}

#[test]
fn says_what_to_go_back_to_in_outputs_and_reports() {
    let mut releases = Releases::with_a_past();
    let ended = as_a_task(&mut releases, &[]).with_code(0);
    let outputs = outputs(&ended);
    let commit = releases.fake.state().builds[&99].commit.clone();
    for (name, value) in [
        ("lastKnownGoodRunId", "99"),
        ("lastKnownGoodVersion", "2026.99"),
        ("lastKnownGoodCommit", commit.as_str()),
        ("lastKnownGoodArtifactsProved", "true"),
        ("rollbackSafe", "true"),
    ] {
        assert_eq!(outputs.get(name).map(String::as_str), Some(value), "{name}: {}", ended.out);
    }
    assert!(outputs["reason"].starts_with("Go back to 2026.99"), "{outputs:?}");
    assert!(!outputs.contains_key("decision"), "a plan decides nothing of a release");
    for kind in [
        "uploadsummary]",
        "addattachment type=runbook-gate.page;name=rollback-plan.html",
        "addattachment type=runbook-gate.rollback-plan;name=rollback-plan.json",
    ] {
        assert!(ended.out.contains(&format!("##vso[task.{kind}")), "{kind}: {}", ended.out);
    }
    assert!(
        ended.out.contains("##vso[task.complete result=Succeeded]rollback plan succeeded"),
        "{}",
        ended.out
    );
}

#[test]
fn warns_of_each_doubt_and_is_not_safe() {
    let mut releases = Releases::with_a_past();
    releases.fake.state().faults.push(Fault::error("/artifacts?", 403, "AccessDeniedException", "no"));
    let ended = as_a_task(&mut releases, &[]).with_code(0);
    let outputs = outputs(&ended);
    assert_eq!(
        (outputs["rollbackSafe"].as_str(), outputs["lastKnownGoodArtifactsProved"].as_str()),
        ("false", "false")
    );
    assert_eq!(outputs["lastKnownGoodRunId"], "99");
    assert!(
        ended.out.contains("##vso[task.logissue type=warning]whether the artifacts of 2026.99"),
        "{}",
        ended.out
    );
}

#[test]
fn fails_where_nothing_is_proved() {
    let mut releases = Releases::with_a_past();
    for run in [98, 99] {
        releases.change(run, |build| build.artifacts.clear());
    }
    let ended = as_a_task(&mut releases, &[]).with_code(10);
    let outputs = outputs(&ended);
    assert_eq!((outputs["rollbackSafe"].as_str(), outputs["decision"].as_str()), ("false", "hold"));
    assert!(!outputs.contains_key("lastKnownGoodRunId"));
    assert!(ended.out.contains("##vso[task.complete result=Failed]hold"), "{}", ended.out);
}

#[test]
fn keeps_the_run_once_however_often_it_is_asked() {
    let mut releases = Releases::with_a_past();
    let keep = [("INPUT_RETAINLASTKNOWNGOOD", "true")];
    for _ in 0..2 {
        let ended = as_a_task(&mut releases, &keep).with_code(0);
        assert_eq!(outputs(&ended)["rollbackSafe"], "true", "{}", ended.out);
    }
    let leases = releases.fake.state().builds[&99].leases.clone();
    assert_eq!(leases.len(), 1);
    assert_eq!(leases[0].owner, "runbook-gate:orders:production");
    // One of somebody else does not count, and neither does one that ends soon.
    releases.change(99, |build| build.leases[0].owner = "User:1".into());
    releases.plan(&["--retain"]).with_code(0);
    releases.change(99, |build| build.leases[1].until = "2020-01-01T00:00:00Z".into());
    let ended = releases.plan(&["--retain"]).with_code(0);
    assert_eq!(releases.fake.state().builds[&99].leases.len(), 3);
    assert!(ended.json()["notes"].to_string().contains("run 99 is kept until"), "{}", ended.out);
}

#[test]
fn a_run_that_cannot_be_kept_is_in_doubt() {
    for line in ["/builds/99/leases?", "POST /contoso"] {
        let releases = Releases::with_a_past();
        releases.fake.state().faults.push(Fault::error(line, 403, "AccessDeniedException", "no"));
        let ended = releases.plan(&["--retain"]).with_code(0);
        assert_eq!(answer(&ended), (Some(99), false), "{line}");
        assert!(doubts(&ended)[0].contains("run 99 is not kept"), "{:?}", doubts(&ended));
    }
}

#[test]
fn text_of_others_starts_no_command() {
    let hostile = "##vso[task.complete result=Succeeded]\n##[error]x <img src=x> [a](javascript:alert(1)) \u{1b}[31m\u{202e}$(System.AccessToken)";
    let mut releases = Releases::with_a_past();
    let mut good = decision(99, 99, "deployment", "proceed", 99);
    good["reason"] = hostile.into();
    good["release"]["version"] = hostile.into();
    releases.change(99, |build| build.attachments.clear());
    releases.attach(99, &good);
    let mut bad = decision(101, 101, "deployment", "rollback", 101);
    bad["pre_existing"] = serde_json::json!([hostile]);
    releases.change(101, |build| build.attachments.clear());
    releases.attach(101, &bad);
    let ended = as_a_task(&mut releases, &[]).with_code(0);
    for line in ended.out.lines().chain(ended.err.lines()) {
        let commands = line.matches("##vso[").count() + line.matches("##[").count();
        let own = line.starts_with("##vso[task.") || line.starts_with("##[");
        assert!(commands == usize::from(own), "{line}");
        assert!(!line.contains('\u{202e}') && !line.contains('\u{1b}'), "{line}");
    }
    assert!(!outputs(&ended)["lastKnownGoodVersion"].contains("$("), "{:?}", outputs(&ended));
    for report in ["md", "html", "json"].map(|end| releases.gate.read(&format!("plan/rollback-plan.{end}"))) {
        assert!(!report.contains("##vso["), "{report}");
        // In JSON they are escaped as JSON escapes them.
        let escaped = report.starts_with('{');
        assert!(escaped || !report.contains("<img") && !report.contains('\u{202e}'), "{report}");
    }
}
