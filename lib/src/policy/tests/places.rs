//! Where findings point, and what they say to write instead.

use super::{PolicyFile, today, with};
use crate::diagnostic::{Code, Diagnostics};

fn wrong(keys: &str) -> Diagnostics {
    PolicyFile::parse("runbook.yml", &with(keys), today()).unwrap_err()
}

/// What each finding of a code points at.
fn pointed_at(keys: &str, code: Code) -> Vec<String> {
    let text = with(keys);
    let found = wrong(keys);
    let found = found.iter().filter(|found| found.code() == code);
    found.map(|found| text[found.span().start..found.span().end].to_owned()).collect()
}

#[test]
fn the_environment_of_azure_pipelines_is_written_out_because_it_is_read_before_any_variable() {
    let azure = |name: &str| {
        format!("vars: {{ app: orders }}\nenvironments: {{ production: {{ azure_environment: '{name}' }} }}")
    };
    for name in ["${app}-production", "$(app)-production", " orders-production"] {
        assert_eq!(pointed_at(&azure(name), Code::InvalidName), [format!("'{name}'")]);
    }
    let file = PolicyFile::parse("runbook.yml", &with(&azure("orders-production")), today()).unwrap().file;
    assert_eq!(file.azure_environment("production"), Some("orders-production"));
}

#[test]
fn each_query_and_selector_is_pointed_at_by_itself() {
    let ratio = |source: &str, bad: &str, total: &str| {
        let keys = format!("signals: {{ error_rate: {{ {source}, bad: '{bad}', total: '{total}' }} }} }}");
        pointed_at(&keys, Code::InvalidSource)
    };
    let scrape = |bad, total| ratio("scrape: { url: \"https://a/metrics\"", bad, total);
    assert_eq!(scrape("x{a=b}", "x"), ["b"]);
    assert_eq!(scrape("x", "x[5m]"), ["["]);
    assert_eq!(scrape("x{a=b}", "y{c}"), ["b", "}"]);
    // What is missing at the end stands nowhere.
    assert_eq!(scrape("x{a=\"b\"", "x"), [""]);
    let prometheus = |bad, total| ratio("prometheus: { url: \"https://p\"", bad, total);
    assert_eq!(prometheus("sum(a", "sum(b)"), ["'sum(a'"]);
    assert_eq!(prometheus("sum(a)", "sum(b"), ["'sum(b'"]);
    let quantile =
        "signals: { latency_p95: { prometheus: { url: \"https://p\", query: a, total: 'sum(b' } } }";
    assert_eq!(pointed_at(quantile, Code::InvalidSource), ["'sum(b'"]);
}

#[test]
fn tabs_are_characters_and_move_no_caret() {
    let found = wrong("gate:\n  rollback_when:\n    - error_rate\t>\t5% fro 5m");
    let found_one = found.iter().find(|found| found.code() == Code::InvalidCriterion).unwrap();
    assert_eq!(found.position(found_one).1, 23);
    let shown = found.render(crate::diagnostic::Colour::Plain);
    let lines: Vec<&str> = shown.lines().collect();
    let place = lines.iter().position(|line| line.contains("fro 5m")).unwrap();
    assert_eq!(lines[place].find("fro"), lines[place + 1].find('^'), "{shown}");
}

#[test]
fn a_share_that_is_none_is_advised_by_what_it_is_of() {
    let help = |keys: &str| {
        let found = wrong(keys);
        found.iter().find(|found| found.code() == Code::InvalidShare).unwrap().suggestions().join("; ")
    };
    let quantile = |written: &str| {
        help(&format!(
            "signals: {{ latency_p95: {{ scrape: {{ url: \"https://a/metrics\", histogram: h, quantile: {written} }} }} }}"
        ))
    };
    assert_eq!(quantile("95"), "write `95%`");
    assert_eq!(quantile("99.9"), "write `99.9%`");
    for none in ["1.5", "5", "0", "1", "120%", "-1"] {
        assert_eq!(quantile(none), "write the 95th percentile as `95%` or `0.95`", "{none}");
    }
    assert_eq!(help("gate: { min_coverage: 80 }"), "write `80%`");
    assert_eq!(
        help("gate: { min_coverage: 1.5 }"),
        "write a percentage such as `50%`, or a number from 0 to 1"
    );
}
