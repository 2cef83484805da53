//! Warnings of what may not decide well.

use super::{PolicyFile, parse, today, with};
use crate::diagnostic::Code;

fn warns(keys: &str, code: Code) -> bool {
    parse(&with(keys)).warnings.iter().any(|found| found.code() == code)
}

fn reversed(gate: &str) -> bool {
    warns(gate, Code::CriterionReversed)
}

#[test]
fn a_threshold_on_the_wrong_side_is_doubted_and_a_guard_is_not() {
    for gate in [
        "gate: { rollback_when: [error_rate < 5% for 5m] }",
        "gate: { rollback_when: [request_rate > 1 for 5m] }",
        "gate: { verify: [error_rate > 1%] }",
        "gate: { verify: [request_rate < 1] }",
    ] {
        assert!(reversed(gate), "{gate}");
    }
    for gate in [
        "gate: { rollback_when: [error_rate > 5% and request_rate > 1 for 5m] }",
        "gate: { rollback_when: [request_rate < 1 for 5m] }",
        "gate: { verify: [error_rate < 1%] }",
        "gate: { verify: [kpi > 1] }",
    ] {
        assert!(!reversed(gate), "{gate}");
    }
}

/// A policy with signals and rollback criteria.
fn criteria(list: &str) -> String {
    format!(
        "prometheus: {{ url: \"http://p:9090\" }}\nsignals:\n  error_rate: {{ prometheus: {{ bad: a, total: b }} }}\n  \
         latency_p95: {{ prometheus: {{ query: l }} }}\n  critical_logs: {{ prometheus: {{ query: c }} }}\n  \
         smoke: {{ command: {{ run: [s] }} }}\ngate: {{ rollback_when: [{list}] }}"
    )
}

#[test]
fn a_duration_in_which_a_hung_service_has_too_few_points_is_doubted() {
    let coarse = |probe: &str, duration: &str| {
        let probe = format!("probe: {{ url: \"https://o\", {probe} }}");
        let keys =
            format!("{probe}\ngate: {{ interval: 1s, rollback_when: [health failing for {duration}] }}");
        let text = format!("version: 1\nservice: orders\n{keys}\n");
        let found = parse(&text).warnings;
        found
            .iter()
            .find(|found| found.code() == Code::IntervalTooCoarse)
            .map(|found| found.message().to_owned())
    };
    // The default time-out is 5s.
    let said = coarse("every: 1s", "6s").unwrap();
    assert!(said.contains("only every 5s, the probe's `timeout`: too few in 6s"), "{said}");
    assert!(coarse("every: 1s", "14s").is_some());
    assert_eq!(coarse("every: 1s", "15s"), None);
    assert_eq!(coarse("every: 1s, timeout: 1s", "6s"), None);
    assert_eq!(coarse("every: 1s, timeout: 2s", "6s"), None);
}

#[test]
fn a_rollback_criterion_that_one_sample_trips_is_doubted() {
    for one in [
        "health failing",
        "error_rate > 5%",
        "latency_p95 > 500ms",
        "latency_p95 > 500ms and error_rate > 1%",
        "probe_latency > 1s",
    ] {
        assert!(warns(&criteria(one), Code::NoDuration), "{one}");
    }
    for one in [
        "health failing for 2m",
        "error_rate > 5% for 5m strict",
        "smoke failing",
        "critical_logs > 10",
        "smoke failing and error_rate > 5%",
    ] {
        assert!(!warns(&criteria(one), Code::NoDuration), "{one}");
    }
    assert!(!warns("", Code::NoDuration), "the runbook's own criteria are meant");
}

#[test]
fn an_aggregate_in_a_rollback_criterion_is_doubted_and_one_in_verify_is_not() {
    assert!(warns(&criteria("max(latency_p95) > 1s"), Code::AggregateInRollback));
    assert!(warns(&criteria("smoke failing and avg(latency_p95) > 1s"), Code::AggregateInRollback));
    assert!(!warns(&criteria("latency_p95 > 1s for 5m"), Code::AggregateInRollback));
    assert!(!warns("gate: { verify: [max(probe_latency) < 1s] }", Code::AggregateInRollback));
}

#[test]
fn a_signal_with_at_most_one_point_in_the_watch_is_doubted() {
    let counts = |interval: &str, observe: &str| {
        format!(
            "signals: {{ error_rate: {{ prometheus: {{ url: \"http://p:9090\", scrape_interval: {interval}, bad: \
             'increase(a[$window])', total: 'increase(b[$window])' }} }} }}\ngate: {{ observe: {observe} }}"
        )
    };
    assert!(warns(&counts("5m", "15m"), Code::StepBeyondWatch), "windows of 20m in 15m");
    assert!(warns(&counts("2m", "15m"), Code::StepBeyondWatch), "one window of 8m in 15m");
    assert!(!warns(&counts("15s", "15m"), Code::StepBeyondWatch));
    assert!(!warns(&counts("2m", "30m"), Code::StepBeyondWatch));
    let unused = "signals: { kpi: { http-json: { url: \"http://k\", value: /a, every: 1h } } }";
    assert!(!warns(unused, Code::StepBeyondWatch), "no criterion reads it");
}

