//! Mistakes end the binary with 2 before it watches anything, in `verify` and in `telemetry`, with what to change.

use runbook_gate_tests::azure::service::{self, GROUP};
use runbook_gate_tests::azure::{Answer, Call};
use runbook_gate_tests::binary::Gate;
use serde_json::json;

use super::{Desk, ID, run};

const WORKSPACE: &str = "11111111-2222-3333-4444-555555555555";

fn policy(signal: &str) -> String {
    format!(
        "version: 1\nservice: orders-api\nsignals:\n  latency_p95:\n    {signal}\n\
         gate: {{ baseline: none, rollback_when: [\"latency_p95 > 1s for 5m\"], verify: [\"latency_p95 < 500ms\"] }}\n"
    )
}

/// A policy on the alerts of a resource.
fn alerts(resource: &str, more: &str) -> String {
    format!(
        "version: 1\nservice: orders-api\nsignals:\n  alerts: {{ azure-alerts: {{ resources: [\"{resource}\"]{more} }} }}\n\
         gate: {{ baseline: none, verify: [\"max(alerts) < 1\"] }}\n"
    )
}

fn metric(name: &str) -> String {
    policy(&format!("azure-monitor: {{ resource: \"{ID}\", metric: {name} }}"))
}

fn query(kql: &str) -> String {
    policy(&format!("log-analytics: {{ workspace: {WORKSPACE}, query: \"{kql}\" }}"))
}

const COUNT: &str = "AppRequests | summarize value = count() by bin(TimeGenerated, 1m)";

/// Both commands end with 2 and say all of this.
fn both_say(desk: &Desk, more: &[&str], parts: &[&str]) {
    for command in ["verify", "telemetry"] {
        let ended = desk.run(&[&[command], more].concat()).with_code(2);
        for part in parts {
            assert!(ended.err.contains(part), "{command} does not say `{part}`:\n{}", ended.err);
        }
    }
}

#[test]
fn a_metric_that_does_not_exist_is_told_with_those_that_do() {
    let desk = Desk::new(&metric("Cpu"), service::well);
    both_say(
        &desk,
        &[],
        &["serverfarms orders", "metric: Cpu", "Valid metrics: CpuPercentage,MemoryPercentage"],
    );
}

#[test]
fn a_table_and_a_column_that_do_not_exist_are_named() {
    for (wrong, name) in [("AppRequest |", "'AppRequest'"), ("AppRequests | where Succes |", "'Succes'")] {
        let desk = Desk::new(&query(&COUNT.replace("AppRequests |", wrong)), service::well);
        both_say(&desk, &[], &[&format!("workspace {WORKSPACE}"), name]);
    }
}

#[test]
fn a_missing_role_is_told_with_who_lacks_it_and_where() {
    let denied = |code: &'static str| {
        move |_: &Call| {
            let words = "The client '00000000-0000-0000-0000-000000000000' with object id '00000000-0000-0000-0000-000000000000' \
                         does not have authorization to perform the action over the scope, or the scope is invalid.";
            Answer::error(403, code, words)
        }
    };
    let cases = [
        (metric("CpuPercentage"), "AuthorizationFailed", "`Monitoring Reader` on the resource", ID),
        (query(COUNT), "InsufficientAccessError", "`Log Analytics Reader` on the workspace", WORKSPACE),
        (
            policy(
                "prometheus: { azure: \"https://orders.westeurope.prometheus.monitor.azure.com\", query: up }",
            ),
            "Forbidden",
            "`Monitoring Data Reader` on the Azure Monitor workspace",
            "orders.westeurope",
        ),
        (
            policy(&format!(
                "azure-monitor: {{ resources: [\"{ID}\"], region: westeurope, metric: CpuPercentage }}"
            )),
            "AuthorizationFailed",
            "`Monitoring Reader` on the subscription",
            WORKSPACE,
        ),
        (alerts(ID, ""), "AuthorizationFailed", "`Monitoring Reader` on the resource", WORKSPACE),
    ];
    for (policy, code, role, place) in cases {
        let desk = Desk::new(&policy, denied(code));
        both_say(&desk, &[], &["to the account of the Azure CLI: it needs the role", role, place]);
    }
}

#[test]
fn a_resource_a_workspace_and_a_subscription_that_are_not_there_are_named() {
    for (policy, code, place) in [
        (metric("CpuPercentage"), "ResourceNotFound", "serverfarms/orders"),
        (metric("CpuPercentage"), "SubscriptionNotFound", "serverfarms/orders"),
        (query(COUNT), "WorkspaceNotFoundError", WORKSPACE),
    ] {
        let desk = Desk::new(&policy, move |_| Answer::error(404, code, "It could not be found."));
        both_say(&desk, &[], &["in this cloud and tenant", "check the id in the policy", code, place]);
    }
}

#[test]
fn what_is_no_id_and_an_id_of_another_type_are_shown_at_their_line() {
    let site = format!("{GROUP}/Microsoft.Web/sites/orders");
    for (wrong, says) in [
        ("orders".to_owned(), "copy it from the resource's page (JSON view)"),
        (site, "the id of a Microsoft.Web/sites, where that of a Microsoft.Web/serverfarms is needed"),
    ] {
        let preset = format!("presets: [{{ app-service: {{ resource: \"{wrong}\" }} }}]\n");
        let desk =
            Desk::new(&format!("version: 1\nservice: orders-api\n{preset}"), |_| panic!("nothing is asked"));
        both_say(&desk, &[], &[says, "runbook.yml:3:"]);
    }
}

