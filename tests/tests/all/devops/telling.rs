//! `verify --announce` and `rollback announce`: people are told once, over real HTTP, and nothing waits for them.

use std::time::{Duration, Instant};

use runbook_gate_tests::channels::{Channels, KEY};
use runbook_gate_tests::devops::incident::{Incident, policy};
use runbook_gate_tests::devops::scene::RUN;
use runbook_gate_tests::devops::{Build, Fault};
use serde_json::json;

#[test]
fn a_bad_release_is_told_to_everybody_once_although_the_step_runs_twice() {
    let incident = Incident::with(Channels::open());
    let first = incident.verify().with_code(20);
    assert!(
        first.err.contains("told Teams, Slack, pull request 12: Rollback: orders in live"),
        "{}",
        first.err
    );
    let second = incident.verify().with_code(20);
    assert!(second.err.contains("Teams, Slack had been told before"), "{}", second.err);
    assert_eq!(
        (incident.channels.messages("teams").len(), incident.channels.messages("slack").len()),
        (1, 1)
    );
    let card = incident.channels.messages("teams")[0].to_string();
    let page = format!("{}orders/_build/results?buildId={RUN}", incident.scene.fake.collection());
    assert!(card.contains("AdaptiveCard") && card.contains("health") && card.contains(&page), "{card}");
    let [comment] = &incident.comments()[..] else { panic!("{:?}", incident.comments()) };
    assert!(
        comment.starts_with("<!-- runbook-gate live rollback run-101 -->\n### ⛔ Rollback: orders in live"),
        "{comment}"
    );
    let mut tags = incident.scene.fake.state().builds[&RUN].tags.clone();
    tags.sort();
    assert_eq!(tags, ["runbook-gate-told-rollback-slack-live", "runbook-gate-told-rollback-teams-live"]);
}

