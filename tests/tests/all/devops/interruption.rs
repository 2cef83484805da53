//! A checklist that is interrupted while it gathers: it ends soon, holds, and reports what it has.

use runbook_gate_tests::binary::Ended;
use runbook_gate_tests::devops::scene::{POLICY, Scene, item, status};

const REPORTED: [&str; 7] =
    ["checklist", "--format", "json", "--environment", "live", "--report-dir", "report"];

/// Interrupts a checklist once Azure DevOps was asked what it never answers.
fn interrupted(scene: &Scene, silent: &str, more: &[&str]) -> Ended {
    scene.fake.state().silent.push(silent.to_owned());
    let running = scene.gate.start(&[&REPORTED[..], more].concat());
    while !scene.fake.lines().iter().any(|line| line.contains(silent)) {
        std::thread::yield_now();
    }
    running.signal("TERM");
    running.wait()
}

#[test]
fn it_holds_with_a_partial_report_that_says_what_was_not_gathered() {
    let scene = Scene::in_order();
    let ended = interrupted(&scene, "/threads", &[]).with_code(10);
    assert!(ended.err.contains("cancelled by SIGINT or SIGTERM"), "{}", ended.err);
    assert_eq!(ended.json()["decision"], "hold");
    assert!(ended.json()["reason"].as_str().unwrap().starts_with("cancelled by SIGINT or SIGTERM; "));
    assert!(ended.json()["notes"].to_string().contains("interrupted by SIGINT or SIGTERM"), "{}", ended.out);
    for id in ["tests-passing", "artifacts-stored", "pipeline-green"] {
        assert_eq!(status(&ended, id), "satisfied", "{id} was gathered before");
    }
    for id in ["decisions-linked", "config-reviewed", "backups-taken"] {
        assert_eq!(status(&ended, id), "unknown", "{id}");
        let needs = item(&ended, id)["needs"].to_string();
        assert!(needs.contains("it was interrupted by SIGINT or SIGTERM"), "{id}: {needs}");
    }
    assert_eq!(scene.gate.files("report"), ["checklist.html", "checklist.json", "checklist.md"]);
    assert!(scene.gate.read("report/checklist.md").contains("interrupted by SIGINT or SIGTERM"));
}

#[test]
fn git_is_asked_all_the_same() {
    let scene = Scene::in_order();
    let policy = format!("{POLICY}# changed\n");
    let scene = Scene { gate: scene.gate.with_file("runbook.yml", &policy), fake: scene.fake };
    let ended = interrupted(&scene, "/artifacts", &["--since", "HEAD^"]).with_code(10);
    assert_eq!(status(&ended, "artifacts-stored"), "unknown");
    assert_eq!(status(&ended, "policy-reviewed"), "unsatisfied", "the policy here is not the committed one");
}

#[test]
fn an_advised_checklist_that_is_interrupted_holds_too_and_posts_nothing() {
    let mut scene = Scene::in_order();
    let policy = POLICY.replace("live: {}", "live: { enforcement: advise }");
    scene.fake.state().files.insert(("main".into(), "runbook.yml".into()), policy.clone());
    scene.gate = scene.gate.with_file("runbook.yml", &policy);
    let ended = interrupted(&scene, "/timeline", &["--post"]).with_code(10);
    assert!(ended.err.contains("is not posted"), "{}", ended.err);
    assert!(!scene.fake.lines().iter().any(|line| line.starts_with("POST") && line.contains("/statuses")));
}

#[test]
fn a_command_that_runs_is_ended() {
    let scene = Scene::in_order();
    let policy = POLICY.replace(
        "  rollback-plan: { evidence: [attested] }",
        "  rollback-plan: { evidence: [{ command: { run: [sh, -c, \"echo > begun; sleep 600\"], timeout: 10m } }] }",
    );
    let scene = Scene { gate: scene.gate.with_file("runbook.yml", &policy), fake: scene.fake };
    let running = scene.gate.start(&[&REPORTED[..], &["--allow-commands"]].concat());
    while !scene.gate.path("begun").exists() {
        std::thread::yield_now();
    }
    running.signal("TERM");
    let ended = running.wait().with_code(10);
    assert_eq!(status(&ended, "rollback-plan"), "unknown");
    let needs = item(&ended, "rollback-plan")["needs"].to_string();
    assert!(needs.contains("it was interrupted by"), "{needs}");
}

#[test]
fn a_command_is_not_waited_for_beyond_the_time_of_the_checklist() {
    let scene = Scene::in_order();
    let policy = POLICY.replace(
        "  rollback-plan: { evidence: [attested] }",
        "  rollback-plan: { evidence: [{ command: { run: [sleep, \"600\"], timeout: 10m } }] }",
    );
    let scene = Scene { gate: scene.gate.with_file("runbook.yml", &policy), fake: scene.fake };
    let ended = scene.judge(&["--allow-commands", "--timeout", "3s"]).with_code(10);
    assert_eq!(status(&ended, "rollback-plan"), "unknown");
    let needs = item(&ended, "rollback-plan")["needs"].to_string();
    assert!(needs.contains("--timeout"), "{needs}");
}

#[test]
fn a_service_that_never_answers_is_waited_for_no_longer_than_the_time_of_the_checklist() {
    let scene = Scene::in_order();
    scene.fake.state().silent.push("/threads".to_owned());
    let ended = scene.judge(&["--timeout", "2s"]).with_code(10);
    for id in ["tests-passing", "artifacts-stored", "pipeline-green"] {
        assert_eq!(status(&ended, id), "satisfied", "{id} was gathered before");
    }
    assert_eq!(status(&ended, "config-reviewed"), "unknown");
    assert!(!ended.json()["notes"].to_string().contains("interrupted"), "{}", ended.out);
}

#[test]
fn sources_of_telemetry_are_waited_for_no_longer_either() {
    let silent = runbook_gate_tests::server::Server::start(|_| {
        loop {
            std::thread::park();
        }
    });
    let signals = ["request_rate", "error_rate", "latency_p50", "latency_p95", "latency_p99"].map(|name| {
        format!(
            "  {name}: {{ http-json: {{ url: \"{}\", value: /v, timeout: 50s, every: 60s }} }}\n",
            silent.url()
        )
    });
    let policy =
        format!("{POLICY}  telemetry-ready: {{ environments: [live] }}\nsignals:\n{}", signals.concat());
    let scene = Scene::in_order();
    let scene = Scene { gate: scene.gate.with_file("runbook.yml", &policy), fake: scene.fake };
    let ended = scene.judge(&["--timeout", "20s"]).with_code(10);
    let found = item(&ended, "telemetry-ready");
    assert_eq!(found["status"], "unknown", "{found}");
    assert!(
        found["because"].as_str().unwrap().contains("within half of the time of the checklist (20s in all)"),
        "{found}"
    );
    // The other half is everything else's.
    for id in ["tests-passing", "decisions-linked", "config-reviewed", "artifacts-stored", "pipeline-green"] {
        assert_eq!(status(&ended, id), "satisfied", "{id}: {}", item(&ended, id));
    }
}