#[test]
fn what_a_single_point_decides_and_what_it_cannot_trip_is_said() {
    let warning = |every: &str, gate: &str| {
        let keys = format!(
            "signals: {{ kpi: {{ http-json: {{ url: \"https://k\", value: /v, every: {every} }} }} }}\ngate: {{ {gate} }}"
        );
        let warnings = parse(&with(&keys)).warnings;
        let found = warnings.iter().find(|found| found.code() == Code::StepBeyondWatch).unwrap();
        (found.message().to_owned(), found.suggestions().join("; "))
    };
    let gate = "rollback_when: [kpi > 5 for 5m], verify: [kpi < 5]";
    let (message, help) = warning("16m", gate);
    assert_eq!(
        message,
        "`kpi` has a point every 16m, and a watch of 15m has at most one of them: one point decides `kpi < 5`, and without \
         any the gate holds; `kpi > 5 for 5m` can never trip"
    );
    assert_eq!(help, "read it more often, or set `observe` to 1h4m or more");
    assert!(warning("8m", gate).0.contains("has at most two of them: one or two points decide `kpi < 5`"));
    let (message, _) =
        warning("16m", "rollback_when: [kpi > 5 for 5m, health failing for 2m], verify: [health passing]");
    assert!(message.ends_with("at most one of them: `kpi > 5 for 5m` can never trip"), "{message}");
}

#[test]
fn a_time_out_is_advised_in_a_length_that_can_be_read() {
    let gate = "gate: { interval: 250ms, observe: 1m, warmup: 0s, rollback_when: [health failing for 1s], verify: [health passing] }";
    let policy = format!("version: 1\nservice: a\nprobe: {{ url: \"https://a\", timeout: 5s }}\n{gate}\n");
    let warnings = parse(&policy).warnings;
    let help: Vec<String> = warnings.iter().map(|found| found.suggestions().join("; ")).collect();
    assert!(
        help.contains(&"set the probe's `timeout` to 333ms, or write a longer duration".to_owned()),
        "{help:?}"
    );
}

#[test]
fn a_query_whose_brackets_do_not_match_is_refused() {
    for query in ["sum(rate(x[5m])", "rate(x[5m)", "rate(x{a=\"b\"[5m])", "rate(x[5m]))", "x{a=\"b}"] {
        let text = with(&format!(
            "signals: {{ kpi: {{ prometheus: {{ url: \"http://p:9090\", query: '{query}' }} }} }}"
        ));
        let errors = PolicyFile::parse("runbook.yml", &text, today()).unwrap_err();
        assert!(errors.iter().any(|found| found.code() == Code::InvalidSource), "{query}: {errors}");
    }
}

#[test]
fn verification_that_a_watch_without_data_passes_is_doubted() {
    let policy = |contract: &str, gate: &str| {
        let warnings = parse(&with(&format!(
            "signals:\n  kpi: {{ http-json: {{ url: \"https://k\", value: /v }}{contract} }}\ngate: {{ {gate} }}"
        )))
        .warnings;
        let found = warnings.iter().find(|found| found.code() == Code::VerifiedByNothing);
        found.map(|found| found.message().rsplit_once(": ").unwrap().1.to_owned())
    };
    let some = |words: &str| Some(words.to_owned());
    let alone = "rollback_when: [kpi < 1 for 5m], verify: [kpi > 1]";
    for contract in [", on_no_data: pass", ", on_error: pass", ", on_low_traffic: pass"] {
        assert_eq!(policy(contract, alone), some("an empty watch proceeds"), "{contract}");
        let beside = policy(contract, "rollback_when: [health failing for 2m], verify: [kpi > 1]");
        assert_eq!(beside, some("a watch that saw nothing of them verifies all"), "{contract}");
    }
    assert_eq!(policy("", alone), None);
    assert_eq!(policy(", on_no_data: hold", alone), None);
    let both = "rollback_when: [kpi < 1 for 5m], verify: [kpi > 1, health passing]";
    assert_eq!(policy(", on_no_data: pass", both), None);
    // A list without a criterion verifies nothing, and says so by being empty.
    assert_eq!(policy(", on_no_data: pass", "verify: [], rollback_when: [health failing for 2m]"), None);
}