#[test]
fn another_decision_is_another_message() {
    let incident = Incident::with(Channels::open());
    incident.verify().with_code(20);
    // Too late for the criterion: the watch ends before it is sure, and a person has to look.
    incident.service.behave(|behaviour| behaviour.health = 200);
    let policy = policy(&incident.service, "enforce").replace("health passing", "version passing");
    std::fs::write(incident.scene.gate.path("runbook.yml"), policy).unwrap();
    incident.verify().with_code(10);
    let titles: Vec<String> = incident
        .channels
        .messages("slack")
        .iter()
        .map(|message| message["text"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(titles.len(), 2);
    assert!(
        titles[0].starts_with("Rollback: orders in live") && titles[1].starts_with("Hold: orders in live"),
        "{titles:?}"
    );
    assert_eq!(incident.comments().len(), 2);
}

#[test]
fn nobody_is_told_by_accident() {
    let incident = Incident::with(Channels::open());
    incident.run(&["verify"], &[]).with_code(20);
    let advised = policy(&incident.service, "advise");
    std::fs::write(incident.scene.gate.path("runbook.yml"), advised).unwrap();
    let ended = incident.verify().with_code(0);
    assert!(ended.err.contains("nobody is told: the decision is only advised"), "{}", ended.err);
    let trial = incident.run(&["verify"], &["--announce", "--dry-run"]).with_code(2);
    assert!(trial.err.contains("cannot be used with"), "{}", trial.err);
    assert!(incident.channels.messages("teams").is_empty() && incident.channels.messages("slack").is_empty());
    assert!(incident.comments().is_empty());
}

#[test]
fn a_release_that_proceeds_is_told_nobody() {
    let incident = Incident::with(Channels::open());
    incident.service.behave(|behaviour| behaviour.health = 200);
    incident.verify().with_code(0);
    assert!(incident.channels.messages("teams").is_empty());
    assert!(!incident.scene.fake.lines().iter().any(|line| line.contains("/tags")));
}

#[test]
fn a_channel_that_takes_nothing_is_said_and_changes_nothing() {
    let incident = Incident::with(Channels::answering(vec![404, 404]));
    let ended = incident.verify().with_code(20);
    assert!(
        ended.err.contains("warning: not told: Teams, Slack (Rollback: orders in live): status 404: there is no such webhook any more"),
        "{}",
        ended.err
    );
    assert!(incident.scene.fake.state().builds[&RUN].tags.is_empty(), "what was not taken is not remembered");
    assert_eq!(incident.comments().len(), 1, "the others are told all the same");
    incident.verify().with_code(20);
    assert_eq!(incident.channels.messages("teams").len(), 2, "the next try tells it");
}

#[test]
fn a_channel_that_is_busy_gets_its_message_a_moment_later() {
    let incident = Incident::with(Channels::answering(vec![503, 503]));
    let ended = incident.verify().with_code(20);
    assert!(ended.err.contains("told Teams, Slack, pull request 12"), "{}", ended.err);
}

#[test]
fn a_memory_that_fails_is_said_and_loses_no_message() {
    for (line, method, says) in [
        ("/tags?", "GET", "what was told before is not known, so a message may come twice"),
        (
            "/tags/",
            "PUT",
            "that Teams was told is not remembered, so it is told again where this step is run again",
        ),
    ] {
        let incident = Incident::with(Channels::open());
        let fault = Fault::error(line, 403, "AccessDeniedException", "TF400813: no right");
        incident.scene.fake.state().faults.push(fault);
        for _ in 0..2 {
            let ended = incident.verify().with_code(20);
            assert!(ended.err.contains(says), "{method}: {}", ended.err);
            assert!(ended.err.contains("the build identity needs"), "{method}: {}", ended.err);
        }
        assert_eq!(incident.channels.messages("teams").len(), 2, "{method}");
        assert_eq!(incident.comments().len(), 1, "a comment is its own memory");
    }
}

#[test]
fn pull_requests_that_cannot_be_told_are_said_with_the_missing_right() {
    let incident = Incident::with(Channels::open());
    for line in ["/threads?", "/build/changes"] {
        let fault = Fault::error(line, 403, "GitNeedsPermissionException", "TF401027: no right");
        incident.scene.fake.state().faults = vec![fault];
        let ended = incident.verify().with_code(20);
        assert!(
            ended.err.contains("warning: not told: ") && ended.err.contains("the build identity needs"),
            "{}",
            ended.err
        );
    }
    assert_eq!(incident.channels.messages("teams").len(), 1);
}

#[test]
fn a_desk_tells_its_channels_and_says_that_pull_requests_are_told_in_the_pipeline() {
    let mut incident = Incident::with(Channels::open());
    incident.scene.set("TF_BUILD", "False");
    let ended = incident.verify().with_code(20);
    assert!(ended.err.contains("told Teams, Slack: Rollback"), "{}", ended.err);
    assert!(ended.err.contains("not told: the pull requests"), "{}", ended.err);
}

#[test]
fn telling_ends_within_its_time_whoever_does_not_answer() {
    let mut incident = Incident::with(Channels::open());
    // Takes connections and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    incident.scene.set("SYSTEM_COLLECTIONURI", &format!("http://{address}/contoso/"));
    incident.scene.set("TEAMS_WEBHOOK", &format!("http://{address}/{KEY}"));
    let begun = Instant::now();
    let ended = incident.verify().with_code(20);
    // The watch takes two seconds of it; the bound is far from what anybody waits for.
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    assert!(ended.err.contains("told Slack: Rollback"), "{}", ended.err);
    assert!(ended.err.contains("not told: Teams"), "{}", ended.err);
    assert_eq!(incident.channels.messages("slack").len(), 1, "who answers is told, whoever does not");
}

#[test]
fn the_addresses_of_channels_are_found_nowhere() {
    for place in ["True", "False"] {
        let mut incident = Incident::with(Channels::answering(vec![500, 302, 200, 413]));
        incident.scene.set("TF_BUILD", place);
        incident.scene.set("RUST_LOG", "trace");
        let ended = incident.run(&["-vv", "verify"], &["--announce", "--report-dir", "out"]).with_code(20);
        let mut left = format!("{}{}", ended.out, ended.err);
        for name in incident.scene.gate.files("out") {
            left.push_str(&incident.scene.gate.read(&format!("out/{name}")));
        }
        assert!(!left.contains(KEY), "{}", left.split(KEY).next().unwrap_or_default());
        assert!(!incident.channels.messages("teams").is_empty());
    }
}

fn plan(safe: bool, target: bool, doubts: &[&str]) -> String {
    let doubts: Vec<serde_json::Value> = doubts
        .iter()
        .map(|what| json!({ "what": what, "who": "anybody but the author of the change", "how": "look" }))
        .collect();
    json!({
        "version": 1, "kind": "rollback-plan", "service": "orders", "environment": "live",
        "reason": "Go back to 1.4.0 from 1.5.0", "rollback_safe": safe, "current": "1.5.0",
        "target": target.then(|| json!({ "release": { "run": 100, "version": "1.4.0", "commit": "" } })),
        "doubts": doubts,
    })
    .to_string()
}

#[test]
fn the_plan_of_a_rollback_is_told_once() {
    let mut incident = Incident::with(Channels::open());
    incident.write("plan/rollback-plan.json", &plan(true, true, &[]));
    let announce = ["rollback", "announce"];
    let shown = incident.run(&announce, &["--report-dir", "plan", "--dry-run"]).with_code(0);
    assert!(
        shown.out.contains("Going back: orders in live") && shown.out.contains("nothing was sent"),
        "{}",
        shown.out
    );
    assert!(incident.channels.messages("teams").is_empty());
    for _ in 0..2 {
        incident.run(&announce, &["--report-dir", "plan"]).with_code(0);
    }
    assert_eq!(
        (incident.channels.messages("teams").len(), incident.channels.messages("slack").len()),
        (1, 1)
    );
    assert!(
        incident.comments()[0].contains("- Back to: 1\\.4\\.0") || incident.comments()[0].contains("1.4.0"),
        "{:?}",
        incident.comments()
    );
    assert_eq!(incident.comments().len(), 1);
    // What is in doubt is another event: a person has to decide.
    std::fs::write(
        incident.scene.gate.path("plan/rollback-plan.json"),
        plan(false, true, &["a table was dropped"]),
    )
    .unwrap();
    let ended = incident.run(&announce, &["--report-dir", "plan", "--format", "json"]).with_code(0);
    assert_eq!(ended.json()["event"], "rollback-waits");
    assert_eq!(ended.json()["told"][0], json!({ "who": "Teams", "state": "told", "why": null }));
    assert!(incident.channels.messages("teams")[1].to_string().contains("a table was dropped"));
}

#[test]
fn the_pull_requests_are_those_of_the_run_that_built_where_it_is_named() {
    let mut incident = Incident::with(Channels::open());
    let head = {
        let mut state = incident.scene.fake.state();
        let own = state.builds.get_mut(&RUN).unwrap();
        let changes = std::mem::take(&mut own.changes);
        let head = std::mem::replace(&mut own.commit, "e".repeat(40));
        let built =
            Build { number: "7".into(), definition: 3, commit: head.clone(), changes, ..Build::default() };
        let before = Build { number: "6".into(), changes: Vec::new(), ..built.clone() };
        state.builds.extend([(50, before), (51, built)]);
        head
    };
    let elsewhere = "e".repeat(40);
    for (name, value) in [
        ("BUILD_SOURCEVERSION", elsewhere.as_str()),
        ("RESOURCES_PIPELINE_APP_RUNID", "51"),
        ("RESOURCES_PIPELINE_APP_SOURCECOMMIT", &head),
        ("RESOURCES_PIPELINE_APP_SOURCEBRANCH", "refs/heads/main"),
    ] {
        incident.scene.set(name, value);
    }
    let ended = incident.verify().with_code(20);
    assert!(ended.err.contains("the pull requests are those of this run's own commit"), "{}", ended.err);
    assert!(incident.comments().is_empty(), "{:?}", incident.comments());
    let ended = incident.run(&["verify"], &["--announce", "--build", "app"]).with_code(20);
    assert!(!ended.err.contains("this run's own commit"), "{}", ended.err);
    assert_eq!(incident.comments().len(), 1);
    // The plan names the run that built what is gone back to.
    let plan = plan(true, true, &[]).replace("\"run\":100", "\"run\":50");
    incident.write("plan/rollback-plan.json", &plan);
    let announce = ["rollback", "announce"];
    incident.run(&announce, &["--report-dir", "plan", "--build", "app"]).with_code(0);
    assert_eq!(incident.comments().len(), 2, "{:?}", incident.comments());
    let lines = incident.scene.fake.lines();
    assert!(lines.iter().any(|line| line.contains("fromBuildId=50&toBuildId=51")), "{lines:?}");
}

#[test]
fn a_plan_that_is_missing_is_news_in_a_pipeline_and_a_mistake_at_a_desk() {
    let mut incident = Incident::with(Channels::open());
    let announce = ["rollback", "announce"];
    incident.run(&announce, &["--plan", "none.json"]).with_code(0);
    assert!(incident.channels.messages("teams")[0].to_string().contains("There is no rollback plan"));
    incident.scene.set("TF_BUILD", "False");
    let ended = incident.run(&announce, &["--plan", "none.json"]).with_code(2);
    assert!(ended.err.contains("none.json"), "{}", ended.err);
    std::fs::write(
        incident.scene.gate.path("other.json"),
        plan(true, true, &[]).replace("\"live\"", "\"test\""),
    )
    .unwrap();
    let ended = incident.run(&announce, &["--plan", "other.json"]).with_code(2);
    assert!(ended.err.contains("is of orders in test"), "{}", ended.err);
    assert_eq!(incident.channels.messages("teams").len(), 1);
}

/// The step of the task, with what the agent gives it.
pub(super) fn task(incident: &mut Incident, inputs: &[(&str, &str)]) -> runbook_gate_tests::binary::Ended {
    let temporary = incident.scene.gate.path("temporary");
    std::fs::create_dir_all(&temporary).unwrap();
    let folder = temporary.to_str().unwrap().to_owned();
    let secrets = ["teams", "slack"]
        .map(|name| (format!("SECRET_{}_WEBHOOK", name.to_uppercase()), incident.channels.address(name)));
    let given = [
        ("TEAMS_WEBHOOK", ""),
        ("SLACK_WEBHOOK", ""),
        ("AGENT_TEMPDIRECTORY", folder.as_str()),
        ("SYSTEM_HOSTTYPE", "build"),
        ("INPUT_POLICY", "runbook.yml"),
        ("INPUT_ENVIRONMENT", "live"),
        ("INPUT_ALLOWEDVARIABLES", "TEAMS_WEBHOOK\nSLACK_WEBHOOK"),
    ];
    let secrets = secrets.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in given.into_iter().chain(secrets).chain(inputs.iter().copied()) {
        incident.scene.set(name, value);
    }
    incident.scene.gate.run(&["task"])
}

#[test]
fn the_task_tells_by_itself_unless_it_is_told_not_to() {
    let mut incident = Incident::with(Channels::open());
    let verify = [("INPUT_COMMAND", "verify"), ("INPUT_REPORTDIRECTORY", "out")];
    let quiet = task(&mut incident, &[verify[0], verify[1], ("INPUT_ANNOUNCE", "false")]).with_code(20);
    assert!(incident.channels.messages("teams").is_empty(), "{}", quiet.out);
    let ended = task(&mut incident, &[verify[0], verify[1], ("INPUT_ANNOUNCE", "true")]).with_code(20);
    assert_eq!(
        (incident.channels.messages("teams").len(), incident.channels.messages("slack").len()),
        (1, 1)
    );
    // What people are told comes after the outputs, and before the verdict.
    let place = |part: &str| ended.out.find(part).unwrap_or_else(|| panic!("{part}: {}", ended.out));
    assert!(place("variable=decision;") < place("##vso[task.complete result=Failed"));
    let mut left = format!("{}{}{}{}", quiet.out, quiet.err, ended.out, ended.err);
    for name in incident.scene.gate.files("out") {
        left.push_str(&incident.scene.gate.read(&format!("out/{name}")));
    }
    assert!(!left.contains(KEY), "{}", left.split(KEY).next().unwrap_or_default());
    assert!(ended.err.contains("told Teams, Slack, pull request 12"), "{}", ended.err);
}

#[test]
fn a_step_that_could_not_tell_warns_and_fails_for_its_decision_alone() {
    let mut incident = Incident::with(Channels::answering(vec![410, 410]));
    let ended = task(&mut incident, &[("INPUT_COMMAND", "verify")]).with_code(20);
    assert!(ended.out.contains("##vso[task.logissue type=warning]not told: Teams, Slack"), "{}", ended.out);
    assert!(ended.out.contains("result=Failed]rollback"), "{}", ended.out);
    incident.write("plan/rollback-plan.json", &plan(true, true, &[]));
    let announce = [
        ("INPUT_COMMAND", "rollback"),
        ("INPUT_ROLLBACKACTION", "announce"),
        ("INPUT_REPORTDIRECTORY", "plan"),
    ];
    let ended = task(&mut incident, &announce).with_code(0);
    assert!(ended.out.contains("##vso[task.complete result=Succeeded]"), "{}", ended.out);
    let ticket =
        [("INPUT_COMMAND", "rollback"), ("INPUT_ROLLBACKACTION", "ticket"), ("INPUT_ROLLBACKPLAN", "plan")];
    let _ = task(&mut incident, &ticket).with_code(0);
    assert_eq!(incident.tickets().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_gate_that_is_cancelled_tells_people_before_it_ends() {
    let mut incident = Incident::with(Channels::open());
    incident.service.behave(|behaviour| behaviour.health = 200);
    let long = policy(&incident.service, "enforce").replace("observe: 1500ms", "observe: 10m");
    incident.write("runbook.yml", &long);
    let running = incident.start();
    incident.service.wait_for("/health", 3);
    running.signal("INT");
    let ended = running.wait().with_code(10);
    assert!(ended.err.contains("told Teams, Slack, pull request 12: Hold: orders in live"), "{}", ended.err);
    assert!(incident.channels.messages("teams")[0].to_string().contains("cancelled"), "{}", ended.err);
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_telling_too() {
    let mut incident = Incident::with(Channels::open());
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    incident.scene.set("TEAMS_WEBHOOK", &format!("http://{}/{KEY}", silent.local_addr().unwrap()));
    let running = incident.start();
    // Its message has arrived, and nothing answers it.
    let _held = silent.accept().unwrap();
    running.signal("TERM");
    let ended = running.wait().with_code(20);
    assert!(ended.err.contains("telling people was ended by"), "{}", ended.err);
}
