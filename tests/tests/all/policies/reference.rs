//! docs/policy.md: its tables come from the definitions that read a policy, and its examples are valid.

use std::collections::BTreeSet;
use std::fs;

use runbook_gate::policy::{PolicyFile, Variable, Variables, schema};
use serde_json::Value;

use super::{root, today};

const REFERENCE: &str = "docs/policy.md";

/// Fills every marked place; gives the text and the definitions that have a table.
fn filled(text: &str, definitions: &Value) -> (String, BTreeSet<String>) {
    let mut out = String::new();
    let mut shown = BTreeSet::new();
    let mut skipping = false;
    for line in text.lines() {
        if line == "<!-- end -->" {
            skipping = false;
        }
        if !skipping {
            out.push_str(line);
            out.push('\n');
        }
        let Some((marker, name)) = line
            .strip_prefix("<!-- ")
            .and_then(|rest| rest.strip_suffix(" -->"))
            .and_then(|rest| rest.split_once(": "))
        else {
            continue;
        };
        skipping = true;
        shown.insert(name.to_owned());
        match marker {
            "keys" => keys(&definitions[name], &mut out),
            "kinds" => kinds(&definitions[name], &mut out),
            "defaults" => defaults(name, &mut out),
            _ => panic!("{REFERENCE} has an unknown marker: {line}"),
        }
    }
    (out, shown)
}

fn keys(definition: &Value, out: &mut String) {
    let required: Vec<&str> =
        definition["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    out.push_str("\n| key | value | what |\n|---|---|---|\n");
    for (key, schema) in definition["properties"].as_object().unwrap() {
        let needed = if required.contains(&key.as_str()) { " (required)" } else { "" };
        let description = schema["description"].as_str().unwrap().replace('|', "\\|");
        out.push_str(&format!("| `{key}`{needed} | {} | {description} |\n", kind(schema)));
    }
    out.push('\n');
}

fn kinds(definition: &Value, out: &mut String) {
    out.push_str("\n| entry | what |\n|---|---|\n");
    let mut seen = BTreeSet::new();
    for variant in definition["oneOf"].as_array().unwrap() {
        let (key, description, value) = match variant["const"].as_str() {
            Some(word) => (word.to_owned(), &variant["description"], String::new()),
            None => {
                let (key, inner) = variant["properties"].as_object().unwrap().iter().next().unwrap();
                (key.clone(), &inner["description"], format!(": {}", kind(inner)))
            }
        };
        if seen.insert(key.clone()) || !value.is_empty() {
            out.push_str(&format!("| `{key}`{value} | {} |\n", description.as_str().unwrap()));
        }
    }
    out.push('\n');
}

/// A value's kind, in words.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return match name {
            "Baseline" => "see below".to_owned(),
            "Evidence" | "Preset" | "Notice" => "entry".to_owned(),
            _ => "mapping".to_owned(),
        };
    }
    if let Some(kinds) = schema["oneOf"].as_array() {
        let words: Vec<String> =
            kinds.iter().filter_map(|kind| kind["const"].as_str()).map(|word| format!("`{word}`")).collect();
        return words.join(" or ");
    }
    if let Some(kinds) = schema["anyOf"].as_array() {
        let first = &kinds[0];
        if first["const"] == "none" {
            return "path, mapping or `none`".to_owned();
        }
        return match first["examples"]
            .as_array()
            .and_then(|examples| examples.first())
            .and_then(Value::as_str)
        {
            Some("90s") => "length of time".to_owned(),
            Some("50%") => "share".to_owned(),
            _ => "text or mapping".to_owned(),
        };
    }
    match schema["type"].as_str() {
        Some("string") => match schema["examples"][0].as_str() {
            Some(example) if example.starts_with("https://") => "URL".to_owned(),
            Some(example) if example.starts_with("error_rate") => "criterion".to_owned(),
            Some(example) if example.starts_with('>') => "comparison".to_owned(),
            Some(example) if example.starts_with('/') => "JSON pointer".to_owned(),
            Some(example) if example.starts_with("20") => "date".to_owned(),
            _ => "text".to_owned(),
        },
        Some("array") => format!("list of {}", plural(&kind(&schema["items"]))),
        Some("object") => format!("map of names to {}", plural(&kind(&schema["additionalProperties"]))),
        Some("integer") => "whole number".to_owned(),
        Some("number") => "number".to_owned(),
        Some("boolean") => "`true` or `false`".to_owned(),
        _ => "text or number".to_owned(),
    }
}

fn plural(kind: &str) -> String {
    match kind {
        "criterion" => "criteria".to_owned(),
        "entry" => "entries".to_owned(),
        "text or mapping" => "texts or secrets".to_owned(),
        "text or number" => "texts or numbers".to_owned(),
        _ => format!("{kind}s"),
    }
}

/// The runbook's criteria, as a policy without any list gets them where every signal has a source.
fn defaults(list: &str, out: &mut String) {
    let names = [
        "error_rate",
        "latency_p50",
        "latency_p95",
        "latency_p99",
        "smoke",
        "data_integrity",
        "request_rate",
        "critical_logs",
        "cpu_saturation",
        "memory_saturation",
        "disk_saturation",
        "queue_depth",
    ];
    let mut text = String::from("version: 1\nservice: a\nprobe: { url: \"https://a\" }\nsignals:\n");
    for name in names {
        text.push_str(&match name {
            "smoke" | "data_integrity" => format!("  {name}: {{ command: {{ run: [x] }} }}\n"),
            "error_rate" => {
                format!("  {name}: {{ prometheus: {{ url: \"http://p\", bad: a, total: b }} }}\n")
            }
            _ => format!("  {name}: {{ prometheus: {{ url: \"http://p\", query: a }} }}\n"),
        });
    }
    let policy = PolicyFile::parse("a.yml", &text, today()).unwrap().file.resolve(None, &Nothing).unwrap();
    let criteria = if list == "verify" { policy.gate().verify() } else { policy.gate().rollback_when() };
    out.push_str("\n```yaml\n");
    for criterion in criteria {
        out.push_str(&format!("- {}\n", criterion.criterion.text()));
    }
    out.push_str("```\n\n");
}

/// No variables.
struct Nothing;

impl Variables for Nothing {
    fn get(&self, _: &str) -> Variable {
        Variable::NotAllowed
    }
}

#[test]
fn every_key_of_the_language_stands_in_the_reference() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let definitions = &schema["$defs"];
    let path = root().join(REFERENCE);
    let committed = fs::read_to_string(&path).unwrap();
    let (current, shown) = filled(&committed, definitions);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &current).unwrap();
    } else {
        assert!(
            committed == current,
            "{REFERENCE} is stale: run the tests once with UPDATE_DOCS=1 and commit it"
        );
    }
    for (name, definition) in definitions.as_object().unwrap() {
        let has_keys = definition.get("properties").is_some();
        assert!(!has_keys || shown.contains(name), "{REFERENCE} has no table of `{name}`");
    }
}
