//! The binary on Azure: mistakes end it with 2 before it watches anything, with what to change.

use runbook_gate_tests::azure::{Answer, Azure, Call, authority};
use runbook_gate_tests::binary::{Ended, Gate};
use serde_json::json;

const ID: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/orders/providers/Microsoft.Web/serverfarms/orders";

/// The Azure CLI, as far as the gate uses it.
const AZ: &str = r#"#!/bin/sh
while [ "$1" != --scope ]; do shift; done
echo "WARNING: a new version is there" >&2
printf '{"accessToken":"cli:%s","expires_on":4102444800,"tokenType":"Bearer"}' "$2"
"#;

fn policy(signal: &str) -> String {
    format!(
        "version: 1\nservice: orders-api\nsignals:\n  latency_p95:\n    {signal}\n\
         gate: {{ baseline: none, rollback_when: [\"latency_p95 > 1s for 5m\"], verify: [\"latency_p95 < 500ms\"] }}\n"
    )
}

fn metric(name: &str) -> String {
    policy(&format!("azure-monitor: {{ resource: \"{ID}\", metric: {name} }}"))
}

fn run(command: &[&str], policy: &str, respond: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Ended {
    let double = Azure::start(respond);
    let gate = Gate::default().with_file("runbook.yml", policy).with_file("bin/az", AZ);
    let made =
        std::process::Command::new("chmod").arg("+x").arg(gate.path("bin/az")).status().expect("chmod runs");
    assert!(made.success());
    let path = format!("{}:{}", gate.path("bin").display(), std::env::var("PATH").unwrap());
    let gate = gate.with_variable("PATH", &path);
    let (url, roots) = (double.url(), authority());
    let mut arguments = command.to_vec();
    arguments.extend(["--azure-double", &url, "--ca-file", roots.to_str().unwrap()]);
    let ended = gate.run(&arguments);
    assert!(double.refusals().is_empty(), "{:?}", double.refusals());
    assert!(!format!("{ended:?}").contains("cli:https"), "no token is printed");
    ended
}

fn said(policy: &str, respond: fn(&Call) -> Answer) -> String {
    let ended = run(&["verify"], policy, respond).with_code(2);
    let telemetry = run(&["telemetry"], policy, respond).with_code(2);
    assert!(telemetry.err.contains("error: "), "{}", telemetry.err);
    ended.err
}

#[test]
#[cfg(unix)]
fn a_metric_that_does_not_exist_ends_with_2_and_the_metrics_that_do() {
    let text = said(&metric("Cpu"), |_| {
        Answer::error(
            400,
            "BadRequest",
            "Failed to find metric configuration for metric: Cpu. Valid metrics: CpuPercentage",
        )
    });
    assert!(text.contains("Valid metrics: CpuPercentage"), "{text}");
}

#[test]
#[cfg(unix)]
fn a_missing_role_ends_with_2_and_says_which_identity_lacks_it() {
    let text = said(&metric("CpuPercentage"), |_| {
        Answer::error(
            403,
            "AuthorizationFailed",
            "The client 'x' does not have authorization to perform action 'Microsoft.Insights/metrics/read'",
        )
    });
    for part in ["the account of the Azure CLI", "`Monitoring Reader`", "AuthorizationFailed"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
#[cfg(unix)]
fn a_resource_or_workspace_that_is_not_there_ends_with_2() {
    let text = said(&metric("CpuPercentage"), |_| {
        Answer::error(404, "ResourceNotFound", "The Resource was not found.")
    });
    assert!(text.contains("check the id in the policy") && text.contains("ResourceNotFound"), "{text}");
    let workspace = policy(
        "log-analytics: { workspace: 11111111-2222-3333-4444-555555555555, query: \"AppRequests | summarize value = count() by bin(TimeGenerated, 1m)\" }",
    );
    let text = said(&workspace, |_| {
        Answer::error(404, "WorkspaceNotFoundError", "The workspace could not be found")
    });
    assert!(text.contains("WorkspaceNotFoundError"), "{text}");
}

#[test]
#[cfg(unix)]
fn another_clouds_endpoint_ends_with_2_and_names_the_cloud() {
    let policy = policy(
        "prometheus: { azure: \"https://orders.usgovvirginia.prometheus.monitor.azure.us\", query: up }",
    );
    let text = said(&policy, |_| panic!("nothing is asked"));
    assert!(text.contains("the public cloud") && text.contains("--azure-cloud"), "{text}");
}

#[test]
fn a_step_without_the_input_signs_nobody_in() {
    let gate = Gate::default()
        .with_file("runbook.yml", &metric("CpuPercentage"))
        .with_variable("TF_BUILD", "True")
        .with_variable("INPUT_COMMAND", "verify")
        .with_variable("INPUT_POLICY", "runbook.yml");
    let ended = gate.run(&["task"]);
    let whole = format!("{}{}", ended.out, ended.err);
    assert!(whole.contains("azureSubscription"), "{whole}");
}

#[test]
#[cfg(unix)]
fn queries_are_shown_without_asking_anything() {
    let policy = "version: 1\nservice: orders-api\npresets:\n  - application-insights: { resource: \"/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/orders/providers/Microsoft.Insights/components/orders\" }\n";
    let ended = run(&["telemetry", "--show-queries"], policy, |_| panic!("nothing is asked")).with_code(0);
    for part in [
        "error_rate\n  AppRequests",
        "percentilew(DurationMs, ItemCount, 95)",
        "bin(TimeGenerated, 60s)",
        "new_errors\n  AppExceptions",
    ] {
        assert!(ended.out.contains(part), "{part} in {}", ended.out);
    }
    let json =
        run(&["telemetry", "--show-queries", "--format", "json"], policy, |_| panic!("nothing is asked"))
            .json();
    assert_eq!(json["queries"].as_array().unwrap().len(), 11);
}

#[test]
#[cfg(unix)]
fn what_can_be_read_is_told_with_its_age() {
    let ended = run(&["telemetry", "--format", "json"], &metric("ResponseTime"), |call| {
        let (from, to) = call.parameter("timespan").split_once('/').unwrap();
        let seconds = |text: &str| text.parse::<runbook_gate::Timestamp>().unwrap().as_nanos() / 1_000_000_000;
        let data: Vec<serde_json::Value> = (seconds(from)..seconds(to))
            .step_by(60)
            .map(|at| json!({ "timeStamp": runbook_gate::Timestamp::from_secs(at).to_string(), "average": 120.0 }))
            .collect();
        Answer::json(&json!({
            "interval": "PT1M",
            "value": [{ "name": { "value": "ResponseTime" }, "unit": "MilliSeconds", "errorCode": "Success", "timeseries": [{ "data": data }] }],
        }))
    })
    .with_code(0);
    let signals = ended.json()["telemetry"]["signals"].clone();
    let latency =
        signals.as_array().unwrap().iter().find(|signal| signal["signal"] == "latency_p95").unwrap().clone();
    assert_eq!(latency["readable"]["now"]["value"], 0.12, "{latency}");
}
