//! The commands that read no source.

use runbook_gate_tests::binary::Gate;

const MINIMAL: &str = "version: 1\nservice: orders\nprobe: { url: \"https://orders.example.com\" }\n";

#[test]
fn version_and_help_are_answers() {
    let gate = Gate::default();
    assert_eq!(
        gate.run(&["--version"]).with_code(0).out,
        format!("runbook-gate {}\n", env!("CARGO_PKG_VERSION"))
    );
    let help = gate.run(&["--help"]).with_code(0).out;
    for command in [
        "init",
        "validate",
        "schema",
        "telemetry",
        "baseline",
        "verify",
        "replay",
        "report",
        "explain",
        "completions",
    ] {
        assert!(help.contains(&format!("  {command} ")), "{command} in {help}");
    }
    assert!(help.contains("Exit codes: 0 proceed, 10 hold, 20 rollback"), "{help}");
}

#[test]
fn init_writes_a_policy_that_is_valid_and_never_replaces_one() {
    let gate = Gate::default();
    let out = gate.run(&["init", "--service", "orders-api"]).with_code(0).out;
    assert!(out.contains("Wrote runbook.yml.") && out.contains("runbook-gate verify"), "{out}");
    gate.run(&["validate"]).with_code(0);
    let written = gate.read("runbook.yml");
    assert!(written.contains("service: \"orders-api\""), "{written}");
    assert!(written.contains("# yaml-language-server: $schema="), "{written}");

    let again = gate.run(&["init", "--service", "other"]).with_code(2);
    assert!(
        again.err.contains("runbook.yml exists already") && again.err.contains("--force"),
        "{}",
        again.err
    );
    assert_eq!(gate.read("runbook.yml"), written);
    gate.run(&["init", "--service", "other", "--force"]).with_code(0);
    assert!(gate.read("runbook.yml").contains("service: \"other\""));
}

#[test]
fn validate_says_that_a_policy_is_valid() {
    let gate = Gate::default().with_file("runbook.yml", MINIMAL);
    let ended = gate.run(&["validate"]).with_code(0);
    assert!(ended.out.starts_with("runbook.yml is valid"), "{}", ended.out);
    let json = gate.run(&["validate", "--format", "json"]).with_code(0).json();
    assert_eq!((&json["valid"], &json["environments"][0]), (&true.into(), &"production".into()));
}

#[test]
fn validate_shows_every_mistake_with_its_place() {
    let broken =
        "version: 1\nservise: orders\nprobe: { url: \"https://orders.example.com\" }\ngate:\n  observe: 15\n";
    let gate = Gate::default().with_file("my.yml", broken);
    let ended = gate.run(&["validate", "--policy", "my.yml"]).with_code(2);
    assert_eq!(ended.out, "");
    for words in ["my.yml:2:1", "did you mean `service`?", "my.yml:5:12", "`15` has no unit"] {
        assert!(ended.err.contains(words), "{words} in {}", ended.err);
    }
    let json = gate.run(&["validate", "--policy", "my.yml", "--format", "json"]).with_code(2).json();
    assert_eq!(json["decision"], "error");
    assert!(json["diagnostics"].as_array().unwrap().iter().any(|found| found["line"] == 2), "{json}");
}

#[test]
fn the_reason_of_an_invalid_policy_is_its_error_and_no_warning_before_it() {
    let text = "version: 1\nservice: orders\nprobe: { url: \"https://orders.example.com\" }\ngate:\n  \
                rollback_when: [\"health failing\", \"health failling for 2m\"]\n";
    let gate = Gate::default().with_file("runbook.yml", text);
    let json = gate.run(&["validate", "--format", "json"]).with_code(2).json();
    let found = json["diagnostics"].as_array().unwrap();
    assert_eq!(found[0]["severity"], "warning", "the warning comes first: {json}");
    let error = found.iter().find(|found| found["severity"] == "error").unwrap();
    let reason = format!("the policy is not valid: {}", error["message"].as_str().unwrap());
    assert_eq!(json["reason"], reason);
}

