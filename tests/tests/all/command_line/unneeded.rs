//! Commands at a desk, which has neither the pipeline's variables nor its secrets: each asks for what it uses, and for nothing else.

use runbook_gate_tests::binary::Gate;
use runbook_gate_tests::repository::commit;
use runbook_gate_tests::service::{Behaviour, Service};

/// Webhooks, a ticket's area, an image and a backup's address hang on variables that a desk does not have.
fn policy(url: &str) -> String {
    format!(
        "version: 1
service: orders
environments: {{ production: {{}} }}
checklist:
  artifacts-stored: {{ evidence: [{{ image: \"127.0.0.1:9/orders:1\" }}] }}
  backups-taken: {{ evidence: [{{ http-json: {{ url: \"https://${{BACKUPS}}\", value: /age, expect: \"< 24\" }} }}] }}
probe: {{ url: \"{url}\", timeout: 1s }}
gate:
  warmup: 0s
  observe: 500ms
  interval: 250ms
  baseline: none
  rollback_when: [\"health failing for 500ms\"]
  verify: [\"health passing\"]
rollback:
  notify: [{{ teams: {{ url: \"${{TEAMS_WEBHOOK}}\" }} }}, {{ slack: {{ url: \"${{SLACK_WEBHOOK}}\" }} }}]
  ticket: {{ type: Bug, area: \"${{AREA}}\" }}
"
    )
}

#[test]
fn a_watch_its_reports_and_its_plan_need_no_address_of_a_channel() {
    let service = Service::start(Behaviour::default());
    let gate = Gate::default().with_file("runbook.yml", &policy(&service.url()));
    commit(&gate, "Release");
    let _ = gate.run(&["verify", "--dry-run"]).with_code(0);
    let _ = gate.run(&["telemetry"]).with_code(0);
    let _ = gate.run(&["verify", "--report-dir", "out", "--history", "history.ndjson"]).with_code(0);
    let _ = gate.run(&["report", "out/journal.ndjson", "--report-dir", "again"]).with_code(0);
    let _ = gate.run(&["replay", "--journal", "out/journal.ndjson"]).with_code(0);
    let ended = gate.run(&["rollback", "plan", "--history", "history.ndjson"]).with_code(10);
    assert!(ended.out.contains("it is what is deployed now"), "{}", ended.out);
}

#[test]
fn a_journal_is_judged_without_the_addresses_that_its_gate_asked() {
    let service = Service::start(Behaviour::default());
    let gate = Gate::default().with_file("runbook.yml", &policy("${SERVICE}"));
    let given = format!("SERVICE={}", service.url());
    let _ = gate.run(&["verify", "--report-dir", "out", "--var", &given]).with_code(0);
    let replayed = gate.run(&["replay", "--journal", "out/journal.ndjson", "--format", "json"]).with_code(0);
    assert_eq!(replayed.json()["decision"], "proceed");
}

#[test]
fn what_is_used_is_asked_for_with_its_name() {
    let service = Service::start(Behaviour::default());
    let gate = Gate::default().with_file("runbook.yml", &policy(&service.url()));
    for (command, variable) in [
        (&["verify", "--announce"][..], "TEAMS_WEBHOOK"),
        (&["rollback", "announce", "--dry-run"], "SLACK_WEBHOOK"),
        (&["rollback", "ticket", "--failed-gate", "out"], "AREA"),
        (&["checklist"], "BACKUPS"),
    ] {
        let ended = gate.run(command).with_code(2);
        assert!(ended.err.contains(&format!("`{variable}`")), "{command:?}: {}", ended.err);
    }
}
