//! Each item in each status that it can have, through the binary: one deployment in order, one with nothing of what is asked,
//! one that nobody may look at, one to an environment that the items do not concern, and one that is let pass.

use std::sync::OnceLock;
use std::thread;

use runbook_gate_tests::binary::Ended;
use runbook_gate_tests::devops::scene::{RUN, Scene, item};
use runbook_gate_tests::devops::{Fault, State};
use runbook_gate_tests::server::{Answer, Server};

/// The runbook's items, and one of the team's own.
const ITEMS: [&str; 14] = [
    "tests-passing",
    "decisions-linked",
    "artifacts-stored",
    "backups-taken",
    "config-reviewed",
    "change-communicated",
    "rollback-plan",
    "migrations-reviewed",
    "infrastructure-reviewed",
    "pipeline-green",
    "version-confirmed",
    "telemetry-ready",
    "policy-reviewed",
    "ledger-closed",
];

/// A deployment, judged.
type Deployed = fn() -> Ended;

/// Which deployment shows a status.
const SHOWN: [(&str, Deployed); 5] = [
    ("satisfied", in_order),
    ("unsatisfied", without_anything),
    ("not-applicable", elsewhere),
    ("waived", let_pass),
    ("unknown", unseen),
];

/// Statuses that an item cannot have here, and why.
const NEVER: [(&str, &str, &str); 4] = [
    (
        "version-confirmed",
        "satisfied",
        "what serves is known only after the deployment: `verify` confirms it",
    ),
    ("version-confirmed", "unsatisfied", "likewise: a version that does not serve holds `verify`"),
    ("version-confirmed", "unknown", "likewise"),
    ("version-confirmed", "waived", "it holds nothing here, so there is nothing to except"),
];

const SIGNALS: &str = "signals:
  request_rate: { http-json: { url: URL, value: /rate, every: 1s } }
  error_rate: { http-json: { url: URL, bad: /bad, total: /all, every: 1s } }
  latency_p50: { http-json: { url: URL, value: /time, every: 1s } }
  latency_p95: { http-json: { url: URL, value: /time, every: 1s } }
  latency_p99: { http-json: { url: URL, value: /time, every: 1s } }
";

