//! `rollback plan` and `history` in a pipeline: the binary, a real repository, and an Azure DevOps with a past.

mod holes;
mod images;
mod on_github;
mod permissions;
mod task;

use std::time::Duration;

use runbook_gate_tests::binary::Ended;
use runbook_gate_tests::devops::TOKEN;
use runbook_gate_tests::devops::releases::{POLICY, Releases, decision, time};
use serde_json::Value;

/// The run that a plan goes back to, and whether that is proved to be safe.
fn answer(ended: &Ended) -> (Option<u64>, bool) {
    let plan = ended.json();
    (plan["target"]["release"]["run"].as_u64(), plan["rollback_safe"] == true)
}

fn texts(plan: &Value, list: &str, key: &str) -> Vec<String> {
    let list = plan[list].as_array().cloned().unwrap_or_default();
    list.iter().map(|one| one[key].as_str().unwrap_or_default().to_owned()).collect()
}

fn doubts(ended: &Ended) -> Vec<String> {
    texts(&ended.json(), "doubts", "what")
}

fn passed_over(ended: &Ended) -> Vec<String> {
    let plan = ended.json();
    let (releases, whys) = (texts(&plan, "passed_over", "release"), texts(&plan, "passed_over", "why"));
    releases
        .iter()
        .zip(whys)
        .map(|(release, why)| format!("{}: {why}", release.split(' ').next().unwrap()))
        .collect()
}

#[test]
fn the_newest_run_that_proceeded_is_gone_back_to_with_its_proof() {
    let releases = Releases::with_a_past();
    let ended = releases.plan(&["--report-dir", "plan"]).with_code(0);
    assert_eq!((answer(&ended), doubts(&ended)), ((Some(99), true), Vec::new()));
    let plan = ended.json();
    let target = &plan["target"];
    assert_eq!(target["release"]["version"], "2026.99");
    assert_eq!(target["release"]["commit"], releases.fake.state().builds[&99].commit.as_str());
    assert_eq!(target["artifacts_proved"], true);
    let artifacts = target["artifacts"].as_array().unwrap();
    assert_eq!((artifacts.len(), &artifacts[0]["name"]), (1, &Value::from("drop")), "the gate's own is none");
    assert!(target["proof"].as_str().unwrap().contains("as the numbers of 99 say"), "{target}");
    assert!(target["url"].as_str().unwrap().ends_with("/orders/_build/results?buildId=99"), "{target}");
    assert!(plan["current"].as_str().unwrap().starts_with("2026.101 (run 101, commit "), "{plan}");
    assert_eq!(releases.gate.files("plan"), ["rollback-plan.html", "rollback-plan.json", "rollback-plan.md"]);
}

#[test]
fn the_decision_on_this_run_says_what_was_broken_before() {
    let releases = Releases::with_a_past();
    let mut broken = decision(101, 101, "deployment", "rollback", 102);
    broken["pre_existing"] = serde_json::json!(["health failing for 2m"]);
    releases.attach(101, &broken);
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (Some(99), false));
    assert!(
        doubts(&ended)[0].ends_with("before the deployment: health failing for 2m"),
        "{:?}",
        doubts(&ended)
    );
    // Where this run was not judged, that is not known.
    releases.change(101, |build| build.attachments.clear());
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (Some(99), false));
    assert!(
        doubts(&ended)[0].contains("no decision of this gate on the deployed version"),
        "{:?}",
        doubts(&ended)
    );
}

#[test]
fn a_rollback_speaks_for_what_it_deployed_again() {
    // 100 was rolled back to 98, not to 99: 98 is what was good last.
    let mut releases = Releases::with_a_past();
    releases.deploy(100);
    releases.judge(100, "rollback");
    releases.roll_back(100, 98, "proceed");
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (Some(98), true));
    assert!(ended.json()["target"]["proof"].as_str().unwrap().contains("said recovered"), "{}", ended.out);
    assert_eq!(
        ended.json()["target"]["release"]["commit"],
        releases.fake.state().builds[&98].commit.as_str()
    );
    // Where the service did not recover, the earlier `proceed` does not count any more.
    releases.change(100, |build| {
        build.attachments.pop();
        build.tags.pop();
    });
    releases.roll_back(100, 99, "hold");
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (Some(98), true));
    assert!(
        passed_over(&ended)[0].starts_with("2026.99: this gate said not recovered of it"),
        "{:?}",
        passed_over(&ended)
    );
}