#[test]
fn history_needs_no_variable_and_marks_what_was_only_advised() {
    let policy = "version: 1\nservice: orders\nprobe: { url: \"https://${RELEASE}.example.com\" }\n\
                  rollback: { notify: [{ teams: { url: \"${HOOK}\" } }] }\n\
                  environments: { test: { enforcement: advise }, production: {} }\n";
    let record = |enforcement: &str, environment: &str| {
        serde_json::json!({
            "kind": "verdict", "version": 1, "service": "orders", "environment": environment, "profile": "deployment",
            "decision": "rollback", "enforcement": enforcement, "reason": "it failed", "criterion": null,
            "release": { "version": "1.4.0", "commit": "", "run": null }, "judged_in": null,
            "started_at": "2026-01-01T00:00:00Z", "onset": null, "decided_at": "2026-01-01T00:02:00Z",
            "policy_sha256": "", "pre_existing": [],
        })
    };
    let lines = format!("{}\n{}\n", record("advise", "test"), record("enforce", "production"));
    let gate = Gate::default().with_file("runbook.yml", policy).with_file("h.ndjson", &lines);
    let listed = |environment: &str| {
        gate.run(&["history", "--history", "h.ndjson", "--environment", environment]).with_code(0).out
    };
    assert!(listed("test").contains("1.4.0, after 2m, only advised: it failed"), "{}", listed("test"));
    assert!(listed("production").contains("1.4.0, after 2m: it failed"), "{}", listed("production"));
    let missing = gate.run(&["history", "--history", "h.ndjson", "--environment", "tset"]).with_code(2);
    assert!(missing.err.contains("did you mean `test`?"), "{}", missing.err);
    let named = gate.run(&["history", "--history", "nope.ndjson", "--environment", "test"]).with_code(2);
    assert!(named.err.contains("--history nope.ndjson: there is no such file"), "{}", named.err);
}

#[test]
fn warnings_are_said_and_can_be_denied() {
    let doubtful = format!("{MINIMAL}gate: {{ observe: 1m, rollback_when: [\"health failing for 5m\"] }}\n");
    let gate = Gate::default().with_file("runbook.yml", &doubtful);
    let ended = gate.run(&["validate"]).with_code(0);
    assert!(ended.err.contains("warning") && ended.out.contains("warning"), "{} {}", ended.err, ended.out);
    gate.run(&["validate", "--deny-warnings"]).with_code(2);
}

#[test]
fn validate_says_of_every_environment_which_variables_it_may_not_use() {
    let of = |environments: &str| {
        let policy = format!(
            "version: 1\nservice: orders\n{environments}probe: {{ url: \"https://${{HOST}}/${{BUILD_BUILDNUMBER}}\" }}\n"
        );
        Gate::default().with_file("runbook.yml", &policy)
    };
    let two = "environments: { test: { vars: { HOST: test.example.com } }, production: {} }\n";
    for environments in ["", "environments: { staging: {} }\n", two] {
        let gate = of(environments);
        let refused = gate.run(&["validate"]).with_code(2);
        assert!(refused.err.contains("a policy may not use the variable `HOST`"), "{}", refused.err);
        assert!(!refused.err.contains("BUILD_BUILDNUMBER` has no value"), "{}", refused.err);
        // What may be used need not have its value on a desk.
        gate.run(&["validate", "--allow-var", "HOST"]).with_code(0);
        gate.run(&["validate", "--var", "HOST=orders.example.com"]).with_code(0);
    }
    let own = "environments: { test: { vars: { HOST: test.example.com } } }\n";
    of(own).run(&["validate"]).with_code(0);
}

#[test]
fn the_help_for_a_secret_header_names_the_option_that_lets_a_secret_in() {
    let policy = "version: 1\nservice: orders\nprobe:\n  url: https://orders.example.com\n  headers: { X-Api-Key: { secret: \"${TOKEN}\" } }\n";
    let gate = Gate::default().with_file("runbook.yml", policy);
    let refused = gate.run(&["validate"]).with_code(2);
    assert!(refused.err.contains("`--secret-var` on a desk"), "{}", refused.err);
    assert!(!refused.err.contains("--allow-var"), "{}", refused.err);
    gate.run(&["validate", "--secret-var", "TOKEN"]).with_code(0);
}

#[test]
fn validate_expands_the_variables_of_a_named_environment() {
    let policy =
        "version: 1\nservice: orders\nenvironments: { staging: {} }\nprobe: { url: \"https://${HOST}\" }\n";
    let gate = Gate::default().with_file("runbook.yml", policy).with_variable("HOST", "orders.example.com");
    let refused = gate.run(&["validate", "--environment", "staging"]).with_code(2);
    assert!(refused.err.contains("HOST"), "{}", refused.err);
    gate.run(&["validate", "--environment", "staging", "--allow-var", "HOST"]).with_code(0);
    gate.run(&["validate", "--environment", "staging", "--var", "HOST=other.example.com"]).with_code(0);
    let unset = gate.run(&["validate", "--environment", "staging", "--allow-var", "HOME"]).with_code(2);
    assert!(unset.err.contains("HOST"), "{}", unset.err);
}

