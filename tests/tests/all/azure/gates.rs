//! Whole gates of the binary over TLS: what happens in their middle.

use std::sync::atomic::{AtomicUsize, Ordering};

use runbook_gate_tests::azure::Answer;
use runbook_gate_tests::azure::service::{self, GROUP};
use serde_json::json;

use super::{AZ, Desk, Ended};

const DEPLOYED: &str = "2026-01-01T00:00:00Z";
/// What is asked for a time before this is asked by the watch, in seconds.
const A_DAY_LATER: i64 = 1_767_312_000;

/// Everything that a web app has, with its plan.
fn policy() -> String {
    format!(
        r#"version: 1
service: orders-api
presets:
  - application-insights: {{ resource: "{GROUP}/Microsoft.Insights/components/orders", role: orders-api, ingestion_delay: 2m }}
  - app-service: {{ resource: "{GROUP}/Microsoft.Web/serverfarms/orders" }}
gate:
  observe: 10m
  baseline: none
  rollback_when: ["error_rate > 5% for 5m", "latency_p95 > 1s for 5m"]
  verify: ["error_rate < 1%", "latency_p95 < 500ms", "cpu_saturation < 90%"]
  require: [correlation_ids, traces]
"#
    )
}

fn verify(desk: &Desk) -> Ended {
    desk.run(&["verify", "--deployed-at", DEPLOYED, "--report-dir", "out", "--format", "json"])
}

#[test]
fn a_good_release_proceeds_and_a_bad_one_is_rolled_back() {
    let good = Desk::new(&policy(), service::well);
    assert_eq!(verify(&good).with_code(0).json()["decision"], "proceed");
    assert!(good.double.refusals().is_empty(), "{:?}", good.double.refusals());
    let bad = Desk::new(&policy(), |call| service::answer(call, |at| at >= 1_767_225_600));
    assert_eq!(verify(&bad).with_code(20).json()["criterion"], "error_rate > 5% for 5m");
}

#[test]
fn a_token_that_has_ended_when_the_watch_begins_is_renewed_and_nothing_is_lost() {
    static REFUSED: AtomicUsize = AtomicUsize::new(0);
    let desk = Desk::new(&policy(), |call| {
        let watched = service::asked_from(call).is_some_and(|from| from < A_DAY_LATER);
        if call.path.ends_with("/metrics") && watched && REFUSED.fetch_add(1, Ordering::SeqCst) == 0 {
            return Answer::error(
                401,
                "ExpiredAuthenticationToken",
                "The access token expiry is earlier than current time.",
            );
        }
        service::well(call)
    });
    assert_eq!(verify(&desk).with_code(0).json()["decision"], "proceed");
    assert!(REFUSED.load(Ordering::SeqCst) > 1, "it was refused once, and asked again");
    assert!(!desk.gate.read("out/journal.ndjson").contains("\"absent\""));
    let asked = desk.gate.read("bin/az.calls");
    let management = asked.lines().filter(|scope| scope.contains("management.azure.com")).count();
    assert_eq!(management, 2, "one token at the start and one renewal: {asked}");
}

#[test]
fn a_machine_whose_clock_is_wrong_reads_on_and_asks_for_no_storm_of_tokens() {
    // By this machine's clock every token has ended long ago.
    let mut desk = Desk::new(&policy(), service::well);
    desk.gate = desk.gate.with_file("bin/az", &AZ.replace("4102444800", "1000000000"));
    assert_eq!(verify(&desk).with_code(0).json()["decision"], "proceed");
    let tokens = desk.gate.read("bin/az.calls").lines().count();
    assert!(tokens <= 60, "{tokens} tokens");
}

#[test]
fn new_errors_lead_to_the_portal() {
    let desk = Desk::new(&policy(), |call| match call.field("query").contains("before == 0") {
        true => service::table(
            &["pattern", "before", "after", "first", "message"],
            vec![json!(["NullReferenceException at Checkout", 0, 12, "2026-01-01T00:02:00Z", "not set"])],
        ),
        false => service::well(call),
    });
    verify(&desk);
    let journal = desk.gate.read("out/journal.ndjson");
    let link = format!(
        "new errors are at https://portal.azure.com/#resource{GROUP}/Microsoft.Insights/components/orders/failures\""
    );
    assert!(journal.contains(&link), "{link} in {journal}");
    assert!(journal.contains(
        "new error `NullReferenceException at Checkout`, 12 times since 2026-01-01T00:02:00Z: not set"
    ));
}

#[test]
fn required_telemetry_that_is_missing_is_said_before_the_deployment() {
    let ready = Desk::new(&policy(), service::well);
    let json = ready.run(&["telemetry", "--format", "json"]).with_code(0).json();
    assert_eq!(
        json["telemetry"]["blind"],
        json!(["health"]),
        "everything but the probe that this policy has not"
    );
    // Spans have stopped, and few items carry an operation id.
    let poor = Desk::new(&policy(), |call| {
        let query = call.field("query");
        let mut answer = service::well(call);
        if query.contains("carrying") {
            answer.body = answer.body.replace("990", "400");
        } else if query.starts_with("union AppRequests, AppDependencies\n") {
            answer.body = answer.body.replace("900", "0");
        }
        answer
    });
    let ended = poor.run(&["telemetry", "--deny-blind"]).with_code(10);
    for part in [
        "TOO LITTLE",
        "only 40% of the telemetry carries an operation id",
        "no spans come",
        "A gate would be blind on: health, correlation_ids, traces",
    ] {
        assert!(ended.out.contains(part), "{part} in {}", ended.out);
    }
}
