//! Policies as a whole.

mod checklist;
mod doubts;
mod mistakes;
mod places;
mod purposes;
mod resolving;

use super::*;
use crate::policy::rules::{Configured, GateCriterion, OnMissing, ReadingKind};
use crate::policy::source_spec::PrometheusRead;
use crate::transport::Address;

const FULL: &str = include_str!("../../../examples/policies/full.yml");
const MINIMAL: &str = include_str!("../../../examples/policies/minimal.yml");

/// Variables from a list; the pipeline's are unset, all others not allowed.
pub(crate) struct Given(pub(crate) &'static [(&'static str, &'static str)]);

impl Variables for Given {
    fn get(&self, name: &str) -> Variable {
        match self.0.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => Variable::Value((*value).to_owned()),
            None if PIPELINE_VARIABLES.contains(&name) => Variable::Unset,
            None => Variable::NotAllowed,
        }
    }
}

pub(crate) fn today() -> Timestamp {
    Timestamp::from_day("2026-06-01").unwrap()
}

pub(crate) fn parse(text: &str) -> Checked {
    PolicyFile::parse("runbook.yml", text, today()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn resolve(text: &str) -> Policy {
    parse(text).file.resolve(None, &Given(&[])).unwrap_or_else(|errors| panic!("{errors}"))
}

/// A policy with a probe and these keys.
fn with(keys: &str) -> String {
    format!("version: 1\nservice: orders-api\nprobe: {{ url: \"https://orders.contoso.com\" }}\n{keys}\n")
}

fn configured(list: &[GateCriterion]) -> Vec<String> {
    let configured = list.iter().filter(|criterion| criterion.configured == Configured::Yes);
    configured.map(|criterion| criterion.criterion.text().to_owned()).collect()
}

fn not_configured(list: &[GateCriterion]) -> Vec<String> {
    let missing = list.iter().filter(|criterion| criterion.configured != Configured::Yes);
    missing.map(|criterion| criterion.criterion.text().to_owned()).collect()
}

fn signal(policy: &Policy, name: &str) -> rules::SignalRules {
    policy.gate().signals()[&name.parse().unwrap()].clone()
}

#[test]
fn the_smallest_policy_is_the_runbook() {
    let policy = resolve(MINIMAL);
    let gate = policy.gate();
    assert_eq!(
        [gate.warmup(), gate.observe(), gate.interval(), gate.steady()].map(|length| length.to_string()),
        ["1m", "15m", "15s", "2m"]
    );
    assert_eq!((gate.min_requests(), gate.min_coverage()), (30, 0.5));
    assert_eq!(policy.baseline(), &BaselineRule::Before(Duration::from_secs(1800)));
    assert_eq!(
        configured(gate.rollback_when()),
        [
            "error_rate > 5% for 5m",
            "latency_p50 > 2x baseline for 5m",
            "latency_p95 > 2x baseline for 5m",
            "latency_p99 > 2x baseline for 5m",
            "health failing for 2m",
        ]
    );
    assert_eq!(not_configured(gate.rollback_when()), ["smoke failing", "data_integrity failing"]);
    assert_eq!(
        configured(gate.verify()),
        ["error_rate < 1%", "latency_p95 < 500ms", "health passing", "request_rate > 0.5x baseline"]
    );
    assert_eq!(
        not_configured(gate.verify()),
        ["smoke passing", "critical_logs <= baseline + 0", "cpu_saturation < 90%"]
    );
    assert_eq!(policy.environment().name(), "production");
    assert_eq!(policy.environment().enforcement(), Enforcement::Enforce);
    assert_eq!(policy.sha256().len(), 64);
}

#[test]
fn a_line_of_the_runbook_without_any_source_is_listed_once() {
    let policy = resolve(&with(""));
    assert!(
        not_configured(policy.gate().rollback_when())
            .contains(&"latency_p95 > 2x baseline for 5m".to_owned())
    );
    assert!(
        !not_configured(policy.gate().rollback_when())
            .contains(&"latency_p50 > 2x baseline for 5m".to_owned())
    );
}

#[test]
fn the_whole_language_is_read() {
    let checked = parse(FULL);
    assert_eq!(checked.file.environments().collect::<Vec<_>>(), ["dev", "staging", "production"]);
    let codes: Vec<&str> = checked.warnings.iter().map(|found| found.code().as_str()).collect();
    assert_eq!(codes, ["unused-signal", "runbook-line-dropped"]);
}

#[test]
fn a_written_list_replaces_the_runbooks() {
    let policy = resolve(&with("gate: { rollback_when: [health failing for 1m], verify: [] }"));
    assert_eq!(configured(policy.gate().rollback_when()), ["health failing for 1m"]);
    assert!(policy.gate().verify().is_empty());
}

#[test]
fn a_written_criterion_without_a_source_is_judged_and_never_known() {
    let checked = parse(&with("gate: { rollback_when: [smoke failing, kpi > 5 for 1m] }"));
    let codes: Vec<&str> = checked.warnings.iter().map(|found| found.code().as_str()).collect();
    assert!(codes.contains(&"criterion-without-source"), "{codes:?}");
    let policy = checked.file.resolve(None, &Given(&[])).unwrap();
    assert!(policy.gate().rollback_when().iter().all(|criterion| criterion.configured == Configured::Yes));
    assert_eq!(signal(&policy, "smoke").reading, ReadingKind::State);
    assert_eq!(signal(&policy, "kpi").source, "no source");
}

#[test]
fn a_signals_contract_reaches_the_gate() {
    let policy = resolve(&with(
        "signals:\n  kpi: { http-json: { url: \"https://k.contoso.com\", value: /n, failing: \"> 50%\", every: 1m }, \
         on_no_data: pass, low_traffic_below: 7 }\n  latency_p99: { prometheus: { url: \"http://p:9090\", query: l, \
         ingestion_delay: 90s } }",
    ));
    let kpi = signal(&policy, "kpi");
    assert_eq!((kpi.contract.on_no_data, kpi.contract.on_error), (OnMissing::Pass, OnMissing::Hold));
    assert_eq!(kpi.failing.map(|rule| rule.threshold), Some(0.5));
    assert_eq!((kpi.low_traffic_below, kpi.step), (7, Duration::from_secs(60)));
    let latency = signal(&policy, "latency_p99");
    assert_eq!((latency.low_traffic_below, latency.ingestion_delay), (100, Duration::from_secs(90)));
    assert_eq!(latency.source, "prometheus http://p:9090/");
}

#[test]
fn signals_of_one_server_become_one_source_and_others_their_own() {
    let policy = resolve(&with(
        "prometheus: { url: \"http://p:9090\" }\nsignals:\n  a: { prometheus: { query: a } }\n  b: { prometheus: { query: b } }\n  \
         c: { prometheus: { query: c, step: 1m } }\n  d: { prometheus: { url: \"http://q:9090\", query: d } }",
    ));
    let names: Vec<Vec<String>> = policy
        .sources()
        .iter()
        .filter_map(|source| match source {
            SourceSpec::Prometheus(spec) => {
                Some(spec.signals.iter().map(|(name, _)| name.to_string()).collect())
            }
            _ => None,
        })
        .collect();
    assert_eq!(names, [vec!["a", "b"], vec!["c"], vec!["d"]]);
}

#[test]
fn a_written_signal_beats_a_presets_and_uses_its_server() {
    let policy = resolve(&with(
        "presets:\n  - prometheus: { connection: prom, preset: http-server, selector: 'app=\"orders\"' }\nsignals:\n  \
         error_rate: { prometheus: { bad: 'a[$window]', total: 'b[$window]', empty: 0 } }",
    ));
    let SourceSpec::Prometheus(spec) = &policy.sources()[1] else { panic!("{:?}", policy.sources()) };
    assert_eq!(spec.address, Address::Connection("prom".to_owned()));
    let reads: Vec<&PrometheusRead> =
        spec.signals.iter().filter(|(name, _)| name.as_str() == "error_rate").map(|(_, read)| read).collect();
    assert_eq!(
        reads,
        [&PrometheusRead::Ratio { bad: "a[$window]".into(), total: "b[$window]".into(), empty: Some(0.0) }]
    );
}

#[test]
fn a_value_that_is_only_judged_as_a_state_is_one() {
    let policy = resolve(&with(
        "signals: { ok: { http-json: { url: \"https://k.contoso.com\", value: /ok } } }\ngate: { verify: [ok passing] }",
    ));
    assert_eq!(signal(&policy, "ok").reading, ReadingKind::State);
}

#[test]
fn every_baseline_is_read() {
    for (written, rule) in [
        ("none", BaselineRule::None),
        ("{ before: 1h }", BaselineRule::Before(Duration::from_secs(3600))),
        ("{ offset: 7d }", BaselineRule::Offset(Duration::from_secs(7 * 86_400))),
        ("{ recorded: out/baseline.json }", BaselineRule::Recorded("out/baseline.json".to_owned())),
        (
            "{ fixed: { latency_p95: 200ms, queue: 5 } }",
            BaselineRule::Fixed(
                [("latency_p95", 0.2), ("queue", 5.0)]
                    .map(|(name, number)| (name.parse().unwrap(), Finite::new(number).unwrap()))
                    .into(),
            ),
        ),
    ] {
        assert_eq!(resolve(&with(&format!("gate: {{ baseline: {written} }}"))).baseline(), &rule);
    }
}

#[test]
fn sources_without_a_base_do_not_inherit_headers_of_another_server() {
    let policy = resolve(&with(
        "prometheus: { url: \"https://p.contoso.com\", headers: { X-Scope: a } }\nsignals:\n  a: { prometheus: { query: a } }\n  \
         b: { prometheus: { query: b, url: \"https://other.contoso.com\" } }",
    ));
    let headers: Vec<usize> = policy
        .sources()
        .iter()
        .filter_map(|source| match source {
            SourceSpec::Prometheus(spec) => Some(spec.headers.len()),
            _ => None,
        })
        .collect();
    assert_eq!(headers, [1, 0]);
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    let text = format!("version: 1\n# {}\n", "x".repeat(yaml::LARGEST));
    let errors = PolicyFile::parse("runbook.yml", &text, today()).unwrap_err();
    assert_eq!(errors.iter().map(|e| e.code().as_str()).collect::<Vec<_>>(), ["policy-too-large"]);
    assert!(errors.to_string().len() < 500);
}

#[test]
fn a_byte_order_mark_and_line_endings_change_nothing_but_the_hash() {
    let plain = with("gate: { observe: 10m }");
    let other = format!("\u{feff}{}", plain.replace('\n', "\r\n"));
    let (plain, other) = (resolve(&plain), resolve(&other));
    assert_eq!(plain.gate(), other.gate());
    assert_ne!(plain.sha256(), other.sha256());
}

#[test]
fn a_policy_may_require_more_telemetry_than_the_runbook() {
    let traced = "signals: { traces: { prometheus: { url: \"http://p:9090\", query: \"sum(rate(spans_total[1m]))\" } } }";
    let policy = resolve(&with(&format!("{traced}\ngate: {{ require: [traces, traces, correlation_ids] }}")));
    let required: Vec<&str> = policy.gate().required().iter().map(SignalName::as_str).collect();
    assert_eq!(required, ["traces", "correlation_ids"]);
    assert!(resolve(MINIMAL).gate().required().is_empty(), "none of its own by default");
    let said: Vec<String> = parse(&with(&format!("{traced}\ngate: {{ require: [traces, trace] }}")))
        .warnings
        .iter()
        .map(|found| format!("{}: {}", found.code().as_str(), found.message()))
        .collect();
    assert_eq!(
        said,
        [
            "required-without-source: no source gives `trace`, which `require` asks for: its telemetry is never there"
        ],
        "and what is required is used"
    );
}

#[test]
fn a_signal_with_a_unit_says_what_cannot_be_negative() {
    use rules::Amount;
    let json = |name: &str, more: &str| {
        format!("  {name}: {{ http-json: {{ url: \"https://kpi.contoso.com/k\", value: /v }}{more} }}\n")
    };
    let signals: String = [
        json("latency_p95", ""),
        json("cpu_saturation", ""),
        json("queue_depth", ""),
        json("heap", ", unit: bytes"),
        json("orders", ", unit: per-second"),
        json("balance", ""),
    ]
    .concat();
    let policy = resolve(&with(&format!("signals:\n{signals}")));
    for (name, amount) in [
        ("latency_p95", Some(Amount::Seconds)),
        ("cpu_saturation", Some(Amount::Ratio)),
        ("queue_depth", Some(Amount::Things)),
        ("heap", Some(Amount::Bytes)),
        ("orders", Some(Amount::PerSecond)),
        ("probe_latency", Some(Amount::Seconds)),
        ("balance", None),
    ] {
        assert_eq!(signal(&policy, name).amount, amount, "{name}");
    }
}

#[test]
fn a_document_knows_whether_its_number_may_be_a_boolean() {
    use source_spec::SourceSpec;
    let json = |name: &str, more: &str| {
        format!("  {name}: {{ http-json: {{ url: \"https://kpi.contoso.com/k\", value: /v{more} }} }}\n")
    };
    let signals: String = [
        json("latency_p95", ""),
        json("queue_depth", ", failing: \"> 0\""),
        json("dead_letters", ""),
        json("backups", ""),
    ]
    .concat();
    let policy = resolve(&with(&format!("signals:\n{signals}gate: {{ verify: [dead_letters passing] }}")));
    let amounts: Vec<_> = policy
        .sources()
        .iter()
        .filter_map(|source| match source {
            SourceSpec::HttpJson(spec) => Some((spec.signal.as_str(), spec.amount)),
            _ => None,
        })
        .collect();
    for expected in [
        ("latency_p95", Some(rules::Amount::Seconds)),
        ("queue_depth", None),
        ("dead_letters", None),
        ("backups", None),
    ] {
        assert!(amounts.contains(&expected), "{expected:?} {amounts:?}");
    }
}