#[test]
fn another_cloud_or_tenant_is_told_as_such() {
    let foreign = policy(
        "prometheus: { azure: \"https://orders.usgovvirginia.prometheus.monitor.azure.us\", query: up }",
    );
    let desk = Desk::new(&foreign, |_| panic!("nothing is asked"));
    both_say(&desk, &[], &["the public cloud", "--azure-cloud"]);

    let desk = Desk::new(&metric("CpuPercentage"), |_| {
        let words = "The access token is from the wrong issuer 'https://sts.windows.net/a/'. It must match the tenant of this subscription.";
        Answer::error(401, "InvalidAuthenticationTokenTenant", words)
    });
    both_say(&desk, &[], &["the account of the Azure CLI", "--azure-tenant, --azure-cloud", "wrong issuer"]);

    let desk = Desk::new(&metric("CpuPercentage"), |_| panic!("nothing is asked"));
    both_say(&desk, &["--azure-cloud", "AzureGermany"], &["`AzureGermany` is no cloud", "AzureUSGovernment"]);
}

#[test]
fn nobody_who_is_signed_in_is_told_what_to_do() {
    let az = "#!/bin/sh\necho \"ERROR: Please run 'az login' to setup account.\" >&2\nexit 1\n";
    let mut desk = Desk::new(&metric("CpuPercentage"), |_| panic!("nothing is asked"));
    desk.gate = desk.gate.with_file("bin/az", az);
    both_say(
        &desk,
        &[],
        &["the account of the Azure CLI", "scope https://management.azure.com/.default", "run `az login`"],
    );
    assert!(desk.double.take_calls().is_empty());
}

#[test]
fn an_alert_rule_that_is_missing_or_disabled_is_no_quiet_night() {
    let policy = alerts(&format!("{GROUP}/Microsoft.Web/sites/orders"), ", rules: [latency]");
    let rules = |rules: serde_json::Value| {
        move |call: &Call| match call.path.ends_with("/metricAlerts") {
            true => Answer::json(&json!({ "value": rules })),
            false => Answer::json(&json!({ "value": [] })),
        }
    };
    let rule = |name: &str, enabled: bool| json!({ "name": name, "properties": { "enabled": enabled, "scopes": [GROUP.trim_end_matches("/providers")] } });
    for (list, says) in [
        (json!([]), "no alert rule watches"),
        (json!([rule("errors", false)]), "every alert rule is disabled"),
        (json!([rule("errors", true)]), "there is no alert rule `latency`; check `rules`"),
        (
            json!([rule("errors", true), rule("latency", false)]),
            "`latency` is disabled, and cannot fire; enable it",
        ),
    ] {
        both_say(&Desk::new(&policy, rules(list)), &[], &[says]);
    }
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
fn a_service_connection_with_a_certificate_is_told_what_to_become() {
    let id = "6d2e9b9a-0c7f-4c8e-9d0e-1a2b3c4d5e6f";
    let gate = Gate::default()
        .with_file("runbook.yml", &metric("CpuPercentage"))
        .with_variable("TF_BUILD", "True")
        .with_variable("INPUT_COMMAND", "verify")
        .with_variable("INPUT_POLICY", "runbook.yml")
        .with_variable("INPUT_AZURESUBSCRIPTION", id)
        .with_variable(&format!("ENDPOINT_AUTH_SCHEME_{id}"), "ServicePrincipal")
        .with_variable(&format!("ENDPOINT_AUTH_PARAMETER_{id}_AUTHENTICATIONTYPE"), "spnCertificate")
        .with_variable(
            &format!("ENDPOINT_AUTH_PARAMETER_{id}_SERVICEPRINCIPALCERTIFICATE"),
            "-----BEGIN canary",
        );
    let ended = gate.run(&["task"]).with_code(2);
    let whole = format!("{}{}", ended.out, ended.err);
    assert!(
        whole.contains("signs in by a certificate") && whole.contains("workload identity federation"),
        "{whole}"
    );
    assert!(!whole.contains("canary"), "{whole}");
}

#[test]
fn queries_are_shown_without_asking_anything() {
    let policy = format!(
        "version: 1\nservice: orders-api\npresets:\n  - application-insights: {{ resource: \"{GROUP}/Microsoft.Insights/components/orders\" }}\n"
    );
    let ended = run(&["telemetry", "--show-queries"], &policy, |_| panic!("nothing is asked")).with_code(0);
    for part in [
        "error_rate\n  AppRequests",
        "percentilew(DurationMs, ItemCount, 95)",
        "bin(TimeGenerated, 60s)",
        "new_errors\n  AppExceptions",
    ] {
        assert!(ended.out.contains(part), "{part} in {}", ended.out);
    }
    let json =
        run(&["telemetry", "--show-queries", "--format", "json"], &policy, |_| panic!("nothing is asked"))
            .json();
    assert_eq!(json["queries"].as_array().unwrap().len(), 11);
}