#[test]
fn a_recovery_that_does_not_say_of_what_proves_nothing() {
    let mut releases = Releases::with_a_past();
    releases.deploy(100);
    releases.judge(100, "rollback");
    releases.roll_back(100, 100, "proceed");
    assert_eq!(answer(&releases.plan(&[]).with_code(0)), (Some(99), true));
    let mut unnamed = decision(100, 98, "rollback", "proceed", 100);
    unnamed["release"] = serde_json::json!({ "run": null, "version": "", "commit": "" });
    releases.attach(100, &unnamed);
    assert_eq!(answer(&releases.plan(&[]).with_code(0)), (Some(99), true));
    // A version that one run has is as good as the run.
    unnamed["release"]["version"] = "2026.98".into();
    releases.attach(100, &unnamed);
    assert_eq!(answer(&releases.plan(&[]).with_code(0)), (Some(98), true));
    // One that no run has is named, and what it is stays open.
    releases.change(100, |build| drop(build.attachments.pop()));
    unnamed["release"]["version"] = "hotfix".into();
    releases.attach(100, &unnamed);
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (None, false));
    assert_eq!(ended.json()["target"]["release"]["version"], "hotfix");
    assert!(doubts(&ended)[0].contains("which run built hotfix is not recorded"), "{:?}", doubts(&ended));
}

#[test]
fn a_rehearsal_is_a_run_that_is_tagged_and_went_well() {
    let mut releases = Releases::with_a_past();
    releases.gate = std::mem::take(&mut releases.gate)
        .with_file("runbook.yml", &POLICY.replace("[drop]", "[drop], rehearsed_within: 3650d"));
    let ended = releases.plan(&[]).with_code(0);
    assert!(doubts(&ended)[0].contains("no rehearsal of a rollback is recorded"), "{:?}", doubts(&ended));
    let tag = "runbook-gate-rehearsal-production";
    releases.change(98, |build| {
        build.tags.push(tag.into());
        build.result = Some("failed".into());
    });
    assert_eq!(answer(&releases.plan(&[])), (Some(99), false), "it did not go well");
    releases.change(98, |build| build.result = Some("succeeded".into()));
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (Some(99), true));
    assert_eq!(ended.json()["rehearsed"]["seen"], format!("run 2026.98, tagged {tag}"));
    assert_eq!(ended.json()["rehearsed"]["at"], time(98));
}

#[test]
fn a_migration_that_cannot_be_undone_is_never_safe() {
    let mut releases = Releases::with_a_past();
    releases.gate =
        std::mem::take(&mut releases.gate).with_file("db/migrations/2.sql", "DROP TABLE orders;\n");
    releases.deploy(102);
    releases.judge(102, "rollback");
    releases.ask_from(102);
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (Some(99), false));
    assert_eq!(ended.json()["irreversible"][0]["path"], "db/migrations/2.sql");
}

#[test]
fn artifacts_of_the_run_that_built_count_where_another_pipeline_builds() {
    let mut releases = Releases::with_a_past();
    {
        let mut state = releases.fake.state();
        for (deploying, building) in [(98, 48), (99, 49), (101, 51)] {
            let mut built = state.builds[&deploying].clone();
            built.definition = 3;
            built.number = format!("b{building}");
            built.tags.clear();
            built.attachments.clear();
            state.builds.insert(building, built);
            let run = state.builds.get_mut(&deploying).unwrap();
            run.artifacts.clear();
            run.resources = vec![("app".into(), 3, format!("b{building}"))];
        }
    }
    let head = releases.fake.state().builds[&51].commit.clone();
    for (what, value) in [("RUNID", "51"), ("RUNNAME", "b51"), ("SOURCECOMMIT", head.as_str())] {
        releases.set(&format!("RESOURCES_PIPELINE_APP_{what}"), value);
    }
    let ended = releases.plan(&[]).with_code(10);
    assert!(passed_over(&ended)[0].contains("its artifact drop is gone"), "{:?}", passed_over(&ended));
    let ended = releases.plan(&["--build", "app"]).with_code(0);
    assert_eq!((answer(&ended), doubts(&ended)), ((Some(49), true), Vec::new()));
    assert!(ended.json()["current"].as_str().unwrap().starts_with("b51 (run 51"), "{}", ended.out);
    // The run that built is gone: whether its artifacts are elsewhere is not known.
    releases.fake.state().builds.remove(&49);
    let ended = releases.plan(&["--build", "app"]).with_code(0);
    assert_eq!(answer(&ended), (Some(99), false));
    assert!(doubts(&ended)[0].contains("whether the artifacts of 2026.99"), "{:?}", doubts(&ended));
}