/// The policy, with what its telemetry is read from.
fn policy(url: &str, signals: &str) -> String {
    format!(
        "version: 1
service: orders
owners: [Release Managers]
environments: {{ live: {{}}, elsewhere: {{}} }}
probe: {{ url: \"{url}\", every: 1s }}
{}checklist:
  tests-passing: {{ environments: [live] }}
  decisions-linked: {{ environments: [live] }}
  artifacts-stored: {{ environments: [live], evidence: [{{ artifact: drop }}] }}
  backups-taken: {{ environments: [live], evidence: [{{ attested: {{ second_person: true }} }}] }}
  config-reviewed: {{ environments: [live], evidence: [approval] }}
  change-communicated: {{ environments: [live], evidence: [{{ work-item: {{ type: Change, state: Approved }} }}] }}
  rollback-plan: {{ environments: [live], evidence: [attested] }}
  migrations-reviewed: {{ environments: [live] }}
  infrastructure-reviewed: {{ environments: [live] }}
  pipeline-green: {{ environments: [live] }}
  telemetry-ready: {{ environments: [live] }}
  policy-reviewed: {{ environments: [live] }}
  ledger-closed: {{ title: The ledger is closed, environments: [live], evidence: [attested] }}
",
        signals.replace("URL", &format!("\"{url}\""))
    )
}

const RECORD: &str = "---\nstatus: accepted\n---\n# Add it\n\n## Rollback\n\nRun the down script, restart the service, \
and compare the row counts of both tables with the numbers that were noted before the deployment began.\n";

/// A deployment that changes everything that an item may concern, all of it in order.
fn deployment(signals: &str) -> (Scene, Server) {
    let telemetry = Server::start(|_| {
        Answer::json(200, &serde_json::json!({ "rate": 12, "bad": 0, "all": 100, "time": 0.1 }))
    });
    let mut scene = Scene::in_order();
    scene.merge("docs/adr/0002-add-it.md", RECORD);
    scene.merge("infra/main.tf", "resource");
    scene.merge("runbook.yml", &policy(&telemetry.url(), signals));
    let number = scene.merge("db/migrations/1.sql", "ALTER TABLE a ADD b int;");
    let text = "ADR: 2\n\n- [x] rollback-plan: run the down script\n- [x] ledger-closed: by the batch of last night\n";
    scene.fake.state().pull_requests.get_mut(&number).unwrap().description = Some(text.into());
    (scene, telemetry)
}

fn in_order() -> Ended {
    let (scene, _telemetry) = deployment(SIGNALS);
    scene.judge(&[]).with_code(0)
}

/// Nothing is there of what is asked for.
fn nothing(state: &mut State) {
    for request in state.pull_requests.values_mut() {
        request.description = None;
        request.reviewers.clear();
        request.threads.clear();
        request.work_items.clear();
    }
    let run = state.builds.get_mut(&RUN).unwrap();
    run.tests.clear();
    run.artifacts.clear();
    run.stages[0].result = Some("failed".into());
}

fn without_anything() -> Ended {
    let (scene, _telemetry) = deployment("");
    nothing(&mut scene.fake.state());
    scene.judge(&[]).with_code(10)
}

fn elsewhere() -> Ended {
    let (scene, _telemetry) = deployment(SIGNALS);
    scene.gate.run(&["checklist", "--format", "json", "--environment", "elsewhere"]).with_code(0)
}

fn let_pass() -> Ended {
    let (scene, _telemetry) = deployment("");
    nothing(&mut scene.fake.state());
    let waivers = ITEMS.map(|id| format!("{id}=the cluster moves"));
    let waivers: Vec<&str> = waivers.iter().flat_map(|waiver| ["--waive", waiver.as_str()]).collect();
    scene.judge(&waivers).with_code(0)
}

fn unseen() -> Ended {
    // A command may not run here, so none of the sources is looked at.
    let telemetry = format!("{SIGNALS}  smoke: {{ command: {{ run: [tests/smoke] }} }}\n");
    let (scene, _telemetry) = deployment(&telemetry);
    for line in ["/git/", "/wit/", "/test", "/artifacts", "/timeline"] {
        scene.fake.state().faults.push(Fault::error(line, 403, "AccessDeniedException", "TF400813: denied"));
    }
    scene.judge(&[]).with_code(10)
}

/// What a report has to say of an item in a status.
fn is_explained(status: &str, item: &serde_json::Value) -> bool {
    let filled = |key: &str| item[key].as_array().is_some_and(|list| !list.is_empty());
    let because = item["because"].as_str().is_some_and(|because| !because.is_empty());
    because
        && match status {
            "satisfied" => filled("evidence"),
            "unsatisfied" | "unknown" => {
                filled("needs")
                    && item["needs"].as_array().into_iter().flatten().all(|need| {
                        ["what", "who", "how"]
                            .iter()
                            .all(|key| need[key].as_str().is_some_and(|it| !it.is_empty()))
                    })
            }
            "waived" => {
                item["waivers"][0]["standing"] == "counts" && item.to_string().contains("without the waiver")
            }
            _ => true,
        }
}

#[test]
fn every_item_has_every_status_that_it_can_have() {
    let ended: [OnceLock<Ended>; 5] = Default::default();
    thread::scope(|scope| {
        for ((_, deploy), slot) in SHOWN.iter().zip(&ended) {
            scope.spawn(move || slot.set(deploy()).expect("once"));
        }
    });
    let mut wrong = Vec::new();
    for id in ITEMS {
        for ((status, _), ended) in SHOWN.iter().zip(&ended) {
            let item = item(ended.get().expect("it was judged"), id);
            let never = NEVER.iter().any(|(item, other, _)| *item == id && other == status);
            let has = item["status"] == *status;
            if has == never || (has && !is_explained(status, &item)) {
                wrong.push(format!("{id} {status}: {item:#}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
