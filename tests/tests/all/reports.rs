//! The example reports are what the library makes of the example journal, and their format is documented.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use runbook_gate::diagnostic::Colour;
use runbook_gate::policy::{PolicyFile, Variable, Variables};
use runbook_gate::report::checklist::InGate;
use runbook_gate::report::terminal::Layout;
use runbook_gate::report::{Report, ReportContext, html, json, junit, markdown, terminal};
use runbook_gate::{Timestamp, journal};

struct None;

impl Variables for None {
    fn get(&self, _: &str) -> Variable {
        Variable::Unset
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The report of the example journal.
fn report() -> Report {
    let folder = repository().join("examples/reports");
    let text = fs::read_to_string(folder.join("runbook.yml")).unwrap();
    let today: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let checked = PolicyFile::parse("runbook.yml", &text, today).unwrap();
    let policy = checked.file.resolve(Option::None, &None).unwrap();
    let journal = fs::read(folder.join("journal.ndjson")).unwrap();
    let replayed = journal::replay(policy.gate().clone(), journal.as_slice()).unwrap();
    assert_eq!(replayed.torn, Option::None);
    let context = ReportContext {
        service: policy.service().to_owned(),
        policy_file: policy.file_name().to_owned(),
        enforcement: policy.environment().enforcement(),
        replay_command: "runbook-gate replay --policy runbook.yml --journal journal.ndjson".to_owned(),
        ..ReportContext::default()
    };
    Report::of_gate(&replayed.outcome, &context)
}

#[test]
fn the_example_reports_are_what_is_made_of_the_example_journal() {
    let report = report();
    let wide = |colour| terminal::render(&report, Layout { width: 100, colour });
    let update = std::env::var_os("UPDATE_EXAMPLES").is_some();
    for (name, made) in [
        ("report.txt", wide(Colour::Plain)),
        ("report.svg", picture(&wide(Colour::Ansi))),
        ("report.md", markdown::render(&report)),
        ("report.html", html::gate(&report, &InGate::Absent)),
        ("report.json", format!("{}\n", json::render(&report))),
        ("junit.xml", junit::render(&report)),
    ] {
        let path = repository().join("examples/reports").join(name);
        if update {
            fs::write(&path, &made).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == made,
            "{name} differs; look at it, and run this test with UPDATE_EXAMPLES=1\n{made}"
        );
    }
}

/// A coloured text as a picture of a terminal.
fn picture(text: &str) -> String {
    let (column, row, margin) = (8.4, 18.0, 16.0);
    let height = text.lines().count() as f64 * row + 2.0 * margin;
    let width = 100.0 * column + 2.0 * margin;
    let mut svg = format!(
        concat!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0} {:.0}\" width=\"{:.0}\" role=\"img\">\n",
            "<title>The report of a release that is rolled back</title>\n",
            "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#15191e\"/>\n",
            "<g font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"14\" ",
            "fill=\"#d5dbe1\" xml:space=\"preserve\">\n"
        ),
        width, height, width
    );
    for (index, line) in text.lines().enumerate() {
        let y = margin + (index as f64 + 0.75) * row;
        svg.push_str(&format!("<text x=\"{margin}\" y=\"{y:.1}\">"));
        let mut style = String::new();
        for (place, part) in line.split("\u{1b}[").enumerate() {
            let (code, shown) = if place == 0 { ("0", part) } else { part.split_once('m').unwrap() };
            style = match code {
                "0" => String::new(),
                "1" => style + " font-weight=\"bold\"",
                "2" => style + " fill=\"#8b96a1\"",
                "31" => style + " fill=\"#ff7b72\"",
                "32" => style + " fill=\"#56d364\"",
                "33" => style + " fill=\"#e3b341\"",
                other => panic!("a style that the picture does not know: {other}"),
            };
            let escaped = shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            if !escaped.is_empty() {
                svg.push_str(&format!("<tspan{style}>{escaped}</tspan>"));
            }
        }
        svg.push_str("</text>\n");
    }
    svg + "</g>\n</svg>\n"
}

#[test]
fn every_key_of_the_json_report_is_documented() {
    let value: serde_json::Value = serde_json::from_str(&json::render(&report())).unwrap();
    let mut keys = BTreeSet::new();
    collect(&value, &mut keys);
    let page = fs::read_to_string(repository().join("docs/report-format.md")).unwrap();
    let missing: Vec<&String> = keys
        .iter()
        .filter(|key| !page.contains(&format!("`{key}`")) && !page.contains(&format!("\"{key}\"")))
        .collect();
    assert!(keys.len() > 40 && missing.is_empty(), "docs/report-format.md does not name {missing:?}");
}

/// Every key of an object, at any depth, but those that are reasons.
fn collect(value: &serde_json::Value, keys: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (key, value) in object {
                keys.insert(key.clone());
                if key != "absent" {
                    collect(value, keys);
                }
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| collect(value, keys)),
        _ => {}
    }
}

#[test]
fn every_kind_of_line_of_the_documented_journal_reads() {
    let page = fs::read_to_string(repository().join("docs/journal.md")).unwrap();
    let lines: Vec<&str> = page.lines().filter(|line| line.starts_with("{\"kind\"")).collect();
    assert!(lines.len() >= 10);
    for line in lines {
        journal::parse_line(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}