#[test]
fn a_run_that_takes_what_others_built_and_does_not_name_it_says_whose_commit_was_taken() {
    let mut releases = Releases::with_a_past();
    releases.set("RESOURCES_PIPELINE_APP_RUNID", "51");
    // The artifacts that the policy names are this pipeline's own: it builds itself.
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!((answer(&ended), doubts(&ended)), ((Some(99), true), Vec::new()));
    let notes = ended.json()["notes"].to_string();
    assert!(notes.contains("this run's own, and it takes what other pipelines built (app)"), "{notes}");
    // Any artifact shows nothing: it may be a report.
    let policy = POLICY.replace("rollback: { artifacts: [drop] }\n", "");
    releases.gate = std::mem::take(&mut releases.gate).with_file("runbook.yml", &policy);
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (Some(99), false));
    assert!(doubts(&ended)[0].contains("this run's own"), "{:?}", doubts(&ended));
    let how = texts(&ended.json(), "doubts", "how");
    assert!(how[0].contains("`buildResource`"), "{how:?}");
}

#[test]
fn a_personal_access_token_and_a_run_open_a_desk() {
    let mut releases = Releases::with_a_past();
    let collection = releases.fake.collection();
    for name in
        ["TF_BUILD", "SYSTEM_ACCESSTOKEN", "SYSTEM_COLLECTIONURI", "BUILD_BUILDID", "SYSTEM_DEFINITIONID"]
    {
        releases.set(name, "");
    }
    releases.set("AZURE_DEVOPS_EXT_PAT", TOKEN);
    let given =
        ["--azure-devops", &collection, "--project", "orders", "--repository", "orders", "--run", "101"];
    let ended = releases.plan(&given).with_code(0);
    assert_eq!((answer(&ended), doubts(&ended)), ((Some(99), true), Vec::new()));
    let ended = releases.plan(&given[..4]).with_code(10);
    assert!(
        texts(&ended.json(), "doubts", "how").iter().any(|how| how.contains("--run ID")),
        "{}",
        ended.out
    );
}

#[test]
fn history_lists_what_the_runs_keep_newest_first() {
    let mut releases = Releases::with_a_past();
    releases.deploy(100);
    releases.judge(100, "hold");
    releases.roll_back(101, 99, "proceed");
    let mut elsewhere = decision(99, 99, "deployment", "hold", 99);
    elsewhere["environment"] = "staging".into();
    releases.attach(99, &elsewhere);
    let arguments = ["history", "--environment", "production", "--format", "json"];
    let listed = releases.gate.run(&arguments).with_code(0).json();
    let decisions: Vec<(u64, String)> = listed["decisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["release"]["run"].as_u64().unwrap(), one["decision"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [(101, "rollback"), (99, "proceed"), (100, "hold"), (99, "proceed"), (98, "proceed")];
    assert_eq!(decisions, expected.map(|(run, decision)| (run, decision.to_owned())));
    let shown = releases.gate.run(&["history", "--environment", "production", "--most", "1"]).with_code(0);
    assert!(shown.err.contains("3 earlier runs were judged too"), "{}", shown.err);
    releases.change(99, |build| build.attachments[0].2 = "no record".into());
    let holed = releases.gate.run(&arguments).with_code(0);
    assert!(holed.err.contains("attached to run 99 cannot be read"), "{}", holed.err);
    assert_eq!(holed.json()["decisions"].as_array().unwrap().len(), 4);
}

#[test]
fn a_history_file_that_is_named_is_read_instead() {
    let mut releases = Releases::with_a_past();
    releases.gate = std::mem::take(&mut releases.gate).with_file("history.ndjson", "");
    let ended = releases.plan(&["--history", "history.ndjson"]).with_code(10);
    assert_eq!(answer(&ended), (None, false));
    assert!(releases.fake.lines().is_empty());
    releases.plan(&["--history", "history.ndjson", "--retain"]).with_code(2);
}

#[test]
fn a_service_that_was_never_deployed_has_nothing_to_go_back_to() {
    let mut releases = Releases::none(Duration::ZERO);
    releases.deploy(101);
    releases.ask_from(101);
    let ended = releases.plan(&[]).with_code(10);
    assert_eq!(answer(&ended), (None, false));
    assert!(doubts(&ended)[0].contains("nothing proved to go back to in production"), "{:?}", doubts(&ended));
}
