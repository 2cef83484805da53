//! `verify --profile rollback` on a real service: a bad release, what was deployed again, and whether that was enough.

use runbook_gate_tests::binary::{Ended, Gate};
use runbook_gate_tests::service::{Behaviour, Service};

use super::quick;

/// A service whose bad release was rolled back: the failed gate's files are in `failed`, and the service still is bad.
struct Rolled {
    service: Service,
    gate: Gate,
}

impl Rolled {
    fn back() -> Self {
        let service = Service::start(Behaviour::default());
        let policy = quick(&service).replace("baseline: none", "baseline: { recorded: baseline.json }");
        let gate = Gate::default().with_file("runbook.yml", &policy);
        gate.run(&["baseline", "--for", "2s"]).with_code(0);
        service.behave(|behaviour| behaviour.error_ratio = 0.4);
        gate.run(&["verify", "--report-dir", "failed", "--release-version", "1.4.0"]).with_code(20);
        std::fs::remove_file(gate.path("baseline.json")).unwrap();
        Self { service, gate }
    }

    /// The service with the old version, which is well.
    fn well(self) -> Self {
        self.service.behave(|behaviour| behaviour.error_ratio = 0.0);
        self
    }

    fn verify(&self, more: &[&str]) -> Ended {
        self.gate.run(&[&["verify", "--profile", "rollback", "--report-dir", "out"], more].concat())
    }

    fn json(&self, file: &str) -> serde_json::Value {
        serde_json::from_str(&self.gate.read(file)).unwrap()
    }
}