#[test]
fn schema_is_json() {
    let json = Gate::default().run(&["schema"]).with_code(0).json();
    assert_eq!(json["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn explain_knows_every_code_and_lists_them() {
    let gate = Gate::default();
    assert!(gate.run(&["explain", "unknown-key"]).with_code(0).out.contains("key"));
    let list = gate.run(&["explain"]).with_code(0).out;
    assert!(list.contains("error   unknown-key") && list.contains("warning watch-too-short"), "{list}");
    let unknown = gate.run(&["explain", "unknown-kee"]).with_code(2);
    assert!(unknown.err.contains("unknown-key"), "{}", unknown.err);
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = Gate::default().run(&["completions", shell]).with_code(0).out;
        assert!(script.contains("verify") && script.contains("deployed-at"), "{shell}");
    }
}

const JOURNAL: &str = r#"{"kind":"start","version":1,"t":"2026-01-01T00:00:00Z","environment":"production","policy_sha256":""}
{"kind":"sample","t":"2026-01-01T00:00:15Z","signal":"smoke","value":1}
{"kind":"sample","t":"2026-01-01T00:00:30Z","signal":"smoke","value":0}
{"kind":"end","t":"2026-01-01T00:16:00Z"}
"#;
const SMOKE: &str = "version: 1
service: orders
signals: { smoke: { command: { run: [\"true\"], every: 15s } } }
gate: { warmup: 0s, observe: 15m, rollback_when: [smoke failing], verify: [smoke passing] }
";

#[test]
fn replay_decides_again_and_writes_reports() {
    let gate = Gate::default().with_file("runbook.yml", SMOKE).with_file("gate.ndjson", JOURNAL);
    let json = gate.run(&["replay", "--journal", "gate.ndjson", "--format", "json"]).with_code(20).json();
    assert_eq!(json["decision"], "rollback");
    assert_eq!(json["decided_at"], "2026-01-01T00:00:30Z");
    assert_eq!(json["criterion"], "smoke failing");
    let arguments = ["replay", "--journal", "gate.ndjson", "--report-dir", "out", "--junit"];
    let human = gate.run(&arguments).with_code(20);
    assert!(human.out.starts_with("ROLLBACK"), "{}", human.out);
    assert_eq!(gate.files("out"), ["junit.xml", "report.html", "report.json", "report.md"]);
}

#[test]
fn reports_are_made_again_beside_the_journal_or_where_asked_for() {
    let gate = Gate::default().with_file("runbook.yml", SMOKE).with_file("out/gate.ndjson", JOURNAL);
    let ended = gate.run(&["report", "out/gate.ndjson"]).with_code(0);
    assert!(ended.err.contains("rollback: the reports are in out"), "{}", ended.err);
    assert_eq!(gate.files("out"), ["gate.ndjson", "report.html", "report.json", "report.md"]);
    gate.run(&["report", "out/gate.ndjson", "--report-dir", "b", "--junit"]).with_code(0);
    assert_eq!(gate.files("b"), ["junit.xml", "report.html", "report.json", "report.md"]);
    assert_eq!(gate.read("b/report.html"), gate.read("out/report.html"));
    let missing = gate.run(&["report", "none.ndjson"]).with_code(2);
    assert!(missing.err.contains("cannot read the journal none.ndjson"), "{}", missing.err);
}

#[test]
fn an_advised_decision_ends_with_0_and_says_so() {
    let policy = format!("{SMOKE}environments: {{ production: {{ enforcement: advise }} }}\n");
    let gate = Gate::default().with_file("runbook.yml", &policy).with_file("gate.ndjson", JOURNAL);
    let ended = gate.run(&["replay", "--journal", "gate.ndjson"]).with_code(0);
    assert!(ended.out.contains("ROLLBACK") && ended.out.contains("advise"), "{}", ended.out);
}

#[test]
fn a_torn_last_line_is_said_and_ignored() {
    let torn = &JOURNAL[..JOURNAL.len() - 12];
    let gate = Gate::default().with_file("runbook.yml", SMOKE).with_file("gate.ndjson", torn);
    let ended = gate.run(&["replay", "--journal", "gate.ndjson"]).with_code(20);
    assert!(ended.err.contains("was cut after"), "{}", ended.err);
}

#[test]
fn a_journal_of_another_policy_is_said() {
    let journal = JOURNAL.replace("\"policy_sha256\":\"\"", "\"policy_sha256\":\"00ff\"");
    let gate = Gate::default().with_file("runbook.yml", SMOKE).with_file("gate.ndjson", &journal);
    let ended = gate.run(&["replay", "--journal", "gate.ndjson"]).with_code(20);
    assert!(ended.err.contains("not the policy that this journal was written with"), "{}", ended.err);
}