/// What was printed, on one line.
fn flat(ended: &Ended) -> String {
    ended.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_service_that_is_as_before_has_recovered_and_its_journal_says_what_it_is() {
    let rolled = Rolled::back().well();
    let began = rolled.json("failed/verdict.json")["decided_at"].as_str().unwrap().to_owned();
    let ended = rolled
        .verify(&[
            "--failed-gate",
            "failed",
            "--release-version",
            "1.3.0",
            "--rollback-started",
            &began,
            "--junit",
            "--history",
            "history.ndjson",
        ])
        .with_code(0);
    assert!(ended.out.starts_with("RECOVERED  orders 1.3.0 in production"), "{}", ended.out);
    for words in
        ["error_rate <= 1x baseline", "Time to detect: ", "Time to restore: ", "1.4.0 was rolled back: "]
    {
        assert!(flat(&ended).contains(words), "{words} in {}", ended.out);
    }
    assert!(!ended.out.contains("Rollback criteria"), "{}", ended.out);
    let report = rolled.json("out/report.json");
    assert_eq!((&report["decision"], &report["recovery"]["recovered"]), (&"proceed".into(), &true.into()));
    assert_eq!(report["recovery"]["redeployed"], "1.3.0");
    assert!(report["recovery"]["time_to_restore"].as_f64() > report["recovery"]["time_to_detect"].as_f64());
    assert!(rolled.gate.read("out/report.html").contains("Recovered"));
    assert!(rolled.gate.read("out/report.md").starts_with("## ✅ Recovered: orders 1.3.0 in production"));
    assert!(rolled.gate.read("out/junit.xml").contains("the service has recovered"));
    let verdict = rolled.json("out/verdict.json");
    assert_eq!((&verdict["profile"], &verdict["release"]["version"]), (&"rollback".into(), &"1.3.0".into()));
    assert_eq!(verdict["release"]["commit"], "", "what is checked out is not what was deployed again");
    let listed = rolled.gate.run(&["history", "--history", "history.ndjson"]).with_code(0);
    assert!(listed.out.contains("recovered      1.3.0"), "{}", listed.out);

    // Nothing but the journal says that it was a recovery.
    let live =
        ["report.html", "report.md", "report.json"].map(|name| rolled.gate.read(&format!("out/{name}")));
    rolled.gate.run(&["report", "out/journal.ndjson"]).with_code(0);
    let again =
        ["report.html", "report.md", "report.json"].map(|name| rolled.gate.read(&format!("out/{name}")));
    assert!(live == again, "the reports of the journal are those of the gate, to the byte");
    let replayed =
        rolled.gate.run(&["replay", "--journal", "out/journal.ndjson", "--format", "json"]).with_code(0);
    assert_eq!(replayed.out, live[2]);
}

#[test]
fn a_service_that_is_still_bad_has_not_recovered_and_nothing_is_rolled_back_again() {
    let rolled = Rolled::back();
    let ended = rolled.verify(&["--failed-gate", "failed/verdict.json"]).with_code(10);
    assert!(ended.out.starts_with("NOT RECOVERED  orders in production"), "{}", ended.out);
    assert!(flat(&ended).contains("Still wrong: `error_rate < 1%`"), "{}", ended.out);
    assert!(ended.out.contains("Time to restore: it is not over."), "{}", ended.out);
    let report = rolled.json("out/report.json");
    assert_eq!((&report["decision"], &report["recovery"]["recovered"]), (&"hold".into(), &false.into()));
}

#[test]
fn without_the_failed_gate_nobody_knows_what_was_normal() {
    let rolled = Rolled::back().well();
    let ended = rolled.verify(&[]).with_code(10);
    assert!(ended.err.contains("--failed-gate names no gate"), "{}", ended.err);
    assert!(flat(&ended).contains("Not known: `error_rate <= 1x baseline`"), "{}", ended.out);
    assert!(ended.out.contains("No gate is known to have failed."), "{}", ended.out);
}

#[test]
fn a_gate_that_said_proceed_gives_its_baseline_and_no_incident() {
    let service = Service::start(Behaviour::default());
    let policy = quick(&service).replace("baseline: none", "baseline: { recorded: baseline.json }");
    let gate = Gate::default().with_file("runbook.yml", &policy);
    gate.run(&["baseline", "--for", "2s"]).with_code(0);
    gate.run(&["verify", "--report-dir", "passed", "--release-version", "1.4.0"]).with_code(0);
    for failed in ["passed", "passed/journal.ndjson"] {
        let arguments =
            ["verify", "--profile", "rollback", "--report-dir", "out", "--release-version", "1.3.0"];
        let ended = gate.run(&[&arguments[..], &["--failed-gate", failed]].concat()).with_code(0);
        assert!(
            ended.err.contains(&format!("--failed-gate {failed} names a gate that did not fail")),
            "{}",
            ended.err
        );
        let shown = flat(&ended);
        assert!(shown.starts_with("RECOVERED"), "{shown}");
        assert!(shown.contains("No gate is known to have failed. 1.3.0 was deployed again."), "{shown}");
        assert!(shown.contains("Time to detect: not known. Time to restore: not known."), "{shown}");
        assert!(!shown.contains("was rolled back") && !shown.contains("the gate decided"), "{shown}");
        let report: serde_json::Value = serde_json::from_str(&gate.read("out/report.json")).unwrap();
        assert_eq!(report["recovery"]["failed"], serde_json::Value::Null);
        assert_eq!(report["recovery"]["time_to_restore"], serde_json::Value::Null);
    }
}

#[test]
fn a_plan_says_which_version_has_to_serve_whatever_the_run_is_called() {
    let service = Service::start(Behaviour { version: "1.3.0".into(), ..Behaviour::default() });
    let version = "version: { path: /version, json: /version, equals: \"${BUILD_BUILDNUMBER}\" }";
    let policy = quick(&service).replace("timeout: 1s", &format!("timeout: 1s, {version}"));
    let plan = r#"{"version":1,"kind":"rollback-plan","target":{"release":{"run":12,"version":"1.3.0","commit":"1a2b3c4d"}}}"#;
    let gate = Gate::default()
        .with_file("runbook.yml", &policy)
        .with_file("rollback-plan.json", plan)
        .with_variable("BUILD_BUILDNUMBER", "1.4.0");
    let verify = |more: &[&str]| {
        gate.run(
            &[&["verify", "--profile", "rollback", "--serve-within", "1s", "--report-dir", "out"], more]
                .concat(),
        )
    };
    verify(&["--plan", "rollback-plan.json"]).with_code(10);
    let verdict: serde_json::Value = serde_json::from_str(&gate.read("out/verdict.json")).unwrap();
    assert_eq!(
        verdict["release"],
        serde_json::json!({ "run": 12, "version": "1.3.0", "commit": "1a2b3c4d" })
    );
    assert!(!gate.read("out/journal.ndjson").contains("unserved"));
    let unsaid = verify(&[]).with_code(10);
    assert!(unsaid.err.contains("which is the bad release's: what serves is not checked"), "{}", unsaid.err);
    assert!(!gate.read("out/journal.ndjson").contains("unserved"));
    let other = verify(&["--release-version", "1.2.0"]).with_code(10);
    assert!(other.out.starts_with("NOT RECOVERED (NEVER SERVED)"), "{}", other.out);
}

#[test]
fn a_policy_that_waits_for_another_version_than_the_one_deployed_again_is_bad_input() {
    let service = Service::start(Behaviour { version: "1.4.0".into(), ..Behaviour::default() });
    let policy = |equals: &str| {
        let version = format!("version: {{ path: /version, json: /version, equals: \"{equals}\" }}");
        quick(&service).replace("timeout: 1s", &format!("timeout: 1s, {version}"))
    };
    let plan = r#"{"version":1,"kind":"rollback-plan","target":{"release":{"run":12,"version":"1.3.0","commit":"1a2b3c4d5e"}}}"#;
    let gate = Gate::default().with_file("rollback-plan.json", plan);
    let verify = |equals: &str, more: &[&str]| {
        std::fs::write(gate.path("runbook.yml"), policy(equals)).unwrap();
        gate.run(&[&["verify", "--profile", "rollback", "--dry-run"], more].concat())
    };
    let plan = ["--plan", "rollback-plan.json"];
    for (more, says) in [
        (
            &["--var", "RELEASE=1.4.0", plan[0], plan[1]][..],
            "waits for the version `1.4.0`, and the plan says that 1.3.0 (run 12, commit 1a2b3c4) was deployed again; give --var RELEASE=1.3.0",
        ),
        (
            &["--var", "RELEASE=1.4.0", "--release-version", "1.3.0"],
            "and --release-version says that 1.3.0 was deployed again; give --var RELEASE=1.3.0",
        ),
        (&["--var", "RELEASE=1a2b3c", plan[0], plan[1]], "waits for the version `1a2b3c`"),
        (&["--var", "RELEASE=1a2b3c4f", plan[0], plan[1]], "waits for the version `1a2b3c4f`"),
    ] {
        let ended = verify("${RELEASE}", more).with_code(2);
        assert!(ended.err.contains(says), "{more:?}: {}", ended.err);
    }
    let literal = verify("1.4.0", &plan).with_code(2);
    assert!(literal.err.contains("let `version.equals` in the policy be a variable"), "{}", literal.err);
    let given =
        verify("${BUILD_BUILDNUMBER}", &["--var", "BUILD_BUILDNUMBER=1.4.0", plan[0], plan[1]]).with_code(2);
    assert!(given.err.contains("give --var BUILD_BUILDNUMBER=1.3.0"), "{}", given.err);
    assert!(service.asked().is_empty(), "nothing was watched");

    for right in ["RELEASE=1.3.0", "RELEASE=1a2b3c4d5e", "RELEASE=1A2B3C4"] {
        verify("${RELEASE}", &["--var", right, plan[0], plan[1]]).with_code(0);
    }
    verify("orders-${BUILD_BUILDNUMBER}-b${BUILD_BUILDID}", &plan).with_code(0);
    verify("${RELEASE}", &["--var", "RELEASE=1.4.0", plan[0], plan[1], "--release-version", "1.4.0"])
        .with_code(0);
    verify("${RELEASE}", &["--var", "RELEASE=1.4.0"]).with_code(0);
}

#[test]
fn what_does_not_fit_together_is_bad_input_that_says_what_to_change() {
    let service = Service::start(Behaviour::default());
    let verdict = r#"{"kind":"verdict","version":1,"service":"orders","environment":"production","profile":"deployment","decision":"rollback","enforcement":"enforce","reason":"r","criterion":null,"release":{"run":null,"version":"1","commit":""},"judged_in":null,"started_at":null,"onset":null,"decided_at":"2026-01-01T00:00:00Z","policy_sha256":""}"#;
    let journal =
        "{\"kind\":\"start\",\"version\":1,\"t\":\"2026-01-01T00:00:00Z\",\"environment\":\"staging\"}\n";
    let gate = Gate::default()
        .with_file("runbook.yml", &quick(&service))
        .with_file("empty/x", "")
        .with_file("other/verdict.json", &verdict.replace("orders", "invoices"))
        .with_file("two/verdict.json", verdict)
        .with_file("two/journal.ndjson", &format!("{journal}{{\"kind\":\"decision\",\"t\":\"2026-01-01T00:09:00Z\",\"decision\":\"hold\",\"reason\":\"\"}}\n"))
        .with_file("staging.ndjson", journal)
        .with_file("no.ndjson", "{\"kind\":\"tick\",\"t\":\"2026-01-01T00:00:00Z\"}\n")
        .with_file("plan.json", "{\"kind\":\"rollback-plan\",\"version\":1,\"target\":null}");
    for (arguments, says) in [
        (&["--failed-gate", "empty"][..], "has neither verdict.json nor journal.ndjson"),
        (&["--failed-gate", "other"], "is of the service `invoices`"),
        (&["--failed-gate", "two"], "are not of one gate"),
        (&["--failed-gate", "staging.ndjson"], "is of the environment `staging`"),
        (&["--failed-gate", "no.ndjson"], "does not begin with a start line"),
        (&["--failed-gate", "none.ndjson"], "there is no such file"),
        (&["--failed-gate", "other", "--report-dir", "other"], "give another --report-dir"),
        (&["--plan", "plan.json"], "it names no version to go back to"),
        (&["--plan", "two/verdict.json"], "it is no rollback plan"),
    ] {
        let ended = gate.run(&[&["verify", "--profile", "rollback"], arguments].concat()).with_code(2);
        assert!(ended.err.contains(says), "{arguments:?}: {}", ended.err);
    }
    assert!(gate.path("other/verdict.json").exists(), "what the failed gate left is never removed");
    let alone = gate.run(&["verify", "--failed-gate", "two"]).with_code(2);
    assert!(alone.err.contains("add --profile rollback"), "{}", alone.err);
    assert!(service.asked().is_empty());
}

#[test]
fn a_dry_run_shows_what_a_recovery_is_judged_by() {
    let service = Service::start(Behaviour::default());
    let gate = Gate::default().with_file("runbook.yml", &quick(&service));
    let ended = gate.run(&["verify", "--profile", "rollback", "--dry-run"]).with_code(0);
    assert!(ended.out.contains("error_rate <= 1x baseline"), "{}", ended.out);
    assert!(!ended.out.contains("Rolls back when"), "{}", ended.out);
}
